package passes

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// The dependencies of a project that is installed from the source ("pip install
// .", "-e .[prod]") are installed before it, by a step that has nothing but the
// manifest. The step of the project stays as it is, behind the source.
//
// It is sound because the project's own step still installs everything that is
// missing: what goes before it can only be too little, and then costs time, or
// the same. It is the same where the manifest says the dependencies as data: pip
// then resolves the same requirements, with the same options, for the same
// interpreter, and finds them satisfied when the project comes. So it is declined
// where anything else has a say: a build without isolation, a setup.py that
// imports more than the standard library, a list that is computed. --upgrade is
// left out: it is for the project alone, whose dependencies stay as they are
// while they satisfy it (pip's default upgrade strategy, "only-if-needed").

// projectManifests are the manifests that the added step reads as data.
var projectManifests = setOf("pyproject.toml setup.cfg setup.py")

// fetched is the answer to what a project needs first: a step, nothing, or a
// reason against it. It is empty where there is no project.
type fetched struct {
	step    *hoistStep
	text    string
	nothing bool
	why     string
}

// fetch plans the installation of the dependencies of the project that a command
// of st installs. dirs are the directories that the command has gone through, the
// last of which it runs in.
func (h *hoist) fetch(st *hoistStep, c *shell.Command, dirs []string) fetched {
	p, ok := argv.Pip(c)
	if !ok {
		return h.fetchManaged(st, c)
	}
	dir := dirs[len(dirs)-1]
	call, why := readProjectCall(p, c, dir)
	switch {
	case call == nil:
		return fetched{why: why}
	case len(c.Redirs) > 0 || st.script.Form != shell.ShellForm:
		return fetched{why: "only a plain pip install can be taken apart"}
	}
	if p.Has("--no-deps") {
		return fetched{nothing: true}
	}
	state := h.f.State(st.in)
	if why := call.fetchable(func(name string) bool { return state.HasEnv(name) || state.HasArg(name) }); why != "" {
		return fetched{why: why}
	}
	plan, why := h.planFetch(call, dir)
	if plan == nil {
		return fetched{why: why}
	}
	if h.fetchedAlready(st, plan) {
		return fetched{nothing: true}
	}
	text, effect, why := h.fetchText(st, call, plan, dir)
	if text == "" {
		return fetched{why: why}
	}
	effect.dirs = slices.Clone(dirs[1:])
	one := &hoistStep{in: st.in, kind: runStep, place: ahead, cwd: st.cwd, script: st.script, effect: effect}
	if key, why := h.conflict(one); key != "" {
		return fetched{why: why}
	}
	one.effect.dirs = nil
	return fetched{step: one, text: text}
}

// planFetch reads the project's manifest in the build context.
func (h *hoist) planFetch(call *projectCall, dir string) (*fetchPlan, string) {
	for _, name := range []string{"pyproject.toml", "setup.cfg", "setup.py"} {
		_, file := h.provider(path.Join(call.dir, name))
		if file == "" || path.Base(file) != name {
			continue
		}
		if exists, known := h.ctx.Exists(file); !known || !exists {
			continue
		}
		p, err := h.ctx.Project(path.Dir(file))
		if err != nil {
			return nil, err.Error()
		}
		at, err := filepath.Rel(dir, call.dir)
		if err != nil || strings.HasPrefix(at, "..") {
			at = call.dir
		}
		plan, why := planFetch(p, path.Dir(file), filepath.ToSlash(at), call.extras)
		if plan != nil && plan.code != "" {
			if why := h.lacksReader(p.Manifest); why != "" {
				return nil, why
			}
		}
		return plan, why
	}
	return nil, "its manifest is not known in the build context"
}

// lacksReader says why no Python is known to be there that reads the manifest.
func (h *hoist) lacksReader(manifest string) string {
	img, ok := baseImage(h.s.Root())
	if !ok || !img.Official || img.Name != "python" {
		return "the base is not an official Python image, whose Python could read " + manifest
	}
	v := pythonOf(img, len(h.s.Root().Base.Args) > 0)
	switch {
	case manifest == "pyproject.toml" && !v.sure:
		return "which Python reads pyproject.toml depends on a build argument"
	case v.major != 3:
		return "the dependencies are read by Python 3"
	case manifest == "pyproject.toml" && v.minor < 11:
		return "Python reads pyproject.toml by itself from 3.11 on; a requirement file of the dependencies would do"
	}
	return ""
}

