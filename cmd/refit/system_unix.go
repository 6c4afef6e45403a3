//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a new file the owner of the old one where that is allowed:
// only root may give files away.
func keepOwner(f *os.File, old fs.FileInfo) {
	if st, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
}

// isBrokenPipe reports that whoever read the output has seen enough.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
