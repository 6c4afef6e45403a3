package bulk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dirs makes n directories and returns them as a list.
func dirs(t *testing.T, n int) []Repo {
	t.Helper()
	dir := t.TempDir()
	var repos []Repo
	for i := range n {
		at := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		repos = append(repos, Repo{Name: at})
	}
	return repos
}

func runAll(t *testing.T, r *Runner, repos []Repo) []*Record {
	t.Helper()
	var records []*Record
	if err := r.Run(t.Context(), repos, func(rec *Record) { records = append(records, rec) }); err != nil {
		t.Fatal(err)
	}
	return records
}

// TestOneStopsNoOther has repositories panic, fail and vanish.
func TestOneStopsNoOther(t *testing.T) {
	repos := dirs(t, 40)
	repos[5].Name += "-gone"
	stacks := 0
	r := &Runner{Options: Options{Jobs: 3, Stack: func([]byte) { stacks++ }}, Rewrite: func(_ context.Context, task *Task, emit func(*File) error) error {
		switch filepath.Base(task.Dir) {
		case "7":
			panic("on purpose")
		case "9":
			return errors.New("its configuration is broken")
		case "11":
			return emit(&File{Path: "Dockerfile", Error: "Dockerfile:1: no"})
		case "13":
			return nil
		}
		return emit(&File{Path: "Dockerfile", Changed: true})
	}}
	records := runAll(t, r, repos)
	want := map[int][2]string{5: {Failed, "no such file"}, 7: {Failed, "internal error, please report it: on purpose"},
		9: {Failed, "its configuration"}, 11: {Failed, ""}, 13: {Empty, ""}}
	for i, rec := range records {
		if rec.Repository != repos[i].Name {
			t.Fatalf("record %d is %s: not the order of the list", i, rec.Repository)
		}
		w, odd := want[i]
		if !odd {
			w = [2]string{Changed, ""}
		}
		if rec.Status != w[0] || !strings.Contains(rec.Error, w[1]) {
			t.Errorf("%d: %s, %q; want %v", i, rec.Status, rec.Error, w)
		}
	}
	if len(records) != len(repos) || stacks != 1 {
		t.Errorf("%d records, %d stacks", len(records), stacks)
	}
}

// TestInterrupted holds that what an interruption caught is not called failed, and
// is not in the journal.
func TestInterrupted(t *testing.T) {
	repos := dirs(t, 20)
	path := filepath.Join(t.TempDir(), "journal")
	j := open(t, path)
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := &Runner{Options: Options{Jobs: 2}, Journal: j, Rewrite: func(ctx context.Context, task *Task, emit func(*File) error) error {
		if filepath.Base(task.Dir) == "6" {
			cancel(why)
			return ctx.Err()
		}
		return emit(&File{Path: "Dockerfile"})
	}}
	var names []string
	err := r.Run(ctx, repos, func(rec *Record) {
		if rec.Status != Unchanged {
			t.Errorf("%+v", rec)
		}
		names = append(names, rec.Repository)
	})
	if !errors.Is(err, why) || len(names) < 5 || slices.Contains(names, repos[6].Name) || len(names) == len(repos) {
		t.Errorf("%v, %d records", err, len(names))
	}
	closed(t, j)
	j = open(t, path)
	defer closed(t, j)
	if len(j.done) != len(names) {
		t.Errorf("%d in the journal, %d reported", len(j.done), len(names))
	}
}

