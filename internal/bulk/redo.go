package bulk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Redo holds what is about to be written into a work tree, so that a run which is
// killed in the middle of a Dockerfile and its companions can be brought to an
// end by the next.
type Redo struct {
	journal *Journal
	path    string
}

// Intent is a Dockerfile's change as it is about to be written.
type Intent struct {
	File  *File    `json:"file"`
	Texts []Change `json:"texts"`
}

// Change is a file that is exchanged, or made.
type Change struct {
	Path   string `json:"path"` // absolute
	Old    []byte `json:"old"`
	Exists bool   `json:"exists"`
	New    []byte `json:"new"`
}

// openRedo is the redo of a repository, beside the journal; nil without one.
func openRedo(j *Journal, name string) (*Redo, error) {
	if j == nil {
		return nil, nil
	}
	dir := j.path + redoSuffix
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, j.fail(err)
	}
	return &Redo{j, filepath.Join(dir, fileName(name))}, nil
}

// Begin keeps an intent, until End.
func (r *Redo) Begin(i *Intent) error {
	if r == nil {
		return nil
	}
	if err := r.keep(i); err != nil {
		return r.journal.fail(fmt.Errorf("keep what is to be written: %w", err))
	}
	return nil
}

func (r *Redo) keep(i *Intent) error {
	text, err := json.Marshal(i)
	if err != nil {
		return err
	}
	f, err := createAnew(r.path, ownMode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// End forgets it.
func (r *Redo) End() error {
	if r == nil {
		return nil
	}
	err := os.Remove(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// ownMode is the mode of what only this user's refit reads and writes.
const ownMode fs.FileMode = 0o600

// Left is an intent that a killed run did not End, or nil. One that is cut short
// is none: nothing had been written for it. One that is not this user's, or that
// others may read or write, was not left by refit: a clone may have brought it.
func (r *Redo) Left() (*Intent, error) {
	if r == nil {
		return nil, nil
	}
	info, err := os.Lstat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !isOwn(info):
		return nil, fmt.Errorf("%s was not left by a run of refit for this user: remove it", r.path)
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		return nil, err
	}
	var i Intent
	if json.Unmarshal(text, &i) != nil || i.File == nil {
		return nil, nil
	}
	return &i, nil
}
