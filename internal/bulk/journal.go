package bulk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/gofrs/flock"
)

// Journal remembers what is done. It only grows: a line for every repository
// that is finished and, with Write, one for every file that was written before.
// What is kept in memory of a line is where it is.
type Journal struct {
	path string
	file journalFile
	lock *flock.Flock
	stop func(error) // ends the run that can no longer be remembered; nil without one

	mu    sync.Mutex // guards what follows
	size  int64
	done  map[[16]byte]place   // by repository
	wrote map[[16]byte][]*File // of repositories that are not done
	err   error                // of the first write that failed
}

// journalFile is what a journal needs of its file.
type journalFile interface {
	io.Writer
	io.ReaderAt
	io.Closer
	Sync() error
}

// ErrJournal says that a journal cannot be written: the disk is full, as a rule. The
// run ends, for it could only say the same of every repository that is left.
var ErrJournal = errors.New("cannot keep the journal")

// place is where the line of a repository is.
type place struct {
	offset int64
	length int32
}

// line is a line of the journal.
type line struct {
	Key        string  `json:"key"` // of the repository's inputs, the options and refit
	Repository string  `json:"repository"`
	Done       *Record `json:"done,omitempty"`
	Wrote      *File   `json:"wrote,omitempty"`
	Sum        string  `json:"sum,omitempty"` // of the patch
}

// OpenJournal opens a journal, or begins one. Only one run may have it.
func OpenJournal(path string) (*Journal, error) {
	for _, own := range []string{path, path + lockSuffix, path + redoSuffix} {
		if err := noLink(own); err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
	}
	lock, err := takeLock(path + lockSuffix)
	if err != nil {
		return nil, fmt.Errorf("journal %s: %w", path, err)
	}
	j := &Journal{path: path, lock: lock, done: map[[16]byte]place{}, wrote: map[[16]byte][]*File{}}
	if err := j.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", path, err), dropLock(lock))
	}
	return j, nil
}

// name tells a journal from others.
func (j *Journal) name() string {
	if j == nil {
		return ""
	}
	return absolute(j.path)
}

// load reads what an earlier run has written, and cuts off a line that it did not
// finish.
func (j *Journal) load() (err error) {
	f, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	j.file = f
	r := bufio.NewReaderSize(f, 64<<10)
	for n := 1; ; n++ {
		text, err := r.ReadBytes('\n')
		if err == io.EOF && !isTorn(text) {
			return fmt.Errorf("line %d is not one of a journal; it was not touched", n)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := j.index(text); err != nil {
			return fmt.Errorf("line %d is not one of a journal (%w); it was not touched", n, err)
		}
		j.size += int64(len(text))
	}
	if err := f.Truncate(j.size); err != nil {
		return err
	}
	_, err = f.Seek(j.size, io.SeekStart)
	return err
}

// isTorn reports the beginning of a line that was being written, or nothing. The
// end of a file that lost its power may be there in length only, as zeros.
func isTorn(text []byte) bool {
	const start = `{"key":"`
	text = bytes.TrimRight(text, "\x00")
	n := min(len(text), len(start))
	return string(text[:n]) == start[:n]
}

func (j *Journal) index(text []byte) error {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	if l.Repository == "" || l.Done == nil && l.Wrote == nil {
		return errors.New("no repository in it")
	}
	j.note(&l, len(text))
	return nil
}

// note takes in a line that is at the end.
func (j *Journal) note(l *line, length int) {
	at := hashOf(l.Repository)
	if l.Done == nil {
		j.wrote[at] = append(j.wrote[at], l.Wrote)
		return
	}
	delete(j.wrote, at)
	j.done[at] = place{j.size, int32(length)}
}

// find returns the line of a repository that is done with this key, or nil. A
// repository that failed as a whole is not done.
func (j *Journal) find(name, key string) *line {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	at, ok := j.done[hashOf(name)]
	j.mu.Unlock()
	if !ok {
		return nil
	}
	text := make([]byte, at.length)
	var l line
	if _, err := j.file.ReadAt(text, at.offset); err != nil || json.Unmarshal(text, &l) != nil {
		return nil
	}
	if l.Key != key || l.Repository != name || l.Done.Error != "" {
		return nil
	}
	l.Done.Resumed = true
	return &l
}

// written are the files that a run which was killed had written in a repository.
func (j *Journal) written(name string) []*File {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.wrote[hashOf(name)]
}

// append adds a line. It is with the system when append returns, which a killed
// process cannot undo.
func (j *Journal) append(l *line) error {
	if j == nil {
		return nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return j.fail(err)
	}
	text = append(text, '\n')
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	if _, err := j.file.Write(text); err != nil {
		return j.failed(err)
	}
	j.note(l, len(text))
	j.size += int64(len(text))
	return nil
}

// sync puts the lines on the disk.
func (j *Journal) sync() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	failed := j.err
	j.mu.Unlock()
	if failed != nil {
		return failed
	}
	if err := j.file.Sync(); err != nil {
		return j.fail(err)
	}
	return nil
}

// fail ends the run, and the journal with what it has.
func (j *Journal) fail(err error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failed(err)
}

// failed is fail, for who holds the lock.
func (j *Journal) failed(err error) error {
	if j.err == nil {
		j.err = fmt.Errorf("%w %s: %w", ErrJournal, j.path, err)
		if j.stop != nil {
			j.stop(j.err)
		}
	}
	return j.err
}

// Empty reports a journal that has no line.
func (j *Journal) Empty() bool { return j.size == 0 }

// Close ends the journal, which stays for the next run. The run has told of a write
// that failed.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	var err error
	if j.err == nil {
		err = j.sync()
	}
	err = errors.Join(err, j.file.Close())
	_ = os.Remove(j.path + redoSuffix) // if it is empty
	return errors.Join(err, dropLock(j.lock))
}

// Remove ends the journal of a run that has nothing left to do.
func (j *Journal) Remove() error {
	err := errors.Join(j.file.Close(), os.Remove(j.path))
	_ = os.Remove(j.path + redoSuffix) // if it is empty: nothing is lost that a killed run began to write
	return errors.Join(err, dropLock(j.lock))
}
