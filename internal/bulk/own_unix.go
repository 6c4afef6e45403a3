//go:build unix

package bulk

import (
	"io/fs"
	"os"
	"syscall"
)

// isOwn reports a file that this user made for nobody else.
func isOwn(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode() == ownMode && int(st.Uid) == os.Geteuid()
}
