package argv_test

import (
	"fmt"
	"strings"
	"testing"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// command parses a RUN and returns its last command at top level, with the
// instruction's text.
func command(t *testing.T, script string) (*shell.Command, string) {
	t.Helper()
	src := "FROM debian:12\nRUN " + script + "\n"
	f, err := transform.Parse("Dockerfile", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := f.Instructions[1]
	s := shell.Of(f, in)
	top := s.Top()
	if len(top) == 0 {
		t.Fatalf("%q: no command (%s)", script, s.Why)
	}
	return top[len(top)-1], f.Text(in.Body)
}

// show writes arguments as "--name=value … | operand …", with "?" before
// options that are not known, and "!" for words that are not certain.
func show(a argv.Args) string {
	var b strings.Builder
	for _, o := range a.Options {
		if !o.Known {
			b.WriteByte('?')
		}
		b.WriteString(o.Name)
		if o.HasValue {
			fmt.Fprintf(&b, "=%s", o.Value)
		}
		b.WriteByte(' ')
	}
	b.WriteByte('|')
	for _, w := range a.Operands {
		b.WriteString(" " + w.Text)
	}
	if !a.Known {
		b.WriteString(" unknown")
	}
	if !a.Static {
		b.WriteString(" expands")
	}
	if a.Fed {
		b.WriteString(" fed")
	}
	return b.String()
}

func TestPip(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`pip install flask`, `install | flask`},
		{`pip3 install -r requirements.txt -r dev.txt`, `install --requirement=requirements.txt --requirement=dev.txt |`},
		{`pip3.11 install -rreq.txt --requirement=b.txt -c c.txt`, `install --requirement=req.txt --requirement=b.txt --constraint=c.txt |`},
		{`python -m pip install --upgrade pip`, `python: install --upgrade | pip`},
		{`python3 -Im pip install -qU pip`, `python3: install --quiet --upgrade | pip`},
		{`python3 -W ignore -m pip install -t /x a`, `python3: install --target=/x | a`},
		{`/usr/bin/pip --no-cache-dir install a`, `[/usr] install --no-cache-dir | a`},
		{`pip --timeout 100 install a b`, `install --timeout=100 | a b`},
		{`.venv/bin/python -m pip install -e .`, `.venv/bin/python: [.venv] install --editable=. |`},
		{`/opt/venv/bin/pip install 'a>=1' "b[x]==2"`, `[/opt/venv] install | a>=1 b[x]==2`},
		{`$VENV/bin/pip install a`, `[$VENV] install | a`},
		{`sudo -H pip install a`, `install | a`},
		{`env A=b FOO=1 nice -n 5 pip install a`, `install | a`},
		{`X=1 exec pip install -i https://index.example/simple --extra-index-url https://example.com/x a`, `install --index-url=https://index.example/simple --extra-index-url=https://example.com/x | a`},
		{`uv pip install --system -r r.txt`, `uv install --system --requirement=r.txt |`},
		{`uv --no-cache pip install -p 3.11 a`, `uv install --no-cache-dir --python=3.11 | a`},
		{`poetry run pip install a`, `install | a`},
		{`pip install --no-binary :all: --global-option=build_ext --config-settings a=b x`, `install --no-binary=:all: --global-option=build_ext --config-settings=a=b | x`},
		{`pip install --find-li /w --no-deps x`, `install --find-links=/w --no-deps | x`},
		{`pip install -- -x y`, `install | -x y`},
		{`pip install --frobnicate a b`, `install ?--frobnicate | a b unknown`},
		{`pip install "$X" a`, `install | $X a expands`},
		{`xargs -n 1 pip install < r.txt`, `install | fed`},
		{`pip uninstall -y a`, `uninstall --yes | a`},
		{`pip --version`, `--version |`},
		{`pip install -r`, `install --requirement | unknown`},
	} {
		cmd, _ := command(t, c.script)
		p, ok := argv.Pip(cmd)
		if !ok {
			t.Errorf("%q is not seen as pip", c.script)
			continue
		}
		got := ""
		if p.Python != "" {
			got = p.Python + ": "
		}
		if e := p.Environment(); e != "" {
			got += "[" + e + "] "
		}
		if p.UV {
			got += "uv "
		}
		if p.Subcommand.Text != "" {
			got += p.Subcommand.Text + " "
		}
		if got += show(p.Args); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.script, got, c.want)
		}
	}
	for _, script := range []string{
		`pipenv install`, `pipx install a`, `python setup.py install`, `python pip install a`, `python -c 'import pip' -m pip`,
		`echo pip install a`, `$(which pip) install a`, `uv sync`, `uv run pip-compile`, `python -m build`, `(pip install a)`,
		`pip-compile r.in`, `ls pip`, `python x.py -m pip`, `command -v pip`,
	} {
		if cmd, _ := command(t, script); isPip(cmd) {
			t.Errorf("%q is taken for pip", script)
		}
	}
}

