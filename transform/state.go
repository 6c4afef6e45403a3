package transform

import (
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// State is what holds where an instruction stands, before it runs. It knows
// what the file says; what the base image sets is unknown.
type State struct {
	// Workdir is the absolute working directory, or "" where only the base
	// image knows it.
	Workdir string
	// WrittenWorkdir is the same as the file writes it, with its variables where they
	// are unknown; "" where no WORKDIR says.
	WrittenWorkdir string
	// User is the argument of the last USER, or "" where none was given.
	User string
	// UserAt is that USER, or nil.
	UserAt *Instruction
	// Shell is the argument of SHELL, or nil for the default.
	Shell []string

	escape rune
	vars   *bindings
}

// Env is the value of an environment variable that the file sets; ok is false
// where it does not, or where the value depends on a build argument.
func (s *State) Env(key string) (value string, ok bool) {
	v, found := s.vars.lookup(key)
	return v.value, found && !v.arg && v.fixed
}

// HasEnv reports whether the file sets the environment variable here, whatever
// its value.
func (s *State) HasEnv(key string) bool {
	v, found := s.vars.lookup(key)
	return found && !v.arg
}

// HasArg reports whether the build argument is in scope here.
func (s *State) HasArg(key string) bool {
	v, found := s.vars.lookup(key)
	return found && v.arg
}

// Vars are the names of the variables that the file sets here, ENV and ARG.
func (s *State) Vars() []string { return s.vars.names() }

// Expand replaces variables as BuildKit does in an instruction's arguments. ok
// is false where the result is not the same in every build: a variable that is
// unknown here, or one that depends on a build argument.
func (s *State) Expand(word string) (text string, ok bool) {
	if !strings.ContainsAny(word, "$\\`'\"") {
		return word, true
	}
	res, err := shell.NewLex(s.escape).ProcessWordWithMatches(word, s.vars)
	if err != nil || len(res.Unmatched) > 0 {
		return "", false
	}
	for k := range res.Matched {
		if v, _ := s.vars.lookup(k); !v.fixed {
			return res.Result, false
		}
	}
	return res.Result, true
}

// State is what holds before in runs; nil for an instruction of another File. For
// a FROM it is the state of the ARGs before the first one.
func (f *File) State(in *Instruction) *State {
	if f.states == nil {
		f.computeStates()
	}
	if in.Index >= len(f.Instructions) || f.Instructions[in.Index] != in {
		return nil
	}
	return f.states[in.Index]
}

// EndState is what holds behind the last instruction of a stage.
func (f *File) EndState(s *Stage) *State {
	if f.states == nil {
		f.computeStates()
	}
	return f.ends[s.Index]
}

func (f *File) metaState() *State {
	m := &State{escape: f.Escape}
	for _, in := range f.Instructions {
		if in.Stage != nil {
			break
		}
		m = m.after(in, nil, f.otherArgs)
	}
	return m
}

func (f *File) computeStates() {
	f.states = make([]*State, len(f.Instructions))
	f.ends = make([]*State, len(f.Stages))
	meta := &State{escape: f.Escape}
	cur := meta
	for i, in := range f.Instructions {
		switch {
		case in.Stage == nil:
			f.states[i] = cur
			cur = cur.after(in, nil, f.otherArgs)
			meta = cur
			continue
		case in.Keyword == "from":
			f.states[i] = meta
			cur = &State{escape: f.Escape}
			if base := in.Stage.Base.Stage; base != nil {
				st := *f.ends[base.Index]
				st.vars = st.vars.inherited()
				cur = &st
			}
		default:
			f.states[i] = cur
			cur = cur.after(in, meta, f.otherArgs)
		}
		f.ends[in.Stage.Index] = cur
	}
}

// after is the state behind an instruction; it is s itself where nothing
// changes. meta holds the ARGs before the first FROM.
func (s *State) after(in *Instruction, meta *State, otherArgs bool) *State {
	switch in.Keyword {
	case "env", "arg", "workdir", "user", "shell":
	default:
		return s
	}
	cmd, err := in.Command()
	if err != nil {
		return s
	}
	t := *s
	switch c := cmd.(type) {
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			v, fixed := s.Expand(kv.Value)
			t.vars = t.vars.bind(kv.Key, variable{value: v, set: fixed || v != "", fixed: fixed})
		}
	case *instructions.ArgCommand:
		for _, kv := range c.Args {
			t.addArg(kv, s, meta, otherArgs)
		}
	case *instructions.WorkdirCommand:
		t.Workdir = s.join(c.Path)
		t.WrittenWorkdir = s.joinWritten(c.Path)
	case *instructions.UserCommand:
		t.User, _ = s.Expand(c.User)
		if t.User == "" {
			t.User = c.User
		}
		t.UserAt = in
	case *instructions.ShellCommand:
		t.Shell = c.Shell
	}
	return &t
}

