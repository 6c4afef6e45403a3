package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// A hoist sorts the instructions of a stage.
type hoist struct {
	f   *transform.File
	s   *transform.Stage
	ctx *buildctx.Context

	copies   []*hoistStep // of the context, from the first stage of the chain on
	pathDirs []string     // directories that ENV puts on PATH
	dirs     []string     // directories that are there before the first source
	made     []string     // directories that are there so far

	steps   []*hoistStep // from the first source on
	left    []*hoistStep // those of them that stay behind
	fed     []*hoistStep // those that requirement files are copied for
	written []string     // requirement files that what goes ahead writes
	held    *transform.Finding

	heldNode bool // held is of an installation of JavaScript packages

	installed []string // requirement files that pip has installed so far
}

// A hoistStep is an instruction, or some commands of a RUN.
type hoistStep struct {
	in    *transform.Instruction
	kind  stepKind
	place place
	cwd   string
	copy  *contextCopy
	dest  string // of a copy whose files come from elsewhere; "" when not known

	script  *shell.Script
	effect  effect
	part    []*shell.Command          // the commands, where the RUN is taken apart
	rest    []*shell.Command          // those of the other part alone
	shared  map[*shell.Command]string // commands of both parts, and what the part that goes ahead has in their place
	settled bool                      // it installs a project that needs nothing to be installed first

	reads    []string   // requirement files of the context
	brings   []manifest // those that must be copied before it
	early    *hoistStep // the copy that must make a directory before this WORKDIR does
	absolute bool       // its destination must be made absolute
}

type stepKind uint8

const (
	neutralStep stepKind = iota // a step has no effect on it, nor it on the step
	stateStep                   // ENV, ARG, WORKDIR, USER, SHELL
	copyStep                    // files of the context
	otherStep                   // not understood
	runStep
)

type place uint8

const (
	stays  place = iota // where it is
	ahead               // before the source
	behind              // with the source
)

// A manifest is a requirement file that a step reads.
type manifest struct {
	name string // in the context
	path string // in the image
	from *hoistStep
}

func newHoist(f *transform.File, s *transform.Stage, ctx *buildctx.Context) *hoist {
	return &hoist{f: f, s: s, ctx: ctx}
}

// plan sorts the stage's instructions.
func (h *hoist) plan() {
	cwd := h.inherit(h.s)
	var mattering, unread *hoistStep
	for _, in := range h.s.Instructions {
		st := h.read(in, cwd)
		cwd = dirAfter(h.f, in, cwd)
		source := st.kind == copyStep && st.copy.hasSource()
		switch {
		case len(h.steps) > 0:
			h.add(h.sort(st)...)
		case source && !st.copy.matters(h.pathDirs):
			st.place = behind
			h.add(st)
		case source && mattering == nil:
			mattering = st
		case st.kind == otherStep && st.dest == "" && unread == nil:
			unread = st
		case unread != nil && st.effect.pip && len(st.effect.needs) > 0:
			if from, _ := h.provider(st.effect.needs[0]); from == nil {
				h.hold(st, "unknown-path", "what “"+h.f.Text(unread.in.Body)+"” brings is not known")
			}
		case mattering != nil && h.held == nil && st.effect.pip && st.effect.installs:
			h.hold(st, "system-path", "what the source brings to "+mattering.copy.dest+" may be found by the system or by pip")
		}
		h.note(st)
		if len(h.steps) == 0 {
			h.dirs = h.made
		}
	}
	h.trim()
	h.moveManifests()
	h.extend()
	h.checkOwners()
}

// add puts steps behind the others.
func (h *hoist) add(steps ...*hoistStep) {
	for _, st := range steps {
		h.steps = append(h.steps, st)
		if st.place == behind {
			h.left = append(h.left, st)
			continue
		}
		h.written = append(h.written, st.effect.outputs...)
		if len(st.brings) > 0 {
			h.fed = append(h.fed, st)
		}
	}
}

// inherit reads the stages that s starts from and returns the working directory
// in which s starts.
func (h *hoist) inherit(s *transform.Stage) string {
	base := s.Base.Stage
	if base == nil {
		if img, ok := baseImage(s); ok && img.Official && !strings.Contains(img.Tag, "onbuild") {
			return "/"
		} else if _, under := img.underUV(); under {
			return "/"
		}
		return unknownDir
	}
	cwd := h.inherit(base)
	for _, in := range base.Instructions {
		if in.Keyword != "run" {
			h.note(h.read(in, cwd))
		}
		cwd = dirAfter(h.f, in, cwd)
	}
	return cwd
}

// note remembers what a step leaves: files, and directories.
func (h *hoist) note(st *hoistStep) {
	switch {
	case st.in.Keyword == "workdir":
		h.made = append(h.made, dirAfter(h.f, st.in, st.cwd))
	case st.copy != nil:
		h.copies = append(h.copies, st)
		if st.copy.toDir {
			h.made = append(h.made, st.copy.dest)
		}
		for _, s := range st.copy.sources {
			for _, m := range s.matches {
				if !m.Dir {
					h.made = append(h.made, path.Dir(st.copy.target(m)))
				}
			}
		}
	}
	h.made = append(h.made, st.effect.makes...)
	if st.effect.pip && st.effect.installs {
		h.installed = append(h.installed, st.effect.needs...)
	}
}

