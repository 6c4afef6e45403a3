package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/transform"
)

// servers are programs of Python that need nothing of root's: they listen where
// they are told, log to the terminal and keep no files but in the working
// directory, by their documentation.
var servers = strings.Fields(`gunicorn uvicorn hypercorn daphne uwsgi waitress-serve granian flask celery streamlit fastapi rq dramatiq
	django-admin django-admin.py alembic pytest aiohttp pserve huey_consumer huey_consumer.py arq faust rqworker chainlit gradio
	sanic robyn litestar taskiq nameko prefect dagster mlflow bokeh panel voila watchmedo honcho circusd scrapy flower locust mkdocs`)

// serverModules are what "python -m" starts of the same kind.
var serverModules = strings.Fields(`http.server SimpleHTTPServer flask gunicorn uvicorn hypercorn daphne celery streamlit fastapi django
	aiohttp.web waitress rq dramatiq pytest unittest sanic`)

// plainPrograms do in a start script what any user may.
var plainPrograms = strings.Fields(`sleep tail cat ls date curl wget nc grep sed awk mkdir touch cp mv rm chmod ln find tee env head cut tr
	sort uniq wc xargs basename dirname psql pg_isready mysql mysqladmin redis-cli git hostname id whoami uname seq expr timeout nohup nproc
	dumb-init tini catatonit wait-for-it wait-for-it.sh wait-for wait-for.sh dockerize jq envsubst mktemp exec poetry pipenv uv pdm
	ddtrace-run newrelic-admin opentelemetry-instrument stdbuf nice getent ps kill pkill sync rev yes node npm java openssl
	msgfmt python-dotenv dotenv which`)

// inits are those of plainPrograms that people put anywhere.
var inits = []string{"tini", "dumb-init", "catatonit"}

// bareShells are what people work in, or make images for others of.
var bareShells = strings.Fields("sh bash ash zsh ipython python bpython jupyter jupyter-notebook jupyter-lab node irb ruby php perl R julia ghci iex")

// start looks at what the container starts.
func (n *nonRooter) start() *hold {
	entry, cmd := startedBy(n.s)
	if entry != nil {
		args, isShell := commandOf(entry)
		if isShell {
			cmd = nil
		}
		if cmd != nil {
			more, cmdShell := commandOf(cmd)
			if cmdShell {
				more = []string{"/bin/sh", "-c", strings.Join(more, " ")}
			}
			args = append(slices.Clip(args), more...)
		}
		return n.command(entry, args, isShell)
	}
	args, isShell := commandOf(cmd)
	return n.command(cmd, args, isShell)
}

// commandOf is the command of a CMD or ENTRYPOINT: its words, or the script of
// its shell form.
func commandOf(in *transform.Instruction) (args []string, isShell bool) {
	cmd, _ := in.Command()
	switch c := cmd.(type) {
	case *instructions.CmdCommand:
		return c.CmdLine, c.PrependShell
	case *instructions.EntrypointCommand:
		return c.CmdLine, c.PrependShell
	}
	return nil, false
}

// A starter of scripts keeps what has been read.
type startReader struct {
	n    *nonRooter
	at   *transform.Instruction
	seen map[string]bool
}

func (n *nonRooter) command(at *transform.Instruction, args []string, isShell bool) *hold {
	if len(args) == 0 {
		return holdf(at, "no-command", "the command is empty")
	}
	text := strings.Join(args, " ")
	if !isShell {
		text = quoted(args)
	}
	r := &startReader{n: n, at: at, seen: map[string]bool{}}
	return r.script(buildctx.ParseScript("", []byte(text)), "the command", false)
}

// quoted writes words for a shell, which reads each as it is.
func quoted(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString("'" + strings.ReplaceAll(w, "'", `'\''`) + "' ")
	}
	return b.String()
}

