package smoke

import (
	"context"
	_ "embed" // the program that measures
	"errors"
	"fmt"
	"time"

	"refit/internal/verify/builder"
)

// Runs is what running a workload several times took.
type Runs struct {
	Seconds []float64 // of each run that was measured
	Peak    int64     // bytes: the most resident memory that one process had in any of them
	Code    int       // the exit status; with one that is not 0 the workload is given up
	Output  []string  // the end of what the last run printed
}

//go:embed measure.py
var measureProgram string

// measureTime is how long one run may take.
const measureTime = time.Hour

// Measure runs a workload in an image: once to warm up, then the given number of
// times, in a container of its own each. A workload that fails is no error.
// The peak has a floor of some 10 MB, which the measuring interpreter takes itself.
func Measure(ctx context.Context, r *builder.Result, python, home, command string, runs int) (Runs, error) {
	var m Runs
	if python == "" {
		return m, errors.New("measuring a workload: " + noPython)
	}
	run := &runner{r, &Plan{Python: python, Home: home}}
	cmd, err := run.program(measureProgram, map[string]any{"command": command, "words": run.split(command)})
	if err != nil {
		return m, err
	}
	for i := range runs + 1 {
		took, err := run.measured(ctx, cmd, &m)
		if err != nil {
			return m, fmt.Errorf("measuring a workload: %w", err)
		}
		if m.Code != 0 {
			return m, nil
		}
		if i > 0 { // the first one was to warm up
			m.Seconds = append(m.Seconds, took.Seconds)
			m.Peak = max(m.Peak, took.Peak)
		}
	}
	return m, nil
}

// measurement is what the measuring program prints.
type measurement struct {
	Seconds float64
	Peak    int64
	Code    int
}

// measured runs the workload once.
func (r *runner) measured(ctx context.Context, cmd builder.Command, m *Runs) (measurement, error) {
	end, out, err := r.once(ctx, cmd, measureTime)
	if err != nil {
		return measurement{}, err
	}
	m.Output = tail(string(out.Stderr))
	list := values[measurement](out)
	switch {
	case len(list) == 1:
		m.Code = list[0].Code
		return list[0], nil
	case end.Code > 0:
		m.Code = end.Code // the program could not start it
		return measurement{}, nil
	}
	return measurement{}, fmt.Errorf("no measurement: it %s", end)
}
