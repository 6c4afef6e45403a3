package check

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"refit/internal/facts"
)

// How says in which form a distribution is installed.
type How string

// The forms.
const (
	Source How = "source" // compiled from its source distribution
	Wheel  How = "wheel"  // its wheel alone
	System How = "system" // as pip chooses; its need is a library or program that it looks for when it runs
)

// Plan is one distribution to check.
type Plan struct {
	Distribution string
	Requirement  string // what pip is asked for: the newest release, or the newest that the image's Python or Debian takes
	Probe        string // a Python program that fails where the distribution does not work
	Without      []How  // forms that are left out, for the reason
	Reason       string // why
	Pure         bool   // that nothing is compiled is no failure
}

//go:embed plan.tsv
var planText string

// Plans reads what is to be checked.
func Plans() ([]Plan, error) {
	var plans []Plan
	for line := range strings.Lines(planText) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != 5 {
			return nil, fmt.Errorf("plan.tsv: %d columns, want 5: %s", len(row), line)
		}
		p := Plan{Distribution: row[0], Requirement: strings.TrimPrefix(row[1], "-"), Probe: row[2], Reason: strings.TrimPrefix(row[4], "-")}
		if p.Requirement == "" {
			p.Requirement = p.Distribution
		}
		for flag := range strings.SplitSeq(row[3], ",") {
			switch flag {
			case "-":
			case "pure":
				p.Pure = true
			case "no-source", "no-wheel", "no-system":
				p.Without = append(p.Without, How(strings.TrimPrefix(flag, "no-")))
			default:
				return nil, fmt.Errorf("plan.tsv: %s has the flag %q, which nobody knows", p.Distribution, flag)
			}
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// Task is one distribution in one form on one image.
type Task struct {
	Plan
	How     How
	Image   string // an official slim image of Python
	Suite   string // the Debian release in it
	Build   []string
	Runtime []string
}

// Tasks are what a plan asks for on an image, with the packages that the table of
// facts lists.
func (p Plan) Tasks(image, suite string) ([]Task, error) {
	fact, ok := facts.SystemPackagesFor(p.Distribution)
	if !ok {
		return nil, fmt.Errorf("plan.tsv: the table has no %s", p.Distribution)
	}
	var tasks []Task
	for _, how := range formsOf(fact.Kind) {
		t := Task{Plan: p, How: how, Image: image, Suite: suite}
		known, build := true, true
		switch how {
		case Source:
			t.Build, build = fact.Build(suite)
			t.Runtime, known = fact.Runtime(suite)
		default:
			t.Runtime, known = fact.WheelRuntime(suite)
		}
		if known && build {
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

func formsOf(kind facts.Kind) []How {
	switch kind {
	case facts.SourceOnly:
		return []How{Source}
	case facts.Wheel:
		return []How{Wheel, Source}
	case facts.Loads, facts.Runs:
		return []How{System}
	}
	return nil
}

// skipped is why a task is not tried; "" when it is.
func (t Task) skipped() string {
	if slices.Contains(t.Without, t.How) {
		return t.Reason
	}
	return ""
}
