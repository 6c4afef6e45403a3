package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// command looks at what the container runs.
func (s *slimming) command() {
	entry, cmd := startedBy(s.f.Final())
	health := lastOf(s.f.Final(), "healthcheck")
	if cmd == nil && entry == nil {
		s.decline(s.f.Final().From.Body, "no-command", "the file does not say what the container runs, so that any tool may be used in it")
		return
	}
	for _, in := range []*transform.Instruction{entry, cmd, health} {
		if in != nil && s.no == nil {
			s.start(in, in == cmd && entry != nil)
		}
	}
}

// start reads a CMD, ENTRYPOINT or HEALTHCHECK; args tells that it is a CMD that
// only holds the entrypoint's arguments.
func (s *slimming) start(in *transform.Instruction, args bool) {
	sc := shell.Of(s.f, in)
	if sc == nil || in.Keyword == "healthcheck" && strings.Contains(strings.ToUpper(s.f.Text(in.Body)), " NONE") {
		return
	}
	if sc.Form == shell.Opaque {
		s.decline(in.Body, "unknown-command", "what it runs cannot be read: %s", sc.Why)
		return
	}
	if args && sc.Form == shell.ExecForm && (len(sc.Args) == 0 || strings.HasPrefix(sc.Args[0].Text, "-")) {
		return
	}
	files := map[string]bool{}
	dir := s.dir(in)
	for _, c := range sc.Commands() {
		words := c.Effective()
		if len(words) == 0 {
			continue
		}
		dir = changeDir(s.f.State(in), c, dir)
		if in.Keyword != "healthcheck" && interactive(words) {
			s.decline(in.Body, "no-command", "the container starts %s: what is run in it is not known", path.Base(words[0].Text))
			return
		}
		if name := scriptFile(words); name != "" {
			files[words[0].Text] = true
			s.script(nil, in.Body, name, dir)
		}
		if p, ok := argv.Pip(c); ok && p.IsInstall() || s.installsAtStart(path.Base(words[0].Text), strings.Fields(texts(words[1:])), dir) {
			s.decline(in.Body, "outside-install", "the container installs Python packages when it starts")
		}
		if isPythonName(path.Base(words[0].Text)) {
			s.python(in, c, words[1:], dir, in.Body)
		}
		if len(words) > 2 && isShell(path.Base(words[0].Text)) && shellCommand(words[1].Text) {
			s.inShell(nil, in.Body, strings.ToUpper(in.Keyword), words[2].Text, dir)
		}
		if len(s.copied) == 0 && in.Keyword != "healthcheck" {
			s.alone(in, c)
		}
	}
	s.tools(in, sc, files)
}

// shellCommand reports an option behind which a shell is given its program: -c, -ec.
func shellCommand(option string) bool {
	return strings.HasPrefix(option, "-") && !strings.HasPrefix(option, "--") && strings.HasSuffix(option, "c")
}

// inShell looks at the program that a shell is given as a word: ["sh", "-c", "…"]; in is
// nil for what runs when the container starts.
func (s *slimming) inShell(in *transform.Instruction, at transform.Span, what, program, dir string) {
	switch sc := buildctx.ParseScript("command.sh", []byte(program)); {
	case sc.Problem != "":
		s.decline(at, "unknown-command", "what it runs cannot be read: %s", sc.Problem)
	case !sc.Dynamic: // else its tools are not known either
		s.calls(in, at, what, sc, dir)
	}
}

// alone looks at the program of an image to which the file copies nothing: if
// it serves to run an application, that comes from a place that is not seen.
func (s *slimming) alone(in *transform.Instruction, c *shell.Command) {
	call, ok := argv.Of(c)
	if !ok || hosts[call.Name] || !s.dists[buildctx.NormalizeName(call.Name)] {
		s.decline(in.Body, "no-command", "the application is not put into the image by this file, so that what it uses is not known")
	}
}

