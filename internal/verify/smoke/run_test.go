package smoke_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"refit/internal/verify/builder"
	"refit/internal/verify/smoke"
)

const slim = "FROM python:3.11-slim-bookworm\n"

// withImage builds and has use look at the result. It skips the test when there
// is no builder.
func withImage(t *testing.T, dockerfile string, files map[string]string, use func(context.Context, *builder.Result) error) {
	t.Helper()
	if os.Getenv("BUILDKIT_HOST") == "" {
		t.Skip("BUILDKIT_HOST is not set: no builder to test with")
	}
	pool, err := builder.Open(t.Context(), &builder.Config{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	}()
	req := &builder.Request{Source: builder.Source{Name: "Dockerfile", Text: dockerfile, Files: files}}
	if _, err := pool.Builders()[0].Build(t.Context(), req, use); err != nil {
		t.Fatal(err)
	}
}

// try runs a plan on what a Dockerfile makes.
func try(t *testing.T, dockerfile string, files map[string]string, p *smoke.Plan) *smoke.Findings {
	t.Helper()
	var f *smoke.Findings
	withImage(t, dockerfile, files, func(ctx context.Context, r *builder.Result) (err error) {
		f, err = smoke.Run(ctx, r, p)
		return err
	})
	return f
}

const python = "/usr/local/bin/python3"

// check finds a check of an image compared with itself.
func check(t *testing.T, before, after *smoke.Findings, name string) smoke.Check {
	t.Helper()
	for _, c := range smoke.Compare(before, after) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s", name)
	return smoke.Check{}
}

// server is an application in the standard library alone. GREETING is its body,
// "random" for another one at each request.
const server = `import http.server, os, signal, sys, uuid
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = os.environ["GREETING"]
        body = (uuid.uuid4().hex if text == "random" else text).encode()
        self.send_response(int(os.environ.get("STATUS", 200)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *a: sys.exit())
    print("serving as", os.getuid(), os.environ.get("HOME"), flush=True)
    http.server.HTTPServer(("", 8000), Handler).serve_forever()
`

const serve = slim + "WORKDIR /app\nCOPY . .\nUSER 1001\nEXPOSE 8000\nENV http_proxy=http://192.0.2.1:9\nCMD [\"python\", \"server.py\"]\n"

func TestServer(t *testing.T) {
	t.Parallel()
	plan := &smoke.Plan{Python: python, Home: "/home/app", Modules: []string{"server"}, Command: `test "$HOME" = /home/app && pwd`, Timeout: 20 * time.Second}
	files := map[string]string{"server.py": server}
	f := try(t, serve+"ENV GREETING=hello\n", files, plan)
	if p := f.Server.Ports; len(p) != 1 || len(p[0].Answers) != 4 || p[0].Answers[0].Status != 200 || p[0].Answers[3].First != "hello" {
		t.Errorf("%+v", f.Server)
	}
	if f.Stop == nil || *f.Stop > 5*time.Second {
		t.Errorf("stopped within %v", f.Stop)
	}
	if !slices.ContainsFunc(f.Server.Log, func(l string) bool { return l == "serving as 1001 /home/app" }) {
		t.Errorf("the log is %q", f.Server.Log)
	}
	for _, name := range []string{"imports", "http", "smoke"} {
		if c := check(t, f, f, name); c.Verdict != smoke.Pass {
			t.Errorf("%+v", c)
		}
	}
	other := try(t, serve+"ENV GREETING=goodbye\n", files, plan)
	if c := check(t, f, other, "http"); c.Verdict != smoke.Fail || !strings.Contains(c.Detail, `"goodbye", in the original "hello"`) {
		t.Errorf("%+v", c)
	}
	random := try(t, serve+"ENV GREETING=random\n", files, plan)
	if p := random.Server.Ports[0]; len(p.Answers) != 2 || p.Answers[0].First == p.Answers[1].First {
		t.Errorf("%+v", p)
	}
	if c := check(t, random, random, "http"); c.Verdict != smoke.Pass {
		t.Errorf("%+v", c)
	}
}

// What hides modules of the standard library from the application does not hide
// them from the programs that look at it.
func TestApplicationHidesTheStandardLibrary(t *testing.T) {
	t.Parallel()
	files := map[string]string{"json.py": "raise SystemError('hidden')\n", "main.py": "import time\ntime.sleep(60)\n"}
	f := try(t, slim+"WORKDIR /app\nENV PYTHONPATH=/app\nCOPY . .\nEXPOSE 80/udp\n", files,
		&smoke.Plan{Python: python, Modules: []string{"json", "main"}, Timeout: 8 * time.Second})
	if m := f.Imports.Modules; len(m) != 2 || m[0].Exception != "SystemError" || m[0].Message != "hidden" || m[1].Kind != smoke.TimedOut {
		t.Errorf("%+v", f.Imports)
	}
	if f.Server.Trouble != "no TCP port is exposed" {
		t.Errorf("%+v", f.Server)
	}
}

func TestOutcomesOfImports(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"good.py": "print('x' * 100000)\n", "exits.py": "import sys\nsys.exit('usage')\n",
		"dies.py":    "import os\nos._exit(3)\n",
		"crashes.py": "import ctypes\nctypes.string_at(0)\n",
		"lacks.py":   "import ctypes\nctypes.CDLL('libnot-there.so.5')\n",
		"reads.py":   "import sys\nassert sys.stdin.read() == ''\nassert sys.argv == ['-c']\n",
		"spawns.py":  "import subprocess\nsubprocess.Popen(['sleep', '60'])\nimport threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n",
	}
	f := try(t, slim+"WORKDIR /app\nCOPY . .\n", files, &smoke.Plan{
		Python: python, Modules: []string{"good", "exits", "dies", "crashes", "lacks", "reads", "spawns", "absent"}, Timeout: 20 * time.Second,
	})
	want := map[string]string{
		"good": "imports", "exits": "exits with 'usage'", "dies": "exits with 3", "crashes": "is killed by SIGSEGV",
		"lacks": "raises OSError: libnot-there.so.5: cannot open shared object file: No such file or directory",
		"reads": "imports", "spawns": "imports", "absent": "raises ModuleNotFoundError: No module named 'absent'",
	}
	for _, m := range f.Imports.Modules {
		if m.String() != want[m.Name] {
			t.Errorf("%s %s, want: %s", m.Name, m.String(), want[m.Name])
		}
	}
	if !slices.Equal(f.MissingLibraries, []string{"libnot-there.so.5"}) {
		t.Errorf("missing are %q", f.MissingLibraries)
	}
	if f.Server.Ports != nil || f.Gunicorn != nil {
		t.Errorf("%+v", f)
	}
}

func TestServersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	plan := &smoke.Plan{Python: python, Timeout: 3 * time.Second}
	files := map[string]string{
		"waits.py": "import time\nprint('waiting for the database', flush=True)\ntime.sleep(600)\n",
		"ends.py":  "import ctypes\nctypes.CDLL('libnot-there.so.5')\n",
		"tcp.py":   "import signal, socket, sys, time\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit())\ns = socket.create_server(('', 8000))\nwhile True:\n    c, a = s.accept()\n    c.sendall(b'+OK redis\\r\\n')\n    time.sleep(.1)\n    c.close()\n",
	}
	base := slim + "WORKDIR /app\nCOPY . .\nEXPOSE 8000\nENTRYPOINT [\"python\"]\n"
	waits := try(t, base+"CMD [\"waits.py\"]\n", files, plan)
	if c := check(t, waits, waits, "http"); c.Verdict != smoke.Unknown || !strings.Contains(c.Detail, "nothing came within 3s") || !slices.Contains(c.Log, "waiting for the database") {
		t.Errorf("%+v", c)
	}
	if waits.Stop != nil {
		t.Error("what never answered was stopped")
	}
	ends := try(t, base+"CMD [\"ends.py\"]\n", files, plan)
	if ends.Server.Ended == nil || ends.Server.Ended.Code != 1 || !slices.Equal(ends.MissingLibraries, []string{"libnot-there.so.5"}) {
		t.Errorf("%+v, ended %+v", ends, ends.Server.Ended)
	}
	if c := check(t, waits, ends, "http"); c.Verdict != smoke.Fail || !strings.Contains(c.Detail, "libnot-there.so.5") {
		t.Errorf("%+v", c)
	}
	tcp := try(t, base+"CMD [\"tcp.py\"]\n", files, plan)
	if c := check(t, tcp, tcp, "http"); c.Verdict != smoke.Pass || c.Detail != "port 8000 accepts connections" {
		t.Errorf("%+v", c)
	}
}

func TestCommandThatCannotStart(t *testing.T) {
	t.Parallel()
	f := try(t, slim+"EXPOSE 8000\nCMD [\"no-such-program\"]\n", nil, &smoke.Plan{Python: python, Timeout: 5 * time.Second})
	if f.Server.Ended == nil || f.Server.Ended.Code == 0 {
		t.Errorf("%+v", f.Server)
	}
	if !slices.ContainsFunc(f.Server.Log, func(l string) bool { return strings.Contains(l, "no-such-program") }) {
		t.Errorf("the log is %q", f.Server.Log)
	}
}

