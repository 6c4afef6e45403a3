package builder

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// Result is what was built, as long as the builder holds it.
type Result struct {
	Config dockerspec.DockerOCIImage
	client gateway.Client
	ref    gateway.Reference
}

func newResult(c gateway.Client, res *gateway.Result) (*Result, error) {
	ref, err := res.SingleRef()
	if err != nil {
		return nil, fmt.Errorf("an image for several platforms cannot be looked into: %w", err)
	}
	img, err := configOf(res)
	if err != nil {
		return nil, err
	}
	return &Result{img, c, ref}, nil
}

// Command is a process to start. What is empty is as the image declares it.
type Command struct {
	Args []string
	Env  []string // on top of the image's
	User string
	Dir  string
}

// Output is what a process left.
type Output struct {
	Code           int // the exit status
	Stdout, Stderr []byte
}

// Text is all that was printed: standard output, then standard error.
func (o *Output) Text() string { return string(o.Stdout) + string(o.Stderr) }

// maxOutput is how much of a process's output is kept, in bytes.
const maxOutput = 1 << 20

// Container is a copy of the image in which processes run. It has a network of
// its own with nothing but the loopback interface, unless it was made online.
type Container struct {
	result *Result
	ctr    gateway.Container
}

// Container makes a container. With online it shares the network that RUN steps
// have.
func (r *Result) Container(ctx context.Context, online bool) (*Container, error) {
	if r.ref == nil {
		return nil, errors.New("the image is empty")
	}
	req := gateway.NewContainerRequest{Hostname: "refit", NetMode: pb.NetMode_NONE, Mounts: []gateway.Mount{{Dest: "/", MountType: pb.MountType_BIND, Ref: r.ref}}}
	if online {
		req.NetMode = pb.NetMode_UNSET
	}
	ctr, err := r.client.NewContainer(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("making a container: %w", err)
	}
	return &Container{r, ctr}, nil
}

// Release gives the container up and ends what still runs in it.
func (c *Container) Release() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return c.ctr.Release(ctx)
}

// Process is a command that was started.
type Process struct {
	proc           gateway.ContainerProcess
	stdout, stderr tailBuffer
	done           chan struct{}
	code           int
	err            error
}

// Start starts a process. The first one is the container's own: when it ends,
// so do the others. All end, too, when one ends with a status other than 0.
func (c *Container) Start(ctx context.Context, cmd Command) (*Process, error) {
	img := c.result.Config.Config
	p := &Process{done: make(chan struct{})}
	req := gateway.StartRequest{
		Args: cmd.Args, Env: append(append([]string(nil), img.Env...), cmd.Env...),
		User: cmp.Or(cmd.User, img.User), Cwd: cmp.Or(cmd.Dir, img.WorkingDir, "/"),
		Stdout: &p.stdout, Stderr: &p.stderr,
	}
	proc, err := c.ctr.Start(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("starting %q: %w", cmd.Args, err)
	}
	p.proc = proc
	go func() {
		defer close(p.done)
		p.code, p.err = exitCode(proc.Wait())
	}()
	return p, nil
}

// Run runs a process to its end. Its exit status is no error.
func (c *Container) Run(ctx context.Context, cmd Command) (*Output, error) {
	p, err := c.Start(ctx, cmd)
	if err != nil {
		return nil, err
	}
	return p.Wait(ctx)
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the end. When the context ends first, the process is killed
// and what it had printed is returned with the error.
func (p *Process) Wait(ctx context.Context) (*Output, error) {
	select {
	case <-p.done:
		return p.output(), p.err
	case <-ctx.Done():
		p.signal(syscall.SIGKILL)
		return p.output(), context.Cause(ctx)
	}
}

// Stop ends the process as a container engine does: SIGTERM, and SIGKILL after
// the grace. took is how long it was, killed whether it had to be killed.
func (p *Process) Stop(ctx context.Context, grace time.Duration) (took time.Duration, killed bool, err error) {
	start := time.Now()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return time.Since(start), false, nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-time.After(grace):
	}
	p.signal(syscall.SIGKILL)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second): // Release ends it
	}
	return time.Since(start), true, err
}

// signal sends a signal. A process that has ended takes none, which is no matter.
func (p *Process) signal(s syscall.Signal) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = p.proc.Signal(ctx, s)
}

// Output is what the process has printed so far.
func (p *Process) Output() *Output { return p.output() }

func (p *Process) output() *Output {
	o := &Output{Stdout: p.stdout.bytes(), Stderr: p.stderr.bytes()}
	select {
	case <-p.done:
		o.Code = p.code
	default:
		o.Code = -1
	}
	return o
}

// unknownExit is how an exit status of 255 comes back: without its type.
var unknownExit = &gatewayapi.ExitError{ExitCode: gatewayapi.UnknownExitStatus}

// exitCode takes a process's end apart.
func exitCode(err error) (int, error) {
	var exit *gatewayapi.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.ExitCode < gatewayapi.UnknownExitStatus:
		return int(exit.ExitCode), nil
	case err.Error() == unknownExit.Error(): // a process that ends with 255 looks like one whose end is unknown
		return gatewayapi.UnknownExitStatus, nil
	}
	return -1, err
}

// tailBuffer keeps the end of what is written to it.
type tailBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

var _ io.WriteCloser = (*tailBuffer)(nil)

func (t *tailBuffer) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf.Write(p)
	if over := t.buf.Len() - maxOutput; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tailBuffer) Close() error { return nil }

func (t *tailBuffer) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.buf.Bytes())
}
