package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// run reads one RUN.
func (s *slimming) run(in *transform.Instruction) {
	sc := shell.Of(s.f, in)
	if sc.Form == shell.Opaque {
		s.decline(in.Body, "unknown-command", "the step cannot be read: %s", sc.Why)
		return
	}
	dir := s.dir(in)
	files := map[string]bool{}
	for _, c := range sc.Commands() {
		dir = changeDir(s.f.State(in), c, dir)
		if words := c.Effective(); len(words) > 0 {
			s.step(in, c, words, dir)
			if name := scriptFile(words); name != "" {
				files[words[0].Text] = true
				s.script(in, in.Body, name, dir)
			}
		}
	}
	s.tools(in, sc, files)
}

// tools looks at the names of all commands of a script; files are those that
// have been followed.
func (s *slimming) tools(in *transform.Instruction, sc *shell.Script, files map[string]bool) {
	tools := sc.Toolset()
	if !tools.Known {
		s.decline(in.Body, "unknown-command", "the name of a command here is only known when it runs")
		return
	}
	runs := in
	if in.Keyword != "run" {
		runs = nil
	}
	for _, name := range tools.Names {
		if files[name] {
			continue
		}
		if !isBin(path.Dir(name)) && strings.Contains(name, "/") {
			s.script(runs, in.Body, name, s.dir(in))
			continue
		}
		if file := s.onPath(runs, name); file != "" {
			s.scriptAt(runs, in.Body, file, s.dir(in))
			continue
		}
		s.tool(name, runs, in.Body, "this "+strings.ToUpper(in.Keyword)+" runs "+path.Base(name))
	}
}

// builders install or compile software outside apt and pip.
var builders = setOf(`make gmake cmake ninja meson scons configure autogen.sh bootstrap.sh bootstrap gcc g++ cc c++ clang clang++ gfortran
	ld rustc cargo rustup rustup-init go javac mvn gradle ant npm npx yarn pnpm bower gem bundle bundler cpan cpanm composer conda
	mamba micromamba luarocks stack cabal easy_install nvm n f2py f2py3 cython cythonize mypyc pythran
	maturin nuitka nuitka3 pyinstaller pyi-makespec R Rscript swift dotnet`)

// fileRunners start programs that files of theirs name.
var fileRunners = setOf("invoke inv fab fabric doit just poe nox tox circusd watchmedo forego foreman")

// tool notes a command that is run: in for a step, nil at run time.
func (s *slimming) tool(name string, in *transform.Instruction, at transform.Span, why string) {
	base := path.Base(name)
	switch {
	case builders[base]:
		s.decline(at, "outside-install", "%s builds or installs software, and what that needs of the full image is not known", base)
	case strings.HasPrefix(name, "/usr/bin/python") || strings.HasPrefix(name, "/usr/bin/pip"):
		s.decline(at, "unknown-command", "%s is Debian's own Python, which only the full image has", name)
	case fileRunners[base] || base == "cron" || base == "crond" || base == "crontab" || base == "systemctl":
		s.decline(at, "unknown-command", "the programs that %s starts are not read", base)
	case base == "supervisord":
		s.supervisor(at)
	case base == "honcho":
		s.procfile(at)
	case base == "playwright":
		s.decline(at, "outside-install", "playwright installs browsers, whose needs no package declares")
	case base == "perl":
		s.need([]string{"perl"}, in, at, why)
	case base == "apt-key":
		s.need([]string{"gnupg"}, in, at, "apt-key calls gpg")
	default:
		if pkg, lacks := s.slimLacks(base); lacks {
			s.need([]string{pkg}, in, at, why)
			if pkg == "git" && in == nil {
				s.need([]string{"openssh-client"}, in, at, "git at run time may use ssh")
			}
		}
	}
}

// slimLacks finds the package of a command that only the full image has.
func (s *slimming) slimLacks(command string) (string, bool) {
	if !s.archived {
		return facts.SlimLacksCommand(s.suite, command)
	}
	for _, suite := range facts.Suites() {
		if pkg, lacks := facts.SlimLacksCommand(suite, command); lacks {
			return pkg, true
		}
	}
	return "", false
}

