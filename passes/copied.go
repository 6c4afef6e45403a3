package passes

import (
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/transform"
)

// inImage is a file with what is known of paths in the images that it builds.
type inImage struct {
	*transform.File
	dirs []workdir // before each instruction; nil until one is asked for
}

// dirAt is the working directory before an instruction.
func (f *inImage) dirAt(in *transform.Instruction) workdir {
	if f.dirs == nil {
		var w workdirs
		for _, in := range f.Instructions {
			f.dirs = append(f.dirs, w.cur)
			w.pass(f.File, in)
		}
	}
	return f.dirs[in.Index]
}

// An origin is what is known of where a file of the image came from.
type origin uint8

const (
	notContext   origin = iota // no COPY or ADD can have brought it
	fromContext                // it is a file of the build context
	maybeContext               // one may have: the context, a path or another stage is not known
)

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
	var sd instructions.SourcesAndDest
	local := true
	cmd, _ := in.Command()
	switch c := cmd.(type) {
	case *instructions.CopyCommand:
		sd, local = c.SourcesAndDest, c.From == ""
	case *instructions.AddCommand:
		sd = c.SourcesAndDest
	default:
		return "", notContext
	}
	dest, ok := absAt(f, in, sd.DestPath)
	rel, below := strings.CutPrefix(p, strings.TrimSuffix(dest, "/")+"/")
	if !below {
		rel = ""
	}
	switch {
	case !ok && !mayReach(sd, p), ok && !below && p != dest:
		return "", notContext
	case !ok || !local || len(sd.SourceContents) > 0:
		return "", maybeContext
	}
	for _, source := range sd.SourcePaths {
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
func mayReach(sd instructions.SourcesAndDest, p string) bool {
	base := path.Base(p)
	if !strings.ContainsFunc(sd.DestPath, func(r rune) bool { return r == '$' }) || strings.HasSuffix(sd.DestPath, "/") {
		others := len(sd.SourceContents) == 0
		for _, source := range sd.SourcePaths {
			others = others && plainName(source) && !strings.ContainsAny(source, "*?[$") && path.Base(source) != base
		}
		if others && path.Base(sd.DestPath) != base {
			return false
		}
	}
	tail := sd.DestPath
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
