package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// A manager (Poetry, uv, Pipenv, PDM) is told by a manifest and a lock file what to
// install, and installs the project itself as well, where that is a package. Its
// dependencies go ahead of the source by the manager's own option that leaves the
// project out; the step as it was written stays behind the source, and installs what
// is missing: the project. Where there is no project to be installed, the step goes
// ahead as it is.

// managed is a call of a manager that installs, and the directory that it runs in.
type managed struct {
	call *managerCall
	dir  string
}

// manager is the effect of a manager of Python packages.
func (r *effectReader) manager(c *managerCall) effect {
	switch c.kind {
	case useQuiet:
		return effect{}
	case useSetup:
		return effect{system: true}
	case useUnknown:
		return effect{key: "package-manager", unknown: c.why}
	}
	m := c.manager
	e := effect{pip: true, system: true, installs: true, usesCwd: true}
	switch {
	case r.dir == "":
		return effect{key: "unknown-path", unknown: "the directory that " + m.name + " runs in is not known"}
	case c.Dir != "" && !systemPath(c.Dir):
		return doubt("what “" + c.Program.Text + "” is is not known")
	case len(c.Wrappers) > 0 && !c.Through("env"):
		return doubt("another program starts " + m.name)
	}
	for _, name := range m.elsewhere {
		if _, here := c.Env(name); here || r.own[name] || r.st.HasEnv(name) || r.st.HasArg(name) {
			return effect{key: "package-manager", unknown: name + " sends " + m.name + " to another place"}
		}
	}
	if c.kind == useExport {
		e.pip, e.installs = false, false
		r.exported(&e, c)
	}
	e.managed = append(e.managed, managed{c, r.dir})
	e.whole = append(e.whole, path.Join(r.dir, m.manifest))
	for _, name := range m.reads {
		e.mayNeed = append(e.mayNeed, path.Join(r.dir, name))
	}
	r.environment(&e, c)
	return e
}

// exported notes the requirement file that a manager writes: what an option or a
// redirection names.
func (r *effectReader) exported(e *effect, c *managerCall) {
	for _, name := range []string{"--output", "--output-file"} {
		if o, ok := c.Option(name); ok && o.HasValue {
			w := o.Holder
			w.Text = o.Value
			if p, ok := e.path(r, w); ok {
				e.outputs = append(e.outputs, p)
			}
		}
	}
	for _, d := range c.Command().Redirs {
		if p, ok := r.path(d.Target, e); ok && strings.HasPrefix(d.Op, ">") {
			e.outputs = append(e.outputs, p)
		}
	}
}

// environment notes where a manager puts what it installs.
func (r *effectReader) environment(e *effect, c *managerCall) {
	place, _ := defaultText(r.st, "$"+c.manager.place)
	if at := c.manager.environment(place, r.dir); at != "" {
		e.local = append(e.local, at)
		return
	}
	e.touches = append(e.touches, path.Join(r.dir, ".venv")) // which is taken where it is there
}

// checkManaged says why what a step's managers install is not known from their
// manifests alone.
func (h *hoist) checkManaged(st *hoistStep) (key, why string) {
	for _, m := range st.effect.managed {
		d, why := h.managedDir(m)
		switch {
		case d == nil:
			return "no-manifest", why
		case m.call.only:
			return "installs-source", "it installs the project of the source"
		}
		if why := h.managedProblem(d, m); why != "" {
			return "installs-source", why
		}
		if d.installs(m.call.managerUse) {
			return "installs-source", m.call.manager.name + " asks for the project of the source too"
		}
	}
	return "", ""
}

// managedDir reads the manifest that a manager finds.
func (h *hoist) managedDir(m managed) (*managedDir, string) {
	manifest := m.call.manager.manifest
	from, name := h.provider(path.Join(m.dir, manifest))
	if from == nil || path.Base(name) != manifest {
		return nil, manifest + " does not come from the build context, or .dockerignore hides it"
	}
	return m.call.manager.managed(h.ctx, path.Dir(name), managerVersion(h.f, h.s, m.call.manager.name))
}

// managedProblem is managedDir.problem, and that of a directory within another
// project.
func (h *hoist) managedProblem(d *managedDir, m managed) string {
	if d.manager.localPackages(h.f, h.s) {
		return "PDM may install into __pypackages__"
	}
	if d.manager == uvManager {
		for dir := path.Dir(m.dir); ; dir = path.Dir(dir) {
			if from, _ := h.provider(path.Join(dir, "pyproject.toml")); from != nil {
				return "uv may find a workspace in " + dir
			}
			if dir == "/" {
				break
			}
		}
	}
	return d.problem(m.call.frozen)
}

