package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestVerifiedWrite writes what passed; nothing is left to do after it.
func TestVerifiedWrite(t *testing.T) {
	dir := site(t, "")
	write(t, filepath.Join(dir, ".git/HEAD"), "ref: refs/heads/main\n")
	out := refit(t, "-w", "--verify", "--quick", dir)
	if out.status != 0 {
		t.Fatalf("exit status %d\n%s%s", out.status, out.stdout, tail(out.stderr))
	}
	if text := read(t, filepath.Join(dir, "Dockerfile")); !strings.Contains(text, "USER 1001") {
		t.Errorf("the Dockerfile is\n%s", text)
	}
	if ignore := read(t, filepath.Join(dir, ".dockerignore")); !strings.Contains(ignore, ".git") {
		t.Errorf(".dockerignore is\n%s", ignore)
	}
	if out := refit(t, "--check", dir); out.status != 0 {
		t.Errorf("exit status %d, a second run changes:\n%s", out.status, out.stdout)
	}
	files, out := verified(t, "--quick", dir)
	for _, o := range files {
		if out.status != 0 || o.Changed || !o.Good {
			t.Errorf("exit status %d, %+v", out.status, o)
		}
	}
}

// TestFailedIsNotWritten leaves alone what does not pass.
func TestFailedIsNotWritten(t *testing.T) {
	const text = "FROM python:3.11-slim-bookworm\nCOPY . /app\nRUN python /app/no_such_script.py\nCMD python /app/site_app.py\n"
	dir := site(t, text)
	out := refit(t, "-w", "--verify", "--quick", dir)
	if out.status != 1 || !strings.Contains(out.stdout, "the original does not build") {
		t.Errorf("exit status %d\n%s", out.status, out.stdout)
	}
	if got := read(t, filepath.Join(dir, "Dockerfile")); got != text {
		t.Errorf("the Dockerfile is now\n%s", got)
	}
}

// TestWrongSmoke has a smoke test that cannot pass: nothing is proved by it.
func TestWrongSmoke(t *testing.T) {
	dir := site(t, "")
	before := read(t, filepath.Join(dir, "Dockerfile"))
	out := refit(t, "-w", "--verify", "--quick", "--smoke", "pyton -c 1", dir)
	if out.status != 1 || !strings.Contains(strings.Join(strings.Fields(out.stdout), " "), "the smoke test fails in the original image") {
		t.Errorf("exit status %d\n%s", out.status, out.stdout)
	}
	if got := read(t, filepath.Join(dir, "Dockerfile")); got != before {
		t.Errorf("the Dockerfile is now\n%s", got)
	}
}

// TestRootCopy has its source at the top of the image.
func TestRootCopy(t *testing.T) {
	dir := site(t, strings.NewReplacer("WORKDIR /app\n", "", "slim-", "").Replace(siteFiles["Dockerfile"]))
	files, out := verified(t, "--quick", dir)
	for _, o := range files {
		good(t, o)
		for _, c := range o.Checks {
			if c.Name == "files" && !strings.Contains(c.Detail, "3 application files") && !strings.Contains(c.Detail, "2 application files") {
				t.Errorf("%+v", c)
			}
			if c.Name == "imports" && c.Verdict != "pass" {
				t.Errorf("%+v", c)
			}
		}
	}
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
}
