package passes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// managedSplit is what is known of a stage in which a manager (Poetry, uv, Pipenv,
// PDM) installs. The manager itself stays in the builder. Where its environment is
// beside the manifest, it stays there, at the same path in both stages; else the
// manager is given an environment at /opt/venv, by the variables with which one is
// activated and which every manager respects.
type managedSplit struct {
	manager  *manager
	dir      *managedDir // nil where nothing but "uv pip" installs
	at       string      // the directory that it is called in
	inPlace  bool        // the environment stays where the manager makes it
	sync     *managerCall
	strips   bool // a start command loses the manager's "run"
	exported map[string]bool
}

// findManager finds the manager of a stage, and gives the units roles by it.
func (sp *split) findManager() {
	for _, st := range sp.steps {
		for _, u := range st.units {
			for _, c := range u.all {
				if m, ok := readManager(c); ok && (m.kind == useInstall || m.kind == useExport) {
					sp.own = &managedSplit{manager: m.manager, exported: map[string]bool{}}
				} else if p, ok := argv.Pip(c); ok && p.UV && p.IsInstall() && sp.own == nil {
					sp.own = &managedSplit{manager: uvManager, exported: map[string]bool{}}
				}
			}
		}
	}
	if sp.own == nil {
		return
	}
	for _, st := range sp.steps {
		for i, u := range st.units {
			v := *u
			v.role, v.pip = sp.managedRole(u)
			st.units[i] = &v
		}
	}
}

// managedRole is the role of a unit in a stage that a manager installs in.
func (sp *split) managedRole(u *splitUnit) (splitRole, bool) {
	if fetchesInstaller(u, sp.own.manager.name) || sp.usesInstaller(u) {
		return roleTool, false
	}
	if u.role != roleManager && u.role != rolePip && u.role != roleUnknown {
		return u.role, false
	}
	if len(u.all) != 1 {
		return u.role, u.pip
	}
	c := u.all[0]
	if m, ok := readManager(c); ok {
		switch {
		case m.manager != sp.own.manager || len(m.Wrappers) > 0 || m.Dir != "":
			return roleManager, false
		case m.kind == useInstall:
			return rolePip, true
		case m.kind == useExport:
			return rolePip, false
		case m.kind == useSetup, m.kind == useQuiet:
			return roleTool, false
		}
		return u.role, u.pip
	}
	p, ok := argv.Pip(c)
	switch {
	case !ok:
		return u.role, u.pip
	case p.Through(sp.own.manager.name):
		return roleManager, false
	case p.UV && p.IsInstall():
		return rolePip, true
	case !p.UV && p.IsInstall() && bringsOnly(p, sp.own.manager):
		return roleTool, false
	}
	return u.role, u.pip
}

// managerTools are what people install together with a manager.
var managerTools = setOf("pip setuptools wheel virtualenv poetry-core keyring")

// bringsOnly reports a pip install of a manager, and tools of its kind, alone.
func bringsOnly(p *argv.PipCmd, m *manager) bool {
	if len(p.Operands) == 0 || p.Has("--requirement", "--editable") {
		return false
	}
	manager := false
	for _, w := range p.Operands {
		i := strings.IndexAny(w.Text+"=", "=<>~![$")
		base := buildctx.NormalizeName(w.Text[:i])
		plugin := strings.HasPrefix(base, m.name+"-plugin-") || slices.ContainsFunc(m.brings, func(b string) bool { return strings.Split(b, "=")[0] == base })
		if base != m.name && !managerTools[base] && !plugin {
			return false
		}
		manager = manager || base == m.name
	}
	return manager || onlyTools(p)
}

// fetchesInstaller reports what brings a manager without pip: "curl … | python3 -" with
// its installer, and a link to its program.
func fetchesInstaller(u *splitUnit, name string) bool {
	about := func(c *shell.Command) bool {
		return slices.ContainsFunc(c.Words, func(w shell.Word) bool { return strings.Contains(w.Text, name) })
	}
	switch c := u.all[0]; {
	case len(u.all) == 2 && (c.Name() == "curl" || c.Name() == "wget") && u.all[1].Op == "|":
		next := u.all[1]
		runs := isPythonName(next.Name()) && (len(next.Words) == 1 || next.Words[1].Text == "-") || isPOSIXShell(next.Name()) && len(next.Words) == 1
		return runs && about(c)
	case len(u.all) == 1 && c.Name() == "ln":
		return about(c)
	}
	return false
}

// addsInstaller is the path at which an ADD puts the manager's installer; "" where it
// does not.
func (sp *split) addsInstaller(in *transform.Instruction) string {
	c := readCopy(sp.f, in)
	if c == nil || !c.add || !c.known || len(c.sources) != 1 || !isURL(c.sources[0]) || !strings.Contains(c.sources[0], sp.own.manager.name) {
		return ""
	}
	if c.into {
		return path.Join(c.dest, path.Base(c.sources[0]))
	}
	return c.dest
}