func TestCommandsThatNoPortTellsOf(t *testing.T) {
	t.Parallel()
	plan := &smoke.Plan{Python: python, Timeout: 3 * time.Second}
	worker := slim + "ENV LOG=/root/log\nCMD echo start >> $LOG && sleep 600\n"
	root := try(t, worker, nil, plan)
	if c := check(t, root, root, "command"); c.Verdict != smoke.Pass {
		t.Errorf("%+v", c)
	}
	other := try(t, worker+"USER 1001\n", nil, plan)
	if c := check(t, root, other, "command"); c.Verdict != smoke.Fail || !slices.ContainsFunc(c.Log, func(l string) bool { return strings.Contains(l, "ermission denied") }) {
		t.Errorf("%+v", c)
	}
	bare := try(t, "FROM debian:bookworm-slim\nEXPOSE 80\nCMD [\"true\"]\n", nil, &smoke.Plan{})
	if c := check(t, bare, bare, "command"); c.Verdict != smoke.Pass {
		t.Errorf("%+v", c)
	}
}

// What the probe fails of is no end of the command.
func TestProbeThatFails(t *testing.T) {
	t.Parallel()
	f := try(t, serve+"ENV GREETING=x\n", map[string]string{"server.py": server}, &smoke.Plan{Python: "/bin/false", Timeout: 5 * time.Second})
	if f.Server.Ended != nil || !strings.Contains(f.Server.Trouble, "the probe ended with status 1") {
		t.Errorf("%+v", f.Server)
	}
}

func TestUserThatIsNotThere(t *testing.T) {
	t.Parallel()
	f := try(t, slim+"EXPOSE 8000\nUSER nobody-here\nCMD [\"python\"]\n", nil, &smoke.Plan{Python: python, Modules: []string{"x"}, Command: "true", Timeout: 5 * time.Second})
	for _, log := range [][]string{f.Server.Log, {f.Imports.Trouble}, f.Smoke.Log} {
		if !slices.ContainsFunc(log, func(l string) bool { return strings.Contains(l, "nobody-here") }) {
			t.Errorf("the log is %q", log)
		}
	}
}

func TestServerThatIgnoresSIGTERM(t *testing.T) {
	t.Parallel()
	app := strings.Replace(server, "lambda *a: sys.exit()", "signal.SIG_IGN", 1)
	f := try(t, serve+"ENV GREETING=x STATUS=503\n", map[string]string{"server.py": app}, &smoke.Plan{Python: python, Timeout: 20 * time.Second})
	if p := f.Server.Ports; p[0].Answers[0].Status != 503 {
		t.Errorf("%+v", p)
	}
	if f.Stop != nil {
		t.Errorf("stopped within %s", *f.Stop)
	}
}

const gunicorn = slim + "RUN pip install --no-cache-dir gunicorn==23.0.0\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nENV GUNICORN_CMD_ARGS=\"--workers 1\"\n"

func TestGunicorn(t *testing.T) {
	t.Parallel()
	plan := &smoke.Plan{Python: python, Timeout: 20 * time.Second}
	files := map[string]string{
		"app.py":   "def app(environ, start):\n    start('200 OK', [('Content-Length', '2')])\n    return [b'ok']\n",
		"wrong.py": "import no_such_module\n",
		"entry.sh": "#!/bin/sh\nset -e\nexec gunicorn --bind :8000 \"$1\"\n",
	}
	good := try(t, gunicorn+"CMD exec gunicorn --bind 0.0.0.0:8000 $MORE app:app\n", files, plan)
	if good.Gunicorn == nil || good.Gunicorn.Code != 0 || good.Gunicorn.TimedOut {
		t.Fatalf("%+v", good.Gunicorn)
	}
	for _, name := range []string{"gunicorn-config", "http"} {
		if c := check(t, good, good, name); c.Verdict != smoke.Pass {
			t.Errorf("%+v", c)
		}
	}
	if good.Stop == nil {
		t.Error("gunicorn did not stop")
	}
	wrong := try(t, gunicorn+"RUN chmod +x entry.sh\nENTRYPOINT [\"./entry.sh\"]\nCMD [\"wrong:app\"]\n", files, plan)
	if wrong.Gunicorn == nil || wrong.Gunicorn.Code != 1 {
		t.Fatalf("%+v", wrong.Gunicorn)
	}
	if c := check(t, good, wrong, "gunicorn-config"); c.Verdict != smoke.Fail || !slices.ContainsFunc(c.Log, func(l string) bool { return strings.Contains(l, "no_such_module") }) {
		t.Errorf("%+v", c)
	}
}