// fetchManaged plans the installation of the dependencies of a project, by the
// manager that installs the project.
func (h *hoist) fetchManaged(st *hoistStep, c *shell.Command) fetched {
	call, ok := readManager(c)
	if !ok || len(st.effect.managed) != 1 {
		return fetched{}
	}
	m := st.effect.managed[0]
	d, why := h.managedDir(m)
	switch {
	case d == nil:
		return fetched{why: why}
	case call.only:
		return fetched{nothing: true}
	case call.kind != useInstall:
		return fetched{}
	}
	if why := h.managedProblem(d, m); why != "" {
		return fetched{why: why}
	}
	option := call.manager.depsOnly
	switch {
	case option == "" || d.old():
		return fetched{why: "this " + call.manager.name + " has no option that leaves the project out"}
	case len(c.Redirs) > 0 || st.script.Form != shell.ShellForm:
		return fetched{why: "only a plain call can be taken apart"}
	case h.managedBefore(st.in, m):
		return fetched{nothing: true}
	}
	one := &hoistStep{in: st.in, kind: runStep, place: ahead, cwd: st.cwd, script: st.script, effect: st.effect}
	deps := *call
	deps.project = false
	one.effect.managed = []managed{{&deps, m.dir}}
	if key, why := h.conflict(one); key != "" {
		return fetched{why: why}
	}
	one.effect.dirs = nil
	return fetched{step: one, text: strings.TrimRight(h.f.Text(shell.In(st.in, c.Span)), " \t") + " " + option}
}

// managedBefore reports whether an earlier step of the stage installs by the same
// manager in the same directory, without the project.
func (h *hoist) managedBefore(before *transform.Instruction, m managed) bool {
	cwd := h.inherit(h.s)
	for _, in := range h.s.Instructions {
		if in == before {
			return false
		}
		if in.Keyword == "run" {
			_, each := readEffects(shell.Of(h.f, in), h.f.State(in), cwd)
			for _, e := range each {
				if slices.ContainsFunc(e.managed, func(o managed) bool {
					return o.call.manager == m.call.manager && o.dir == m.dir && !o.call.project
				}) {
					return true
				}
			}
		}
		cwd = dirAfter(h.f, in, cwd)
	}
	return false
}

// onlyProjects reports a step that installs nothing but projects whose dependencies an
// earlier one has installed.
func (h *hoist) onlyProjects(st *hoistStep) bool {
	e := &st.effect
	return len(e.managed) > 0 && len(e.needs)+len(e.sources)+len(e.nodes) == 0 &&
		!slices.ContainsFunc(e.managed, func(m managed) bool { return !h.managedBefore(st.in, m) })
}

// runsManager reports a script that calls a manager otherwise than to run a program.
func runsManager(s *shell.Script) bool {
	return slices.ContainsFunc(s.Commands(), func(c *shell.Command) bool {
		call, ok := readManager(c)
		return ok && call.kind == useInstall
	})
}

// onlyRuns reports a script in which a manager does nothing but start programs.
func onlyRuns(s *shell.Script, name string) bool {
	return !slices.ContainsFunc(s.Commands(), func(c *shell.Command) bool {
		words := c.Effective()
		if len(words) == 0 || path.Base(words[0].Text) != name {
			return false
		}
		return len(words) < 2 || words[1].Text != "run"
	})
}

// namers are the files of a project that name what is installed.
func (h *hoist) namers(m managed) string {
	manifest := m.call.manager.manifest
	for _, name := range m.call.manager.reads {
		if from, _ := h.provider(path.Join(m.dir, name)); from != nil && strings.Contains(name, "lock") {
			return manifest + " and the lock file name"
		}
	}
	return manifest + " names"
}

// managedWhy says what a manager installs ahead of the source; "" where none does.
func (h *hoist) managedWhy() string {
	for _, st := range h.steps {
		if st.place != ahead {
			continue
		}
		for _, m := range st.effect.managed {
			rest := "does not install it again"
			if d, _ := h.managedDir(m); d != nil && m.call.manager.depsOnly != "" && slices.ContainsFunc(h.steps, func(s *hoistStep) bool {
				return s.in == st.in && s.place == behind
			}) {
				rest = "installs nothing but the project again"
			}
			return "what " + h.namers(m) + " is installed before the source is copied, so that a change of the source " + rest
		}
	}
	return ""
}
