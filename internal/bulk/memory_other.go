//go:build !unix

package bulk

// PeakMemory is the most memory that the process has had, in bytes; 0 where that
// is not known.
func PeakMemory() int64 { return 0 }
