package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBulkTakesWhatPassed makes branches in two repositories: one in which a pass
// has to be left out, which its commit then does not claim, and one whose original
// does not build.
func TestBulkTakesWhatPassed(t *testing.T) {
	dir := t.TempDir()
	const broken = "FROM python:3.11-slim-bookworm\nCOPY . /app\nRUN python /app/no_such_script.py\nCMD python /app/site_app.py\n"
	for name, dockerfile := range map[string]string{"good": "", "broken": broken} {
		at := filepath.Join(dir, name)
		if err := exec.Command("cp", "-r", site(t, dockerfile), at).Run(); err != nil {
			t.Fatal(err)
		}
		git(t, at, "init", "-q")
		git(t, at, "add", ".")
		git(t, at, "commit", "-q", "-m", "start")
	}
	t.Setenv("GIT_AUTHOR_NAME", "me")
	t.Setenv("GIT_AUTHOR_EMAIL", "me@example.com")
	t.Setenv("GIT_COMMITTER_NAME", "me")
	t.Setenv("GIT_COMMITTER_EMAIL", "me@example.com")
	out := refit(t, "bulk", "--verify", "--quick", "--branch", "refit", "--smoke", "touch /root-only", "--format", "json",
		"--journal", filepath.Join(dir, "journal"), filepath.Join(dir, "good"), filepath.Join(dir, "broken"))
	var report struct {
		Repositories []struct {
			Status, Branch string
			Rejected       int
			Declined       map[string]int
			Sizes          struct{ Images, Before, After int }
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil || len(report.Repositories) != 2 || out.status != 1 {
		t.Fatalf("exit status %d, %v\n%s\n%s", out.status, err, out.stdout, tail(out.stderr))
	}
	good, bad := report.Repositories[0], report.Repositories[1]
	if good.Status != "changed" || good.Branch != "refit" || good.Sizes.Images != 1 || good.Sizes.Before == 0 || good.Sizes.After == 0 {
		t.Errorf("%+v", good)
	}
	if bad.Status != "unchanged" || bad.Branch != "" || bad.Rejected != 1 || bad.Declined["verify/original-does-not-build"] != 1 {
		t.Errorf("%+v", bad)
	}
	if text := git(t, filepath.Join(dir, "good"), "show", "refit:Dockerfile"); strings.Contains(text, "USER ") {
		t.Errorf("the branch has what did not pass:\n%s", text)
	}
	if message := git(t, filepath.Join(dir, "good"), "log", "-1", "--format=%B", "refit"); strings.Contains(message, "- non-root, line") || !strings.Contains(message, "- left-out, line") || !strings.Contains(message, ", line ") {
		t.Errorf("the commit says\n%s", message)
	}
	if branches := git(t, filepath.Join(dir, "broken"), "branch", "--list", "refit"); branches != "" {
		t.Errorf("a branch of what did not pass: %s", branches)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	args = append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)
	out, err := exec.Command("git", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}
