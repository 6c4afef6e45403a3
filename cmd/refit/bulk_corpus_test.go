package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// corpusRepositories is how many repositories tests make of REFIT_CORPUS; all of
// it takes a quarter of an hour, and REFIT_BULK_REPOSITORIES asks for that.
func corpusRepositories(t *testing.T, few int) int {
	t.Helper()
	text := os.Getenv("REFIT_BULK_REPOSITORIES")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("REFIT_BULK_REPOSITORIES: %v", err)
	}
	return n
}

// measured is the summary of a run as it is measured.
type measured struct {
	Repositories struct{ Changed, Unchanged, Failed, Empty int }
	Files        struct{ Changed, Unchanged, Failed int }
	Seconds      float64
	PeakMemory   int64
}

// TestCorpusInBulk makes branches and patches of real Dockerfiles, each in a
// repository, by one worker and by two in turns. Every patch applies, every commit
// says why. It prints what docs/bulk.md quotes.
func TestCorpusInBulk(t *testing.T) {
	if os.Getenv("REFIT_CORPUS") == "" {
		t.Skip("REFIT_CORPUS names no folder of real Dockerfiles")
	}
	texts := dockerfiles(t, corpusRepositories(t, 200))
	var ratios []float64
	rounds := 3
	if len(texts) > 1000 {
		rounds = 1
	}
	for round := range rounds {
		var seconds [3]float64
		for _, j := range []int{1, 2} {
			dir := layOut(t, texts)
			m := measure(t, dir, j)
			seconds[j] = m.Seconds
			t.Logf("speed of bulk, %d repositories, -j %d: %.1f s, %.1f files/s, peak %d MB; %d changed, %d unchanged, %d failed", len(texts), j,
				m.Seconds, float64(len(texts))/m.Seconds, m.PeakMemory/1e6, m.Repositories.Changed, m.Repositories.Unchanged, m.Repositories.Failed)
			if round == 0 && j == 1 {
				checkKept(t, dir, m.Repositories.Changed)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		ratios = append(ratios, seconds[1]/seconds[2])
	}
	slices.Sort(ratios)
	t.Logf("speed of bulk, two workers: %.2f times that of one (of %.2f)", ratios[len(ratios)/2], ratios)
}

func measure(t *testing.T, dir string, jobs int) *measured {
	t.Helper()
	cmd := bulkCommand(t, dir, "-q", "--format", "json", "-j", fmt.Sprint(jobs), "--branch", "refit", "--patch", "patches", "repos")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == exitBad) {
		t.Fatal(err)
	}
	var doc struct{ Summary measured }
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	return &doc.Summary
}

// checkKept holds that there are as many patches and branches as changed
// repositories, that each patch is the branch's change, and that each commit says
// what changed and why.
func checkKept(t *testing.T, dir string, want int) {
	t.Helper()
	patches, err := filepath.Glob(filepath.Join(dir, "patches", "*.patch"))
	if err != nil || len(patches) != want {
		t.Errorf("%d patches of %d changed repositories: %v", len(patches), want, err)
	}
	for _, patch := range patches {
		name, _, _ := strings.Cut(filepath.Base(patch), "-")
		repo := filepath.Join(dir, "repos", name)
		gitIn(t, repo, "apply", "--check", patch)
		gitIn(t, repo, "read-tree", "HEAD")
		gitIn(t, repo, "apply", "--cached", patch)
		if got, want := gitIn(t, repo, "write-tree"), gitIn(t, repo, "rev-parse", "refit^{tree}"); got != want {
			t.Errorf("%s: the patch makes tree %s, the branch has %s", repo, got, want)
		}
		checkMessage(t, repo)
	}
}

func checkMessage(t *testing.T, repo string) {
	t.Helper()
	message := gitIn(t, repo, "log", "-1", "--format=%B", "refit")
	subject, body, _ := strings.Cut(message, "\n\n")
	if len(subject) > 72 || !strings.HasPrefix(subject, "Dockerfile: ") || !strings.Contains(body, ", line ") || !strings.Contains(body, "\nMade-by: refit ") {
		t.Errorf("%s: the commit says\n%s", repo, message)
	}
	for line := range strings.Lines(body) {
		if len([]rune(line)) > 73 && strings.Contains(strings.TrimSpace(line[2:]), " ") {
			t.Errorf("%s: a line of %d characters: %s", repo, len(line), line)
		}
	}
}