// fetchedAlready reports whether what a plan installs is installed when st runs.
func (h *hoist) fetchedAlready(st *hoistStep, plan *fetchPlan) bool {
	if plan.code == "" && len(plan.lists) == 0 {
		return true
	}
	var names, files []string
	for _, p := range h.installed {
		from, name := h.provider(p)
		if from == nil {
			continue
		}
		files = append(files, name)
		if reqs, err := h.ctx.Requirements(name); err == nil && !projectManifests[path.Base(name)] {
			names = append(names, reqs.Names()...)
		}
	}
	lacks := func(have []string) func(string) bool {
		return func(one string) bool { return !slices.Contains(have, one) }
	}
	if slices.ContainsFunc(plan.lists, lacks(files)) {
		return false
	}
	return !slices.ContainsFunc(plan.names, lacks(names)) || h.printed(st.in, plan.code)
}

// printed reports whether an earlier step of the stage prints by the same code.
func (h *hoist) printed(before *transform.Instruction, code string) bool {
	for _, in := range h.s.Instructions {
		if in == before {
			break
		}
		if in.Keyword != "run" || !strings.Contains(h.f.Text(in.Body), code) {
			continue
		}
		for _, c := range shell.Of(h.f, in).Commands() {
			if _, found, ok := fetchedManifest(c); ok && found == code {
				return true
			}
		}
	}
	return false
}

// fetchText writes the call of pip, and says what it does.
func (h *hoist) fetchText(st *hoistStep, call *projectCall, plan *fetchPlan, dir string) (text string, e effect, why string) {
	r := &effectReader{st: h.f.State(st.in), dir: dir}
	e = effect{pip: true, system: true, installs: true}
	var words []string
	var operands []shell.Word
	for _, w := range call.words {
		if w.Text == "-U" || w.Text == "--upgrade" {
			continue
		}
		words = append(words, w.Raw)
	}
	for _, o := range call.pip.Options {
		if o.Name != "--editable" || strings.Contains(o.Value, "+") {
			r.pipOption(&e, &o)
		}
	}
	for _, w := range call.pip.Operands {
		if slices.ContainsFunc(call.words, func(kept shell.Word) bool { return kept.Span == w.Span }) {
			operands = append(operands, w)
		}
	}
	r.pipOperands(&e, operands)
	r.pipEnv(&e, &call.pip.Call)
	if e.key != "" {
		return "", e, e.unknown
	}
	for _, name := range plan.lists {
		rel, err := filepath.Rel(path.Dir(plan.file), name)
		if err != nil || !copyable(rel) {
			return "", e, "a name in it would need quotes"
		}
		p := path.Join(call.dir, filepath.ToSlash(rel))
		e.needs = append(e.needs, p)
		if short, err := filepath.Rel(dir, p); err == nil && !strings.HasPrefix(short, "..") {
			p, e.usesCwd = filepath.ToSlash(short), true
		}
		words = append(words, "-r", p)
	}
	if plan.code == "" {
		return strings.Join(words, " "), e, ""
	}
	e.needs = append(e.needs, path.Join(call.dir, path.Base(plan.file)))
	e.usesCwd = true
	python := "python"
	if call.pip.Python != "" {
		python = call.pip.Python
	}
	words = append(words, "-r", "/dev/stdin")
	return python + " -c '" + plan.code + "' " + string(h.f.Escape) + "\n    | " + strings.Join(words, " "), e, ""
}

// shares gives the part that goes ahead the installation of dependencies in the
// place of a command that stays behind.
func (st *hoistStep) shares(c *shell.Command, f fetched) {
	if st.shared == nil {
		st.shared = map[*shell.Command]string{}
	}
	st.shared[c] = f.text
	st.add(c, f.step)
}

// without are the commands of a list that are not in both parts.
func (st *hoistStep) without(list []*shell.Command) []*shell.Command {
	return slices.DeleteFunc(slices.Clone(list), func(c *shell.Command) bool { _, both := st.shared[c]; return both })
}

// leave are the edits that leave a part of a RUN in its place, where the other
// one, st, goes away from.
func (h *hoist) leave(st *hoistStep) []transform.Edit {
	i := slices.IndexFunc(h.steps, func(s *hoistStep) bool { return s.in == st.in && s != st })
	other := h.steps[i]
	var edits []transform.Edit
	if len(other.rest) > 0 {
		edits = shell.Delete(st.in, h.cut(other.rest, st))
	}
	for c, text := range other.shared {
		edits = append(edits, shell.Replace(st.in, c.Span, text))
	}
	return edits
}
