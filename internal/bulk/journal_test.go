package bulk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func open(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func closed(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, j *Journal, l *line) {
	t.Helper()
	if err := j.append(l); err != nil {
		t.Fatal(err)
	}
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path)
	add(t, j, &line{Key: "k1", Repository: "a", Done: &Record{Repository: "a", Status: Changed, Patch: "p"}})
	add(t, j, &line{Key: "k1", Repository: "b", Done: &Record{Repository: "b", Status: Failed, Error: "no"}})
	add(t, j, &line{Repository: "c", Wrote: &File{Path: "Dockerfile", Changed: true}})
	add(t, j, &line{Repository: "d", Wrote: &File{Path: "Dockerfile", Changed: true}})
	add(t, j, &line{Key: "k1", Repository: "d", Done: &Record{Repository: "d", Status: Changed}})
	closed(t, j)

	j = open(t, path)
	defer closed(t, j)
	if l := j.find("a", "k1"); l == nil || l.Done.Patch != "p" || !l.Done.Resumed {
		t.Errorf("a: %+v", l)
	}
	for name, key := range map[string]string{"a": "k2", "b": "k1", "c": "k1", "z": "k1"} {
		if l := j.find(name, key); l != nil {
			t.Errorf("%s with key %s: %+v", name, key, l)
		}
	}
	if w := j.written("c"); len(w) != 1 || w[0].Path != "Dockerfile" {
		t.Errorf("written in c: %v", w)
	}
	if w := j.written("d"); len(w) != 0 {
		t.Errorf("written in d, which is done: %v", w)
	}
	add(t, j, &line{Key: "k3", Repository: "a", Done: &Record{Repository: "a", Status: Unchanged}})
	if l := j.find("a", "k3"); l == nil || l.Done.Status != Unchanged {
		t.Errorf("the last line of a repository counts: %+v", l)
	}
}

// TestJournalCutAnywhere cuts a journal at every byte, as a kill may, and holds
// that what is whole is read, what is not is cut off, and the next line is right.
func TestJournalCutAnywhere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	j := open(t, path)
	for _, name := range []string{"a", "b"} {
		add(t, j, &line{Key: "k", Repository: name, Done: &Record{Repository: name, Status: Empty}})
	}
	closed(t, j)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.IndexByte(string(whole), '\n') + 1
	for n := range 2*len(whole) + 2 { // cut off, or in its length only
		zeros := n > len(whole)
		text := string(whole[:n%(len(whole)+1)])
		n = len(text)
		if zeros {
			text += "\x00\x00\x00"
		}
		write(t, path, text)
		j := open(t, path)
		if got := j.find("a", "k") != nil; got != (n >= first) {
			t.Errorf("cut at %d: a is known: %v", n, got)
		}
		add(t, j, &line{Key: "k", Repository: "c", Done: &Record{Repository: "c", Status: Empty}})
		closed(t, j)
		j = open(t, path)
		if j.find("c", "k") == nil || (j.find("b", "k") != nil) != (n == len(whole)) {
			t.Errorf("cut at %d: what came after is not right", n)
		}
		closed(t, j)
	}
}

// TestLinks holds that nothing is kept through a link, which a repository with the
// journal in it could have brought.
func TestLinks(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "other")
	link := func(name string) {
		if err := os.Symlink(other, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, suffix := range []string{"", lockSuffix, redoSuffix} {
		link(fmt.Sprint(i, suffix))
		if _, err := OpenJournal(filepath.Join(dir, fmt.Sprint(i))); err == nil {
			t.Errorf("%q: a link is followed", suffix)
		}
	}
	j := open(t, filepath.Join(dir, "journal"))
	defer closed(t, j)
	redo, err := openRedo(j, "a")
	if err != nil {
		t.Fatal(err)
	}
	link("journal" + redoSuffix + "/" + fileName("a"))
	part := hashOf("run")
	link(fmt.Sprintf("%s.patch.%x.part", fileName("a"), part[:4]))
	if left, err := redo.Left(); left != nil || err == nil {
		t.Error("a link is read")
	}
	err = redo.Begin(&Intent{File: &File{Path: "x"}})
	if left, err2 := redo.Left(); err != nil || left == nil {
		t.Errorf("%v; left %v, %v", err, left, err2)
	}
	p, err := newPatch(dir, "a", "run")
	if err != nil {
		t.Fatal(err)
	}
	p.drop()
	if _, err := os.Lstat(other); !os.IsNotExist(err) {
		t.Errorf("written through a link: %v", err)
	}
}

// TestRedoOfAnother holds that what others could have written is not taken for what
// a killed run left: a clone may bring a file of any name, but none of this mode.
func TestRedoOfAnother(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes")
	}
	j := open(t, filepath.Join(t.TempDir(), "journal"))
	defer closed(t, j)
	redo, err := openRedo(j, "a")
	if err == nil {
		err = redo.Begin(&Intent{File: &File{Path: "x"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	for mode, own := range map[os.FileMode]bool{0o600: true, 0o644: false, 0o666: false, 0o620: false} {
		if err := os.Chmod(redo.path, mode); err != nil {
			t.Fatal(err)
		}
		if left, err := redo.Left(); (left != nil) != own || (err == nil) != own {
			t.Errorf("mode %o: %v, %v", mode, left, err)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := errors.Join(os.Chmod(redo.path, 0o600), os.Chown(redo.path, 12345, -1)); err != nil {
		t.Fatal(err)
	}
	if left, err := redo.Left(); left != nil || err == nil {
		t.Errorf("of another user: %v, %v", left, err)
	}
}

// TestLockThatIsRemoved has many runs of one journal, of which each removes it at its
// end: never do two have it.
func TestLockThatIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	var have atomic.Int32
	var runs sync.WaitGroup
	for range 8 {
		runs.Go(func() {
			for done := 0; done < 20; {
				j, err := OpenJournal(path)
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := have.Add(1); n != 1 {
					t.Errorf("%d have it", n)
				}
				add(t, j, &line{Key: "k", Repository: "a", Done: &Record{Repository: "a", Status: Empty}})
				have.Add(-1)
				if err := j.Remove(); err != nil {
					t.Error(err)
				}
				done++
			}
		})
	}
	runs.Wait()
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestNoJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"FROM a\n", "FROM a", "{}\n", "{\"files\":[]}\n", "[1]\n", `{"key":"k","repository":"a"}` + "\n"} {
		write(t, path, text)
		if _, err := OpenJournal(path); err == nil {
			t.Errorf("%q is taken for a journal", text)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestOneHasTheJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path)
	if _, err := OpenJournal(path); !errors.Is(err, ErrLocked) {
		t.Errorf("a second one: %v", err)
	}
	closed(t, j)
	closed(t, open(t, path))
}

// TestLockIsWaitedFor has the lock go a moment later, as it does with the child of
// a run that was killed while it started git.
func TestLockIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path)
	time.AfterFunc(lockPatience/20, func() { closed(t, j) })
	closed(t, open(t, path))
}

func TestJournalFromManyWorkers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path)
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := range 50 {
				name := fmt.Sprintf("%d-%d", w, i)
				if err := j.append(&line{Key: "k", Repository: name, Done: &Record{Repository: name, Status: Empty}}); err != nil {
					t.Error(err)
				}
				if j.find(name, "k") == nil {
					t.Errorf("%s is not found", name)
				}
			}
		})
	}
	workers.Wait()
	closed(t, j)
	j = open(t, path)
	defer closed(t, j)
	if len(j.done) != 400 {
		t.Errorf("%d repositories", len(j.done))
	}
}
