package passes

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/lock"
	"refit/internal/shell"
	"refit/transform"
)

// lockFiles are what each tool installs from, the best first.
var lockFiles = map[string][]string{
	"pipenv": {"Pipfile.lock", "Pipfile"},
	"poetry": {"poetry.lock", "pyproject.toml"},
	"pdm":    {"pdm.lock", "pyproject.toml"},
	"uv":     {"uv.lock", "pyproject.toml"},
}

// lockFile reads what pipenv, poetry, pdm or uv installs. Where the release
// is not known, whatever may be compiled is taken to be.
func (s *slimming) lockFile(in *transform.Instruction, tool string, args []shell.Word, dir string, at transform.Span) {
	if why := s.brings(tool, strings.Fields(texts(args))); why != "" {
		s.decline(at, "outside-install", "%s, and what that needs is not known", why)
		return
	}
	runs := tool == "uv" && len(args) > 0 && args[0].Text == "run" // it syncs first
	if !runs && !slices.ContainsFunc(args, func(w shell.Word) bool { return w.Text == "install" || w.Text == "sync" }) {
		return
	}
	for _, name := range lockFiles[tool] {
		if s.ctx == nil {
			s.decline(at, "no-context", "%s is in a build context that is not known", name)
			return
		}
		abs := absolute(dir, name)
		file, ok := bindMounted(s.image, in, abs)
		if !ok {
			found, from := s.lookup(in, abs)
			if from != fromContext {
				continue
			}
			file = found
		}
		if _, err := s.ctx.Stat(file); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		s.seen["project of "+tool] = true
		s.manifest(&pipRun{in: in, at: at, dir: dir}, file)
		return
	}
	if runs {
		return
	}
	s.decline(at, "missing-file", "what %s installs is not among the files of the build context that are copied", tool)
}

// brings says what a call of a manager installs that no manifest or lock file of the
// project names; "" for nothing.
func (s *slimming) brings(tool string, args []string) string {
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	switch {
	case tool == "uvx", tool == "uv" && verb == "tool" && len(args) > 1 && (args[1] == "install" || args[1] == "run"):
		return strings.Join(append([]string{tool}, args[:min(2, len(args))]...), " ") + " installs a program"
	case verb == "add" && lockFiles[tool] != nil:
		return tool + " add installs another distribution"
	case tool == "pipenv" && verb == "install":
		for i, a := range args[1:] {
			if !strings.HasPrefix(a, "-") && !pipenvValued[args[i]] || a == "-r" || strings.HasPrefix(a, "--requirements") {
				return "pipenv install " + a + " installs what Pipfile does not name"
			}
		}
	case tool == "uv" && verb == "run":
		for _, a := range args[1:] {
			if strings.HasPrefix(a, "--with") || strings.Contains(a, "://") || s.inlineMetadata(a) {
				return "uv run " + a + " installs what the project does not name"
			}
		}
	}
	return ""
}

// pipenvValued are options of "pipenv install" with a value behind them.
var pipenvValued = setOf("--categories --extra-pip-args --pypi-mirror --python -i --index -r --requirements")

// inlineMetadata reports a file of Python of the context that names distributions
// itself, which "uv run" installs for it.
func (s *slimming) inlineMetadata(name string) bool {
	if s.ctx == nil || !strings.HasSuffix(name, ".py") {
		return false
	}
	entries, _ := s.ctx.Files()
	return slices.ContainsFunc(entries, func(e buildctx.Entry) bool {
		if !e.Regular || path.Base(e.Path) != path.Base(name) {
			return false
		}
		b, err := s.ctx.ReadFile(e.Path)
		return err != nil || inlineMetadata.MatchString(string(b))
	})
}

// installsAtStart reports a call of a manager that installs when the container starts,
// where no step has done so before.
func (s *slimming) installsAtStart(tool string, args []string, dir string) bool {
	switch {
	case s.brings(tool, args) != "":
		return true
	case lockFiles[tool] == nil || len(args) == 0:
		return false
	case tool == "uv" && args[0] == "run":
		_, from := s.lookup(nil, absolute(dir, "pyproject.toml"))
		return from != notContext && !s.seen["project of uv"] && !slices.Contains(args, "--no-sync")
	}
	return args[0] == "install" || args[0] == "sync"
}

// manifest notes what a manifest or lock file installs.
func (s *slimming) manifest(run *pipRun, file string) {
	m, err := s.ctx.Manifest(file)
	switch {
	case err != nil:
		s.decline(run.at, "missing-file", "%v", err)
		return
	case !m.Complete && !(path.Base(file) == "setup.py" && s.asksNothing(file)):
		s.decline(run.at, "local-package", "%s does not say all that is installed", file)
		return
	case len(m.Locals) > 0:
		s.decline(run.at, "local-package", "%s installs %s from the build context", file, m.Locals[0])
		return
	}
	releases, own := s.locked(file)
	for _, name := range slices.Concat(m.Names, m.Optional) {
		if dir, ok := own[buildctx.NormalizeName(name)]; ok {
			if why := projectCompiles(s.ctx, path.Join(path.Dir(file), dir)); why != "" {
				s.decline(run.at, "local-package", "%s, and what that takes is not known", why)
			}
			continue
		}
		release := releases[buildctx.NormalizeName(name)]
		if release == "" {
			release = "0" // some release, perhaps an old one
		}
		s.distribution(run, name, nil, []string{"==" + release}, false)
	}
}

