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
		if from == fromContext {
			s.manifest(run, file)
			return
		}
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
