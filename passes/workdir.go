package passes

import (
	"path"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/transform"
)

// A workdir is a working directory; known is false where only the base image or
// a build argument knows it.
type workdir struct {
	path  string
	known bool
}

// workdirs follows the working directory through a file, instruction by
// instruction.
type workdirs struct {
	cur  workdir
	ends map[*transform.Stage]workdir
}

// pass moves behind an instruction.
func (w *workdirs) pass(f *transform.File, in *transform.Instruction) {
	switch in.Keyword {
	case "from":
		if base := in.Stage.Base.Stage; base != nil {
			w.cur = w.ends[base]
		} else {
			w.cur = imageDir(in.Stage)
		}
	case "workdir":
		cmd, _ := in.Command()
		if c, ok := cmd.(*instructions.WorkdirCommand); ok {
			w.cur = w.cur.join(f.State(in).Expand(c.Path))
		}
	default:
		return
	}
	if w.ends == nil {
		w.ends = map[*transform.Stage]workdir{}
	}
	w.ends[in.Stage] = w.cur
}

func (d workdir) join(dir string, known bool) workdir {
	switch {
	case known && path.IsAbs(dir):
		return workdir{path.Clean(dir), true}
	case known && d.known:
		return workdir{path.Join(d.path, dir), true}
	}
	return workdir{}
}
