package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/transform"
)

// contextPath finds the file of the build context that a path of the image was
// copied from, by the stage's COPY and ADD instructions, the last one first. A
// relative path is looked up in the stage's last working directory. ok is false
// when the context is unknown or no copy brings the file.
func contextPath(f *transform.File, s *transform.Stage, imagePath string) (name string, ok bool) {
	ctx := contextOf(f)
	if ctx == nil {
		return "", false
	}
	abs := imagePath
	if !path.IsAbs(abs) {
		if abs, ok = endState(f, s).Abs(imagePath); !ok {
			return "", false
		}
	}
	for t := s; t != nil; t = t.Base.Stage {
		for _, in := range slices.Backward(t.Instructions) {
			if name, ok := copiedFrom(f, ctx, in, path.Clean(abs)); ok {
				return name, true
			}
		}
	}
	return "", false
}

// endState is the stage's last state, with the working directory that official
// images start from.
func endState(f *transform.File, s *transform.Stage) *transform.State {
	st := f.EndState(s)
	if st.Workdir != "" {
		return st
	}
	if img, ok := baseImage(s.Root()); ok && img.Official {
		c := *st
		c.Workdir = "/"
		return &c
	}
	return st
}

// copiedFrom is the file of the context that one COPY or ADD puts at abs.
func copiedFrom(f *transform.File, ctx *buildctx.Context, in *transform.Instruction, abs string) (string, bool) {
	c, ok := copyingOf(in)
	if !ok || c.from != "" {
		return "", false
	}
	st := f.State(in)
	dest, ok := st.Abs(c.dest)
	if !ok {
		if path.IsAbs(c.dest) || st.Workdir != "" {
			return "", false
		}
		dest = path.Join("/", c.dest)
	}
	for _, src := range c.sources {
		src, ok := st.Expand(src)
		if !ok || strings.Contains(src, "://") {
			continue
		}
		matches, err := ctx.Match(src)
		if err != nil {
			continue
		}
		for _, m := range matches {
			if name, ok := placed(m, len(matches)*len(c.sources) > 1 || strings.HasSuffix(c.dest, "/") || c.dest == ".", dest, abs); ok {
				if exists, _ := ctx.Exists(name); exists {
					return name, true
				}
			}
		}
	}
	return "", false
}

// placed is the context's name of the file at abs when match m is copied to
// dest; into tells that dest is a directory for files.
func placed(m buildctx.Match, into bool, dest, abs string) (string, bool) {
	if m.Dir {
		rel, ok := strings.CutPrefix(abs, strings.TrimSuffix(dest, "/")+"/")
		return path.Join(m.Path, rel), ok
	}
	if into {
		dest = path.Join(dest, path.Base(m.Path))
	}
	return m.Path, dest == abs
}
