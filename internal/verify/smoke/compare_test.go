package smoke

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// quiet is a server that there was nothing to ask of.
var quiet = &Server{Trouble: noPort}

func answers(bodies ...string) []Answer {
	var list []Answer
	for _, b := range bodies {
		list = append(list, Answer{Accepts: true, Status: 200, SHA256: b, Digitless: plain(b), First: b})
	}
	return list
}

func statuses(codes ...int) []Answer {
	var list []Answer
	for _, c := range codes {
		list = append(list, Answer{Accepts: true, Status: c, SHA256: "x"})
	}
	return list
}

func TestCompareServers(t *testing.T) {
	on := func(a []Answer) *Server {
		return &Server{Ports: []Port{{8000, a}}, Within: time.Minute, Log: []string{"the log"}}
	}
	mute := []Answer{{Accepts: true, Trouble: "timed out"}}
	moved := []Answer{{Accepts: true, Status: 302, Location: "/login", SHA256: "x"}, {Accepts: true, Status: 302, Location: "/login", SHA256: "x"}}
	ended := func(code int, log ...string) *Server {
		return &Server{Ports: []Port{{8000, nil}}, Ended: &Ending{Code: code}, Log: log, Within: time.Minute}
	}
	for _, c := range []struct {
		name          string
		before, after *Server
		verdict       string
		says          string
	}{
		{"alike", on(answers("a", "a", "a", "a")), on(answers("a", "a")), Pass, "status 200 and the same body"},
		{"another body", on(answers("a", "a", "a", "a")), on(answers("b", "b")), Fail, `"b", in the original "a"`},
		{"changes at each request", on(answers("a", "b")), on(answers("c", "d")), Pass, "changes from one request"},
		{"changes at each start", on(answers("a", "a", "b", "b")), on(answers("c", "c")), Pass, "changes from one request"},
		{"a later time of day", on(answers("it is 12:30", "it is 12:30")), on(answers("it is 12:31")), Unknown, "differs from the original's in numbers"},
		{"another status", on(statuses(200, 200)), on(statuses(500)), Fail, "status 500; in the original with 200"},
		{"a status that comes and goes", on(statuses(200, 500)), on(statuses(500, 500)), Unknown, "one status and with another"},
		{"error pages", on([]Answer{{Accepts: true, Status: 500, SHA256: "x"}, {Accepts: true, Status: 500, SHA256: "x"}}), on(statuses(500)), Pass, "status 500, as in the original"},
		{"another redirection", on(moved), on([]Answer{{Accepts: true, Status: 302, Location: "/", SHA256: "x"}}), Fail, `leads to "/"; in the original to "/login"`},
		{"no HTTP", on(mute), on(mute), Pass, "port 8000 accepts connections"},
		{"no HTTP any more", on(answers("a", "a")), on(mute), Fail, "answers nothing in HTTP (timed out)"},
		{"silent", on(answers("a", "a")), on(nil), Fail, "nothing came within 1m0s"},
		{"ended", on(answers("a", "a")), ended(1, "ImportError: x"), Fail, "the command ended with status 1"},
		{"silent before", on(nil), on(answers("a")), Unknown, "does not answer in the original: nothing came within"},
		{"ended in both", ended(3, "no database"), ended(3, "no database"), Unknown, "the command ended with status 3"},
		{"ended for want of a library", ended(1, "no database"), ended(1, "ImportError: libpq.so.5: cannot open shared object file"), Fail, "libpq.so.5"},
		{"waits in the original only", on(nil), ended(1, "oops"), Fail, "the original's command goes on"},
		{"not tried before", quiet, on(nil), Unknown, "no TCP port is exposed"},
		{"not tried after", on(nil), &Server{Trouble: noPython}, Unknown, "in the new image, no Python"},
	} {
		got := compareServers(c.before, c.after)
		if got.Name != "http" || got.Verdict != c.verdict || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v, want %s: %s", c.name, got, c.verdict, c.says)
		}
		if got.Verdict == Fail && !slices.Equal(got.Log, c.after.Log) {
			t.Errorf("%s: the log is %q", c.name, got.Log)
		}
	}
}

