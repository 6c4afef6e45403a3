package verify

import (
	"context"
	"errors"
	"fmt"
	"os"

	"refit/internal/verify/builder"
	"refit/internal/verify/smoke"
	"refit/transform"
)

// Variant is a Dockerfile on one base.
type Variant struct {
	Name   string
	Left   string // why there is none; "" when there is
	Result *transform.Result
}

// Compare builds the variants of a subject and runs a workload in each. The
// Comparison is not nil unless there is an error, which is the builder's or the
// machine's.
func Compare(ctx context.Context, b *builder.Builder, s *Subject, variants []Variant, workload string, runs int, opt *Options) (*Comparison, error) {
	c := &Comparison{Path: s.Path, Workload: workload, Runs: runs, Candidates: make([]Candidate, len(variants))}
	var trials []*trial
	for i, variant := range variants {
		candidate := &c.Candidates[i]
		candidate.Name, candidate.Left = variant.Name, variant.Left
		if variant.Left != "" {
			continue
		}
		t, err := newTrial(ctx, b, s, variant, candidate, opt)
		if err != nil {
			return nil, err
		}
		trials = append(trials, t)
	}
	// Round by round, so that what else the machine does meets all of them.
	for round := range runs + 1 {
		for _, t := range trials {
			if err := t.run(ctx, workload, round); err != nil {
				return nil, err
			}
		}
	}
	for _, t := range trials {
		if err := t.rebuild(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// trial is a candidate at work.
type trial struct {
	*verifier
	*side
	c *Candidate
}

// newTrial builds a variant. One that does not build is no error.
func newTrial(ctx context.Context, b *builder.Builder, s *Subject, variant Variant, c *Candidate, opt *Options) (*trial, error) {
	subject := *s
	subject.Result = variant.Result
	t := &trial{c: c}
	err := withVerifier(b, &subject, opt, func(v *verifier) error {
		t.verifier = v
		if refs := bases(variant.Result.After); len(refs) > 0 {
			c.Base = refs[len(refs)-1]
		}
		v.fetchBases(ctx)
		v.log("building the candidate %s", c.Name)
		side, err := v.build(ctx, v.source(&candidate{result: variant.Result}), v.cold("compare"))
		if err != nil {
			return err
		}
		t.side, v.before = side, side
		c.Compressed, c.Unpacked, c.ColdBuild = side.image.Compressed, side.image.Unpacked, side.image.ColdBuild
		v.files, err = v.applicationFiles(ctx)
		return err
	})
	if builder.IsBuildError(err) {
		f := failedBuild(err)
		c.Error, c.Log = f.Detail, f.Log
		return t, nil
	}
	return t, err
}

// run runs the workload once and notes what it cost; round 0 is to warm up.
func (t *trial) run(ctx context.Context, workload string, round int) error {
	if t.c.Error != "" {
		return nil
	}
	if round == 0 {
		t.verifier.log("running the workload in %s", t.c.Name)
	}
	python, _ := t.content.Python()
	if python == "" {
		t.c.Error = "no Python interpreter in the image, which times the workload"
		return nil
	}
	home := t.content.Home(t.config.Config.User)
	var m smoke.Measured
	_, err := t.b.Build(ctx, t.request(t.side.src, caching{cached: t.cache}), func(ctx context.Context, r *builder.Result) error {
		var err error
		m, err = smoke.Measure(ctx, r, python, home, workload)
		return err
	})
	switch {
	case err != nil:
		return err
	case m.Code != 0:
		t.c.Error, t.c.Log = fmt.Sprintf("the workload ended with exit status %d", m.Code), m.Output
	case round > 0:
		t.c.RunSeconds = append(t.c.RunSeconds, m.Seconds)
		t.c.PeakMemory = max(t.c.PeakMemory, m.Peak)
	}
	return nil
}

// rebuild times a build after a source file was touched.
func (t *trial) rebuild(ctx context.Context) error {
	if t.c.Error != "" {
		return nil
	}
	name := t.sourceFile(t.side)
	if name == "" {
		return nil
	}
	var err error
	t.c.WarmRebuild, err = t.verifier.rebuild(ctx, t.side, name)
	return err
}

// withVerifier gives fn a verifier whose files are removed afterwards.
func withVerifier(b *builder.Builder, s *Subject, opt *Options, fn func(*verifier) error) (err error) {
	v := newVerifier(b, s, opt)
	if v.dir, err = os.MkdirTemp("", "refit-verify-"); err != nil {
		return fmt.Errorf("making a directory for images: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(v.dir)) }()
	return fn(v)
}
