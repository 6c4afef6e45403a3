package transform

import (
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// Stage is a FROM and what follows it up to the next one.
type Stage struct {
	Index        int
	Name         string // in lower case; "" when it has none
	From         *Instruction
	Instructions []*Instruction // without From
	Base         Base
	Deps         []Edge // in the order of the file, FROM first
}

// Base is what a stage starts from.
type Base struct {
	Raw   string         // as written
	Ref   string         // with ARGs before the first FROM replaced by their defaults; "" when one has none
	Args  []*Instruction // the ARG instructions whose defaults Ref holds
	Stage *Stage         // the earlier stage it names, or nil
	Word  Span           // where Raw stands
}

// Edge is a use of another stage's files.
type Edge struct {
	To    *Stage // nil when it is an image
	Image string // the name as written, when To is nil
	At    *Instruction
	Kind  EdgeKind
	Index bool // the stage is named by its number
}

// EdgeKind tells how a stage is used.
type EdgeKind string

// The kinds of edges.
const (
	EdgeFrom  EdgeKind = "from"
	EdgeCopy  EdgeKind = "copy"
	EdgeMount EdgeKind = "mount"
)

// Final is the last stage, which a build without a target makes; nil when the
// file has none.
func (f *File) Final() *Stage {
	if len(f.Stages) == 0 {
		return nil
	}
	return f.Stages[len(f.Stages)-1]
}

// Users are the edges that lead to s.
func (f *File) Users(s *Stage) []Edge {
	var edges []Edge
	for _, t := range f.Stages {
		for _, e := range t.Deps {
			if e.To == s {
				edges = append(edges, e)
			}
		}
	}
	return edges
}

// Root is the stage at the end of s's chain of FROMs, the one that starts from
// an image. It is s itself for most.
func (s *Stage) Root() *Stage {
	for s.Base.Stage != nil {
		s = s.Base.Stage
	}
	return s
}

// link fills in stages and edges.
func (f *File) link() {
	f.Stages = nil
	for _, in := range f.Instructions {
		if in.Keyword == "from" {
			f.Stages = append(f.Stages, &Stage{Index: len(f.Stages), From: in})
		}
		if len(f.Stages) == 0 {
			continue
		}
		s := f.Stages[len(f.Stages)-1]
		in.Stage = s
		if in != s.From {
			s.Instructions = append(s.Instructions, in)
		}
	}
	for _, s := range f.Stages {
		f.linkBase(s)
	}
	for _, s := range f.Stages {
		for _, in := range s.Instructions {
			f.linkUses(s, in)
		}
	}
}

func (f *File) linkBase(s *Stage) {
	cmd, err := s.From.Command()
	if err != nil {
		return
	}
	c, ok := cmd.(*instructions.Stage)
	if !ok {
		return
	}
	s.Name = c.Name
	s.Base.Raw = c.BaseName
	for _, w := range f.Words(s.From)[1:] {
		if !strings.HasPrefix(w.Text, "--") {
			s.Base.Word = w.Span
			break
		}
	}
	s.Base.Ref, s.Base.Args = f.resolveMeta(c.BaseName)
	// Names of stages are in lower case, and BuildKit finds others for COPY only.
	if e := f.edgeTo(f.Stages[:s.Index], s.Base.Ref); e.To != nil && s.Base.Ref == e.To.Name {
		s.Base.Stage = e.To
		s.Deps = append(s.Deps, Edge{To: e.To, At: s.From, Kind: EdgeFrom})
		return
	}
	s.Deps = append(s.Deps, Edge{Image: c.BaseName, At: s.From, Kind: EdgeFrom})
}

func (f *File) linkUses(s *Stage, in *Instruction) {
	switch in.Keyword {
	case "copy":
		cmd, _ := in.Command()
		if c, ok := cmd.(*instructions.CopyCommand); ok && c.From != "" {
			e := f.edgeTo(f.Stages, c.From)
			if n, err := strconv.Atoi(c.From); err == nil && n >= 0 && n < len(f.Stages) {
				e = Edge{To: f.Stages[n], Index: true}
			}
			e.At, e.Kind = in, EdgeCopy
			s.Deps = append(s.Deps, e)
		}
	case "run":
		for _, flag := range in.Node.Flags {
			if from := mountFrom(flag); from != "" {
				e := f.edgeTo(f.Stages, from)
				e.At, e.Kind = in, EdgeMount
				s.Deps = append(s.Deps, e)
			}
		}
	}
}

func mountFrom(flag string) string {
	spec, ok := strings.CutPrefix(flag, "--mount=")
	if !ok {
		return ""
	}
	for _, field := range strings.Split(spec, ",") {
		if from, ok := strings.CutPrefix(field, "from="); ok {
			return from
		}
	}
	return ""
}

// edgeTo finds a stage by name, the last one that has it.
func (f *File) edgeTo(stages []*Stage, name string) Edge {
	for i := len(stages) - 1; i >= 0; i-- {
		if stages[i].Name != "" && strings.EqualFold(stages[i].Name, name) {
			return Edge{To: stages[i]}
		}
	}
	return Edge{Image: name}
}
