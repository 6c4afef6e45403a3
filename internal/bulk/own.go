package bulk

import (
	"fmt"
	"io/fs"
	"os"
)

// noLink refuses to keep anything through a symbolic link. What a run keeps may
// lie in a repository, which could have brought one that leads anywhere.
func noLink(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a symbolic link, which refit does not write through", path)
	}
	return nil
}

// createAnew makes a file in the place of what has its name, a link included.
func createAnew(path string, mode fs.FileMode) (*os.File, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}