// locked gives the releases that a lock file fixes (where it has several of a
// distribution, none is known), and the directories of the projects that it is for.
func (s *slimming) locked(file string) (releases, own map[string]string) {
	l, err := lock.Read(s.ctx.FS(), file)
	if err != nil {
		return nil, nil
	}
	found, own := map[string]string{}, map[string]string{}
	for _, p := range l.Packages {
		name := buildctx.NormalizeName(p.Name)
		if p.Source.Project {
			own[name] = p.Source.Where
			continue
		}
		if _, twice := found[name]; twice || p.Source.Kind != lock.Index {
			found[name] = ""
			continue
		}
		found[name] = p.Version
	}
	return found, own
}

// local notes what a package of the build context installs.
func (s *slimming) local(run *pipRun, p string) {
	if s.ctx == nil {
		s.decline(run.at, "no-context", "%s is in a build context that is not known", p)
		return
	}
	dir := absolute(run.dir, p)
	for _, name := range []string{"setup.py", "pyproject.toml", "setup.cfg"} {
		file, from := s.lookup(run.in, path.Join(dir, name))
		if from == maybeContext || from == fromContext && name == "setup.py" && !plainSetup(s.ctx, file) {
			break
		}
		if from != fromContext {
			continue
		}
		if why := projectCompiles(s.ctx, path.Dir(file)); why != "" {
			s.decline(run.at, "local-package", "%s, and what that takes is not known", why)
			return
		}
		s.versioned(run, path.Dir(file))
		s.project(run, file)
		return
	}
	s.decline(run.at, "local-package", "what %s needs and compiles is said by code, or not known", strings.TrimSpace(p))
}

// project notes what a project's manifest names, also where setuptools reads it
// from requirement files.
func (s *slimming) project(run *pipRun, file string) {
	p, err := s.ctx.Project(path.Dir(file))
	if err != nil || p.Problem != "" {
		s.manifest(run, file)
		return
	}
	lists := slices.Clone(p.Main.Files)
	for _, name := range slices.Sorted(maps.Keys(p.Extras)) {
		d := p.Extras[name]
		lists = append(lists, d.Files...)
		for _, text := range d.Requires {
			s.requirementText(run, text, false)
		}
	}
	for _, text := range p.Main.Requires {
		s.requirementText(run, text, false)
	}
	slices.Sort(lists)
	for _, name := range slices.Compact(lists) {
		s.requirementFile(run, "--requirement", path.Join(path.Dir(file), name))
	}
}

// plainSetup reports a setup.py that neither compiles anything nor runs a program.
func plainSetup(ctx *buildctx.Context, file string) bool {
	b, err := ctx.ReadFile(file)
	return err == nil && !containsAny(string(b), []string{"ext_modules", "Extension(", "cythonize", "cffi_modules", "rust_extensions",
		"build_ext", "cmdclass", "subprocess", "os.system", "popen", "exec(", "setup_requires", "distutils.core"})
}

// asksNothing reports a setup.py that names no other distribution.
func (s *slimming) asksNothing(file string) bool {
	b, err := s.ctx.ReadFile(file)
	return err == nil && !strings.Contains(string(b), "require")
}

// pureBackends build distributions without compiling anything of their own
// accord.
var pureBackends = setOf(`setuptools.build_meta setuptools.build_meta:__legacy__ flit_core.buildapi flit.buildapi hatchling.build
	poetry.core.masonry.api poetry.masonry.api poetry_dynamic_versioning.backend pdm.backend pdm.pep517.api uv_build`)

// compiledBy are what a build requires that makes compiled code out of Python's
// own language, or out of a string in it.
var compiledBy = setOf(`cython cffi pybind11 nanobind numpy mypy mypyc pythran setuptools-rust setuptools-golang scikit-build
	scikit-build-core cmake ninja meson meson-python maturin swig torch`)

// compiledSource reports a file that a build would compile.
func compiledSource(name string) bool {
	switch path.Ext(name) {
	case ".c", ".cc", ".cpp", ".cxx", ".cu", ".pyx", ".f", ".f90", ".rs", ".go", ".i", ".swg":
		return true
	}
	switch path.Base(name) {
	case "CMakeLists.txt", "meson.build", "Cargo.toml":
		return true
	}
	return false
}

// projectCompiles says why building the package of a directory of the context may
// compile something; "" when it does not.
func projectCompiles(ctx *buildctx.Context, dir string) string {
	entries, _ := ctx.Files()
	for _, e := range entries {
		if e.Regular && (dir == "." || strings.HasPrefix(e.Path, dir+"/")) && compiledSource(e.Path) && !isTest(e.Path) {
			return e.Path + " is compiled when the package is built"
		}
	}
	m, err := ctx.Manifest(path.Join(dir, "pyproject.toml"))
	if err != nil {
		return ""
	}
	if m.Backend != "" && !pureBackends[m.Backend] {
		return m.Backend + ", which builds the package, may compile"
	}
	if i := slices.IndexFunc(m.Builds, func(name string) bool { return compiledBy[name] }); i >= 0 {
		return m.Builds[i] + ", which the build requires, serves to compile"
	}
	return ""
}

// versionedBy ask git for the version of the package that is built.
var versionedBy = setOf(`setuptools-scm hatch-vcs versioningit setuptools-git-versioning poetry-dynamic-versioning pbr
	flit-scm uv-dynamic-versioning`)

// versioned notes git where building a package calls it.
func (s *slimming) versioned(run *pipRun, dir string) {
	m, err := s.ctx.Manifest(path.Join(dir, "pyproject.toml"))
	if err != nil {
		return
	}
	for _, name := range m.Builds {
		if versionedBy[name] {
			s.tool("git", run.in, run.at, name+" asks git for the version of the package")
		}
	}
}
