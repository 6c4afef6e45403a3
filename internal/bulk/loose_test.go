package bulk

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// aBranch opens a new repository with one commit for a branch.
func aBranch(t *testing.T) (*git, *brancher) {
	t.Helper()
	dir := t.TempDir()
	for _, role := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+role+"_NAME", "me")
		t.Setenv("GIT_"+role+"_EMAIL", "me@example.com")
	}
	g := &git{limit: time.Minute, outside: t.TempDir()}
	for _, args := range [][]string{{"init", "-q"}, {"commit", "-q", "--allow-empty", "-m", "a"}} {
		if _, err := g.run(t.Context(), dir, nil, args...); err != nil {
			t.Fatal(err)
		}
	}
	b, err := g.openBranch(t.Context(), dir, "new")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.objects.close)
	return g, b
}

// commitFile commits a new file and returns the commit.
func commitFile(t *testing.T, b *brancher) *commit {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "text")
	made, err := b.commit(t.Context(), dir, []string{"file"}, "message\n")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := b.git.run(t.Context(), b.dir, nil, "fsck", "--strict"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return made
}

// looseDir is the directory of a loose object.
func looseDir(b *brancher, id string) string {
	return filepath.Join(b.dir, ".git", "objects", id[:2])
}

// TestFreshObjects holds that an object which is there already counts as new, so that
// git gc does not take it away before its branch is there.
func TestFreshObjects(t *testing.T) {
	_, b := aBranch(t)
	n, err := newObjectsLike(b.base.id)
	if err != nil {
		t.Fatal(err)
	}
	id := n.add("blob", []byte("text"))
	old := time.Now().Add(-30 * 24 * time.Hour)
	file := filepath.Join(looseDir(b, id), id[2:])
	for range 2 {
		if err := n.storeLoose(filepath.Join(b.dir, ".git")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil || time.Since(info.ModTime()) > time.Hour {
			t.Fatalf("%v: %v", info, err)
		}
		if err := os.Chtimes(file, old, old); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUsersWayOfStoring holds that what the user has set for all repositories on how
// objects are shared goes for those of refit: they are as git makes them.
func TestUsersWayOfStoring(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config")
	t.Setenv("GIT_CONFIG_GLOBAL", config)
	for text, plain := range map[string]bool{
		"":                                     true,
		"[core]\n\tsharedRepository = group\n": false,
		"[core]\n\tfsync = none\n":             false,
	} {
		write(t, config, "")
		g, b := aBranch(t)
		write(t, config, text)
		s, err := b.settings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, got := b.plain(s); got != (plain && !gitSyncsAll) {
			t.Errorf("plain: %v, with\n%s", got, text)
		}
		mine := madeDir(t, b, func() { commitFile(t, b) })
		other := filepath.Join(t.TempDir(), "other")
		gits := madeDir(t, b, func() {
			for i := range 20 {
				write(t, other, fmt.Sprintf("other text %d", i))
				if _, err := g.run(t.Context(), b.dir, nil, "hash-object", "-w", other); err != nil {
					t.Fatal(err)
				}
			}
		})
		if mine != gits {
			t.Errorf("%v, git has %v, with\n%s", mine, gits, text)
		}
	}
}

// madeDir is the mode of a directory of objects that something makes: another object's
// may have been there before, made under other settings.
func madeDir(t *testing.T, b *brancher, do func()) fs.FileMode {
	t.Helper()
	dirs := func() map[string]fs.FileMode {
		modes := map[string]fs.FileMode{}
		found, err := filepath.Glob(filepath.Join(b.dir, ".git", "objects", "[0-9a-f][0-9a-f]"))
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range found {
			info, err := os.Stat(dir)
			if err != nil {
				t.Fatal(err)
			}
			modes[dir] = info.Mode()
		}
		return modes
	}
	before := dirs()
	do()
	for dir, mode := range dirs() {
		if _, ok := before[dir]; !ok {
			return mode
		}
	}
	t.Fatal("no directory of objects was made")
	return 0
}

// TestUserIsAskedAgain holds that only an answer is kept of what git says of the
// user's settings.
func TestUserIsAskedAgain(t *testing.T) {
	g := &git{limit: time.Minute, outside: t.TempDir()}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.ofUser(gone); err == nil {
		t.Fatal("an ended context gives an answer")
	}
	first, err := g.ofUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if second, err := g.ofUser(gone); err != nil || second != first {
		t.Errorf("asked twice: %v", err)
	}
}

// TestLostBranch holds that a branch whose file lost its content with the power is
// made anew, and no other branch is.
func TestLostBranch(t *testing.T) {
	for _, text := range []string{"", string(make([]byte, 41))} {
		_, b := aBranch(t)
		if gitSyncsAll {
			return // git does not lose it
		}
		at := filepath.Join(b.dir, ".git", "refs", "heads", "new")
		write(t, at, text)
		made := commitFile(t, b)
		if got, err := b.git.run(t.Context(), b.dir, nil, "rev-parse", "refs/heads/new"); err != nil || got != made.id {
			t.Errorf("%q became %s, want %s: %v", text, got, made.id, err)
		}
		before, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		dropLost(at)
		if after, err := os.ReadFile(at); err != nil || string(after) != string(before) {
			t.Errorf("a whole branch became %q: %v", after, err)
		}
	}
}
