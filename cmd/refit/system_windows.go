package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// keepOwner does nothing: on Windows a new file's owner and rights are what its
// directory gives it.
func keepOwner(*os.File, fs.FileInfo) {}

// The errors of Windows for a pipe whose other end is closed.
const (
	errBrokenPipe = syscall.Errno(109) // ERROR_BROKEN_PIPE
	errNoData     = syscall.Errno(232) // ERROR_NO_DATA
)

// isBrokenPipe reports that whoever read the output has seen enough.
func isBrokenPipe(err error) bool { return errors.Is(err, errBrokenPipe) || errors.Is(err, errNoData) }