// hosts are programs of distributions that run an application given to them.
var hosts = setOf(`gunicorn uvicorn hypercorn daphne waitress flask celery uwsgi twisted scrapy pytest tox nose django rq huey dramatiq
	locust behave invoke fabric streamlit supervisor ansible pip pipenv poetry virtualenv`)

// interactive reports a command in which people type other commands, or that
// only keeps the container alive.
func interactive(words []shell.Word) bool {
	name := path.Base(words[0].Text)
	switch name {
	case "jupyter", "jupyter-notebook", "jupyter-lab", "jupyterhub", "ipython", "sshd", "code-server", "tmux", "screen":
		return true
	case "sleep", "tail":
		return true
	case "bash", "sh", "zsh", "dash":
		return !slices.ContainsFunc(words[1:], func(w shell.Word) bool { return !strings.HasPrefix(w.Text, "-") })
	}
	return isPythonName(name) && len(words) == 1
}

// scriptFile is the script that a command runs by its path, or by a shell; "".
func scriptFile(words []shell.Word) string {
	name := words[0].Text
	switch path.Base(name) {
	case "sh", "bash", "dash", "source", ".":
		for _, w := range words[1:] {
			if strings.HasPrefix(w.Text, "-") && strings.Contains(w.Text, "c") && !strings.HasPrefix(w.Text, "--") {
				return ""
			}
			if !strings.HasPrefix(w.Text, "-") {
				return w.Text
			}
		}
		return ""
	}
	if !strings.Contains(name, "/") || isBin(path.Dir(name)) && path.Dir(name) != "/usr/local/bin" || !words[0].Static {
		return ""
	}
	return name
}

// script follows a script that a step or the container runs; in is nil for the
// latter.
func (s *slimming) script(in *transform.Instruction, at transform.Span, name, dir string) {
	name = strings.Trim(name, `"'`)
	base := path.Base(name)
	abs := absolute(dir, name)
	switch {
	case base == "activate" || strings.HasPrefix(abs, "/etc/"):
		return // of an environment, or of a package
	case path.Base(path.Dir(abs)) == "bin" && s.fromPackage(in, abs):
		s.tool(base, in, at, base+" is run here")
		return
	case s.ctx == nil:
		s.decline(at, "no-context", "%s is in a build context that is not known", base)
		return
	}
	file, from := s.lookup(in, abs)
	if from != fromContext {
		s.decline(at, "missing-file", "%s is not among the files of the build context that are copied", name)
		return
	}
	s.scriptAt(in, at, file, path.Dir(abs))
}

// onPath finds the file of the context that a COPY puts into a directory of PATH
// under this name, "" if none does.
func (s *slimming) onPath(in *transform.Instruction, name string) string {
	if len(s.copied) == 0 || facts.SlimHasCommand("bookworm", name) {
		return ""
	}
	st := s.f.Final()
	if in != nil {
		st = in.Stage
	}
	dirs, _ := searchPath(s.image, st)
	for _, dir := range dirs {
		if file, from := s.lookup(in, path.Join(dir, path.Base(name))); from == fromContext {
			return file
		}
	}
	return ""
}

// fromPackage reports a program in a bin directory that the context does not
// bring: pip or apt installed it, or it comes from a stage that is judged where
// it is copied.
func (s *slimming) fromPackage(in *transform.Instruction, abs string) bool {
	if isBin(path.Dir(abs)) || strings.Contains(abs, "venv") || strings.Contains(abs, "/env/") || strings.Contains(abs, "/.local/") {
		_, from := s.lookup(in, abs)
		return from != fromContext
	}
	return false
}

