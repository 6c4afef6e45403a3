package check

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"refit/internal/verify/builder"
	"refit/internal/verify/image"
)

// Verdict is what a check came to.
type Verdict string

// The verdicts.
const (
	Holds      Verdict = "holds"
	Fails      Verdict = "fails"
	NotChecked Verdict = "not checked"
)

// Checker builds tasks.
type Checker struct {
	Builder *builder.Builder
	Dir     string        // for images; emptied after each one
	Limit   time.Duration // how long one task may take
	Show    *builder.Display
}

//go:embed probe.py
var probeText string

// found is what the image of some tasks is like.
type found struct {
	probes []probe // one for each task
	lacks  []image.Missing
	owners map[string]bool // the packages of the libraries that are loaded
}

// probe is what probe.py prints.
type probe struct {
	Version, Python string
	Compiled        int
	Packages        []string // Debian's, that the image has
	Failure         string
}

// Check does tasks that list the same packages: they are built together, and where that does not hold for all of them,
// each alone. An error is one of the builder or of this program; what is wrong with a task is in its row.
func (c *Checker) Check(ctx context.Context, tasks ...Task) ([]Row, error) {
	var rows []Row
	var left []Task
	for _, t := range tasks {
		if why := t.skipped(); why != "" {
			row := t.row()
			row.Verdict, row.Detail = NotChecked, why
			rows = append(rows, row)
		} else {
			left = append(left, t)
		}
	}
	if len(left) == 0 {
		return rows, nil
	}
	more, err := c.together(ctx, left)
	if err != nil || len(left) == 1 || allHold(more) {
		return append(rows, more...), err
	}
	for _, t := range left {
		more, err := c.together(ctx, []Task{t})
		if err != nil {
			return rows, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func allHold(rows []Row) bool {
	return !slices.ContainsFunc(rows, func(r Row) bool { return r.Verdict != Holds })
}

// together builds tasks in one image and judges each.
func (c *Checker) together(ctx context.Context, tasks []Task) ([]Row, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Limit, errTooLong)
	defer cancel()
	start := time.Now()
	rows := make([]Row, len(tasks))
	for i, t := range tasks {
		rows[i] = t.row()
	}
	err := c.check(ctx, tasks, rows)
	var build *builder.BuildError
	for i := range rows {
		r := &rows[i]
		r.Seconds = int(time.Since(start).Seconds()/float64(len(tasks)) + 0.5)
		switch {
		case errors.Is(context.Cause(ctx), errTooLong):
			r.Verdict, r.Detail = NotChecked, fmt.Sprintf("takes over %.0f minutes", c.Limit.Minutes())
		case errors.As(err, &build):
			r.judgeFailure(build)
		case err != nil:
			return nil, fmt.Errorf("checking %s (%s) on %s: %w", r.Distribution, r.How, r.Image, err)
		}
	}
	return rows, nil
}

var errTooLong = errors.New("the limit of time is over")

// check builds what the tasks ask for and judges it.
func (c *Checker) check(ctx context.Context, tasks []Task, rows []Row) error {
	with, err := c.look(ctx, tasks)
	if err != nil {
		return err
	}
	without := with.probes
	if len(tasks[0].Runtime) > 0 {
		if without, err = c.build(ctx, tasks, bare, ""); err != nil {
			return err
		}
	}
	for i := range rows {
		rows[i].judge(tasks[i], with, with.probes[i], without[i])
	}
	return nil
}

// build builds one stage and runs the probes in it.
func (c *Checker) build(ctx context.Context, tasks []Task, stage, layout string) (probes []probe, err error) {
	req := &builder.Request{
		Source: builder.Source{Name: "Dockerfile", Text: dockerfile(tasks)}, Target: stage, Layout: layout,
		Title: tasks[0].Distribution + " " + stage, Show: c.Show,
	}
	_, err = c.Builder.Build(ctx, req, func(ctx context.Context, r *builder.Result) error {
		probes, err = run(ctx, r, tasks)
		return err
	})
	return probes, err
}

// look builds the image with the runtime packages and reads it.
func (c *Checker) look(ctx context.Context, tasks []Task) (*found, error) {
	dir, err := os.MkdirTemp(c.Dir, "image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	f := &found{owners: map[string]bool{}}
	if f.probes, err = c.build(ctx, tasks, full, dir); err != nil {
		return nil, err
	}
	img, err := image.Open(ctx, dir, c.Dir)
	if err != nil {
		return nil, err
	}
	environment := []string{"/opt/venv"}
	f.lacks = img.Missing(environment)
	for _, file := range img.Loaded(environment) {
		if pkg, ok := img.Owner(file); ok {
			f.owners[pkg] = true
		}
	}
	return f, nil
}

// run runs the probe of each task.
func run(ctx context.Context, r *builder.Result, tasks []Task) ([]probe, error) {
	var probes []probe
	for _, t := range tasks {
		p, err := runOne(ctx, r, t)
		if err != nil {
			return nil, fmt.Errorf("running the probe: %w", err)
		}
		probes = append(probes, p)
	}
	return probes, nil
}

// runOne runs a probe in a container of its own: a container ends with its first process.
func runOne(ctx context.Context, r *builder.Result, t Task) (p probe, err error) {
	ctr, err := r.Container(ctx, false)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, ctr.Release()) }()
	out, err := ctr.Run(ctx, builder.Command{Args: []string{"python", "-c", probeText, t.Distribution, t.Probe}, Dir: "/tmp"})
	if err != nil {
		return p, err
	}
	lines := strings.Split(strings.TrimSpace(string(out.Stdout)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &p); err != nil {
		p.Failure = fmt.Sprintf("the interpreter ended with status %d: %s", out.Code, lastLine(out.Text()))
	}
	return p, nil
}

// judge compares what was found with the runtime packages and without them.
func (r *Row) judge(t Task, with *found, own, without probe) {
	r.Version, r.Python, r.Compiled = own.Version, own.Python, own.Compiled
	r.Without = short(without.Failure)
	for _, p := range t.Runtime {
		switch {
		case slices.Contains(without.Packages, p):
			r.Unlinked = append(r.Unlinked, p+" (in the slim image)")
		case !with.owners[p]:
			r.Unlinked = append(r.Unlinked, p)
		}
	}
	r.Verdict = Holds
	switch {
	case len(with.lacks) > 0:
		r.Verdict = Fails
		r.Detail = fmt.Sprintf("%s is missing, which %s loads", with.lacks[0].Library, with.lacks[0].NeededBy[0])
	case own.Failure != "":
		r.Verdict, r.Detail = Fails, short(own.Failure)
	case t.How == Source && own.Compiled == 0 && !t.Pure:
		r.Verdict, r.Detail = Fails, "the build compiled nothing"
	case t.How != Source && len(t.Runtime) > 0 && r.Without == "":
		r.Verdict, r.Detail = Fails, "it works without the listed packages too"
	}
	if len(with.lacks) > 0 || own.Failure != "" {
		r.Without = "" // nothing follows from it
	}
}
