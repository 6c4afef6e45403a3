package smoke_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"refit/internal/verify/smoke"
)

// passing asks the server that serve starts; curl is in no slim image.
const (
	passing = `HEALTHCHECK CMD python -c "import os, urllib.request; del os.environ['http_proxy']; urllib.request.urlopen('http://localhost:8000')"` + "\n"
	lacking = "HEALTHCHECK CMD curl -f http://localhost:8000 || exit 1\n"
)

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	plan := &smoke.Plan{Python: python, Timeout: 20 * time.Second}
	files := map[string]string{"server.py": server}
	of := func(healthcheck string) *smoke.Findings {
		return try(t, serve+"ENV GREETING=hello\n"+healthcheck, files, plan)
	}
	before, after := of(passing), of(lacking)
	if c := check(t, before, before, "healthcheck"); c.Verdict != smoke.Pass {
		t.Errorf("%+v", c)
	}
	if c := check(t, before, after, "healthcheck"); c.Verdict != smoke.Fail || !slices.ContainsFunc(c.Log, func(l string) bool { return strings.Contains(l, "curl: not found") }) {
		t.Errorf("%+v", c)
	}
	if c := check(t, after, after, "healthcheck"); c.Verdict != smoke.Unknown {
		t.Errorf("%+v", c)
	}
	if after.Stop == nil {
		t.Error("a health check that fails ends the command")
	}
	if f := of("HEALTHCHECK NONE\n"); f.Health != nil {
		t.Errorf("%+v", f.Health)
	}
	given := *plan
	given.Health = []string{"CMD-SHELL", "test $GREETING = hello"}
	if f := try(t, serve+"ENV GREETING=hello\n"+lacking, files, &given); f.Health == nil || f.Health.Code != 0 || f.Health.Trouble != "" {
		t.Errorf("%+v", f.Health)
	}
	given.Health = []string{"NONE"}
	if f := try(t, serve+"ENV GREETING=hello\n"+lacking, files, &given); f.Health != nil {
		t.Errorf("%+v", f.Health)
	}
}

// The forms of a health check, beside a command that exposes no port: with
// Python, and where only the shell runs it.
func TestFormsOfHealthcheck(t *testing.T) {
	t.Parallel()
	const worker = "FROM python:3.11-slim-bookworm\nWORKDIR /tmp\nENV A=b\nCMD echo b > up && sleep 600\n"
	for _, c := range []struct {
		text string
		want int
		says string
	}{
		{`HEALTHCHECK CMD ["grep", "-q", "b", "up"]`, 0, ""},
		{`HEALTHCHECK CMD ["grep", "$A", "up"]`, 1, ""},
		{`HEALTHCHECK CMD grep "$A" up && test "$PWD" = /tmp`, 0, "b"},
		{`HEALTHCHECK CMD ["no-such-program"]`, 127, "no-such-program: not found"},
		{"SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nHEALTHCHECK CMD false | [[ a = a ]]", 1, ""},
		{`HEALTHCHECK CMD test -e tried || { touch tried; exit 1; }`, 0, ""},
	} {
		for _, interpreter := range []string{python, ""} {
			f := try(t, worker+c.text+"\n", nil, &smoke.Plan{Python: interpreter, Timeout: time.Second})
			if h := f.Health; h == nil || h.Code != c.want || h.Trouble != "" || !strings.Contains(strings.Join(h.Log, "\n"), c.says) {
				t.Errorf("%s, with %q: %+v", c.text, interpreter, h)
			}
			if !f.Command.TimedOut {
				t.Errorf("%s, with %q: the command %s", c.text, interpreter, f.Command)
			}
		}
	}
	f := try(t, worker+"HEALTHCHECK --timeout=1s CMD sleep 60\n", nil, &smoke.Plan{Python: python, Timeout: time.Second})
	if f.Health == nil || f.Health.Code != 124 {
		t.Errorf("%+v", f.Health)
	}
	f = try(t, worker+"HEALTHCHECK CMD true\nCMD [\"true\"]\n", nil, &smoke.Plan{Python: python, Timeout: time.Second})
	if f.Health == nil || !strings.Contains(f.Health.Trouble, "the command ended") {
		t.Errorf("%+v", f.Health)
	}
}
