package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// writer replaces files. Its functions are those of package os; tests make them
// fail.
type writer struct {
	rename func(from, to string) error
	sync   func(*os.File) error
}

func onDisk() writer { return writer{rename: os.Rename, sync: (*os.File).Sync} }

// pending is a file that is to be replaced, or made.
type pending struct {
	shown   string // its path in messages
	path    string // absolute; links are resolved by prepare
	root    string // that links must not leave, itself resolved when it was found; "" for none
	old     string
	exists  bool
	content string

	temp   string // the new content, beside the file
	backup string // the old file, once it is replaced
}

// rewrite writes a Dockerfile and its companions: all of them, or none. The
// Dockerfile comes last, so that whoever sees it new sees its companions.
func (w writer) rewrite(oc *outcome) error { return w.replace(pendingOf(oc)) }

// pendingOf are the files that an outcome changes, the Dockerfile last.
func pendingOf(oc *outcome) []*pending {
	var files []*pending
	for _, c := range oc.companions {
		files = append(files, &pending{
			shown: c.path, path: c.abs, root: oc.in.context.real, old: c.old, exists: c.exists, content: c.content,
		})
	}
	if r := oc.result; r.Before != r.After {
		files = append(files, &pending{
			shown: oc.in.path, path: oc.in.abs, root: oc.in.root, old: r.Before, exists: true, content: r.After,
		})
	}
	return files
}

// output writes the file of --output.
func (w writer) output(path, content string) error {
	shown := path
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular() && !info.IsDir():
		if err := writeThrough(path, content); err != nil { // a device or a pipe
			return &fileError{shown, err}
		}
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return &fileError{shown, err}
	}
	abs, err2 := filepath.Abs(path)
	if err2 != nil {
		return &fileError{shown, err2}
	}
	p := &pending{shown: shown, path: abs, exists: err == nil, content: content}
	if p.exists {
		if p.old, _, err = readRegular(path, maxInput); err != nil {
			return &fileError{shown, err}
		}
	}
	return w.replace([]*pending{p})
}

func writeThrough(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Close())
}

// replace exchanges the files. Every new content is on the disk before the first
// file is touched, and when one cannot be exchanged those before it are put back.
func (w writer) replace(files []*pending) (err error) {
	defer func() {
		for _, p := range files {
			p.cleanUp()
		}
	}()
	for _, p := range files {
		if err := p.prepare(w); err != nil {
			return &fileError{p.shown, fmt.Errorf("not written: %s", plain(err))}
		}
	}
	for i, p := range files {
		if err := p.exchange(w); err != nil {
			err = fmt.Errorf("not written: %s", plain(err))
			for _, done := range files[:i] {
				err = errors.Join(err, done.putBack(w))
			}
			return &fileError{p.shown, err}
		}
	}
	for _, p := range files {
		syncDir(w, filepath.Dir(p.path))
	}
	return nil
}

// prepare finds out where the file really is, makes sure that it is as it was
// when it was read, and writes the new content beside it.
func (p *pending) prepare(w writer) error {
	if err := p.resolve(); err != nil {
		return err
	}
	_, err := os.Lstat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if p.exists {
			return errors.New("it has gone since it was read")
		}
		return p.makeTemp(w, nil)
	case err != nil:
		return err
	case !p.exists:
		return errors.New("it has come into being since refit looked")
	}
	now, info, err := readRegular(p.path, maxInput)
	switch {
	case err != nil:
		return err
	case now != p.old:
		return errors.New("it has changed since it was read")
	case info.Mode().Perm()&0o222 == 0:
		return errors.New("it is read-only")
	}
	return p.makeTemp(w, info)
}

// resolve follows the links of the path, of which any directory may have become one
// since the file was found.
func (p *pending) resolve() error {
	real, err := filepath.EvalSymlinks(p.path)
	switch _, lerr := os.Lstat(p.path); {
	case lerr == nil && !p.exists: // a link to nothing, too
		return errors.New("it has come into being since refit looked")
	case errors.Is(lerr, fs.ErrNotExist): // new: its directory is what counts
		if real, err = filepath.EvalSymlinks(filepath.Dir(p.path)); err == nil {
			real = filepath.Join(real, filepath.Base(p.path))
		} else if errors.Is(err, fs.ErrNotExist) && p.exists {
			return errors.New("it has gone since it was read")
		} else {
			return fmt.Errorf("no file can be made in its directory: %s", plain(err))
		}
	}
	if err != nil {
		return err
	}
	if p.root != "" && !within(p.root, real) {
		return fmt.Errorf("it is a link to %s, which is outside of %s; name that file instead", displayPath(real), displayPath(p.root))
	}
	p.path = real
	return nil
}

// makeTemp writes the new content beside the file, with the mode and, if that is
// allowed, the owner of the old one.
func (p *pending) makeTemp(w writer, old fs.FileInfo) error {
	f, err := createBeside(p.path)
	if err != nil {
		return fmt.Errorf("no file can be made in its directory: %s", plain(err))
	}
	p.temp = f.Name()
	_, err = f.WriteString(p.content)
	if err == nil && old != nil {
		keepOwner(f, old)
		err = f.Chmod(old.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky))
	}
	if err == nil {
		err = w.sync(f)
	}
	return errors.Join(err, f.Close())
}

// createBeside makes a new file in the directory of path; os.CreateTemp would
// not leave its mode to the umask.
func createBeside(path string) (*os.File, error) {
	for try := 0; ; try++ {
		f, err := os.OpenFile(besideName(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || try == 100 || !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

func besideName(path string) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".refit-%016x", rand.Uint64()))
}

// exchange puts the new content in the file's place. The old file keeps a second
// name until all is done.
func (p *pending) exchange(w writer) error {
	if p.exists {
		backup := besideName(p.path)
		if err := os.Link(p.path, backup); err != nil {
			if err := copyFile(p.path, backup); err != nil { // no hard links here
				_ = os.Remove(backup)
				return err
			}
		}
		p.backup = backup
	}
	if err := w.rename(p.temp, p.path); err != nil {
		var le *os.LinkError
		if errors.As(err, &le) {
			return le.Err
		}
		return err
	}
	p.temp = ""
	return nil
}

func copyFile(from, to string) error {
	text, info, err := readRegular(from, maxInput)
	if err != nil {
		return err
	}
	return os.WriteFile(to, []byte(text), info.Mode().Perm())
}

// putBack undoes exchange.
func (p *pending) putBack(w writer) error {
	var err error
	if p.exists {
		if err = w.rename(p.backup, p.path); err == nil {
			p.backup = ""
		}
	} else {
		err = os.Remove(p.path)
	}
	if err == nil {
		return nil
	}
	kept := p.backup
	p.backup = "" // the only copy of the old text: leave it there
	return fmt.Errorf("%s could not be put back (%s); its old text is %s", p.shown, plain(err), strings.TrimPrefix(kept, "./"))
}

func (p *pending) cleanUp() {
	for _, path := range []string{p.temp, p.backup} {
		if path != "" {
			_ = os.Remove(path)
		}
	}
}

// syncDir makes renames last. Not every file system can, and the files are
// whole either way.
func syncDir(w writer, dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = w.sync(d)
		_ = d.Close()
	}
}