// step looks at commands whose arguments matter.
func (s *slimming) step(in *transform.Instruction, c *shell.Command, words []shell.Word, dir string) {
	if s.installer(in, c, dir) {
		return
	}
	if a, ok := argv.Apt(c); ok {
		s.apt(in, a)
		return
	}
	at := shell.In(in, c.Span)
	args := words[1:]
	if dir := readsLeftOut(path.Base(words[0].Text), args); dir != "" {
		s.decline(at, "outside-install", "packages put nothing into %s of a slim image", dir)
		return
	}
	switch name := path.Base(words[0].Text); {
	case isShell(name) && len(args) > 1 && shellCommand(args[0].Text):
		s.inShell(in, at, name+" -c", args[1].Text, dir)
	case name == "dpkg" && slices.ContainsFunc(args, func(w shell.Word) bool { return w.Text == "-i" || w.Text == "--install" }):
		s.decline(at, "outside-install", "dpkg -i does not install what a package needs, which the full image may have")
	case name == "curl" || name == "wget":
		s.download(in, c, at)
	case fetchesSource(name, args):
		s.decline(at, "outside-install", "what the repository that %s fetches holds and runs is not known", name)
	case isPythonName(name):
		s.python(in, c, args, dir, at)
	}
	if text := c.Words[len(c.Words)-1].Text; strings.Contains(text, "git@") || strings.Contains(text, "ssh://") {
		s.need([]string{"openssh-client"}, in, at, "git uses ssh here")
	}
}

// installer reads a command that installs Python distributions.
func (s *slimming) installer(in *transform.Instruction, c *shell.Command, dir string) bool {
	if p, ok := argv.Pip(c); ok {
		s.pip(in, p, dir)
		return true
	}
	if p, ok := argv.PipSync(c); ok {
		s.pipSync(in, p, dir)
		return true
	}
	words := c.Effective()
	if len(words) == 0 || lockFiles[path.Base(words[0].Text)] == nil && path.Base(words[0].Text) != "uvx" {
		return false
	}
	s.lockFile(in, path.Base(words[0].Text), words[1:], dir, shell.In(in, c.Span))
	return true
}

// fetchesSource reports a command that fetches a repository.
func fetchesSource(name string, args []shell.Word) bool {
	verb := ""
	for _, w := range args {
		if !strings.HasPrefix(w.Text, "-") {
			verb = w.Text
			break
		}
	}
	switch name {
	case "git", "hg":
		return verb == "clone" || verb == "pull" || verb == "fetch" || verb == "submodule"
	case "svn":
		return verb == "checkout" || verb == "co" || verb == "export"
	}
	return false
}

// python looks at code and installers given to the interpreter.
func (s *slimming) python(in *transform.Instruction, c *shell.Command, args []shell.Word, dir string, at transform.Span) {
	if slices.ContainsFunc(c.Redirs, func(r shell.Redir) bool { return strings.HasPrefix(r.Op, "<") }) || c.Op == "|" {
		s.decline(at, "unknown-command", "Python runs a program here that is not a file of the build context")
		return
	}
	for i, w := range args {
		switch {
		case w.Text == "setup.py" || strings.HasSuffix(w.Text, "/setup.py"):
			s.local(&pipRun{in: in, at: at, dir: dir, limits: map[string]string{}}, path.Dir(w.Text))
			return
		case i > 0 && args[i-1].Text == "-m":
			s.module(w.Text, at)
			return
		case i > 0 && args[i-1].Text == "-c":
			if containsAny(w.Text, []string{"subprocess", "os.system", "popen", "ctypes", "exec"}) {
				s.decline(at, "unknown-command", "the program given to Python may run others")
			}
			return
		case !strings.HasPrefix(w.Text, "-"):
			s.pythonFile(in, w, dir, at)
			return
		}
	}
}

