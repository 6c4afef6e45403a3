package passes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// split is what is found out about a stage that is to be taken apart.
type split struct {
	f      *transform.File
	s      *transform.Stage
	ctx    *buildctx.Context
	suite  string // Debian's codename, "" when unknown
	slim   bool
	alpine bool
	python pyVersion
	plain  string // what the runtime starts from instead of uv's own image; "" for the stage's base

	own  *managedSplit // of a stage in which a manager installs; nil else
	venv string        // where the environment is

	steps       []*splitStep
	first, last int // the first and the last step with pip

	vcs         bool            // pip may fetch from version control
	known       bool            // the system packages of everything that pip installs are known
	compilerLib bool            // something that pip compiles may load a library that comes with the compiler
	tools       map[string]bool // commands from packages that the builder runs beside pip
	purged      map[string]bool // packages that the file removes again
	autoremoved bool
	installed   map[string]bool // packages that the runtime installs by name
	dropped     map[string]bool // packages that only the builder has
	takeAt      int             // the index of the step above which the runtime takes the environment
	notes       []transform.Note
}

// splitStep is an instruction of the stage and what becomes of it.
type splitStep struct {
	in       *transform.Instruction
	script   *shell.Script // of a RUN
	units    []*splitUnit
	calls    map[*splitUnit]*pkgCall
	effects  map[*shell.Command]effect // nil until they are asked for
	pip      bool
	needs    []pipNeed        // what pip reads
	relative bool             // some of it by a path that starts in the working directory
	tools    []transform.Edit // what leaves nothing but the manager's own set-up
	swap     []transform.Edit // what else changes in its text in the builder
	fetches  bool             // pip is given the dependencies of a project's manifest

	narrow              []string         // the builder's own COPYs in its place
	build, run          bool             // it is in the builder, in the runtime
	keeps               int              // packages that it names and the runtime has
	buildEdits, runEdit []transform.Edit // what changes in its text there
}

// held is a decline.
func held(at transform.Span, key, format string, args ...any) *transform.Finding {
	return &transform.Finding{At: at, Reason: key, Why: fmt.Sprintf(format, args...)}
}

// planSplit finds out if and how the final stage can be split. Both results are
// nil when the pass has nothing to do with the file.
func planSplit(f *transform.File) (*split, *transform.Finding) {
	sp := &split{f: f, s: f.Final(), ctx: contextOf(f), venv: "/opt/venv", first: -1, installed: map[string]bool{}, dropped: map[string]bool{}}
	if slices.ContainsFunc(sp.s.Instructions, func(in *transform.Instruction) bool { return namesInstaller(f, in) }) {
		sp.read()
	}
	if sp.first < 0 {
		return nil, sp.alreadySplit()
	}
	sp.packages()
	for _, check := range []func() *transform.Finding{
		sp.checkBase, sp.alreadySplit, sp.checkManaged, sp.checkKinds, sp.checkPip, sp.checkLocked, sp.checkBefore,
	} {
		if no := check(); no != nil {
			return nil, no
		}
	}
	for _, plan := range []func() *transform.Finding{
		sp.feed, sp.divide, sp.stripRuns, sp.placeCopy, sp.checkRuntime, sp.checkCompilers, sp.repeatState,
	} {
		if no := plan(); no != nil {
			return nil, no
		}
	}
	return sp, nil
}

// read makes the steps and finds those with pip.
func (sp *split) read() {
	for _, in := range sp.s.Instructions {
		st := &splitStep{in: in, run: true, calls: map[*splitUnit]*pkgCall{}}
		if in.Keyword == "run" {
			st.script = shell.Of(sp.f, in)
			st.units = slices.Clone(splitUnits(in, st.script))
		}
		sp.steps = append(sp.steps, st)
	}
	sp.findManager()
	for i, st := range sp.steps {
		if st.pip = slices.ContainsFunc(st.units, func(u *splitUnit) bool { return u.pip }); !st.pip {
			continue
		}
		if sp.first < 0 {
			sp.first = i
		}
		sp.last = i
	}
}

// installs reports whether the unit runs pip install.
func (u *splitUnit) installs() bool {
	return slices.ContainsFunc(u.all, func(c *shell.Command) bool {
		p, ok := argv.Pip(c)
		_, sync := argv.PipSync(c)
		return ok && !p.UV && p.IsInstall() || sync
	})
}

// checkBase asks for an official Python image that the pass knows.
func (sp *split) checkBase() *transform.Finding {
	at := sp.s.From.Body
	if sp.f.Options.Profile == transform.ProfileDev {
		return held(at, "profile-dev", "the profile “dev” keeps one stage, with the compilers, to debug in")
	}
	if sp.s.Base.Stage != nil {
		return held(at, "based-on-stage", "the final stage starts from the stage %q, which others may use too", sp.s.Base.Raw)
	}
	img, ok := baseImage(sp.s)
	if plain, no := sp.underUV(img); no != nil {
		return no
	} else if plain.Tag != "" {
		img, sp.plain = plain, plain.Name+":"+plain.Tag
	}
	if ok && img.Digest && img.Tag == "" && img.Name == "python" {
		return held(at, "other-base", "which Python the image has, and whether it is Debian's or Alpine's, a digest alone does not say")
	}
	if !ok || !img.Official || img.Name != "python" {
		return held(at, "other-base", "the stage does not start from an official Python image: which Python and pip it has is not known")
	}
	tag := img.Tag
	if sp.suite = img.distro(); sp.plain == "" && otherByArg(sp.s, sp.suite) {
		sp.suite = ""
	}
	sp.alpine = strings.Contains(tag, "alpine")
	sp.slim = strings.Contains(tag, "slim")
	if strings.Contains(tag, "windows") || strings.Contains(tag, "nanoserver") || strings.Contains(tag, "onbuild") || strings.HasPrefix(sp.suite, "windows") {
		return held(at, "other-base", "the tag %q is a Windows image or has ONBUILD triggers", tag)
	}
	sp.python = pythonOf(img, len(sp.s.Base.Args) > 0)
	if why := sp.python.lacksVenv(); why != "" {
		return held(at, "old-python", "%s", why)
	}
	return nil
}

