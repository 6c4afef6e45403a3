package bulk

import (
	"compress/zlib"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// gitDirOf is the directory of a repository's objects and settings, where that is
// plain: no work tree of another repository, no submodule.
func gitDirOf(dir string) (string, bool) {
	at := filepath.Join(dir, ".git")
	if info, err := os.Lstat(at); errors.Is(err, fs.ErrNotExist) {
		at = dir
	} else if err != nil || !info.IsDir() {
		return "", false
	}
	if _, err := os.Lstat(filepath.Join(at, "commondir")); err == nil {
		return "", false
	}
	return at, isBare(at)
}

// ownSettings mark, in a repository's own settings, those that a commit or the
// storing of objects and branches depends on: sections, other files of settings, and
// how files are to be shared, named and put on the disk (git-config(1)).
var ownSettings = []string{
	"[user", "[author", "[commit", "[gpg", "[include", "worktreeconfig",
	"sharedrepository", "compatobjectformat", "refstorage", "fsync",
}

// isPlain reports whether the settings in a directory of git's leave it to those of
// the user how a commit is made, and to git's defaults how objects are stored.
func isPlain(gitDir string) bool {
	text, err := os.ReadFile(filepath.Join(gitDir, "config"))
	lower := strings.ToLower(string(text))
	return err == nil && !slices.ContainsFunc(ownSettings, func(mark string) bool { return strings.Contains(lower, mark) })
}

// storeLoose writes the objects as files of their own below a directory of git's, as
// git does (gitrepository-layout(5), "objects/[0-9a-f][0-9a-f]").
func (n *newObjects) storeLoose(gitDir string) error {
	z, err := zlib.NewWriterLevel(io.Discard, zlib.BestSpeed)
	if err != nil {
		return err
	}
	for _, o := range n.list {
		if err := o.storeLoose(filepath.Join(gitDir, "objects", o.id[:2]), z); err != nil {
			return fmt.Errorf("store a %s: %w", o.kind, err)
		}
	}
	return nil
}

// storeLoose writes an object into a directory, unless it has it. It takes its name
// when it is whole; git cleans up what a killed run leaves (tmp_obj_*).
func (o *newObject) storeLoose(dir string, z *zlib.Writer) (err error) {
	name := filepath.Join(dir, o.id[2:])
	now := time.Now()
	if os.Chtimes(name, now, now) == nil {
		return nil // git gc takes it for new, as git has it, and leaves it alone
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	temp := filepath.Join(dir, "tmp_obj_"+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp)
		}
	}()
	z.Reset(f)
	fmt.Fprintf(z, "%s %d\x00", o.kind, len(o.content))
	_, err = z.Write(o.content)
	if err := errors.Join(err, z.Close(), f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, name)
}