func isPip(c *shell.Command) bool {
	_, ok := argv.Pip(c)
	return ok
}

func TestApt(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`apt-get update`, `apt-get update |`},
		{`apt update -yq`, `apt update --assume-yes --quiet |`},
		{`apt-get -qq -y install --no-install-recommends aa bb`, `apt-get install --quiet --quiet --assume-yes --no-install-recommends | aa bb`},
		{`apt-get install -y aa=1:2.3-4 bb/bookworm-backports cc:i386 dd- g++ ee+`, `apt-get install --assume-yes | aa(=1:2.3-4) bb(/bookworm-backports) cc(:i386) dd(-) g++ ee`},
		{`apt-get install ./a.deb /tmp/b.deb c*.deb`, `apt-get install | file file file`},
		{`apt-get install 'php8.*' libssl? $PKGS build-essential^`, `apt-get install | odd odd odd odd`},
		{`apt-get install -t bookworm-backports -o Dpkg::Options::="--force-confold" -oAPT::Install-Recommends=0 aa`, `apt-get install --target-release=bookworm-backports --option=Dpkg::Options::=--force-confold --option=APT::Install-Recommends=0 | aa`},
		{`apt-get install -q=2 -o=Debug::X=1 --yes=false aa`, `apt-get install --quiet=2 --option=Debug::X=1 --assume-yes=false | aa`},
		{`aptitude -R install aa`, `aptitude install --no-install-recommends | aa`},
		{`DEBIAN_FRONTEND=noninteractive sudo -E apt-get --no-upgrade install aa`, `apt-get install --no-upgrade | aa`},
		{`apt-get purge --auto-remove -y aa`, `apt-get purge --auto-remove --assume-yes | aa`},
		{`apt-get build-dep -y aa`, `apt-get build-dep --assume-yes | aa`},
		{`apt-get install --what aa`, `apt-get install ?--what | aa`},
	} {
		cmd, _ := command(t, c.script)
		a, ok := argv.Apt(cmd)
		if !ok {
			t.Errorf("%q is not seen as apt", c.script)
			continue
		}
		options, _, _ := strings.Cut(show(a.Args), "|")
		got := a.Name + " " + a.Subcommand.Text + " " + options + "|"
		for _, p := range a.Packages {
			got += " " + showPackage(p)
		}
		if got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.script, got, c.want)
		}
	}
	for _, script := range []string{`apt-key add -`, `apt-cache policy aa`, `echo apt-get install aa`, `apt-mark hold aa`, `dpkg -i a.deb`} {
		cmd, _ := command(t, script)
		if _, ok := argv.Apt(cmd); ok {
			t.Errorf("%q is taken for apt", script)
		}
	}
}

func showPackage(p argv.AptPackage) string {
	switch {
	case p.File:
		return "file"
	case !p.Plain:
		return "odd"
	case p.Version != "":
		return p.Name + "(=" + p.Version + ")"
	case p.Suite != "":
		return p.Name + "(/" + p.Suite + ")"
	case p.Arch != "":
		return p.Name + "(:" + p.Arch + ")"
	case p.Remove:
		return p.Name + "(-)"
	}
	return p.Name
}

func TestAptAnswers(t *testing.T) {
	for _, c := range []struct {
		script          string
		yes, recommends bool
	}{
		{`apt-get install a`, false, false},
		{`apt-get install -y a`, true, false},
		{`apt-get -qq install a`, true, false},
		{`apt-get -q install a`, false, false},
		{`apt-get -q=2 install a`, true, false},
		{`apt-get install --yes=no a`, false, false},
		{`apt-get install --force-yes a`, true, false},
		{`apt-get -o APT::Get::Assume-Yes=true install a`, true, false},
		{`apt-get -y --no-install-recommends install a`, true, true},
		{`apt-get -y --install-recommends install a`, true, true},
		{`apt-get -y -o apt::install-recommends=0 install a`, true, true},
		{`apt-get -y --no-install-suggests install a`, true, false},
	} {
		cmd, _ := command(t, c.script)
		a, _ := argv.Apt(cmd)
		if a.AssumesYes() != c.yes || a.SetsRecommends() != c.recommends {
			t.Errorf("%q: yes %v, recommends %v", c.script, a.AssumesYes(), a.SetsRecommends())
		}
	}
}

