package verify

import "slices"

// Comparison is what building a Dockerfile on several base images, and running a
// workload in each, showed. Its JSON form is documented in docs/json.md.
type Comparison struct {
	Path       string      `json:"path"`
	Error      string      `json:"error,omitempty"` // why nothing could be measured; the rest is then what was reached
	Workload   string      `json:"workload"`
	Runs       int         `json:"runs"` // how often the workload is run in each image
	Candidates []Candidate `json:"candidates"`
}

// Candidate is the image on one base.
type Candidate struct {
	Name        string    `json:"name"`            // full, slim, distroless or alpine
	Base        string    `json:"base,omitempty"`  // the reference in FROM
	Left        string    `json:"left,omitempty"`  // why it was left out; "" when it was tried
	Error       string    `json:"error,omitempty"` // why it could not be measured
	Compressed  int64     `json:"compressed"`      // bytes, as of an Image
	Unpacked    int64     `json:"unpacked"`
	ColdBuild   *Build    `json:"coldBuild,omitempty"`
	WarmRebuild *Build    `json:"warmRebuild,omitempty"` // after a source file was touched
	RunSeconds  []float64 `json:"runSeconds"`            // of each run, in order
	PeakMemory  int64     `json:"peakMemory"`            // bytes, the most of all runs; 0 when it was not measured
	Log         []string  `json:"log,omitempty"`         // the lines that matter when it could not be measured
}

// Measured reports whether the workload ran.
func (c *Candidate) Measured() bool {
	return c.Left == "" && c.Error == "" && len(c.RunSeconds) > 0
}

// Median is the middle of the runs' seconds, 0 when there are none.
func (c *Candidate) Median() float64 {
	n := len(c.RunSeconds)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(c.RunSeconds))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Spread is the seconds of the fastest and of the slowest run. The runs are too
// few for anything finer.
func (c *Candidate) Spread() (low, high float64) {
	if len(c.RunSeconds) == 0 {
		return 0, 0
	}
	return slices.Min(c.RunSeconds), slices.Max(c.RunSeconds)
}

// Measured returns the candidates in which the workload ran.
func (c *Comparison) Measured() []*Candidate {
	var all []*Candidate
	for i := range c.Candidates {
		if c.Candidates[i].Measured() {
			all = append(all, &c.Candidates[i])
		}
	}
	return all
}

// Smallest returns the measured candidates with the smallest compressed size.
func (c *Comparison) Smallest() []*Candidate {
	var best []*Candidate
	for _, m := range c.Measured() {
		switch {
		case len(best) == 0 || m.Compressed < best[0].Compressed:
			best = []*Candidate{m}
		case m.Compressed == best[0].Compressed:
			best = append(best, m)
		}
	}
	return best
}

// Fastest returns the measured candidate with the smallest median, and those
// that can't be told from it: some run of theirs was as fast as its slowest.
// There is none when a candidate ran once, which has no spread.
func (c *Comparison) Fastest() []*Candidate {
	measured := c.Measured()
	if len(measured) == 0 {
		return nil
	}
	best := measured[0]
	for _, m := range measured {
		if len(m.RunSeconds) < 2 {
			return nil
		}
		if m.Median() < best.Median() {
			best = m
		}
	}
	_, slowest := best.Spread()
	var all []*Candidate
	for _, m := range measured {
		if low, _ := m.Spread(); low <= slowest {
			all = append(all, m)
		}
	}
	return all
}
