package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refit/internal/bulk"
	"refit/internal/verify"
)

// TestFinishIntent has a Dockerfile and a companion in every state in which a kill
// may leave them, and in some in which the user does.
func TestFinishIntent(t *testing.T) {
	const absent = "(absent)"
	for name, c := range map[string]struct {
		dockerfile, ignore string
		done               bool
	}{
		"nothing was written":        {"old", absent, true},
		"the companion was":          {"old", "ignore", true},
		"both were":                  {"new", "ignore", true},
		"the companion was put back": {"new", absent, true},
		"the Dockerfile was edited":  {"edited", "ignore", false},
		"the companion was made":     {"old", "mine", false},
		"the Dockerfile was removed": {absent, "ignore", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			paths := []string{filepath.Join(dir, ".dockerignore"), filepath.Join(dir, "Dockerfile")}
			for i, text := range []string{c.ignore, c.dockerfile} {
				if text != absent {
					writeText(t, paths[i], text)
				}
			}
			writeText(t, filepath.Join(dir, ".refit-0123456789abcdef"), "a leftover")
			writeText(t, filepath.Join(dir, ".refit-mine"), "a file")
			done, err := finishIntent(dir, &bulk.Intent{Texts: []bulk.Change{
				{Path: paths[0], New: []byte("ignore")},
				{Path: paths[1], Old: []byte("old"), Exists: true, New: []byte("new")},
			}})
			if err != nil || done != c.done {
				t.Fatalf("%v, %v", done, err)
			}
			want := []string{c.ignore, c.dockerfile}
			if c.done {
				want = []string{"ignore", "new"}
			}
			for i, path := range paths {
				text, err := os.ReadFile(path)
				if err != nil {
					text = []byte(absent)
				}
				if string(text) != want[i] {
					t.Errorf("%s: %q, want %q", filepath.Base(path), text, want[i])
				}
			}
			left, err := filepath.Glob(filepath.Join(dir, ".refit-*"))
			if err != nil || len(left) != 1 || !strings.HasSuffix(left[0], "mine") {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestIntentOfAnother holds that a repository which brings an intent, as a killed
// run would have left it, has nothing written or removed outside of it.
func TestIntentOfAnother(t *testing.T) {
	repo, other := t.TempDir(), t.TempDir()
	if err := os.Symlink(other, filepath.Join(repo, "out")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(repo, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	leftover := filepath.Join(other, ".refit-0123456789abcdef")
	writeText(t, leftover, "")
	for _, path := range []string{
		filepath.Join(other, "new"), filepath.Join(repo, "out", "new"), repo + "/../" + filepath.Base(other) + "/new", "new",
		filepath.Join(repo, ".git", "new"),
	} {
		if done, err := finishIntent(repo, &bulk.Intent{Texts: []bulk.Change{{Path: path, New: []byte("x")}}}); err == nil || done {
			t.Errorf("%s: %v, %v", path, done, err)
		}
	}
	left, err := os.ReadDir(other)
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestWhatDidNotPass holds that a change which its builds did not bear out is not
// taken, and is counted with the checks that it failed.
func TestWhatDidNotPass(t *testing.T) {
	dir := t.TempDir()
	const text = "FROM python:3.12\nCMD [\"python\"]\n"
	writeText(t, filepath.Join(dir, "Dockerfile"), text)
	opt, err := parseFlags(commandBulk, []string{"--verify", dir})
	if err != nil {
		t.Fatal(err)
	}
	image := &verify.Image{Compressed: 10}
	for name, c := range map[string]struct {
		outcome *verify.Outcome
		want    bulk.File // as far as it is compared
	}{
		"passed": {&verify.Outcome{Good: true, Changed: true, Before: image, After: image},
			bulk.File{Changed: true, Sizes: &bulk.Sizes{Images: 1, Before: 10, After: 10}}},
		"larger": {&verify.Outcome{Before: image, After: image, Checks: []verify.Check{{Name: "size", Verdict: verify.Fail}, {Name: "http", Verdict: verify.Unknown}}},
			bulk.File{Rejected: true, Declined: map[string]int{"verify/size": 1}}},
		"unbuildable": {&verify.Outcome{}, bulk.File{Rejected: true, Declined: map[string]int{"verify/original-does-not-build": 1}}},
	} {
		found, err := find(opt)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{opt: opt, write: onDisk(), inputs: found.inputs}
		w := &task{Task: &bulk.Task{Name: dir, Dir: dir, Write: true}, root: realDir(dir), app: a}
		f := w.proven(&proven{outcome: c.outcome, rewrite: a.process(found.inputs[0])})
		if f.Changed != c.want.Changed || f.Rejected != c.want.Rejected || f.Error != "" || (f.Sizes == nil) != (c.want.Sizes == nil) {
			t.Errorf("%s: %+v", name, f)
		}
		for key, n := range c.want.Declined {
			if f.Declined[key] != n || f.Declined["verify/http"] != 0 {
				t.Errorf("%s: declined %v", name, f.Declined)
			}
		}
		if written := readText(t, filepath.Join(dir, "Dockerfile")) != text; written != c.want.Changed {
			t.Errorf("%s: written: %v", name, written)
		}
		writeText(t, filepath.Join(dir, "Dockerfile"), text)
	}
}
