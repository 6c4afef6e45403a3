package smoke

import (
	"cmp"
	"context"
	_ "embed" // the program that runs the health check
	"slices"
	"strconv"
	"time"

	"refit/internal/verify/builder"
)

// How a health check is tried.
const (
	healthTries   = 5 // a second apart
	healthTimeout = 30 * time.Second
	hangs         = 124 // the status of a check that does not end, as timeout(1) has it
)

//go:embed health.py
var healthProgram string

// healthScript does what healthProgram does where there is no Python, and no end
// to a check that hangs.
const healthScript = `left=$0
while :; do
	said=$("$@" 2>&1 </dev/null) && code=0 || code=$?
	left=$((left - 1))
	if [ $code = 0 ] || [ $left = 0 ]; then break; fi
	sleep 1
done
printf '%s\n' "$said" >&2
echo $code
`

// healthcheck is the command of the health check, as container engines start it;
// nil for none.
func (r *runner) healthcheck() []string {
	c, test := r.result.Config.Config, r.plan.Health
	if test == nil && c.Healthcheck != nil {
		test = c.Healthcheck.Test
	}
	if len(test) < 2 {
		return nil
	}
	args := test[1:]
	switch test[0] {
	case "CMD":
		return args
	case "CMD-SHELL":
		if len(c.Shell) > 0 {
			return slices.Concat(c.Shell, args)
		}
		return slices.Concat([]string{"/bin/sh", "-c"}, args)
	}
	return nil
}

// health runs the health check beside the image's command, which runs in c. A
// process that fails would take the command with it, so something that does not
// fail runs the check, where the image has what that takes.
func (r *runner) health(ctx context.Context, c *builder.Container) (*Ending, error) {
	check := r.healthcheck()
	if check == nil {
		return nil, nil
	}
	cmd, direct, err := r.healthCommand(ctx, check)
	if err != nil {
		return nil, err
	}
	p, err := c.Start(ctx, cmd)
	if err != nil {
		end, _, err := failed(ctx, err)
		return end, err
	}
	end, out, err := wait(ctx, p, r.plan.Timeout+r.healthTimeout()+healthTries*time.Second)
	switch {
	case err != nil:
		return nil, err
	case end.TimedOut:
		return &Ending{Code: hangs, Log: append(end.Log, "it did not end in time")}, nil
	case direct:
		return end, nil
	}
	code := values[int](out)
	if len(code) != 1 {
		return &Ending{Trouble: "the health check could not be run: " + lastLine(end.Log, "what runs it "+end.String())}, nil
	}
	return &Ending{Code: code[0], Log: tail(string(out.Stderr))}, nil
}

// healthTimeout is how long one try may take.
func (r *runner) healthTimeout() time.Duration {
	timeout := healthTimeout
	if h := r.result.Config.Config.Healthcheck; h != nil {
		timeout = cmp.Or(h.Timeout, timeout)
	}
	return min(timeout, r.plan.Timeout)
}

// healthCommand is what runs the check until it passes: Python, or the shell.
// Without both, the check is run directly, and once.
func (r *runner) healthCommand(ctx context.Context, check []string) (cmd builder.Command, direct bool, err error) {
	if r.plan.Python != "" {
		cmd, err = r.program(healthProgram, map[string]any{
			"command": check, "tries": healthTries,
			"seconds": r.healthTimeout().Seconds(), "total": r.plan.Timeout.Seconds(),
		})
		return cmd, false, err
	}
	shell, err := r.hasShell(ctx)
	cmd = builder.Command{Args: check, Env: r.environment()}
	if shell {
		cmd.Args = append([]string{"/bin/sh", "-c", healthScript, strconv.Itoa(healthTries)}, check...)
	}
	return cmd, !shell, err
}