func TestSystem(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`apk add --no-cache --virtual .build gcc musl-dev`, `apk add --no-cache --virtual=.build | gcc musl-dev`},
		{`apk --update add a`, `apk add --update-cache | a`},
		{`yum -y install a`, `yum install --assumeyes | a`},
		{`microdnf install --setopt=install_weak_deps=0 --enablerepo x a`, `microdnf install --setopt=install_weak_deps=0 --enablerepo=x | a`},
	} {
		cmd, _ := command(t, c.script)
		s, ok := argv.Apk(cmd)
		if !ok {
			s, ok = argv.Dnf(cmd)
		}
		if !ok {
			t.Errorf("%q is not seen", c.script)
			continue
		}
		if got := s.Name + " " + s.Subcommand.Text + " " + show(s.Args); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.script, got, c.want)
		}
	}
	cmd, _ := command(t, "apt-get install apk")
	if _, ok := argv.Apk(cmd); ok {
		t.Error("apt-get is taken for apk")
	}
}

func TestVenv(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`python3 -m venv /opt/venv`, `/opt/venv of python3`},
		{`python3.11 -m venv --prompt x --copies "$VIRTUAL_ENV"`, `$VIRTUAL_ENV of python3.11`},
		{`virtualenv -p python3 --no-site-packages env`, `env of python3`},
		{`python -m virtualenv --python=/usr/bin/python3 env`, `env of /usr/bin/python3`},
		{`pyvenv-3.5 env`, `env of `},
		{`uv venv`, ` of `},
		{`uv venv --python 3.12 /v`, `/v of 3.12`},
		{`python -m venv --help`, `none`},
		{`python venv x`, `none`},
		{`uv pip install venv`, `none`},
	} {
		cmd, _ := command(t, c.script)
		got := "none"
		if v, ok := argv.Venv(cmd); ok {
			got = v.Dir.Text + " of " + v.Interpreter
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.script, got, c.want)
		}
	}
}

func TestGunicorn(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`gunicorn app:app`, `app:app: |`},
		{`gunicorn -w4 -t=50 -b :8000 a.wsgi`, `a.wsgi: --workers=4 --timeout=50 --bind=:8000 |`},
		{`python -m gunicorn --bind=0.0.0.0:$PORT "m:create_app()"`, `m:create_app(): --bind=0.0.0.0:$PORT | expands`},
		{`exec /venv/bin/gunicorn m:a --worker-class gevent --preload --log-file - --access-logfile=-`, `m:a: --worker-class=gevent --preload --error-logfile=- --access-logfile=- |`},
		{`gunicorn -c python:conf --chdir /x -k uvicorn.workers.UvicornWorker`, `: --config=python:conf --chdir=/x --worker-class=uvicorn.workers.UvicornWorker |`},
		{`gunicorn --work 3 a`, `3: ?--work | a unknown`}, // --workers, --worker-class, …: gunicorn rejects it
		{`gunicorn --thread 3 a`, `a: --threads=3 |`},
		{`gunicorn -DR a b`, `a: --daemon --enable-stdio-inheritance | b`},
		{`poetry run gunicorn a`, `a: |`},
		{`newrelic-admin run-program gunicorn a`, `a: |`},
	} {
		cmd, _ := command(t, c.script)
		g, ok := argv.Gunicorn(cmd)
		if !ok {
			t.Errorf("%q is not seen as gunicorn", c.script)
			continue
		}
		got := g.App.Text + ": " + show(g.Args)
		if got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.script, got, c.want)
		}
	}
	for _, script := range []string{`uvicorn a:b`, `echo gunicorn`, `pip install gunicorn`, `sh gunicorn.sh`, `python -m uvicorn gunicorn`} {
		cmd, _ := command(t, script)
		if _, ok := argv.Gunicorn(cmd); ok {
			t.Errorf("%q is taken for gunicorn", script)
		}
	}
}

func TestServer(t *testing.T) {
	for script, want := range map[string]string{
		`uvicorn a:b --host 0.0.0.0`:  "uvicorn",
		`python -m flask run`:         "flask",
		`celery -A x worker`:          "celery",
		`/venv/bin/gunicorn a`:        "gunicorn",
		`python app.py`:               "",
		`pip install uvicorn`:         "",
		`sudo -u app daphne x:y`:      "daphne",
		`python manage.py runserver`:  "",
		`ddtrace-run python -m uwsgi`: "uwsgi",
	} {
		if cmd, _ := command(t, script); argv.Server(cmd) != want {
			t.Errorf("%q: %q", script, argv.Server(cmd))
		}
	}
}