func (s *State) addArg(kv instructions.KeyValuePairOptional, before, meta *State, otherArgs bool) {
	if old, ok := s.vars.lookup(kv.Key); ok && !old.arg {
		return // ENV wins over ARG
	}
	v := variable{arg: true}
	switch {
	case kv.Value != nil:
		v.value, _ = before.Expand(*kv.Value)
		if otherArgs {
			v.value = otherValue(v.value)
		}
		v.set = true
	case meta != nil:
		if m, ok := meta.vars.lookup(kv.Key); ok {
			v.value, v.set = m.value, m.set
		}
	}
	s.vars = s.vars.bind(kv.Key, v)
}

// otherValue is a value that could stand in another's place: a version for a version, a path for a path.
func otherValue(value string) string {
	switch {
	case value == "":
		return "other"
	case '0' <= value[len(value)-1] && value[len(value)-1] <= '9':
		return value + "0"
	}
	return value + "-other"
}

// join is the working directory after WORKDIR dir.
func (s *State) join(dir string) string {
	d, ok := s.Expand(dir)
	switch {
	case !ok:
		return ""
	case path.IsAbs(d):
		return path.Clean(d)
	case s.Workdir == "":
		return ""
	}
	return path.Join(s.Workdir, d)
}

func (s *State) joinWritten(dir string) string {
	if d, ok := s.Expand(dir); ok {
		dir = d
	}
	if path.IsAbs(dir) {
		return path.Clean(dir)
	}
	return path.Join("/", s.WrittenWorkdir, dir)
}

// Abs makes a path of the image absolute, as a COPY's destination or a command
// sees it. ok is false where the working directory or a variable is unknown.
func (s *State) Abs(p string) (abs string, ok bool) {
	p, ok = s.Expand(p)
	switch {
	case !ok:
		return "", false
	case path.IsAbs(p):
		return path.Clean(p), true
	case s.Workdir == "":
		return "", false
	}
	return path.Join(s.Workdir, p), true
}

// resolveMeta takes the quotes off a base name, replaces the ARGs before the first
// FROM in it by their defaults, and returns the instructions that hold them. The result is "" where
// one has no default.
func (f *File) resolveMeta(name string) (string, []*Instruction) {
	if !strings.ContainsAny(name, "$\"'"+string(f.Escape)) {
		return name, nil
	}
	meta := f.metaState()
	res, err := shell.NewLex(f.Escape).ProcessWordWithMatches(name, meta.vars)
	if err != nil || !haveFallback(name, res.Unmatched) {
		return "", nil
	}
	var args []*Instruction
	for _, in := range f.Instructions {
		if in.Stage != nil {
			break
		}
		cmd, _ := in.Command()
		if c, ok := cmd.(*instructions.ArgCommand); ok {
			for _, kv := range c.Args {
				if _, used := res.Matched[kv.Key]; used {
					args = append(args, in)
				}
			}
		}
	}
	return res.Result, args
}

// haveFallback reports whether the word says itself what stands for each of the
// variables when it has no value: "${TAG:-3.12}".
func haveFallback(word string, vars map[string]struct{}) bool {
	for k := range vars {
		if !strings.Contains(word, "${"+k+":-") && !strings.Contains(word, "${"+k+"-") {
			return false
		}
	}
	return true
}
