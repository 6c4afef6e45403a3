package bulk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
)

// fullDisk is the file of a journal on a disk that has room for so many bytes.
type fullDisk struct {
	journalFile
	room  int
	noted bool // what does not fit is noticed when the file is synced
}

func (f *fullDisk) Write(text []byte) (int, error) {
	if f.noted {
		return f.journalFile.Write(text)
	}
	n, err := f.journalFile.Write(text[:min(f.room, len(text))])
	if f.room -= n; err == nil && n < len(text) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f *fullDisk) Sync() error {
	if f.noted {
		return syscall.ENOSPC
	}
	return f.journalFile.Sync()
}

// TestFullDisk holds that a run ends early, with one error, when its journal cannot be
// kept, that no repository is called failed for that, and that the next run goes on
// from what the journal has.
func TestFullDisk(t *testing.T) {
	for name, c := range map[string]struct {
		write, noted bool
	}{"dry": {}, "written in place": {write: true}, "noticed later": {noted: true}} {
		t.Run(name, func(t *testing.T) {
			repos := dirs(t, 800)
			path := filepath.Join(t.TempDir(), "journal")
			var calls atomic.Int32
			run := func(j *Journal) (records []*Record, err error) {
				r := &Runner{Options: Options{Jobs: 2, Write: c.write}, Journal: j, Rewrite: func(_ context.Context, _ *Task, emit func(*File) error) error {
					calls.Add(1)
					return emit(&File{Path: "Dockerfile", Changed: true})
				}}
				err = r.Run(t.Context(), repos, func(rec *Record) { records = append(records, rec) })
				for _, rec := range records {
					if rec.Status != Changed {
						t.Errorf("%+v", rec)
					}
				}
				return records, err
			}
			j := open(t, path)
			j.file = &fullDisk{j.file, 20000, c.noted}
			records, err := run(j)
			if !errors.Is(err, ErrJournal) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%v", err)
			}
			if n := calls.Load(); n > int32(len(repos)/2) {
				t.Errorf("%d of %d repositories were worked on", n, len(repos))
			}
			closed(t, j) // it has been told

			j = open(t, path)
			defer closed(t, j)
			kept := len(j.done)
			if kept == 0 || kept < len(records) {
				t.Errorf("%d in the journal, %d reported", kept, len(records))
			}
			calls.Store(0)
			again, err := run(j)
			if err != nil || len(again) != len(repos) || int(calls.Load()) != len(repos)-kept {
				t.Errorf("%v: %d of %d repositories, %d worked on, %d were done", err, len(again), len(repos), calls.Load(), kept)
			}
		})
	}
}

// TestNoRoomForRedo holds the same of what is kept beside the journal.
func TestNoRoomForRedo(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "journal"))
	defer closed(t, j)
	write(t, j.path+redoSuffix, "no directory")
	r := &Runner{Options: Options{Jobs: 2, Write: true}, Journal: j, Rewrite: func(context.Context, *Task, func(*File) error) error {
		t.Error("it is worked on")
		return nil
	}}
	if err := r.Run(t.Context(), dirs(t, 20), func(rec *Record) { t.Errorf("%+v", rec) }); !errors.Is(err, ErrJournal) {
		t.Error(err)
	}
	if err := os.Remove(j.path + redoSuffix); err != nil {
		t.Fatal(err)
	}
	redo, err := openRedo(j, "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(redo.path, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(redo.path, "x"), "")
	if err := redo.Begin(&Intent{File: &File{Path: "x"}}); !errors.Is(err, ErrJournal) {
		t.Error(err)
	}
}
