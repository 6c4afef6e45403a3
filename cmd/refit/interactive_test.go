package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refit/internal/choose"
	"refit/internal/report"
)

// chosen runs refit -i on Dockerfiles of one directory, with scripted answers, and
// gives what is in the directory then.
func chosen(t *testing.T, answers string, files map[string]string, args ...string) (map[string]string, string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	opt, err := parseFlags("", append([]string{"-i", dir}, args...))
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	a, err := newApp(opt, null, null, null)
	if err != nil {
		t.Fatal(err)
	}
	a.out = bufio.NewWriter(io.Discard)
	var out strings.Builder
	_, err = a.choose(choose.New(strings.NewReader(answers), &out, report.Style{}, nil))
	after := map[string]string{}
	entries, readErr := os.ReadDir(dir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		after[e.Name()] = string(b)
	}
	return after, out.String(), err
}

const (
	plainFile = "FROM python:3.12-slim-bookworm\nRUN pip install flask\nCMD [\"flask\", \"run\"]\n"
	withEnv   = "FROM python:3.12-slim-bookworm\nENV PYTHONUNBUFFERED=1\nRUN pip install flask\nCMD [\"flask\", \"run\"]\n"
	withCache = "FROM python:3.12-slim-bookworm\nRUN --mount=type=cache,target=/root/.cache/pip,id=pip-bookworm pip install flask\nCMD [\"flask\", \"run\"]\n"
)

func TestInteractiveWritesWhatIsAccepted(t *testing.T) {
	both := map[string]string{"a.Dockerfile": plainFile, "b.Dockerfile": plainFile}
	for _, c := range []struct{ name, answers, a, b string }{
		{"one of each", "n\ny\ny\nn\n", withEnv, withCache},
		{"a pass in no file", "p\ny\nn\n", withEnv, plainFile},
		{"quit", "y\nq\n", withCache, plainFile},
		{"none in one", "d\nn\ny\n", plainFile, withEnv},
	} {
		t.Run(c.name, func(t *testing.T) {
			after, out, err := chosen(t, c.answers, both, "--only", "pip-cache,python-env")
			if err != nil || after["a.Dockerfile"] != c.a || after["b.Dockerfile"] != c.b || len(after) != 2 {
				t.Errorf("%v %q\n%s", err, after, out)
			}
		})
	}
}

// TestInteractiveMark: a comment stays where somebody does not want to be asked
// again, also in a stage that a compose file builds.
func TestInteractiveMark(t *testing.T) {
	const marked = "FROM python:3.12-slim-bookworm\nENV PYTHONUNBUFFERED=1\n# refit: skip=pip-cache\nRUN pip install flask\nCMD [\"flask\", \"run\"]\n"
	for _, compose := range []string{"services: {}\n", "services: {web: {build: ., command: flask run --debug}}\n"} {
		files := map[string]string{"Dockerfile": plainFile, "compose.yaml": compose}
		after, out, err := chosen(t, "s\ny\n", files, "--only", "pip-cache,python-env")
		if err != nil || after["Dockerfile"] != marked {
			t.Errorf("%v %q\n%s", err, after, out)
		}
		if again, out, err := chosen(t, "", after, "--only", "pip-cache,python-env"); err != nil || again["Dockerfile"] != marked || out != "" {
			t.Errorf("again: %v %q\n%s", err, again, out)
		}
	}
}

// TestInteractiveEndOfInput: a file that is not finished stays as it is, and so do
// those after it.
func TestInteractiveEndOfInput(t *testing.T) {
	after, out, err := chosen(t, "n\ny\ny\n", map[string]string{"a.Dockerfile": plainFile, "b.Dockerfile": plainFile}, "--only", "pip-cache,python-env")
	if err == nil || !strings.Contains(err.Error(), "interrupted: ") || !strings.Contains(err.Error(), "b.Dockerfile and what comes after it are as they were") {
		t.Errorf("%v\n%s", err, out)
	}
	if after["a.Dockerfile"] != withEnv || after["b.Dockerfile"] != plainFile {
		t.Errorf("%q", after)
	}
}

// TestInteractiveCompanion: a file that belongs to a change is shown with it, and is
// written only if it is accepted.
func TestInteractiveCompanion(t *testing.T) {
	files := map[string]string{"Dockerfile": "FROM python:3.12-slim-bookworm\nCOPY . .\nCMD [\"python\", \"main.py\"]\n", "main.py": "print(1)\n", "main.pyc": "x"}
	for answer, want := range map[string]bool{"y\n": true, "n\n": false} {
		after, out, err := chosen(t, answer, files, "--only", "dockerignore")
		if _, written := after[".dockerignore"]; err != nil || written != want || !strings.Contains(out, "+++ b/.dockerignore\n") {
			t.Errorf("%s %v %q\n%s", answer, err, after, out)
		}
	}
}

// TestInteractiveTagStays: whoever does not want the release in the tag gets it from
// no other pass, and is asked about each by itself.
func TestInteractiveTagStays(t *testing.T) {
	files := func(from string) map[string]string {
		return map[string]string{"Dockerfile": from + "\nCOPY app.py .\nCMD [\"python\", \"app.py\"]\n", "app.py": "print(1)\n"}
	}
	for _, c := range []struct{ from, answers, want string }{
		{"FROM python:3.12", "s\ny\n", "# refit: skip=pin-tag\nFROM python:3.12-slim"},
		{"FROM python:3.12", "n\ny\n", "FROM python:3.12-slim"},
		{"FROM python:3.12", "n\nn\n", "FROM python:3.12"},
		{"FROM python:3.12", "y\ny\n", "FROM python:3.12-slim-trixie"},
		{"FROM python", "n\ny\n", "FROM python:slim"},
	} {
		after, out, err := chosen(t, c.answers, files(c.from), "--only", "pin-tag,slim-base")
		if want := files(c.want)["Dockerfile"]; err != nil || after["Dockerfile"] != want {
			t.Errorf("%s, %q: %v, got %q, want %q\n%s", c.from, c.answers, err, after["Dockerfile"], want, out)
		}
		if strings.Count(out, "(1/2) pin-tag") != 1 || strings.Count(out, "(2/2) slim-base") != 1 {
			t.Errorf("%s, %q:\n%s", c.from, c.answers, out)
		}
	}
}
