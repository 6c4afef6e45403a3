package passes

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

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

// lockFile reads what pipenv, poetry, pdm or uv installs. A lock file does not
// tell releases here, so that whatever may be compiled is taken to be.
func (s *slimming) lockFile(in *transform.Instruction, tool string, args []shell.Word, dir string, at transform.Span) {
	if !slices.ContainsFunc(args, func(w shell.Word) bool { return w.Text == "install" || w.Text == "sync" }) {
		return
	}
	for _, name := range lockFiles[tool] {
		if s.ctx == nil {
			s.decline(at, "no-context", "%s is in a build context that is not known", name)
			return
		}
		abs := absolute(dir, name)
		file, ok := bindMounted(in, abs)
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
		s.manifest(&pipRun{in: in, at: at, dir: dir}, file)
		return
	}
	s.decline(at, "missing-file", "what %s installs is not among the files of the build context that are copied", tool)
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
	for _, name := range slices.Concat(m.Names, m.Optional) {
		s.distribution(run, name, nil, []string{"==0"}, false)
	}
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
		if from == maybeContext || from == fromContext && name == "setup.py" && !s.plainSetup(file) {
			break
		}
		if from != fromContext {
			continue
		}
		if why := s.compiles(path.Dir(file)); why != "" {
			s.decline(run.at, "local-package", "%s, and what that takes is not known", why)
			return
		}
		s.versioned(run, path.Dir(file))
		s.manifest(run, file)
		return
	}
	s.decline(run.at, "local-package", "what %s needs and compiles is said by code, or not known", strings.TrimSpace(p))
}

// plainSetup reports a setup.py that neither compiles anything nor runs a program.
func (s *slimming) plainSetup(file string) bool {
	b, err := s.ctx.ReadFile(file)
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

// compiles says why building the package of a directory of the context may
// compile something; "" when it does not.
func (s *slimming) compiles(dir string) string {
	entries, _ := s.ctx.Files()
	for _, e := range entries {
		if e.Regular && (dir == "." || strings.HasPrefix(e.Path, dir+"/")) && compiledSource(e.Path) && !isTest(e.Path) {
			return e.Path + " is compiled when the package is built"
		}
	}
	m, err := s.ctx.Manifest(path.Join(dir, "pyproject.toml"))
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
