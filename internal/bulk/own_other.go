//go:build !unix

package bulk

import "io/fs"

// isOwn reports a file that this user made for nobody else, as far as its mode
// says so.
func isOwn(info fs.FileInfo) bool { return info.Mode().IsRegular() }