// script looks at a script: the command itself, or a file of the context.
func (r *startReader) script(s *buildctx.Script, name string, file bool) *hold {
	rootKey := "needs-root"
	if file {
		rootKey = "entrypoint-needs-root"
	}
	switch {
	case s.Problem != "" || !s.Shell:
		return holdf(r.at, "unknown-script", "%s cannot be read", name)
	case len(s.Root) > 0:
		return holdf(r.at, rootKey, "%s runs %s", name, s.Root[0])
	case len(s.Installs) > 0:
		return holdf(r.at, rootKey, "%s runs %s when the container starts", name, s.Installs[0])
	case s.Dynamic:
		return holdf(r.at, "unknown-script", "%s runs what its text does not say", name)
	}
	for _, src := range s.Sources {
		if base := path.Base(src); base == "activate" || src == "/etc/profile" {
			continue
		}
		if h := r.file(src, nil); h != nil {
			return h
		}
	}
	for _, w := range s.Writes {
		p := w.Text
		if !w.Static {
			p, _ = r.n.f.EndState(r.n.s).Expand(strings.Trim(p, `"`))
		}
		if p == "" || path.IsAbs(p) && !r.n.reachesToWrite(p) {
			return holdf(r.at, "writes-system-path", "%s writes to %s", name, w.Text)
		}
	}
	for _, c := range s.Calls {
		if h := r.call(s, c, name); h != nil {
			return h
		}
	}
	return nil
}

// reachesToWrite is reaches for a path that is written to.
func (n *nonRooter) reachesToWrite(p string) bool {
	return n.files.owned(path.Clean(p)) || within(p, "/tmp") || within(p, "/var/tmp") || within(p, "/dev")
}

// call looks at one command of a script.
func (r *startReader) call(s *buildctx.Script, c buildctx.Call, name string) *hold {
	var words []string
	for _, a := range c.Args[1:] {
		if a.Static {
			words = append(words, a.Text)
		}
	}
	program := c.Args[0].Text
	base := c.Name
	isFile := strings.Contains(program, "/")
	switch {
	case base == "cd" || base == "pushd":
		return r.enters(lastWord(c.Args), name)
	case !isFile && !slices.Contains(s.Commands, base):
		return nil // built into the shell, or a function
	case slices.Contains(bareShells, base) && !(c.Fed && (isInterpreter(base) || isShell(base))) && bare(base, c.Args[1:]) || strings.HasPrefix(base, "jupyter"):
		return holdf(r.at, "interactive", "%s is for somebody who works in the container and may want to install things", base)
	case base == "sh" || base == "bash" || base == "ash" || base == "dash":
		return nil // its script stands among the calls or the sources
	case isInterpreter(base):
		return r.python(c, words, name)
	case slices.Contains(servers, base):
		return r.server(base, words)
	case slices.Contains(plainPrograms, base) && (!isFile || strings.Contains(program, "bin/") || slices.Contains(inits, base)):
		return nil
	}
	if h := r.n.words(r.at, words); h != nil {
		return h
	}
	return r.file(program, c.Args)
}

// enters looks at a change of directory: behind it the same holds as for the
// working directory. A relative one stays below a directory of the user's, as
// long as it does not lead upwards.
func (r *startReader) enters(dir, who string) *hold {
	p, ok := r.n.f.EndState(r.n.s).Expand(strings.Trim(dir, `"`))
	up := p == ".." || strings.HasPrefix(p, "../") || strings.Contains(p, "/..")
	p = r.n.image.endDir(r.n.s).join(p, true).path
	if !ok || up || strings.ContainsAny(p, "$`~") || !r.n.writable(p) {
		return holdf(r.at, "workdir", "%s changes to the directory %s, which may be root's, and may write there", who, dir)
	}
	return nil
}

// lastWord is what "cd" is given, which is root's home by default.
func lastWord(args []buildctx.Arg) string {
	if len(args) < 2 {
		return "~"
	}
	return args[len(args)-1].Text
}

// bare reports a shell or interpreter without a script.
func bare(base string, args []buildctx.Arg) bool {
	for _, a := range args {
		if !strings.HasPrefix(a.Text, "-") || a.Text == "-c" || a.Text == "-m" || isShell(base) && strings.Contains(a.Text, "c") {
			return false
		}
	}
	return true
}

func isInterpreter(base string) bool {
	return isPythonName(base) || strings.HasPrefix(base, "pypy")
}