// Two pages that begin alike are told from each other by where they differ.
func TestCompareAnswersShowsTheDifference(t *testing.T) {
	head := strings.Repeat("the same on both pages – ", 8)
	port := func(body string) *Port { return &Port{8000, answers(body, body)} }
	for _, c := range []struct{ before, after, says string }{
		{"a", "b", `differs: "b", in the original "a"`},
		{head + "German", head + "English", `– English", in the original "…`},
		{head, head + "more", `– more", in the original "…`},
	} {
		if verdict, say := compareAnswers(port(c.before), port(c.after)); verdict != Fail || !strings.Contains(say, c.says) || len(say) > 300 {
			t.Errorf("%s: %s, want %s", verdict, say, c.says)
		}
	}
	long := port(head)
	long.Answers[0].SHA256, long.Answers[0].Digitless = "another tail", "another tail"
	if verdict, say := compareAnswers(port(head), long); verdict != Fail || !strings.Contains(say, `differs after "the same`) {
		t.Errorf("%s: %s", verdict, say)
	}
}

func TestCompareSeveralPorts(t *testing.T) {
	before := &Server{Ports: []Port{{80, nil}, {8000, answers("a", "a")}}}
	got := compareServers(before, before)
	if got.Verdict != Pass || !strings.Contains(got.Detail, "port 8000 answers") || !strings.Contains(got.Detail, "port 80 does not answer in the original") {
		t.Errorf("%+v", got)
	}
	got = compareServers(before, &Server{})
	if got.Verdict != Fail || strings.Contains(got.Detail, "port 80 ") {
		t.Errorf("%+v", got)
	}
}

func TestCompareImports(t *testing.T) {
	raised := func(kind, message string) Import {
		return Import{Name: "m", Kind: Raised, Exception: kind, Message: message, Trace: []string{kind + ": " + message}}
	}
	good := Import{Name: "m", Kind: Imported}
	for _, c := range []struct {
		name          string
		before, after Import
		verdict, says string
	}{
		{"imports", good, good, Pass, "1 module imports as before"},
		{"broken", good, raised("ImportError", "libpq.so.5: cannot open"), Fail, "m raises ImportError: libpq.so.5: cannot open; it imports in the original"},
		{"now imports", raised("ValueError", "x"), good, Unknown, "no module imports in the original: m raises ValueError: x"},
		{"elsewhere", raised("ImportError", "no x (/usr/lib/python3.11/m.py)"), raised("ImportError", "no x (/opt/venv/lib/python3.11/m.py)"), Unknown, "no module imports in the original: m raises ImportError: no x (/usr/lib/python3.11/m.py)"},
		{"another address", raised("KeyError", "<A at 0x7f12>"), raised("KeyError", "<A at 0x8a34>"), Unknown, "no module imports in the original"},
		{"another library", raised("ImportError", "liba.so.1: x"), raised("ImportError", "liba.so.2: x"), Fail, "liba.so.2"},
		{"another message", raised("KeyError", "a"), raised("KeyError", "b"), Unknown, "no module imports in the original: m raises KeyError: a"},
		{"another exception", raised("ConnectionError", "x"), raised("PermissionError", "x"), Fail, "in the original it raises ConnectionError"},
		{"a script that goes on", Import{Name: "m", Kind: TimedOut}, Import{Name: "m", Kind: TimedOut}, Unknown, "m does not come to an end"},
		{"a script that went on", Import{Name: "m", Kind: TimedOut}, raised("PermissionError", "x"), Fail, "in the original it does not come to an end"},
		{"usage", Import{Name: "m", Kind: Exited, Message: "2"}, Import{Name: "m", Kind: Exited, Message: "2"}, Unknown, "m exits with 2"},
		{"no time", good, Import{Name: "m", Kind: Untried}, Unknown, "want of time"},
	} {
		got := compareImports(&Imports{Modules: []Import{c.before}}, &Imports{Modules: []Import{c.after}})
		if got.Verdict != c.verdict || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v, want %s: %s", c.name, got, c.verdict, c.says)
		}
		if got.Verdict == Fail && !slices.Equal(got.Log, c.after.Trace) {
			t.Errorf("%s: the log is %q", c.name, got.Log)
		}
	}
	without := &Imports{Trouble: noPython}
	if got := compareImports(without, without); got.Verdict != Unknown || got.Detail != noPython {
		t.Errorf("%+v", got)
	}
	if got := compareImports(&Imports{Modules: []Import{good}}, without); got.Verdict != Fail {
		t.Errorf("%+v", got)
	}
}