// alreadySplit recognises a stage that takes its packages from another one.
func (sp *split) alreadySplit() *transform.Finding {
	for _, e := range sp.s.Deps {
		if e.Kind == transform.EdgeCopy && e.To != nil && installsPython(sp.f, e.To) {
			return held(e.At.Body, "already-split", "the stage takes what another one has installed")
		}
	}
	return nil
}

// installsPython reports whether pip or another installer of Python runs in a
// stage.
func installsPython(f *transform.File, s *transform.Stage) bool {
	for _, in := range s.Instructions {
		if !namesInstaller(f, in) {
			continue
		}
		for _, u := range splitUnits(in, shell.Of(f, in)) {
			if u.role == rolePip || u.role == roleManager || u.role == roleVenv {
				return true
			}
		}
	}
	return false
}

// checkKinds declines the steps that no split can deal with, wherever they are.
func (sp *split) checkKinds() *transform.Finding {
	for i, st := range sp.steps {
		at := st.in.Body
		if strings.Contains(sp.f.Text(at), "/opt/venv") && !sp.keepsPlace("/opt/venv") {
			return held(at, "own-venv", "the file uses /opt/venv already")
		}
		if no := sp.checkJobs(st); no != nil {
			return no
		}
		switch st.in.Keyword {
		case "onbuild":
			return held(at, "onbuild", "a trigger runs in the builds of others, whose stages are not known")
		case "env":
			if v, _ := sp.f.EndState(sp.s).Env("VIRTUAL_ENV"); strings.Contains(sp.f.Text(at), "VIRTUAL_ENV") && !sp.keepsPlace(v) {
				return held(at, "own-venv", "the file sets up a virtual environment of its own")
			}
			continue
		case "run":
		default:
			continue
		}
		for _, u := range st.units {
			if no := st.checkUnit(u); no != nil {
				return no
			}
		}
		if i <= sp.last && st.script.Form == shell.Opaque {
			return held(at, "unclear-step", "the step cannot be read: %s", st.script.Why)
		}
		if !st.pip && st.script.Toolset().Has("pip") && !slices.ContainsFunc(st.units, func(u *splitUnit) bool { return u.role == rolePip || u.role == roleTool }) {
			return held(at, "unclear-step", "it runs pip in a way that is not understood")
		}
	}
	return nil
}

func (st *splitStep) checkUnit(u *splitUnit) *transform.Finding {
	at := shell.In(st.in, u.top[0].Span)
	switch u.role {
	case roleManager:
		return held(at, "package-manager", "another installer of Python packages has its own idea of where they go")
	case roleSetup:
		return held(at, "setup-py", "setup.py compiles or installs the source: it needs the compilers where the source is (“pip install .” instead of “setup.py install” could move)")
	case roleVenv:
		return held(at, "own-venv", "the file makes a virtual environment of its own")
	case roleMixed:
		return held(at, "unclear-step", "pip and other programs are in one condition or pipeline")
	}
	return nil
}

// checkBefore declines steps up to the last pip step whose result pip may need,
// other than packages and settings.
func (sp *split) checkBefore() *transform.Finding {
	searched := slices.ContainsFunc(sp.steps[:sp.last+1], func(st *splitStep) bool {
		names, _ := valuesOf(st.in)
		return slices.ContainsFunc(names, func(k string) bool { return buildPaths[k] })
	})
	for i, st := range sp.steps[:sp.last+1] {
		last := lastPip(st)
		for j, u := range st.units {
			if i == sp.last && j > last {
				break
			}
			at := shell.In(st.in, u.top[0].Span)
			if u.role == roleUnknown {
				return held(at, "outside-install", "what %s installs, pip may need too", describe(u))
			}
			if searched && u.unpacks() {
				return held(at, "outside-install", "a variable points compilers to other places, where pip may need what %s puts", describe(u))
			}
			if p := st.calls[u]; u.role == rolePackage && (p.bound || p.verb == "builddep") {
				return held(at, "unclear-step", "where its packages come from is not known in another stage")
			}
		}
	}
	return nil
}

// buildPaths point the dynamic linker or a build to libraries outside the
// system's own directories.
var buildPaths = setOf("LD_LIBRARY_PATH LIBRARY_PATH CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH ORACLE_HOME PKG_CONFIG_PATH")

// unpacks reports a unit that may put libraries somewhere.
func (u *splitUnit) unpacks() bool {
	return slices.ContainsFunc(u.all, func(c *shell.Command) bool {
		switch c.Name() {
		case "tar", "unzip", "cp", "mv", "ln", "gunzip":
			return true
		}
		return false
	})
}

func lastPip(st *splitStep) int {
	last := -1
	for i, u := range st.units {
		if u.pip {
			last = i
		}
	}
	return last
}

// describe names a unit by its first words.
func describe(u *splitUnit) string {
	name := u.top[0].Name()
	for _, c := range u.all {
		if c.Kind == shell.Simple && c.Name() != "" && roleOf(c) == roleUnknown {
			name = c.Name()
			break
		}
	}
	if name == "" {
		return "this step"
	}
	return "“" + path.Base(name) + "”"
}