// scriptAt reads a file of the context as a script.
func (s *slimming) scriptAt(in *transform.Instruction, at transform.Span, file, dir string) {
	if s.seen[file] {
		return
	}
	s.seen[file] = true
	if path.Ext(file) == ".py" {
		if b, err := s.ctx.ReadFile(file); err == nil && strings.HasPrefix(string(b), "#!/usr/bin/python") {
			s.decline(at, "unknown-command", "%s asks for Debian's own Python, which only the full image has", file)
		}
		return // read with the other sources
	}
	sc, err := s.ctx.Script(file)
	switch {
	case err != nil:
		s.decline(at, "missing-file", "%v", err)
	case !sc.Shell || sc.Problem != "":
		s.decline(at, "unknown-command", "%s cannot be read: %s", file, sc.Problem)
	case sc.Dynamic:
		s.decline(at, "unknown-command", "%s runs a command that is only known when it runs", file)
	default:
		s.scriptCommands(in, at, file, sc, dir)
	}
}

// calls looks at the calls of a script of which the arguments matter; false where one
// brings what is not known.
func (s *slimming) calls(in *transform.Instruction, at transform.Span, file string, sc *buildctx.Script, dir string) bool {
	for _, c := range sc.Calls {
		switch {
		case c.Name == "":
			continue
		case installs(c), s.installsAtStart(c.Name, argTexts(c), dir):
			s.decline(at, "outside-install", "%s runs %s, and what that brings is not known", file, c.Name)
			return false
		case isPythonName(c.Name):
			s.inline(at, file, c)
		}
		if first := c.Args[0].Text; strings.Contains(first, "/") && !isBin(path.Dir(first)) {
			s.script(in, at, first, dir)
		}
	}
	return true
}

func (s *slimming) scriptCommands(in *transform.Instruction, at transform.Span, file string, sc *buildctx.Script, dir string) {
	if !s.calls(in, at, file, sc, dir) {
		return
	}
	for _, name := range sc.Commands {
		if !strings.HasSuffix(name, ".sh") {
			s.tool(name, in, at, file+" runs "+name)
		}
	}
	for _, name := range sc.Sources {
		if strings.ContainsAny(name, "$`") {
			s.decline(at, "unknown-command", "%s reads a script that is only known when it runs", file)
			return
		}
		s.script(in, at, name, dir)
	}
}

// inline looks at the module or the program that a script itself gives Python.
func (s *slimming) inline(at transform.Span, file string, c buildctx.Call) {
	program := c.Here
	for i, a := range c.Args[1:] {
		switch c.Args[i].Text {
		case "-m":
			s.module(a.Text, at)
		case "-c":
			program = a.Text
		}
	}
	s.programs(at, buildctx.ScanPython("the program in "+file, program), func(string) bool { return true })
}

// installs reports a call in a script that brings software: a package manager, a
// repository, or a shell that reads its program from a pipe.
func installs(c buildctx.Call) bool {
	switch c.Name {
	case "pip", "pip3", "apt", "apt-get", "dpkg":
		return true
	case "sh", "bash":
		return len(c.Args) == 1
	case "git", "hg", "svn":
		for _, a := range c.Args[1:] {
			switch a.Text {
			case "clone", "pull", "checkout", "submodule", "update":
				return true
			}
		}
	}
	return false
}

// argTexts are the arguments of a call in a script.
func argTexts(c buildctx.Call) []string {
	var list []string
	for _, a := range c.Args[1:] {
		list = append(list, a.Text)
	}
	return list
}

// supervisor reads the programs that supervisord starts.
func (s *slimming) supervisor(at transform.Span) {
	found := false
	entries, _ := s.ctx.Files()
	for _, e := range entries {
		if ext := path.Ext(e.Path); !e.Regular || ext != ".conf" && ext != ".ini" || !s.isCopied(e.Path) {
			continue
		}
		b, err := s.ctx.ReadFile(e.Path)
		if err != nil || !strings.Contains(string(b), "[program:") {
			continue
		}
		found = true
		for line := range strings.Lines(string(b)) {
			key, command, ok := strings.Cut(line, "=")
			if !ok || strings.TrimSpace(key) != "command" {
				continue
			}
			sc := buildctx.ParseScript(e.Path+".sh", []byte(strings.TrimSpace(command)))
			if sc.Problem != "" || sc.Dynamic {
				s.decline(at, "unknown-command", "what %s starts cannot be read", e.Path)
				return
			}
			s.scriptCommands(nil, at, e.Path, sc, "/")
		}
	}
	if !found {
		s.decline(at, "unknown-command", "the programs that supervisord starts are not in a known build context")
	}
}

