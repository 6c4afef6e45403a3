package smoke

import (
	"context"
	"time"

	"mvdan.cc/sh/v3/shell"

	"refit/internal/verify/builder"
)

// aloneTime is how long a command that no port tells of is left alone, at most.
const aloneTime = 10 * time.Second

// alone starts the image's command where no port can be asked, as that of a job
// or a worker, or in an image without Python, and sees how it goes.
func (r *runner) alone(ctx context.Context, f *Findings) error {
	if len(r.command()) == 0 || len(r.ports()) > 0 && r.plan.Python != "" {
		return nil
	}
	c, err := r.result.Container(ctx, r.plan.Online)
	if err != nil {
		return err
	}
	defer func() { _ = c.Release() }() // says again how the command ended
	p, err := c.Start(ctx, builder.Command{Args: r.command(), Env: r.environment()})
	if err != nil {
		f.Command, _, err = failed(ctx, err)
		return err
	}
	select {
	case <-time.After(min(r.plan.Timeout, aloneTime)):
		f.Command = &Ending{Code: -1, TimedOut: true, Log: tail(p.Output().Text())}
		f.Health, err = r.health(ctx, c)
	case <-p.Done():
		f.Command, _, err = wait(ctx, p, r.plan.Timeout)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	return err
}

// smoke runs the user's own command: by the image's shell, or without one as the
// program that its first word names.
func (r *runner) smoke(ctx context.Context, f *Findings) error {
	if r.plan.Command == "" {
		return nil
	}
	args, err := r.arguments(ctx, r.plan.Command)
	if err != nil {
		return err
	}
	if args == nil {
		f.Smoke = &Ending{Trouble: needsShell}
		return nil
	}
	f.Smoke, _, err = r.once(ctx, builder.Command{Args: args, Env: r.environment()}, r.plan.Timeout)
	return err
}

const needsShell = "the command needs a shell, and the image has none"

// arguments is how a command is started in the image; nil when it needs a shell
// that is not there.
func (r *runner) arguments(ctx context.Context, command string) ([]string, error) {
	shell, err := r.hasShell(ctx)
	if err != nil {
		return nil, err
	}
	if shell {
		return []string{"/bin/sh", "-c", command}, nil
	}
	return r.split(command), nil
}

// hasShell reports whether the image's shell runs.
func (r *runner) hasShell(ctx context.Context) (bool, error) {
	end, _, err := r.once(ctx, builder.Command{Args: []string{"/bin/sh", "-c", ":"}}, 30*time.Second)
	return err == nil && end.ok(), err
}

// split is a command's words as a shell splits them; nil when it takes a shell to
// run it.
func (r *runner) split(command string) []string {
	fields, err := shell.Fields(command, func(name string) string {
		value, _ := r.variable(name)
		return value
	})
	if err != nil || len(fields) == 0 {
		return nil
	}
	return fields
}
