package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// askedProject is a project of which no file tells which files pip takes.
var askedProject = map[string]string{
	"Dockerfile":       "FROM python:3.11-slim-bookworm\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
	"requirements.txt": "markupsafe==2.1.5\nnetifaces==0.11.0\nsix==1.16.0\n",
}

// TestWheelsVerify asks pip by the command line, and asks again where nothing but the kept answers can tell.
func TestWheelsVerify(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	for name, text := range askedProject {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"explain", "wheels", "--verify", "--format", "json", dir}
	first := refit(t, args...)
	holdsAnswers(t, first)
	second := refit(t, append(args, "--builder", "tcp://127.0.0.1:1")...)
	if first.stdout != second.stdout {
		t.Errorf("the kept answers differ:\n%s\n%s", first.stdout, second.stdout)
	}
	if third := refit(t, append(args, "--refresh", "--builder", "tcp://127.0.0.1:1")...); third.status == 0 {
		t.Error("--refresh asks nobody")
	}
}

// holdsAnswers holds what pip said of the project's packages.
func holdsAnswers(t *testing.T, out *output) {
	t.Helper()
	var table wheelTable
	if err := json.Unmarshal([]byte(out.stdout), &table); err != nil || out.status != 0 {
		t.Fatalf("exit status %d, %v\n%s", out.status, err, out.stderr)
	}
	if len(table.Targets) != 2 || len(table.Packages) != 3 {
		t.Fatalf("%d targets and %d packages\n%s", len(table.Targets), len(table.Packages), out.stdout)
	}
	for _, p := range table.Packages {
		verdict := map[string]string{"markupsafe": "wheel", "netifaces": "compile", "six": "pure"}[p.Name]
		for _, column := range table.Targets {
			cell := p.Verdicts[column.Label]
			t.Logf("%s %s, %s: %+v", p.Name, p.Version, column.Label, cell)
			if cell == nil || cell.Verdict != verdict || cell.File == "" {
				t.Errorf("%s, %s: %+v, want %s and the file", p.Name, column.Label, cell, verdict)
			}
		}
	}
}
