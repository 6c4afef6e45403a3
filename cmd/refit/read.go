package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// maxInput is the size up to which a Dockerfile is read.
const maxInput = 16 << 20

// readRegular reads a file, which may be a link to one. It never waits for a
// FIFO or a device.
func readRegular(path string, limit int64) (string, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", nil, err
	case info.IsDir():
		return "", nil, errors.New("is a directory")
	case !info.Mode().IsRegular():
		return "", nil, errors.New("not a regular file")
	case info.Size() > limit:
		return "", nil, tooLarge(limit)
	}
	text, err := readLimited(f, limit)
	return text, info, err
}

func readLimited(r io.Reader, limit int64) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = tooLarge(limit)
	}
	return string(b), err
}

func tooLarge(limit int64) error { return fmt.Errorf("larger than %d MiB: not read", limit>>20) }
