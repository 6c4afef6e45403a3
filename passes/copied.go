package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/shell"
	"refit/transform"
)

// A copying is what a COPY or ADD says, with its variables.
type copying struct {
	sources      []string
	dest         string
	inline       int    // how many here-documents there are among the sources
	from         string // the stage or image of COPY --from; "" for the build context
	chown, chmod string
	picks        bool // a flag changes what the sources mean
	link         bool // the layer has directories of its own on the way to the destination
}

// copyingOf reads a COPY or ADD; ok is false for other instructions.
func copyingOf(in *transform.Instruction) (c copying, ok bool) {
	cmd, _ := in.Command()
	switch c := cmd.(type) {
	case *instructions.CopyCommand:
		return copying{c.SourcePaths, c.DestPath, len(c.SourceContents), c.From, c.Chown, c.Chmod,
			c.Parents || len(c.ExcludePatterns) > 0, c.Link}, true
	case *instructions.AddCommand:
		return copying{c.SourcePaths, c.DestPath, len(c.SourceContents), "", c.Chown, c.Chmod,
			c.Unpack != nil || len(c.ExcludePatterns) > 0, c.Link}, true
	}
	return copying{}, false
}

// plain reports that whole files of the build context are copied, and nothing
// else.
func (c copying) plain() bool { return c.from == "" && !c.picks && c.inline == 0 }

// contextSources are the sources of a COPY or ADD that are in the build context,
// or are fetched; nil for other instructions.
func contextSources(in *transform.Instruction) []string {
	if c, _ := copyingOf(in); c.from == "" {
		return c.sources
	}
	return nil
}

// inImage is a file with what is known of paths in the images that it builds.
type inImage struct {
	*transform.File
	dirs []workdir // before each instruction; nil until one is asked for
	ends map[*transform.Stage]workdir
	// fetches are calls that will fetch the package lists themselves.
	fetches map[*shell.Command]bool
}

// dirAt is the working directory before an instruction.
func (f *inImage) dirAt(in *transform.Instruction) workdir {
	f.followDirs()
	return f.dirs[in.Index]
}

// endDir is the working directory of a stage's container.
func (f *inImage) endDir(s *transform.Stage) workdir {
	f.followDirs()
	return f.ends[s]
}

func (f *inImage) followDirs() {
	if f.dirs != nil {
		return
	}
	var w workdirs
	for _, in := range f.Instructions {
		f.dirs = append(f.dirs, w.cur)
		w.pass(f.File, in)
	}
	f.ends = w.ends
}

// An origin is what is known of where a file of the image came from.
type origin uint8

const (
	notContext   origin = iota // no COPY or ADD can have brought it
	fromContext                // it is a file of the build context
	maybeContext               // one may have: the context, a path or another stage is not known
)

// contextFile finds the file of the build context that a stage's container has
// under a name. Unlike fileAt it looks past what may have brought another.
func contextFile(f *inImage, s *transform.Stage, name string) (string, bool) {
	p := f.endDir(s).join(f.EndState(s).Expand(name))
	if contextOf(f.File) == nil || !p.known {
		return "", false
	}
	for ; s != nil; s = s.Base.Stage {
		for _, in := range slices.Backward(s.Instructions) {
			if file, from := copiedTo(f, in, p.path); from == fromContext {
				return file, true
			}
		}
	}
	return "", false
}

// fileAt finds the file of the build context that stands at the absolute path p
// of the stage's image, by the last COPY or ADD that can have brought it.
func fileAt(f *inImage, s *transform.Stage, p string) (name string, from origin) {
	for ; s != nil; s = s.Base.Stage {
		for i := len(s.Instructions) - 1; i >= 0; i-- {
			if name, from := copiedTo(f, s.Instructions[i], p); from != notContext {
				return name, from
			}
		}
	}
	return "", notContext
}

// copiedTo is fileAt for one instruction.
func copiedTo(f *inImage, in *transform.Instruction, p string) (name string, from origin) {
	c, ok := copyingOf(in)
	if !ok {
		return "", notContext
	}
	dest, ok := absAt(f, in, c.dest)
	rel, below := strings.CutPrefix(p, strings.TrimSuffix(dest, "/")+"/")
	if !below {
		rel = ""
	}
	switch {
	case !ok && !c.mayReach(p), ok && !below && (p != dest || strings.HasSuffix(c.dest, "/")):
		return "", notContext
	case !ok || c.from != "" || c.inline > 0:
		return "", maybeContext
	}
	for _, source := range c.sources {
		source, ok := f.State(in).Expand(source)
		if !ok || remote(source) || unpacked(source) {
			return "", maybeContext
		}
		if name, from := broughtBy(f, source, rel, p); from != notContext {
			return name, from
		}
	}
	return "", notContext
}

// mayReach reports whether a COPY to a path that is not known can write p: not
// if it brings single files of other names, nor if what is written of the path
// behind its last variable is in no way part of p.
func (c copying) mayReach(p string) bool {
	base := path.Base(p)
	if !strings.Contains(c.dest, "$") || strings.HasSuffix(c.dest, "/") {
		mayBe := func(source string) bool {
			return !plainName(source) || strings.ContainsAny(source, "*?[$") || path.Base(source) == base
		}
		if c.inline == 0 && !slices.ContainsFunc(c.sources, mayBe) && path.Base(c.dest) != base {
			return false
		}
	}
	tail := c.dest
	if i := strings.LastIndexByte(tail, '$'); i >= 0 {
		_, tail, _ = strings.Cut(tail[i:], "/")
	}
	tail = strings.TrimSuffix(strings.TrimPrefix(path.Clean("/"+tail), "/"), "/")
	return tail == "" || strings.Contains(p+"/", "/"+tail+"/")
}

// absAt makes a path of the image absolute, also where the working directory
// comes from relative WORKDIRs and the one that an official base starts with.
func absAt(f *inImage, in *transform.Instruction, p string) (string, bool) {
	if abs, ok := f.State(in).Abs(p); ok {
		return abs, true
	}
	text, ok := f.State(in).Expand(p)
	dir := f.dirAt(in).join(text, ok)
	return dir.path, dir.known
}

// broughtBy looks for the file among what one source brings to a destination;
// rel is its path below the destination, "" when it is the destination.
func broughtBy(f *inImage, source, rel, p string) (string, origin) {
	matches, err := contextOf(f.File).Match(source)
	if err != nil {
		if plainName(source) && rel != "" && rel != path.Base(source) {
			return "", notContext // one file, of another name
		}
		return "", maybeContext
	}
	for _, m := range matches {
		switch {
		case m.Dir && rel != "":
			inside := path.Join(m.Path, rel)
			exists, known := contextOf(f.File).Exists(inside)
			if !known {
				return "", maybeContext
			}
			if dir, _ := contextOf(f.File).IsDir(inside); exists && !dir {
				return inside, fromContext
			}
		case !m.Dir && (rel == "" || rel == path.Base(m.Path)):
			return m.Path, fromContext
		}
	}
	return "", notContext
}