// procfile reads the programs that honcho starts.
func (s *slimming) procfile(at transform.Span) {
	found := false
	entries, _ := s.ctx.Files()
	for _, e := range entries {
		if !e.Regular || !strings.HasPrefix(path.Base(e.Path), "Procfile") || !s.isCopied(e.Path) {
			continue
		}
		b, err := s.ctx.ReadFile(e.Path)
		if err != nil {
			continue
		}
		found = true
		for line := range strings.Lines(string(b)) {
			_, command, ok := strings.Cut(line, ":")
			if !ok || strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			sc := buildctx.ParseScript(e.Path+".sh", []byte(strings.TrimSpace(command)))
			if sc.Problem != "" || sc.Dynamic {
				s.decline(at, "unknown-command", "what %s starts cannot be read", e.Path)
				return
			}
			s.scriptCommands(nil, at, e.Path, sc, s.image.endDir(s.f.Final()).path)
		}
	}
	if !found {
		s.decline(at, "unknown-command", "the programs that honcho starts are not in a known build context")
	}
}

// isCopied reports a file of the context that some COPY or ADD brings.
func (s *slimming) isCopied(file string) bool {
	return slices.ContainsFunc(s.copied, func(source string) bool {
		_, ok := buildctx.Covers(source, file)
		return ok
	})
}

// download looks at what curl or wget fetches in a step.
func (s *slimming) download(in *transform.Instruction, c *shell.Command, at transform.Span) {
	if next := nextInPipe(shell.Of(s.f, in), c); next != "" {
		if next != "apt-key" && next != "gpg" && next != "tee" && next != "grep" && next != "sed" && next != "jq" {
			s.decline(at, "outside-install", "what is downloaded goes to %s, and what it needs is not known", next)
		}
		return
	}
	output := ""
	for _, r := range c.Redirs {
		if strings.HasPrefix(r.Op, ">") && r.Fd != "2" {
			output = r.Target.Text
		}
	}
	words := c.Effective()
	for i, w := range words[1:] {
		switch {
		case (words[i].Text == "-o" || words[i].Text == "-O" || words[i].Text == "--output") && !strings.Contains(w.Text, "://"):
			output = w.Text
		case strings.Contains(w.Text, "localhost") || strings.Contains(w.Text, "127.0.0.1"):
			return
		case strings.Contains(w.Text, "://") && isData(w.Text):
			return
		}
	}
	if output == "" || !isData(output) {
		s.decline(at, "outside-install", "what is downloaded here is and needs is not known")
	}
}

// nextInPipe is the name of the command that reads c's output; "".
func nextInPipe(sc *shell.Script, c *shell.Command) string {
	all := sc.Commands()
	if i := slices.Index(all, c); i+1 < len(all) && all[i+1].Op == "|" {
		if call, ok := argv.Of(all[i+1]); ok {
			return call.Name
		}
		return "another command"
	}
	return ""
}

// isData reports a name that by its ending is no program, and well-known programs
// that load nothing but the C library.
func isData(name string) bool {
	for _, static := range []string{"krallin/tini", "Yelp/dumb-init", "tianon/gosu", "jwilder/dockerize", "wait-for-it", "get-pip.py"} {
		if strings.Contains(name, static) {
			return true
		}
	}
	name, _, _ = strings.Cut(name, "?")
	return dataExt[strings.ToLower(path.Ext(name))]
}

var dataExt = setOf(`.list .gpg .asc .key .pub .pem .crt .cer .json .csv .tsv .txt .yml .yaml .toml .conf .cfg .ini .sql .html .css .md .xml
	.ttf .otf .pkl .pickle .h5 .hdf5 .pt .pth .onnx .npy .npz .mmdb .jpg .jpeg .png .svg .ico .gif .wav .mp3 .mp4 .pdf .parquet`)
