package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refit/internal/bulk"
)

// TestKilledRunGoesOn kills a run twice, at random, and holds that what the third
// makes of it is what an undisturbed run makes: branches, patches, files, and the
// summary; and that nothing is done twice.
func TestKilledRunGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("builds repositories and starts many processes")
	}
	n := 40
	if os.Getenv("REFIT_CORPUS") != "" {
		n = corpusRepositories(t, 120)
	}
	texts := dockerfiles(t, n)
	for name, flags := range map[string][]string{
		"branch and patch": {"--branch", "refit", "--patch", "patches"},
		"write":            {"--write"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"-j", "2", "--format", "json", "--journal", "journal", "repos"}, flags...)
			quiet, killed := layOut(t, texts), layOut(t, texts)
			want := runToEnd(t, quiet, args)
			for range 2 {
				killOnce(t, killed, args, len(texts))
			}
			got := runToEnd(t, killed, args)
			if !maps.Equal(got, want) {
				t.Errorf("summaries differ: %v, undisturbed %v", got, want)
			}
			sameFiles(t, killed, quiet)
			if got, want := trees(t, killed), trees(t, quiet); !maps.Equal(got, want) {
				t.Errorf("the branches' trees are %v, undisturbed %v", got, want)
			}
			doneOnce(t, killed, len(texts))
		})
	}
}

// runToEnd lets a run come to its end, and returns the counts of its summary.
func runToEnd(t *testing.T, dir string, args []string) map[string]int {
	t.Helper()
	cmd := bulkCommand(t, dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == exitBad) { // some Dockerfiles are broken
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var doc struct {
		Summary struct {
			Repositories map[string]int
			Files        map[string]int
		}
	}
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	counts := map[string]int{}
	for name, n := range doc.Summary.Repositories {
		counts["repositories "+name] = n
	}
	for name, n := range doc.Summary.Files {
		counts["files "+name] = n
	}
	t.Logf("%v", counts)
	delete(counts, "repositories resumed")
	return counts
}

// killOnce starts a run and kills it after it has done some more repositories.
func killOnce(t *testing.T, dir string, args []string, total int) {
	t.Helper()
	cmd := bulkCommand(t, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := func() int {
		text, _ := os.ReadFile(filepath.Join(dir, "journal")) // it may not be there yet
		return bytes.Count(text, []byte("\n"))
	}
	until := lines() + 1 + rand.IntN(total/3)
	for deadline := time.Now().Add(time.Minute); lines() < until && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	t.Logf("killed after %d lines of the journal: %v", lines(), err)
}

// trees are the trees of the branches "refit".
func trees(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	refs, err := filepath.Glob(filepath.Join(dir, "repos", "*", ".git", "refs", "heads", "refit"))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range refs {
		repo, _, _ := strings.Cut(ref, string(filepath.Separator)+".git")
		found[filepath.Base(repo)] = gitIn(t, repo, "rev-parse", "refit^{tree}")
		if log := readText(t, filepath.Join(repo, ".git", "logs", "refs", "heads", "refit")); strings.Count(log, "\n") != 1 {
			t.Errorf("%s: the branch was set more than once:\n%s", repo, log)
		}
	}
	return found
}

// sameFiles holds that two runs left the same work trees and patches, and nothing
// half done.
func sameFiles(t *testing.T, got, want string) {
	t.Helper()
	a, b := filesOf(t, got), filesOf(t, want)
	for name, text := range b {
		if a[name] != text {
			t.Errorf("%s: got\n%s\nundisturbed\n%s", name, a[name], text)
		}
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			t.Errorf("%s is left", name)
		}
	}
}

// filesOf are the files below a directory that are not git's, nor the journal's.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir() || strings.HasPrefix(d.Name(), "journal"):
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		files[rel] = readText(t, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// doneOnce holds that the journal has each repository once.
func doneOnce(t *testing.T, dir string, total int) {
	t.Helper()
	done := map[string]int{}
	for line := range strings.Lines(readText(t, filepath.Join(dir, "journal"))) {
		var l struct {
			Repository string
			Done       *struct{}
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Done != nil {
			done[l.Repository]++
		}
	}
	if len(done) != total {
		t.Errorf("%d repositories in the journal; want %d", len(done), total)
	}
	for name, n := range done {
		if n != 1 {
			t.Errorf("%s was done %d times", name, n)
		}
	}
}

// TestOneRunHasTheJournal holds that a second run with a journal is refused, and
// says why.
func TestOneRunHasTheJournal(t *testing.T) {
	dir := layOut(t, dockerfiles(t, 3))
	j, err := bulk.OpenJournal(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--journal", "journal", "--patch", "patches", "repos/r0000"}
	out, err := bulkCommand(t, dir, args...).CombinedOutput()
	if err == nil || string(out) != "refit: journal journal: another run of refit bulk is using it\n" {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "patches")); err == nil {
		t.Error("the run that was refused has begun to work")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := bulkCommand(t, dir, args...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