// dirAfter is the working directory behind an instruction.
func dirAfter(f *transform.File, in *transform.Instruction, cwd string) string {
	cmd, _ := in.Command()
	c, ok := cmd.(*instructions.WorkdirCommand)
	if !ok {
		return cwd
	}
	dir, ok := defaultText(f.State(in), c.Path)
	if !ok {
		return path.Join(unknownDir, c.Path)
	}
	return absolute(cwd, dir)
}

// read finds out what an instruction does.
func (h *hoist) read(in *transform.Instruction, cwd string) *hoistStep {
	st := &hoistStep{in: in, cwd: cwd}
	switch in.Keyword {
	case "env", "arg", "workdir", "user", "shell":
		st.kind = stateStep
		h.pathDirs = append(h.pathDirs, h.pathOf(in)...)
	case "copy", "add":
		st.kind = otherStep
		if c, ok := readContextCopy(h.f, in, h.ctx, cwd, h.made); ok {
			st.kind, st.copy = copyStep, c
		} else {
			st.dest = h.elsewhere(in, cwd)
		}
	case "run":
		st.kind = runStep
		st.script = shell.Of(h.f, in)
		st.effect, _ = readEffects(st.script, h.f.State(in), cwd)
		if st.effect.pip {
			if file, setting := pipSettings(h.ctx); file != "" {
				st.effect.merge(effect{key: "unknown-path", unknown: file + " sets " + setting + " for pip"})
			}
		}
		for _, m := range mountsOf(in) {
			if m.kind == "bind" {
				st.effect.merge(doubt("it mounts files of the context or of another stage"))
			}
		}
	case "volume":
		st.kind, st.place = neutralStep, behind
	}
	return st
}

// elsewhere is where a COPY from another stage or image writes.
func (h *hoist) elsewhere(in *transform.Instruction, cwd string) string {
	c, _ := copyingOf(in)
	if c.from == "" {
		return ""
	}
	dest, ok := defaultText(h.f.State(in), c.dest)
	if !ok {
		return ""
	}
	return absolute(cwd, dest)
}

// pathOf are the directories that an ENV puts on PATH.
func (h *hoist) pathOf(in *transform.Instruction) []string {
	cmd, _ := in.Command()
	env, ok := cmd.(*instructions.EnvCommand)
	if !ok {
		return nil
	}
	var dirs []string
	for _, kv := range env.Env {
		if kv.Key != "PATH" {
			continue
		}
		for _, d := range strings.Split(strings.Trim(kv.Value, `"'`), ":") {
			if text, ok := defaultText(h.f.State(in), d); ok && path.IsAbs(text) {
				dirs = append(dirs, path.Clean(text))
			}
		}
	}
	return dirs
}

// sort finds the place of a step behind the first source. A RUN may become two.
func (h *hoist) sort(st *hoistStep) []*hoistStep {
	switch st.kind {
	case neutralStep:
		return []*hoistStep{st}
	case stateStep:
		st.place = ahead
	case copyStep:
		st.place = behind
		if st.copy.matters(h.pathDirs) {
			st.place = ahead
		}
	case otherStep:
		st.place = ahead
	case runStep:
		return h.sortRun(st)
	}
	if st.place == ahead {
		if key, _ := h.conflict(st); key != "" {
			st.place = behind
		}
	}
	return []*hoistStep{st}
}

func (h *hoist) sortRun(st *hoistStep) []*hoistStep {
	st.place = behind
	key, why := st.effect.key, st.effect.unknown
	if key == "" && (st.effect.installs || st.effect.system) {
		if key, why = h.conflict(st); key == "" {
			st.place = ahead
			return []*hoistStep{st}
		}
	}
	if key == "" {
		return []*hoistStep{st}
	}
	parts, pipKey, pipWhy := h.split(st)
	if parts != nil {
		if pipKey != "" {
			h.hold(st, pipKey, pipWhy)
		}
		return parts
	}
	if pipKey != "" {
		key, why = pipKey, pipWhy
	}
	if pipKey == "" && st.settled || key == "step-between" && h.onlyProjects(st) {
		return []*hoistStep{st}
	}
	if (st.effect.pip || st.effect.node) && st.effect.installs || key == "package-manager" || key == "installs-source" || callsPip(st.script) {
		h.hold(st, key, why)
	}
	return []*hoistStep{st}
}

// callsPip reports whether pip, or another manager of Python packages, may run
// anywhere in a script.
func callsPip(s *shell.Script) bool {
	return slices.ContainsFunc(s.Tools(), func(name string) bool {
		name = path.Base(name)
		return versioned(name, "pip") || pythonManagers[name] && !condaTools[name] && !onlyRuns(s, name) || condaInstalls(s, name)
	})
}

// hold declines for the first installation that stays, of pip's rather than of others.
func (h *hoist) hold(st *hoistStep, key, why string) {
	if h.held == nil || h.heldNode && !st.effect.node {
		h.heldNode = st.effect.node
		h.held = &transform.Finding{At: st.in.Body, Reason: key, Why: "the step stays below the source: " + why}
	}
}

// trim gives up what would go ahead without an installation after it.
func (h *hoist) trim() {
	last := h.last()
	for i, st := range h.steps {
		if i > last {
			st.place = stays
		}
	}
	h.steps = h.steps[:last+1]
}

// last is the index of the last installation that goes ahead, with the other
// part of its RUN; -1 without one.
func (h *hoist) last() int {
	for i := len(h.steps) - 1; i >= 0; i-- {
		if st := h.steps[i]; st.place == ahead && st.effect.installs {
			if i+1 < len(h.steps) && h.steps[i+1].in == st.in {
				i++
			}
			return i
		}
	}
	return -1
}