// Beside a module that imports in both images, those that do not are told apart.
func TestCompareImportsOfSeveral(t *testing.T) {
	good := Import{Name: "good", Kind: Imported}
	raised := func(message string) Import {
		return Import{Name: "m", Kind: Raised, Exception: "KeyError", Message: message}
	}
	for _, c := range []struct {
		name          string
		before, after []Import
		verdict, says string
	}{
		{"fails in both", []Import{good, raised("at 0x7f12")}, []Import{good, raised("at 0x8a34")}, Pass, "1 module imports as before; m raises KeyError: at 0x8a34, in both images"},
		{"fails in another way", []Import{good, raised("a")}, []Import{good, raised("b")}, Unknown, "in the original it raises KeyError: a"},
		{"left out", []Import{{Name: "docs", Kind: Imported}, good}, []Import{good}, Pass, "1 module imports as before; docs is not in the new image"},
		{"all that work left out", []Import{good, raised("a")}, []Import{raised("a")}, Unknown, "good is not in the new image"},
		{"one more", []Import{good}, []Import{{Name: "extra", Kind: Raised}, good}, Pass, "1 module imports as before"},
	} {
		got := compareImports(&Imports{Modules: c.before}, &Imports{Modules: c.after})
		if got.Verdict != c.verdict || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v, want %s: %s", c.name, got, c.verdict, c.says)
		}
	}
}

func TestCompareHealth(t *testing.T) {
	well, hung := Ending{}, Ending{Code: hangs, Log: []string{"it did not end in time"}}
	refused, lacks := Ending{Code: 1, Log: []string{"connection refused"}}, Ending{Code: 127, Log: []string{"/bin/sh: 1: curl: not found"}}
	silent := Ending{Trouble: "the command ended"}
	for _, c := range []struct {
		name          string
		before, after Ending
		verdict, says string
	}{
		{"healthy", well, well, Pass, "the health check ended with status 0"},
		{"curl is gone", well, lacks, Fail, "ended with status 127; in the original it ended with status 0"},
		{"hangs", well, hung, Fail, "ended with status 124"},
		{"fails in both", refused, refused, Unknown, "fails in both images"},
		{"hung, and now fails", hung, refused, Unknown, "fails in both images"},
		{"would fail for want of curl, too", refused, lacks, Fail, "curl: not found"},
		{"now healthy", refused, well, Pass, "ended with status 0"},
		{"not tried", silent, silent, Unknown, "the command ended"},
		{"not tried any more", well, silent, Unknown, "in the new image, the command ended"},
	} {
		got := compareHealth(&c.before, &c.after)
		if got.Name != "healthcheck" || got.Verdict != c.verdict || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v, want %s: %s", c.name, got, c.verdict, c.says)
		}
		if got.Verdict == Fail && !slices.Equal(got.Log, c.after.Log) {
			t.Errorf("%s: the log is %q", c.name, got.Log)
		}
	}
}

func TestCompareEndings(t *testing.T) {
	const lib = "libx.so.1: cannot open shared object file: No such file or directory"
	for _, c := range []struct {
		name          string
		before, after Ending
		verdict, says string
	}{
		{"both well", Ending{}, Ending{}, Pass, "it ended with status 0"},
		{"worse", Ending{}, Ending{Code: 1}, Fail, "ended with status 1; in the original it ended with status 0"},
		{"better", Ending{Code: 1}, Ending{}, Pass, "ended with status 0"},
		{"fails in both", Ending{Code: 1, Log: []string{"a"}}, Ending{Code: 1, Log: []string{"b"}}, Unknown, "fails in both images"},
		{"fails in both, the new one for something missing", Ending{Code: 1, Log: []string{"a"}}, Ending{Code: 1, Log: []string{"b", lib}}, Fail, "libx.so.1"},
		{"never ends", Ending{Code: -1, TimedOut: true}, Ending{Code: -1, TimedOut: true}, Unknown, "did not end in time"},
		{"ended where it went on", Ending{Code: -1, TimedOut: true}, Ending{Code: 3}, Fail, "in the original it went on"},
		{"not tried", Ending{Trouble: noCommand}, Ending{Trouble: noCommand}, Unknown, noCommand},
		{"cannot be tried any more", Ending{}, Ending{Trouble: needsShell}, Fail, needsShell},
	} {
		got := compareEndings("smoke", "it", &c.before, &c.after)
		if got.Verdict != c.verdict || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v, want %s: %s", c.name, got, c.verdict, c.says)
		}
	}
}