// TestRedo holds that a change which a killed run had begun to write is brought to
// an end, and counts as changed once, whatever the run had told the journal.
func TestRedo(t *testing.T) {
	for name, noted := range map[string]bool{"killed while writing": false, "killed after the journal's line": true} {
		t.Run(name, func(t *testing.T) {
			repo := dirs(t, 1)
			j := open(t, filepath.Join(t.TempDir(), "journal"))
			defer closed(t, j)
			file := &File{Path: "Dockerfile", Changed: true, Declined: map[string]int{"a/b": 1}}
			redo, err := openRedo(j, repo[0].Name)
			if err == nil {
				err = redo.Begin(&Intent{File: file, Texts: []Change{{Path: "x", New: []byte("new")}}})
			}
			if err != nil {
				t.Fatal(err)
			}
			if noted {
				add(t, j, &line{Repository: repo[0].Name, Wrote: file})
			}
			finished := 0
			r := &Runner{Options: Options{Jobs: 1, Write: true, Key: "k"}, Journal: j,
				Finish: func(dir string, i *Intent) (bool, error) {
					if dir != repo[0].Name {
						t.Errorf("finished in %s", dir)
					}
					finished++
					return string(i.Texts[0].New) == "new", nil
				},
				Rewrite: func(_ context.Context, _ *Task, emit func(*File) error) error { return emit(&File{Path: "Dockerfile"}) }}
			rec := runAll(t, r, repo)[0]
			left, err := redo.Left()
			if rec.Status != Changed || rec.Files != (Counts{Changed: 1}) || rec.Declined["a/b"] != 1 || finished != 1 || left != nil || err != nil {
				t.Errorf("%+v; finished %d times; left %v, %v", rec, finished, left, err)
			}
			if again := runAll(t, r, repo)[0]; !again.Resumed || again.Status != Changed || finished != 1 {
				t.Errorf("again: %+v", again)
			}
		})
	}
}

// TestRedoCutShort has an intent that was not whole: nothing had been written.
func TestRedoCutShort(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "journal"))
	defer closed(t, j)
	redo, err := openRedo(j, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(redo.path, []byte(`{"dir":"/x","file":{"pa`), ownMode); err != nil {
		t.Fatal(err)
	}
	if left, err := redo.Left(); left != nil || err != nil {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestSummary(t *testing.T) {
	var s Summary
	s.Add(&Record{Repository: "a", Status: Changed, Files: Counts{Changed: 2, Failed: 1}, Declined: map[string]int{"p/x": 1, "p/y": 3},
		Failures: []Failure{{Path: "D", Error: "D:1: no"}}, Sizes: &Sizes{1, 100, 50}})
	s.Add(&Record{Repository: "b", Status: Failed, Error: "gone"})
	s.Add(&Record{Repository: "c", Status: Unchanged, Files: Counts{Unchanged: 1}, Declined: map[string]int{"p/x": 4}, Resumed: true, Sizes: &Sizes{2, 10, 5}})
	s.Add(&Record{Repository: "d", Status: Empty})
	s.Close(0, 0)
	if s.Repositories.Total() != 4 || s.Repositories.Failed != 1 || s.Repositories.Resumed != 1 || s.Files != (Counts{2, 1, 1}) {
		t.Errorf("%+v", s)
	}
	if !slices.Equal(s.Declined, []Declined{{Pass: "p", Key: "x", Count: 5}, {Pass: "p", Key: "y", Count: 3}}) {
		t.Errorf("declined: %v", s.Declined)
	}
	if *s.Sizes != (Sizes{3, 110, 55}) || len(s.Failures) != 2 || s.Worked() != 3 {
		t.Errorf("%+v %v %d", s.Sizes, s.Failures, s.Worked())
	}
}

func TestMessage(t *testing.T) {
	var b because
	b.add(&File{Path: "Dockerfile", Changed: true, Reasons: []Reason{
		{"one", 3, "a reason  with\nspaces that is so long that it has to go on in a second line of the message"}, {"two", 4, "short"}}})
	b.add(&File{Path: "other", Reasons: []Reason{{"three", 1, "of a file that stays as it is"}}})
	const want = `Dockerfile: one, two

Dockerfile:
- one, line 3: a reason with spaces that is so long that it has to go on
  in a second line of the message
- two, line 4: short

Made-by: refit v1
`
	if got := b.message(1, "v1"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for i := range 40 {
		b.add(&File{Path: fmt.Sprintf("d%d/Dockerfile", i), Changed: true, Reasons: slices.Repeat([]Reason{{fmt.Sprintf("a-pass-with-a-name-%d", i), 1, "why"}}, 20)})
	}
	got := b.message(41, "v1")
	subject, _, _ := strings.Cut(got, "\n")
	if len(subject) > width || !strings.HasPrefix(subject, "41 Dockerfiles: one, two, ") || !strings.HasSuffix(subject, " more") {
		t.Errorf("subject %q", subject)
	}
	if n := strings.Count(got, "\n- "); n != maxReasons || !strings.Contains(got, fmt.Sprintf("\nand %d more changes", 40*20+2-maxReasons)) {
		t.Errorf("%d reasons", n)
	}
}