func TestImageWithoutPython(t *testing.T) {
	t.Parallel()
	f := try(t, "FROM debian:bookworm-slim\nEXPOSE 80\nCMD [\"sleep\", \"1\"]\n", nil, &smoke.Plan{Modules: []string{"x"}, Command: "exit 255"})
	if c := check(t, f, f, "imports"); c.Verdict != smoke.Unknown || c.Detail != "no Python interpreter in the image" {
		t.Errorf("%+v", c)
	}
	if c := check(t, f, f, "http"); c.Verdict != smoke.Unknown {
		t.Errorf("%+v", c)
	}
	if f.Smoke.Code != 255 {
		t.Errorf("%+v", f.Smoke)
	}
}

func TestDistroless(t *testing.T) {
	t.Parallel()
	const image = "FROM gcr.io/distroless/python3-debian12:nonroot\nWORKDIR /app\nCOPY . .\nENV GREETING=hi NAME=server\nEXPOSE 8000\nCMD [\"server.py\"]\n"
	plan := &smoke.Plan{Python: "/usr/bin/python3", Home: "/home/nonroot", Modules: []string{"server"}, Timeout: 20 * time.Second}
	plan.Command = `python3 -c 'import os, sys; print(sys.argv); sys.exit(os.getuid() != 65532)' "$NAME"`
	files := map[string]string{"server.py": server}
	f := try(t, image, files, plan)
	if f.Smoke.Code != 0 || !slices.Equal(f.Smoke.Log, []string{"['-c', 'server']"}) {
		t.Errorf("%+v", f.Smoke)
	}
	for _, name := range []string{"imports", "http", "smoke"} {
		if c := check(t, f, f, name); c.Verdict != smoke.Pass {
			t.Errorf("%+v", c)
		}
	}
	f = try(t, image, files, &smoke.Plan{Python: plan.Python, Command: "true && false", Timeout: 20 * time.Second})
	if !strings.Contains(f.Smoke.Trouble, "needs a shell") {
		t.Errorf("%+v", f.Smoke)
	}
	withImage(t, image, files, func(ctx context.Context, r *builder.Result) error {
		m, err := smoke.Measure(ctx, r, plan.Python, plan.Home, `python3 -c 'print(len(b"x" * 50_000_000))'`)
		if err != nil {
			return err
		}
		if m.Seconds <= 0 || m.Peak < 50_000_000 || m.Peak > 200_000_000 || !slices.Equal(m.Output, []string{"50000000"}) {
			t.Errorf("%+v", m)
		}
		return nil
	})
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	withImage(t, slim, nil, func(ctx context.Context, r *builder.Result) error {
		m, err := smoke.Measure(ctx, r, python, "", "sleep 0.3 && echo done")
		if err != nil {
			return err
		}
		if m.Seconds < 0.3 || m.Seconds > 3 || m.Code != 0 || !slices.Equal(m.Output, []string{"done"}) {
			t.Errorf("%+v", m)
		}
		m, err = smoke.Measure(ctx, r, python, "", "echo broken; exit 255")
		if err != nil {
			return err
		}
		if m.Code != 255 || !slices.Equal(m.Output, []string{"broken"}) {
			t.Errorf("%+v", m)
		}
		if _, err := smoke.Measure(ctx, r, "", "", "true"); err == nil {
			t.Error("measured without Python")
		}
		return nil
	})
}

// An end of the context ends what runs, at once, and nothing is left behind.
func TestCancelLeavesNothing(t *testing.T) {
	if os.Getenv("BUILDKIT_HOST") == "" {
		t.Skip("BUILDKIT_HOST is not set: no builder to test with")
	}
	before := runtime.NumGoroutine()
	enough := errors.New("enough")
	var took time.Duration
	files := map[string]string{"main.py": "import time\ntime.sleep(600)\n"}
	withImage(t, slim+"WORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD [\"python\", \"main.py\"]\n", files, func(ctx context.Context, r *builder.Result) error {
		for _, p := range []*smoke.Plan{{Python: python, Modules: []string{"main"}}, {Python: python}, {Python: python, Command: "sleep 600", Timeout: time.Second}} {
			ctx, cancel := context.WithCancelCause(ctx)
			var start time.Time
			time.AfterFunc(2*time.Second, func() { start = time.Now(); cancel(enough) })
			_, err := smoke.Run(ctx, r, p)
			if !errors.Is(err, enough) {
				t.Errorf("got %v", err)
			}
			took = max(took, time.Since(start))
		}
		return nil
	})
	if took > 8*time.Second {
		t.Errorf("it took %s to end", took)
	}
	noneLeft(t, before)
}

// noneLeft waits until there are no more goroutines than before.
func noneLeft(t *testing.T, before int) {
	t.Helper()
	for range 50 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines before, now:\n%s", before, stacks[:runtime.Stack(stacks, true)])
}