// TestSpans holds that values and operands have their bytes in the file, also
// across continuations.
func TestSpans(t *testing.T) {
	cmd, text := command(t, "gunicorn -b 0.0.0.0:80 --workers=4 -t\"50\" \\\n  -k \"ge\\\nvent\" 'a:b'")
	g, _ := argv.Gunicorn(cmd)
	var got []string
	for _, o := range g.Options {
		got = append(got, text[o.Holder.Span.Start:o.Holder.Span.End])
	}
	got = append(got, text[g.App.Span.Start:g.App.Span.End], text[g.Program.Span.Start:g.Program.Span.End])
	want := []string{"0.0.0.0:80", "--workers=4", "-t\"50\"", "\"ge\\\nvent\"", "'a:b'", "gunicorn"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEnvAndThrough(t *testing.T) {
	cmd, _ := command(t, `A=1 sudo -E env B=2 pip install x`)
	call, ok := argv.Of(cmd)
	if !ok || !call.Through("sudo") || call.Through("nice") {
		t.Errorf("wrappers: %v", call.Wrappers)
	}
	for _, name := range []string{"A", "B"} {
		if _, ok := call.Env(name); !ok {
			t.Errorf("%s is not found", name)
		}
	}
	if _, ok := call.Env("C"); ok {
		t.Error("C is found")
	}
}

func FuzzArguments(f *testing.F) {
	for _, seed := range []string{"pip install -r x", "apt-get -qq= install -y a-", "gunicorn -t=5 a", "uv pip", "python -m", "virtualenv -", "env -", "- -- -", "x", "poetry -C a run -- b", "poetry install -n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		if strings.ContainsAny(script, "\x00\n\r") {
			return // not one line
		}
		file, err := transform.Parse("Dockerfile", "FROM a\nRUN "+script+"\n", nil)
		if err != nil || len(file.Instructions) != 2 {
			return
		}
		in := file.Instructions[1]
		body := file.Text(in.Body)
		s := shell.Of(file, in)
		if s == nil {
			return
		}
		for _, c := range s.Commands() {
			if p, ok := argv.Pip(c); ok {
				inside(t, body, p.Args)
			}
			if a, ok := argv.Apt(c); ok {
				inside(t, body, a.Args)
			}
			if g, ok := argv.Gunicorn(c); ok {
				inside(t, body, g.Args)
			}
			if p, ok := sample.Read(c); ok {
				inside(t, body, p.Args)
			}
			if r, ok := sample.Runs(c); ok && (r.Lead.Start < 0 || r.Lead.End > len(body) || r.Lead.Start > r.Lead.End) {
				t.Fatalf("%v is outside", r.Lead)
			}
			argv.Venv(c)
			argv.Apk(c)
			argv.Dnf(c)
			argv.Server(c)
		}
	})
}

// inside holds that the words of options and of their values have bytes, and that
// a plain one ends in the value that it holds.
func inside(t *testing.T, body string, a argv.Args) {
	for _, o := range a.Options {
		words := []shell.Word{o.Word}
		if o.HasValue {
			words = append(words, o.Holder)
		}
		for _, w := range words {
			if w.Span.Start < 0 || w.Span.End > len(body) || w.Span.Start > w.Span.End {
				t.Fatalf("%s: %v is outside", o.Name, w.Span)
			}
		}
		plain := o.HasValue && o.Holder.Text == o.Holder.Raw && o.Holder.Span.Len() == len(o.Holder.Raw)
		if got := body[o.Holder.Span.Start:o.Holder.Span.End]; plain && !strings.HasSuffix(got, o.Value) {
			t.Fatalf("%s: %q stands where %q should", o.Name, got, o.Value)
		}
	}
}

func TestFetch(t *testing.T) {
	for script, want := range map[string]string{
		"curl -fsS -o /dev/null http://localhost/":     "--fail --silent --show-error --output=/dev/null | http://localhost/",
		"curl --fail -m3 localhost:80":                 "--fail --max-time=3 | localhost:80",
		"wget -nv --tries=1 --spider http://localhost": "-n --verbose --tries=1 --spider | http://localhost",
		"wget -qO- http://localhost":                   "--quiet --output-document=- | http://localhost",
		"sudo curl -X POST http://localhost":           "?-X | POST http://localhost unknown",
	} {
		c, _ := command(t, script)
		f, ok := argv.Fetch(c)
		if !ok {
			t.Errorf("%s: not read", script)
		} else if got := show(f.Args); got != want {
			t.Errorf("%s: got %q, want %q", script, got, want)
		}
	}
	for _, script := range []string{"echo curl http://localhost", "python -m wget http://localhost"} {
		c, _ := command(t, script)
		if _, ok := argv.Fetch(c); ok {
			t.Errorf("%s: read as curl or wget", script)
		}
	}
}