// usesInstaller reports what runs an installer that an ADD has brought, or removes it.
func (sp *split) usesInstaller(u *splitUnit) bool {
	c := u.all[0]
	if runs := isPOSIXShell(c.Name()) || isPythonName(c.Name()); len(u.all) != 1 || len(c.Words) < 2 || !runs && c.Name() != "rm" {
		return false
	}
	last := c.Words[len(c.Words)-1]
	return last.Static && slices.ContainsFunc(sp.steps, func(st *splitStep) bool {
		file := sp.addsInstaller(st.in)
		return file != "" && absolute(pythonDir(sp.f.State(st.in)), last.Text) == file
	})
}

// bringsManager reports a COPY of uv from its own image.
func bringsManager(in *transform.Instruction) bool {
	c, ok := copyingOf(in)
	return ok && c.from != "" && isUVImage(in, c.from)
}

// mountsManager reports a RUN that has uv for its own duration, from uv's image.
func mountsManager(in *transform.Instruction) bool {
	return slices.ContainsFunc(mountsOf(in), func(m mount) bool {
		return m.from != "" && (path.Base(m.target) == "uv" || path.Base(m.target) == "bin") && isUVImage(in, m.from)
	})
}

// isUVImage reports uv's own image, or a stage that starts from it.
func isUVImage(in *transform.Instruction, from string) bool {
	for _, e := range in.Stage.Deps {
		if e.At == in && e.To != nil && (strings.EqualFold(e.To.Name, from) || strconv.Itoa(e.To.Index) == from) {
			return imageName(e.To.Base.Ref) == uvImage
		}
	}
	return imageName(from) == uvImage
}

// checkManaged finds out where the manager's environment is, and declines where that,
// or what it reads, is not known.
func (sp *split) checkManaged() *transform.Finding {
	if sp.own == nil {
		return nil
	}
	if sp.ctx == nil {
		return held(sp.s.From.Body, "no-context", "what %s installs is not known without the build context", sp.own.manager.name)
	}
	installed, brought := false, sp.plain != ""
	for i, st := range sp.steps {
		if bringsManager(st.in) {
			if i > sp.first {
				return held(st.in.Body, "package-manager", "uv comes after it is used")
			}
			st.build, st.run, brought = true, false, true
		}
		if sp.addsInstaller(st.in) != "" {
			st.build, st.run = true, false
		}
		dir := pythonDir(sp.f.State(st.in))
		for _, u := range st.units {
			at := shell.In(st.in, u.top[0].Span)
			if u.role == roleTool && (installed || i > sp.last) {
				return held(at, "package-manager", "%s is set up again after it has installed", sp.own.manager.name)
			}
			brought = brought || u.role == roleTool && !strings.HasPrefix(u.all[0].Name(), sp.own.manager.name)
			if u.pip && !brought && !mountsManager(st.in) {
				return held(at, "package-manager", "where %s comes from is not known", sp.own.manager.name)
			}
			if no := sp.checkManagedUnit(i, st, u, dir); no != nil {
				return no
			}
			installed = installed || u.pip
			if len(u.all) == 1 {
				dir = changeDir(sp.f.State(st.in), u.all[0], dir)
			}
		}
	}
	return sp.findEnvironment()
}

func (sp *split) checkManagedUnit(i int, st *splitStep, u *splitUnit, dir string) *transform.Finding {
	c := u.all[0]
	at := shell.In(st.in, u.top[0].Span)
	if m, ok := readManager(c); ok && (m.kind == useInstall || m.kind == useExport) {
		return sp.checkManagedCall(i, st, m, dir, at)
	}
	p, ok := argv.Pip(c)
	if ok && u.pip && p.UV {
		sp.needSettings(i, st, dir, at)
	}
	switch {
	case !ok || !u.pip:
		return nil
	case p.UV && !p.Has("--system") && !systemPython(sp.f.State(st.in)):
		return held(at, "own-venv", "uv installs into an environment that it finds")
	case !p.UV && len(sp.own.exported) == 0:
		return held(at, "package-manager", "both pip and %s install", sp.own.manager.name)
	case p.UV && p.Has("--system"):
		st.swap = append(st.swap, sp.without(st, p.Args, "--system")...)
	}
	return nil
}

// needSettings notes the files in which "uv pip" finds settings, in its directory and
// those above.
func (sp *split) needSettings(i int, st *splitStep, dir string, at transform.Span) {
	for ; dir != ""; dir = path.Dir(dir) {
		for _, name := range []string{"uv.toml", "pyproject.toml", ".python-version"} {
			from, ok := sp.contextDir(i, dir, name)
			if ok && (name != "pyproject.toml" || setsUpUV(sp.ctx, path.Join(from, name))) {
				st.need(pipNeed{path: path.Join(dir, name), at: at})
			}
		}
		if dir == "/" {
			break
		}
	}
}

