package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"refit/internal/report"
)

// usageError is a command line that cannot be followed.
type usageError string

func (e usageError) Error() string { return string(e) }

// messages writes to standard error.
type messages struct{ w io.Writer }

// messages are those of a run.
func (o *options) messages(stderr io.Writer) *messages {
	if o.format == formatGitHub {
		stderr = report.InertLines(stderr)
	}
	return &messages{w: stderr}
}

// status reports an error that ends the command, and returns the exit status.
func (m *messages) status(err error) int {
	if err == nil {
		return exitDone
	}
	if isBrokenPipe(err) { // the reader has seen enough
		return exitBad
	}
	text := report.Clean(err.Error())
	var usage usageError
	var file *fileError
	switch {
	case errors.As(err, &usage):
		m.printf("refit: %s\nrefit --help says what there is.\n", text)
	case errors.As(err, &file):
		m.printf("%s\n", text)
	default:
		m.printf("refit: %s\n", text)
	}
	return exitBad
}

// printf writes a message; there is nowhere to report that it failed.
func (m *messages) printf(format string, args ...any) { _, _ = fmt.Fprintf(m.w, format, args...) }

// fileError is what is wrong with a file, in the form "file: message".
type fileError struct {
	path string
	err  error
}

func (e *fileError) Error() string { return e.path + ": " + plain(e.err) }

func (e *fileError) Unwrap() error { return e.err }

// atLine is what is wrong on a line of a file.
func atLine(path string, line int, err error) error {
	return &fileError{fmt.Sprintf("%s:%d", path, line), err}
}

// plain says what went wrong without the operation and the path that package os
// puts before it: the message names the path already.
func plain(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) && pe == err {
		return pe.Err.Error()
	}
	return err.Error()
}