// module looks at a module that Python runs.
func (s *slimming) module(name string, at transform.Span) {
	name = strings.ToLower(name)
	switch top, _, _ := strings.Cut(name, "."); {
	case top == "playwright":
		s.decline(at, "outside-install", "playwright installs browsers, whose needs no package declares")
	case builders[top] || name == "numpy.f2py":
		s.decline(at, "outside-install", "%s builds software, and what that needs of the full image is not known", name)
	}
}

// pythonFile looks for the program that Python runs: if it is of the context, it
// is read with the other sources.
func (s *slimming) pythonFile(in *transform.Instruction, w shell.Word, dir string, at transform.Span) {
	name, ok := shellValue(s.f.State(in), w)
	abs := absolute(dir, name)
	if !ok || isBin(path.Dir(abs)) || path.Base(abs) == "get-pip.py" {
		if !ok {
			s.decline(at, "unknown-command", "which program Python runs is only known when it runs")
		}
		return
	}
	for _, p := range []string{abs, path.Join(abs, "__main__.py")} {
		if _, from := s.lookup(in, p); from == fromContext {
			return
		}
	}
	s.decline(at, "missing-file", "%s is not among the files of the build context that are copied", name)
}

// copy looks at what a COPY or ADD brings.
func (s *slimming) copy(in *transform.Instruction) {
	c, _ := copyingOf(in)
	if c.from != "" {
		s.copyFrom(in, c)
		return
	}
	for _, src := range c.sources {
		switch {
		case isURL(src):
			if !isData(src) {
				s.decline(in.Body, "outside-install", "what %s is and needs is not known", path.Base(src))
			}
		case unpacked(src):
			s.decline(in.Body, "outside-install", "what is in %s is not known", src)
		case s.ctx == nil:
			s.decline(in.Body, "no-context", "the image holds files of a build context that is not known: what they run cannot be told")
		default:
			text, ok := s.f.State(in).Expand(src)
			if !ok {
				text = "."
			}
			s.copied = append(s.copied, text)
		}
	}
}

// copyFrom looks at what comes from another stage or image.
func (s *slimming) copyFrom(in *transform.Instruction, c copying) {
	for _, e := range in.Stage.Deps {
		if e.At != in || e.Kind != transform.EdgeCopy {
			continue
		}
		switch {
		case e.To != nil && slices.Contains(s.stages, e.To):
		case e.To != nil && (isPython(e.To) || isUV(e.To)):
			s.foreign(in, e.To)
		case !slices.ContainsFunc(c.sources, func(p string) bool { return !isAsset(p) }):
		case e.To == nil && containsAny(e.Image, []string{"astral-sh/uv", "krallin/tini", "tianon/gosu"}):
		default:
			s.decline(in.Body, "outside-install", "which libraries need what comes from %s is not known", c.from)
		}
	}
}

// isAsset reports a path that by its name holds files for browsers.
func isAsset(p string) bool {
	for _, elem := range strings.Split(p, "/") {
		switch elem {
		case "dist", "static", "public", "assets", "html", "www", "staticfiles":
			return true
		}
	}
	return isData(p)
}

// foreign reads a stage on another Python image, of which files are copied: what
// pip installed there may load libraries here.
func (s *slimming) foreign(in *transform.Instruction, st *transform.Stage) {
	if s.seen["stage "+st.From.Node.Original] {
		return
	}
	s.seen["stage "+st.From.Node.Original] = true
	s.elsewhere = true
	defer func() { s.elsewhere = false }()
	for t := st; t != nil; t = t.Base.Stage {
		for _, other := range t.Instructions {
			if other.Keyword == "copy" || other.Keyword == "add" {
				s.copy(other)
			}
			if other.Keyword != "run" {
				continue
			}
			sc := shell.Of(s.f, other)
			dir := s.dir(other)
			for _, c := range sc.Commands() {
				dir = changeDir(s.f.State(other), c, dir)
				s.installer(other, c, dir)
			}
			for _, name := range sc.Tools() {
				if builders[path.Base(name)] || sc.Form == shell.Opaque {
					s.decline(in.Body, "outside-install", "which libraries need what %s builds in the other stage is not known", path.Base(name))
				}
			}
		}
	}
}