func systemPython(st *transform.State) bool {
	v, ok := st.Env("UV_SYSTEM_PYTHON")
	return ok && v != "" && v != "0" && v != "false"
}

// without deletes an option of a command.
func (sp *split) without(st *splitStep, a argv.Args, name string) []transform.Edit {
	o, ok := a.Option(name)
	if !ok || o.Word.Text != name {
		return nil
	}
	span := shell.In(st.in, o.Word.Span)
	for sp.f.Src[span.Start-1] == ' ' && sp.f.Src[span.Start-2] != '\\' && sp.f.Src[span.Start-2] != '\n' {
		span.Start--
		break
	}
	return []transform.Edit{{Span: span}}
}

// checkManagedCall notes what a manager's call reads.
func (sp *split) checkManagedCall(i int, st *splitStep, m *managerCall, dir string, at transform.Span) *transform.Finding {
	own := sp.own
	if dir == "" {
		return held(at, "unclear-step", "the directory that %s runs in is not known", own.manager.name)
	}
	state := sp.f.State(st.in)
	for _, name := range own.manager.elsewhere {
		if _, here := m.Env(name); here || state.HasEnv(name) || state.HasArg(name) {
			return held(at, "package-manager", "%s sends %s to another place", name, own.manager.name)
		}
	}
	from, found := sp.contextDir(i, dir, own.manager.manifest)
	if !found {
		return held(at, "made-by-step", "no COPY, ADD or mount of the build context brings %s", path.Join(dir, own.manager.manifest))
	}
	d, why := own.manager.managed(sp.ctx, from, managerVersion(sp.f, sp.s, own.manager.name))
	if d == nil {
		return held(at, "package-manager", "%s", why)
	}
	if own.dir != nil && own.at != dir {
		return held(at, "package-manager", "%s installs for more than one project", own.manager.name)
	}
	if own.manager.localPackages(sp.f, sp.s) {
		return held(at, "package-manager", "PDM may install into __pypackages__")
	}
	if why := d.problem(true); why != "" {
		return held(at, "local-install", "%s", why)
	}
	own.dir, own.at = d, dir
	for _, name := range append([]string{own.manager.manifest}, own.manager.reads...) {
		if _, ok := sp.contextDir(i, dir, name); ok {
			st.need(pipNeed{path: path.Join(dir, name), at: at})
		}
	}
	st.relative = true
	if m.system {
		st.swap = append(st.swap, sp.without(st, m.Args, "--system")...)
	}
	if m.kind == useExport {
		for _, p := range (&effectReader{st: state, dir: dir}).manager(m).outputs {
			own.exported[p] = true
		}
	} else {
		own.sync = m
	}
	if d.installs(m.managerUse) {
		st.need(pipNeed{path: dir, dir: true, at: at, project: true, editable: !m.Has("--no-editable")})
	}
	return nil
}

// contextDir is the directory of the context from which a file in a directory of the
// image comes.
func (sp *split) contextDir(i int, dir, name string) (string, bool) {
	if from, ok := sp.shown(sp.steps[i].in, path.Join(dir, name)); ok {
		exists, known := sp.ctx.Exists(from)
		return path.Dir(from), from != "" && path.Base(from) == name && exists && known
	}
	for _, before := range slices.Backward(sp.steps[:i]) {
		c := readCopy(sp.f, before.in)
		if c == nil || c.from != "" || c.inline {
			continue
		}
		r, p := sp.reaches(c, path.Join(dir, name))
		if (r == reachFile || r == reachDir) && path.Base(p) == name {
			if exists, known := sp.ctx.Exists(p); exists && known {
				return path.Dir(path.Clean(strings.TrimPrefix(p, "/"))), true
			}
		}
	}
	return "", false
}

// divideTools gives the set-up of the manager a RUN of its own, before the environment
// is made, where it stands in one with what the manager installs.
func (sp *split) divideTools(st *splitStep) *transform.Finding {
	if !st.pip || !slices.ContainsFunc(st.units, func(u *splitUnit) bool { return u.role == roleTool }) {
		return nil
	}
	var tools cutting
	for _, u := range st.units {
		if u.role != roleShell {
			tools.place(u, u.role == roleTool)
		}
	}
	edits, ok := tools.edits(st)
	if !ok {
		return held(st.in.Body, "unclear-step", "the step cannot be cut in two where the set-up of %s ends", sp.own.manager.name)
	}
	st.tools = edits
	return nil
}

func (sp *split) toolText(st *splitStep) string {
	if len(st.tools) == 0 {
		return ""
	}
	return strings.TrimRight(edited(sp.f.Src, st.in.Body, st.tools), "\n") + "\n"
}
