package smoke

import (
	"context"
	_ "embed" // the program that measures
	"errors"
	"fmt"
	"time"

	"refit/internal/verify/builder"
)

// Measured is what running a workload took.
type Measured struct {
	Seconds float64
	Peak    int64    // bytes: the most resident memory that one process had
	Code    int      // the exit status; the figures are of a workload that ended with 0
	Output  []string // the end of what it printed
}

//go:embed measure.py
var measureProgram string

// measureTime is how long one run may take.
const measureTime = time.Hour

// Measure runs a workload in an image once, in a container of its own. A
// workload that fails is no error. The peak has a floor of some 10 MB, which the
// measuring interpreter takes itself.
func Measure(ctx context.Context, r *builder.Result, python, home, command string) (Measured, error) {
	if python == "" {
		return Measured{}, errors.New("measuring a workload: " + noPython)
	}
	run := &runner{r, &Plan{Python: python, Home: home}}
	cmd, err := run.program(measureProgram, map[string]any{"command": command, "words": run.split(command)})
	if err != nil {
		return Measured{}, err
	}
	m, err := run.measured(ctx, cmd)
	if err != nil {
		return m, fmt.Errorf("measuring a workload: %w", err)
	}
	return m, nil
}

// measurement is what the measuring program prints.
type measurement struct {
	Seconds float64
	Peak    int64
	Code    int
}

func (r *runner) measured(ctx context.Context, cmd builder.Command) (Measured, error) {
	end, out, err := r.once(ctx, cmd, measureTime)
	if err != nil {
		return Measured{}, err
	}
	m := Measured{Output: tail(string(out.Stderr))}
	list := values[measurement](out)
	switch {
	case len(list) == 1:
		m.Seconds, m.Peak, m.Code = list[0].Seconds, list[0].Peak, list[0].Code
		return m, nil
	case end.Code > 0:
		m.Code = end.Code // the program could not start it
		return m, nil
	}
	return m, fmt.Errorf("no measurement: it %s", end)
}
