package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

const (
	maxErrors  = 8 << 10         // of standard error, its end
	errorLines = 5               // of these are shown
	grace      = 5 * time.Second // from asking the scanner to stop to killing it
)

// output is what a scanner that ran left.
type output struct {
	stdout  []byte
	stderr  []byte
	failure error // how it ended, when that was not status 0
}

// execute runs the scanner to its end. It is an error when the scanner could not
// be started, or was not let run to its end, as when it prints more than limit
// bytes: its output is then incomplete.
func execute(ctx context.Context, argv []string, limit int) (*output, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stdout := &capped{max: limit, full: func() {
		cancel(fmt.Errorf("more than %d MB of output", limit>>20))
	}}
	stderr := &tail{max: maxErrors}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = grace
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the scanner: %w", err)
	}
	err := cmd.Wait()
	out := &output{stdout: stdout.buf.Bytes(), stderr: stderr.buf}
	if ctx.Err() != nil || errors.Is(err, exec.ErrWaitDelay) {
		killGroup(cmd) // whoever is left of it
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("stopped: %w", context.Cause(ctx))
	case errors.Is(err, exec.ErrWaitDelay):
		return nil, errors.New("ended, and left a process behind that holds its output open")
	case errors.As(err, &exit) && exit.Exited():
		out.failure = fmt.Errorf("ended with %w", err)
	case err != nil: // a signal, or its output could not be read
		return nil, fmt.Errorf("%w%s", err, out.lastLines())
	}
	return out, nil
}

// lastLines is the end of standard error, as the end of a message.
func (o *output) lastLines() string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(o.stderr), "\ufffd")), "\n")
	if len(lines) > errorLines {
		lines = lines[len(lines)-errorLines:]
	}
	text := strings.Join(lines, "\n")
	if text == "" {
		return ""
	}
	return ":\n" + text
}

// capped keeps what is written, up to a size.
type capped struct {
	buf  bytes.Buffer
	max  int
	full func() // called when there is more
}

func (c *capped) Write(p []byte) (int, error) {
	if c.buf.Len()+len(p) > c.max {
		c.full()
		return 0, errors.New("too much output")
	}
	return c.buf.Write(p)
}

// tail keeps the end of what is written.
type tail struct {
	buf []byte
	max int
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.max; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}