func TestCompareCommands(t *testing.T) {
	const denied = "open /var/log/worker.log: permission denied"
	on := func(log ...string) Ending { return Ending{Code: -1, TimedOut: true, Log: log} }
	for _, c := range []struct {
		name          string
		before, after Ending
		verdict, says string
	}{
		{"a job", Ending{}, Ending{}, Pass, "ended with status 0"},
		{"a worker", on("12:00 tick"), on("12:01 tick"), Pass, "goes on, as in the original"},
		{"a worker that may not write", on("tick"), on(denied), Fail, denied},
		{"a worker that ends", on(), Ending{Code: 1}, Fail, "ended with status 1; in the original it went on"},
		{"a job that fails", Ending{}, Ending{Code: 1}, Fail, "in the original it ended with status 0"},
		{"a job that is slow", Ending{}, on(), Unknown, "had not ended yet; in the original it ended with status 0"},
		{"a job that is fast", on(), Ending{}, Unknown, "in the original it had not ended yet"},
		{"usage", Ending{Code: 2, Log: []string{"usage: x"}}, Ending{Code: 2, Log: []string{"usage: x"}}, Unknown, "fails in both images"},
		{"for want of a service, and of rights", Ending{Code: 1, Log: []string{"no database"}}, Ending{Code: 1, Log: []string{denied}}, Fail, denied},
	} {
		got := compareCommands(&c.before, &c.after)
		if got.Name != "command" || got.Verdict != c.verdict || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %+v, want %s: %s", c.name, got, c.verdict, c.says)
		}
	}
}

// Where no port is exposed, how the command went says more than that nothing
// could be asked. What was not tried is left out.
func TestCompareTellsWhatWasTried(t *testing.T) {
	none := &Imports{Trouble: noPython}
	all := &Findings{Imports: none, Gunicorn: &Ending{}, Server: quiet, Health: &Ending{}, Smoke: &Ending{}}
	mute := &Findings{Imports: none, Server: &Server{Trouble: noPython}, Command: &Ending{}}
	for _, c := range []struct {
		before, after *Findings
		want          string
	}{
		{&Findings{Imports: none, Server: quiet}, all, "imports unknown, http unknown"},
		{&Findings{Imports: none, Server: quiet, Command: &Ending{}}, &Findings{Imports: none, Server: quiet, Command: &Ending{}}, "imports unknown, command pass"},
		{mute, mute, "imports unknown, http unknown, command pass"},
		{all, &Findings{Imports: none, Server: quiet, Smoke: &Ending{}}, "imports unknown, gunicorn-config fail, http unknown, smoke pass"},
		{all, all, "imports unknown, gunicorn-config pass, http unknown, healthcheck pass, smoke pass"},
	} {
		var names []string
		for _, check := range Compare(c.before, c.after) {
			names = append(names, check.Name+" "+check.Verdict)
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestModules(t *testing.T) {
	files := []string{
		"/app/app.py", "/app/pkg/__init__.py", "/app/pkg/inner.py", "/app/pkg/sub/__init__.py", "/app/setup.py",
		"/app/conftest.py", "/app/test_app.py", "/app/app_test.py", "/app/gunicorn.conf.py", "/app/noxfile.py",
		"/app/my-script.py", "/app/2fast.py", "/app/class.py", "/app/README.md", "/app/tests/__init__.py",
		"/app/fast.cpython-311-x86_64-linux-gnu.so", "/app/fast.py", "/app/libx.so.1", "/application/x.py", "/app/__init__.py", "/app/tasks.py",
	}
	want := []string{"app", "fast", "pkg", "tasks"}
	for _, dir := range []string{"/app", "/app/", "app"} {
		if got := Modules(files, dir); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
	if got := Modules([]string{"/main.py", "/app/x.py"}, "/"); !slices.Equal(got, []string{"main"}) {
		t.Errorf("at the root: %q", got)
	}
}

func TestWordsFindGunicorn(t *testing.T) {
	for script, want := range map[string]bool{
		"gunicorn":                             true,
		"/opt/venv/bin/gunicorn":               true,
		"exec gunicorn $GUNICORN_ARGS app:app": true,
		"#!/bin/sh\nset -e\nmigrate && exec 'gunicorn' a:b\n": true,
		"if x; then python -m gunicorn a:b; fi":               true,
		"supervisord -c gunicorn.conf":                        false,
		"echo 'run gunicorn later'":                           false,
		"app:create_app()":                                    false,
		"# gunicorn\nuvicorn a:b":                             false,
	} {
		if got := slices.ContainsFunc(words(script), isGunicorn); got != want {
			t.Errorf("%q: %v", script, got)
		}
	}
}

func TestMissingLibraries(t *testing.T) {
	log := []string{
		"ImportError: libpq.so.5: cannot open shared object file: No such file or directory",
		"/app/tool: error while loading shared libraries: libz.so.1: cannot open shared object file: No such file or directory",
		"OSError: /opt/lib/libfoo-1.2.so: cannot open shared object file: No such file or directory",
		"Error loading shared library libstdc++.so.6: No such file or directory (needed by /x.so)",
		"FileNotFoundError: [Errno 2] No such file or directory: 'liba.so'",
	}
	if got, want := missingLibraries(log), []string{"libfoo-1.2.so", "libpq.so.5", "libstdc++.so.6", "libz.so.1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
