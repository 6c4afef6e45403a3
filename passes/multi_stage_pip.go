package passes

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// pipNeed is a file or directory that pip reads.
type pipNeed struct {
	path     string // absolute, in the image
	dir      bool   // a source tree or a directory of wheels
	at       transform.Span
	detail   bool // a requirement file, which may name others
	project  bool // a project that pip installs from its source
	editable bool // and as a link to it
}

// checkPip reads every call of pip: what it needs, and whether the result goes
// where the environment is.
func (sp *split) checkPip() *transform.Finding {
	if no := sp.checkUninstall(); no != nil {
		return no
	}
	sp.known = true
	for _, st := range sp.steps[:sp.last+1] {
		if no := sp.checkPipVariables(st); no != nil {
			return no
		}
		if st.script == nil {
			continue
		}
		state := sp.f.State(st.in)
		if st.pip && !runsAsRoot(state.User) {
			return held(st.in.Body, "non-root-install", "pip runs as %q, which installs into that user's home", state.User)
		}
		dir := pythonDir(state)
		for _, u := range st.units {
			inner := dir
			if u.role == roleTool {
				continue
			}
			for _, c := range u.all {
				inner = changeDir(state, c, inner)
				if file := sourced(c); file != "" && (u.role == roleShell && st.pip || u.role == rolePip) {
					return held(shell.In(st.in, c.Span), "unclear-step", "what pip does depends on %s, which is read before", file)
				}
				if file, _, ok := fetchedManifest(c); ok && inner != "" {
					st.need(pipNeed{path: absolute(inner, file), at: shell.In(st.in, c.Span)})
					st.relative, st.fetches = st.relative || !path.IsAbs(file), true
				}
				if p, ok := argv.PipSync(c); ok {
					if no := sp.checkSync(st, p, inner, shell.In(st.in, c.Span)); no != nil {
						return no
					}
				}
				p, ok := argv.Pip(c)
				if !ok {
					continue
				}
				if no := sp.checkCall(st, p, c, inner); no != nil {
					return no
				}
			}
			if len(u.all) == 1 {
				dir = inner
			}
		}
		if st.pip {
			if file, setting := pipSettings(sp.ctx); file != "" {
				return held(st.in.Body, "unclear-step", "%s sets %s for pip", file, setting)
			}
			if no := sp.needVariables(st, state); no != nil {
				return no
			}
			if no := sp.checkTests(st, pythonDir(state)); no != nil {
				return no
			}
		}
		if setting := writtenSetting(st.script.Text); setting != "" {
			return held(st.in.Body, "unclear-step", "it may set %s for pip", setting)
		}
		if no := sp.checkState(st); no != nil {
			return no
		}
	}
	return nil
}

// sourced is the file that a command reads into the shell; "" for none, and for
// what belongs to the image or to an environment.
func sourced(c *shell.Command) string {
	if name := c.Name(); name != "source" && name != "." || len(c.Words) < 2 {
		return ""
	}
	file := c.Words[1].Text
	if strings.HasPrefix(file, "/etc/") || path.Base(file) == "activate" {
		return ""
	}
	return file
}

// fileTest finds what a shell's condition says of a file.
var fileTest = lazyregexp.New(`(?:\[\[?|\btest)\s+(?:!\s+)?-[defrsx]\s+["']?([^\s"'$;]+)`, "[", "test")

// checkTests declines a pip step with a condition on a file that is copied, and
// that pip does not read: the builder would not have it.
func (sp *split) checkTests(st *splitStep, dir string) *transform.Finding {
	for _, m := range fileTest.FindAllStringSubmatch(sp.f.Text(st.in.Body), -1) {
		file := absolute(dir, m[1])
		if slices.ContainsFunc(st.needs, func(n pipNeed) bool { return n.path == file }) {
			continue
		}
		for _, before := range sp.steps {
			if before == st {
				break
			}
			if c := readCopy(sp.f, before.in); c != nil {
				if r, _ := sp.reaches(c, file); r != reachNone {
					return held(st.in.Body, "unclear-step", "it asks for %s, which pip does not read and the builder would not have", m[1])
				}
			}
		}
	}
	return nil
}

