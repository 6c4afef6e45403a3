package smoke

import (
	"context"
	_ "embed" // the programs that run in the image
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc/codes"

	"refit/internal/verify/builder"
)

// Ending is how a process ended.
type Ending struct {
	Trouble  string // why it could not be tried; "" when it was
	Code     int    // the exit status; -1 when it did not end
	TimedOut bool
	Log      []string // the end of what it printed
}

// ok reports whether the process ended well.
func (e *Ending) ok() bool { return e.Trouble == "" && !e.TimedOut && e.Code == 0 }

// String says how it ended, as the predicate of a sentence.
func (e *Ending) String() string {
	switch {
	case e.Trouble != "":
		return "could not be tried: " + e.Trouble
	case e.TimedOut:
		return "did not end in time"
	case e.Code < 0:
		return "could not be started"
	}
	return fmt.Sprintf("ended with status %d", e.Code)
}

// runner runs processes in copies of an image.
type runner struct {
	result *builder.Result
	plan   *Plan
}

// errTime is the cause of a context whose time is up.
var errTime = errors.New("time is up")

// lost is the error to give up with when err is the builder's own failure or the
// context has ended, else nil: err then is the image's.
func lost(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	switch grpcerrors.Code(err) {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded:
		return err
	}
	return nil
}

// environment completes what the image declares: container engines set HOME.
func (r *runner) environment(extra ...string) []string {
	if _, ok := r.variable("HOME"); !ok && r.plan.Home != "" {
		extra = append(extra, "HOME="+r.plan.Home)
	}
	return extra
}

// variable is an environment variable that the image declares.
func (r *runner) variable(name string) (string, bool) {
	for _, v := range r.result.Config.Config.Env {
		if key, value, _ := strings.Cut(v, "="); key == name {
			return value, true
		}
	}
	return "", false
}

// command is the image's: the entry point and its arguments.
func (r *runner) command() []string {
	c := r.result.Config.Config
	return append(append([]string(nil), c.Entrypoint...), c.Cmd...)
}

// once runs a process in a container of its own, for at most limit.
func (r *runner) once(ctx context.Context, cmd builder.Command, limit time.Duration) (*Ending, *builder.Output, error) {
	c, err := r.result.Container(ctx, r.plan.Online)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = c.Release() }() // says again how the process ended
	p, err := c.Start(ctx, cmd)
	if err != nil {
		return failed(ctx, err)
	}
	return wait(ctx, p, limit)
}

// wait waits for a process, for at most limit.
func wait(ctx context.Context, p *builder.Process, limit time.Duration) (*Ending, *builder.Output, error) {
	timed, cancel := context.WithTimeoutCause(ctx, limit, errTime)
	defer cancel()
	out, err := p.Wait(timed)
	if err != nil && !errors.Is(err, errTime) {
		return failed(ctx, err)
	}
	e := &Ending{Code: out.Code, TimedOut: err != nil, Log: tail(out.Text())}
	return e, out, nil
}

// failed is the ending of a process that the builder could not start.
func failed(ctx context.Context, err error) (*Ending, *builder.Output, error) {
	if err := lost(ctx, err); err != nil {
		return nil, nil, err
	}
	return &Ending{Code: -1, Log: tail(err.Error())}, &builder.Output{Code: -1}, nil
}

// The most that is kept of a log.
const (
	logLines = 30
	lineCut  = 500
)

// tail is the end of a text.
func tail(text string) []string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-logLines):]
	for i, l := range lines {
		l = strings.TrimRight(l, "\r \t")
		if len(l) > lineCut {
			l = strings.ToValidUTF8(l[:lineCut], "") + "…"
		}
		lines[i] = l
	}
	return lines
}

// prelude is put before each of the programs that run in the image.
//
//go:embed prelude.py
var prelude string

// program is a command that runs a Python program of ours, which reads one JSON
// value from its argument and prints JSON values, one to a line.
func (r *runner) program(text string, argument any) (builder.Command, error) {
	arg, err := json.Marshal(argument)
	if err != nil {
		return builder.Command{}, fmt.Errorf("writing a program's argument: %w", err)
	}
	return builder.Command{Args: []string{r.plan.Python, "-S", "-c", prelude + text, string(arg)}, Env: r.environment()}, nil
}

// values reads what a program of ours printed. A line that was cut off is left out.
func values[T any](out *builder.Output) []T {
	var list []T
	for line := range strings.Lines(string(out.Stdout)) {
		var v T
		if json.Unmarshal([]byte(line), &v) == nil {
			list = append(list, v)
		}
	}
	return list
}

// Reasons not to try something.
const (
	noPython  = "no Python interpreter in the image"
	noCommand = "the image has no command"
	noPort    = "no TCP port is exposed"
)
