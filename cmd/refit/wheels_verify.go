package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"refit/internal/lock"
	"refit/internal/plural"
	"refit/internal/report"
	"refit/internal/verify/builder"
	"refit/internal/wheel"
	"refit/internal/wheelask"
	"refit/internal/wheeltable"
)

// asking asks pip for explain wheels --verify. It connects when something is asked.
type asking struct {
	o      *wheelsOptions
	stderr *os.File
	pool   *builder.Pool
}

// connect opens the builders, once.
func (a *asking) connect(ctx context.Context) (*builder.Pool, error) {
	if a.pool != nil {
		return a.pool, nil
	}
	pool, err := openPool(ctx, &a.o.proof)
	if err != nil {
		return nil, err
	}
	a.pool = pool
	return pool, nil
}

func (a *asking) close() {
	if a.pool != nil {
		_ = a.pool.Close()
	}
}

// ask fills in what the files of a table leave open.
func (a *asking) ask(ctx context.Context, p *project, l *lock.Lock, t *wheeltable.Table, place *wheelask.Place) error {
	q := question(l, t)
	if len(q.Wants) == 0 && len(q.Resolve) == 0 {
		return nil
	}
	for _, o := range l.Pip.Options {
		place.Add(o[0], o[1])
	}
	if !a.o.quiet {
		fmt.Fprintf(a.stderr, "refit: %s: asking pip about %s\n", report.Clean(t.File), plural.Of(len(q.Wants), "package"))
	}
	asker := &wheelask.Asker{
		Pool: a.connect, Place: place, Context: p.dir, Args: a.o.proof.args(), Secrets: a.o.proof.buildSecrets(), Cache: wheelask.UserCache(a.o.refresh),
	}
	if text, _, err := readRegular(filepath.Join(p.dir, p.dockerfile+".dockerignore"), maxInput); err == nil && p.dockerfile != "" {
		asker.Ignore = text
	}
	reply, err := asker.Ask(ctx, q)
	if errors.Is(err, wheelask.ErrNoPip) { // such as uv's own images
		asker.Place = wheelask.Plain("python:" + t.Columns[0].Target.Python() + "-slim")
		reply, err = asker.Ask(ctx, q)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.File, err)
	}
	take(t, reply)
	return nil
}

// question is what a table leaves open.
func question(l *lock.Lock, t *wheeltable.Table) *wheelask.Question {
	q := &wheelask.Question{}
	for i := range t.Columns {
		if target := t.Columns[i].Target; !slices.Contains(q.Targets, target) {
			q.Targets = append(q.Targets, target)
		}
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		if slices.ContainsFunc(r.Cells, func(c wheeltable.Cell) bool { return c.Installed && c.Open }) {
			q.Wants = append(q.Wants, wantOf(r.Package))
		}
	}
	if t.Open {
		q.Resolve, q.Constraints = l.Pip.Requirements, l.Pip.Constraints
	}
	return q
}

func wantOf(p *lock.Package) wheelask.Want {
	if p.Version != "" {
		return wheelask.Want{Name: p.Name, Spec: "==" + p.Version}
	}
	return wheelask.Want{Name: p.Name, Spec: p.Spec}
}

// take puts the answers into the table: those of packages that the file names, and
// rows of what these need in turn.
func take(t *wheeltable.Table, reply *wheelask.Reply) {
	for _, w := range reply.Resolved {
		version := strings.TrimPrefix(w.Spec, "==")
		i := slices.IndexFunc(t.Rows, func(r wheeltable.Row) bool { return r.Package.Name == w.Name })
		if i < 0 {
			t.Add(&lock.Package{Name: w.Name, Version: version, Source: lock.Source{Kind: lock.Index}})
		} else if t.Rows[i].Package.Version == "" {
			t.Rows[i].Package.Version = version
		}
	}
	switch {
	case reply.Resolved != nil:
		t.Closed()
	case reply.Unresolved != "":
		t.Notes = append(t.Notes, "pip could not find what these distributions need in turn: "+reply.Unresolved)
	}
	for i := range t.Rows {
		for j := range t.Rows[i].Cells {
			if c := &t.Rows[i].Cells[j]; c.Installed && c.Open {
				answer(c, &t.Columns[j], t.Rows[i].Package, reply.Answers[t.Columns[j].Target])
			}
		}
	}
	t.Sort()
}

func answer(c *wheeltable.Cell, col *wheeltable.Column, p *lock.Package, answers map[wheelask.Want]wheelask.Answer) {
	said, ok := answers[wantOf(p)]
	if !ok {
		said, ok = answers[wheelask.Want{Name: p.Name, Spec: p.Spec}]
	}
	switch {
	case !ok:
	case said.Error != "":
		c.Reason += "; pip could not tell: " + said.Error
	default:
		c.Set(col, lock.Answered(p, col.Target, said.File, said.Files))
	}
}

// minorOf is "3.12" of "3.12.4".
func minorOf(python string) string {
	t, err := wheel.Target{}.WithPython(python)
	if err != nil {
		return python
	}
	return t.Python()
}