// checkUninstall declines when the image's own tools are removed: in the
// environment they are others.
func (sp *split) checkUninstall() *transform.Finding {
	for _, st := range sp.steps {
		for _, u := range st.units {
			for _, c := range u.all {
				p, ok := argv.Pip(c)
				if ok && p.Subcommand.Text == "uninstall" && slices.ContainsFunc(p.Operands, func(w shell.Word) bool { return ownTools[w.Text] }) {
					return held(shell.In(st.in, c.Span), "unclear-step", "it removes the image's own pip or its tools, and the environment has others")
				}
			}
		}
	}
	return nil
}

// ownTools come with the image's Python.
var ownTools = setOf("pip setuptools wheel")

// checkPipVariables looks for settings of pip that move its results.
func (sp *split) checkPipVariables(st *splitStep) *transform.Finding {
	if st.in.Keyword != "env" && st.in.Keyword != "arg" {
		return nil
	}
	text := sp.f.Text(st.in.Body)
	for _, name := range []string{"PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT=", "PIP_SRC", "PYTHONHOME", "PYTHONUSERBASE"} {
		if strings.Contains(text, name) {
			return held(st.in.Body, "pip-elsewhere", "%s sends what pip installs to another place", strings.TrimSuffix(name, "="))
		}
	}
	return nil
}

// fileVariables are settings of pip that name what it reads.
var fileVariables = strings.Fields("PIP_REQUIREMENT PIP_CONSTRAINT PIP_BUILD_CONSTRAINT PIP_FIND_LINKS PIP_EDITABLE PIP_CONFIG_FILE PIP_CERT PIP_CLIENT_CERT")

// needVariables notes the files of the context that variables have pip read.
func (sp *split) needVariables(st *splitStep, state *transform.State) *transform.Finding {
	for _, u := range st.units {
		for _, c := range u.all {
			text := sp.f.Text(shell.In(st.in, c.Span))
			sets := func(name string) bool { return strings.Contains(text, name+"=") }
			if i := slices.IndexFunc(fileVariables, sets); i >= 0 {
				return held(shell.In(st.in, c.Span), "unclear-step", "%s is set here, and what it has pip read is not known", fileVariables[i])
			}
		}
	}
	for _, name := range fileVariables {
		if !state.HasEnv(name) && !state.HasArg(name) {
			continue
		}
		text, ok := state.Expand("$" + name)
		if !ok || name == "PIP_EDITABLE" {
			return held(st.in.Body, "unclear-step", "what %s has pip read is not known", name)
		}
		for _, v := range strings.Fields(text) {
			n := pipNeed{path: absolute(pythonDir(state), strings.TrimPrefix(v, "file://")), dir: name == "PIP_FIND_LINKS", at: st.in.Body, detail: name == "PIP_REQUIREMENT"}
			if (!isURL(v) || strings.HasPrefix(v, "file://")) && sp.mayBring(st, n) {
				st.need(n)
			}
		}
	}
	return nil
}

// mayBring reports whether a COPY before a step may write what pip reads; else it
// is the image's own.
func (sp *split) mayBring(st *splitStep, n pipNeed) bool {
	for _, before := range sp.steps[:slices.Index(sp.steps, st)] {
		c := readCopy(sp.f, before.in)
		if c == nil {
			continue
		}
		if r, _ := sp.reaches(c, n.path); r != reachNone || n.dir && (within(c.dest, n.path) || within(n.path, c.dest)) {
			return true
		}
	}
	return false
}

// pythonDir is the working directory, a name for it where a build argument chooses it;
// the official Python images start in "/".
func pythonDir(st *transform.State) string {
	return cmp.Or(st.Workdir, st.WrittenWorkdir, "/")
}

// elsewhere are options with which pip installs outside the environment.
var elsewhere = []string{"--user", "--target", "--prefix", "--root", "--src", "--python"}

func (sp *split) checkCall(st *splitStep, p *argv.PipCmd, c *shell.Command, dir string) *transform.Finding {
	at := shell.In(st.in, c.Span)
	switch {
	case p.Through("sudo") || p.Through("su"):
		return held(at, "path-lost", "sudo finds another pip than that of the environment")
	case p.Dir != "" || strings.Contains(p.Python, "/"):
		return held(at, "absolute-path", "pip is called by its path, which is not that of the environment")
	case p.Python != "" && sp.python.lacks(p.Python):
		return held(at, "absolute-path", "the environment has no %s, so that the image's own would be used", p.Python)
	case sp.python.foreign(p):
		return held(at, "other-python", "%s belongs to another Python than the image's", p.Program.Text)
	case p.Fed || !p.Known && p.IsInstall():
		return held(at, "unclear-step", "what pip is asked to install is not certain")
	case !p.IsInstall():
		return nil
	}
	for _, o := range p.Options {
		if slices.Contains(elsewhere, o.Name) {
			return held(at, "pip-elsewhere", "%s installs outside the environment", o.Name)
		}
	}
	state := sp.f.State(st.in)
	for _, o := range p.Options {
		if no := sp.needOption(st, state, o, dir, at); no != nil {
			return no
		}
	}
	for _, w := range p.Operands {
		if no := sp.needOperand(st, state, w, dir, at); no != nil {
			return no
		}
	}
	return nil
}