// python looks at what an interpreter is given.
func (r *startReader) python(c buildctx.Call, words []string, who string) *hold {
	for i, w := range words {
		switch {
		case w == "-c":
			return holdf(r.at, "unknown-program", "the program is in the command itself")
		case w == "-m" && i+1 < len(words):
			return r.module(words[i+1], words[i+2:])
		case strings.HasPrefix(w, "-"):
			continue
		}
		if h := r.n.words(r.at, words[i+1:]); h != nil {
			return h
		}
		switch _, ok := contextFile(r.n.image, r.n.s, w); {
		case !ok && !r.n.inCopiedTree(w):
			return holdf(r.at, "unknown-script", "%s is not a file of the build context", w)
		case path.Base(w) == "manage.py":
			return r.server("django-admin", words[i+1:])
		}
		return nil
	}
	switch {
	case c.Here != "":
		return r.n.programs(buildctx.ScanPython("the here-document in "+path.Base(who), c.Here))
	case c.Fed:
		return holdf(r.at, "unknown-program", "what %s is given to run in %s is not known", c.Name, who)
	}
	return holdf(r.at, "interactive", "%s alone is for somebody who works in the container", c.Name)
}

// module looks at what "python -m" runs.
func (r *startReader) module(name string, words []string) *hold {
	if slices.Contains(serverModules, name) {
		return r.server(name, words)
	}
	if h := r.n.words(r.at, words); h != nil {
		return h
	}
	file := strings.ReplaceAll(name, ".", "/")
	for _, p := range []string{file + ".py", file + "/__main__.py", file + "/__init__.py"} {
		if _, ok := contextFile(r.n.image, r.n.s, p); ok {
			return nil
		}
	}
	if r.n.installsItself() || r.n.projectModule(name) {
		return nil
	}
	return holdf(r.at, "unknown-program", "no COPY is known to bring the module %s to where it runs, and what it needs is not known", name)
}

// server looks at the arguments of a known server.
func (r *startReader) server(name string, words []string) *hold {
	for i, w := range words {
		option, dir, found := strings.Cut(w, "=")
		switch option {
		case "--user", "--group", "--uid", "--gid":
			return holdf(r.at, "needs-root", "%s drops root's rights itself: %s", name, w)
		case "-u", "-g":
			if name == "gunicorn" {
				return holdf(r.at, "needs-root", "%s drops root's rights itself: %s", name, w)
			}
		case "--chdir", "--workdir", "-chdir":
			if !found && i+1 < len(words) {
				dir = words[i+1]
			}
			if h := r.enters(dir, name); h != nil {
				return h
			}
		}
		if (name == "http.server" || name == "SimpleHTTPServer" || i > 0 && words[i-1] == "runserver") && isLow(w) {
			return holdf(r.at, "low-port", "only root may open port %s in some container runtimes", w)
		}
	}
	if name == "uwsgi" {
		if h := r.uwsgi(words); h != nil {
			return h
		}
	}
	return r.n.words(r.at, words)
}

var uwsgiRoot = lazyregexp.New(`(?m)^\s*-?\s*(uid|gid|chown-socket|chown|cron|daemonize|logto|pidfile|socket\s*[=:]\s*/(var|run)|http\S*\s*[=:]\s*\S*:\d{1,3}\s*$)\b`)

var uwsgiDir = lazyregexp.New(`(?m)^[ \t]*-?[ \t]*<?chdir2?[ \t]*[=:>][ \t]*([^\s<]+)`, "chdir")

// uwsgi looks at uWSGI's configuration.
func (r *startReader) uwsgi(words []string) *hold {
	for _, w := range words {
		_, file, found := strings.Cut(w, "=")
		if !found {
			file = w
		}
		switch path.Ext(file) {
		case ".ini", ".yaml", ".yml", ".xml", ".json":
		default:
			continue
		}
		name, ok := contextFile(r.n.image, r.n.s, file)
		if !ok {
			return holdf(r.at, "unknown-script", "%s is not a file of the build context", file)
		}
		b, err := r.n.ctx.ReadFile(name)
		if err != nil {
			return holdf(r.at, "unknown-script", "%s cannot be read", file)
		}
		if m := uwsgiRoot.Regexp().Find(b); m != nil {
			return holdf(r.at, "needs-root", "%s says “%s”", name, strings.TrimSpace(string(m)))
		}
		for _, m := range uwsgiDir.FindAllStringSubmatch(string(b), -1) {
			if h := r.enters(m[1], name); h != nil {
				return h
			}
		}
	}
	return nil
}
