package bulk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// versionControl are directories that are no input to anything.
var versionControl = []string{".git", ".hg", ".svn", ".jj"}

// inputsOf stands for the state of a directory: the names, kinds, sizes and times
// of what is in it, which is what git goes by too. A configuration above it, up to
// the root of its repository, counts as well. own are the absolute paths of what
// the run itself writes, which does not.
func inputsOf(dir string, own []string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			fmt.Fprintf(h, "%q unreadable\n", path)
			return nil
		case slices.Contains(own, absolute(path)) && d.IsDir():
			return fs.SkipDir
		case slices.Contains(own, absolute(path)):
			return nil
		}
		if d.IsDir() && slices.Contains(versionControl, d.Name()) {
			fmt.Fprintf(h, "%q\n", path)
			return fs.SkipDir
		}
		info, err := d.Info()
		switch {
		case err != nil:
			fmt.Fprintf(h, "%q gone\n", path)
		case d.IsDir():
			fmt.Fprintf(h, "%q %s\n", path, info.Mode())
		default:
			fmt.Fprintf(h, "%q %s %d %d\n", path, info.Mode(), info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := configsAbove(dir, func(path string, text []byte) { fmt.Fprintf(h, "%q %q\n", path, text) }); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// absolute is an absolute path, or as it is where that cannot be had.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// configsAbove visits the .refit.toml files that speak for a directory from above.
func configsAbove(dir string, visit func(path string, text []byte)) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for at := abs; ; at = filepath.Dir(at) {
		if hasWorkTree(at) || at == filepath.Dir(at) {
			return nil
		}
		path := filepath.Join(filepath.Dir(at), ".refit.toml")
		text, err := os.ReadFile(path)
		switch {
		case err == nil:
			visit(path, text)
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return err
		}
	}
}
