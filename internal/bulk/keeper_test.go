package bulk

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestKeeper holds that every line comes into the journal, in whatever batches, and
// that a patch which is not there to be put on the disk fails its repository alone;
// a branch may have been packed meanwhile.
func TestKeeper(t *testing.T) {
	dir := t.TempDir()
	j := open(t, filepath.Join(dir, "journal"))
	k := newKeeper(j)
	const n = 3*maxBatch + 1
	done := make(chan *Record, n)
	for i := range n {
		path := filepath.Join(dir, fmt.Sprint(i, ".patch"))
		if i != 7 {
			write(t, path, "x")
		}
		name := fmt.Sprint(i)
		k.keep(&line{Key: "k", Repository: name, Done: &Record{Repository: name, Status: Changed, Patch: path}}, filepath.Join(dir, "packed"), func(r *Record) { done <- r })
	}
	k.end()
	k.wait()
	if len(done) != n {
		t.Fatalf("%d of %d are done", len(done), n)
	}
	for range n {
		r := <-done
		if want := map[bool]string{true: Failed, false: Changed}[r.Repository == "7"]; r.Status != want {
			t.Errorf("%s: %s, %s", r.Repository, r.Status, r.Error)
		}
		if l := j.find(r.Repository, "k"); (l != nil) != (r.Status == Changed) {
			t.Errorf("%s, which is %s: in the journal: %v", r.Repository, r.Status, l != nil)
		}
	}
	closed(t, j)
	if err := os.WriteFile(filepath.Join(dir, "journal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	j = open(t, filepath.Join(dir, "journal"))
	if !j.Empty() {
		t.Error("an empty journal is not")
	}
	closed(t, j)
}