// needOption notes the files that an option names.
func (sp *split) needOption(st *splitStep, state *transform.State, o argv.Option, dir string, at transform.Span) *transform.Finding {
	switch o.Name {
	case "--requirement", "--constraint", "--find-links", "--editable":
	default:
		return nil
	}
	if o.Value == "/dev/stdin" && st.fetches {
		return nil
	}
	text, ok := optionValue(state, &o)
	if !ok {
		return held(at, "unclear-step", "the value of %s is not known before the build", o.Name)
	}
	text = strings.TrimPrefix(text, "file://")
	switch {
	case o.Name == "--editable" && isURL(text):
		sp.vcs = true
		return nil
	case o.Name == "--editable" && (path.IsAbs(text) || dir != ""):
		where, _, _ := strings.Cut(text, "[")
		st.relative = st.relative || !path.IsAbs(text)
		st.need(pipNeed{path: absolute(dir, where), dir: true, at: at, project: true, editable: true})
		return nil
	case isURL(text):
		sp.known = sp.known && o.Name != "--requirement"
		sp.vcs = sp.vcs || o.Name == "--requirement"
		return nil
	case !path.IsAbs(text) && dir == "":
		return held(at, "unclear-step", "the directory that pip runs in is not known")
	}
	st.relative = st.relative || !path.IsAbs(text)
	st.need(pipNeed{path: absolute(dir, text), dir: o.Name == "--find-links", at: at, detail: o.Name == "--requirement"})
	return nil
}

func (st *splitStep) need(n pipNeed) { st.needs = append(st.needs, n) }

// needOperand reads one requirement of the command line.
func (sp *split) needOperand(st *splitStep, state *transform.State, w shell.Word, dir string, at transform.Span) *transform.Finding {
	text, ok := w.Text, w.Literal()
	if !ok {
		text, ok = shellValue(state, w)
	}
	if !ok && namesDistribution(w.Text) {
		sp.name(w.Text)
		return nil
	}
	if !ok {
		return held(at, "unclear-step", "what pip is asked to install is only known when the image is built")
	}
	if w.HasGlob && strings.Contains(text, "*") && !strings.Contains(text, "==") {
		st.relative = st.relative || !path.IsAbs(text)
		st.need(pipNeed{path: absolute(dir, path.Dir(text)), dir: true, at: at})
		return nil
	}
	for _, one := range strings.Fields(text) {
		req, err := buildctx.ParseRequirement(one)
		switch {
		case err != nil:
			sp.known = false
		case req.Local() && !path.IsAbs(req.Path) && dir == "":
			return held(at, "unclear-step", "the directory that pip runs in is not known")
		case req.Local():
			st.relative = st.relative || !path.IsAbs(req.Path)
			st.need(pipNeed{path: absolute(dir, req.Path), dir: true, at: at, project: true})
		default:
			sp.vcs = sp.vcs || req.VCS != ""
			sp.name(req.Name)
		}
	}
	return nil
}

// namesDistribution reports a requirement that starts with a name, such as
// sentry==$VERSION.
func namesDistribution(text string) bool {
	i := strings.IndexAny(text, "=<>~![$`")
	return i > 0 && strings.ContainsAny(text[i:i+1], "=<>~![") && !strings.ContainsAny(text[:i], "/. ")
}

// name notes a distribution that pip installs.
func (sp *split) name(distribution string) {
	if i := strings.IndexAny(distribution, "=<>~!;@ "); i > 0 {
		distribution = distribution[:i]
	}
	p, ok := facts.SystemPackagesFor(distribution)
	if !ok {
		sp.known = false
		return
	}
	if p.Kind == facts.Wheel || p.Kind == facts.SourceOnly {
		libs, ok := p.Runtime(sp.suite)
		sp.compilerLib = sp.compilerLib || !ok || slices.ContainsFunc(libs, isCompilerLib)
	}
}
