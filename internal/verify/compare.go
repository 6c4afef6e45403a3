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
	c := &Comparison{Path: s.Path, Workload: workload, Runs: runs}
	for _, variant := range variants {
		candidate := Candidate{Name: variant.Name, Left: variant.Left}
		if variant.Left == "" {
			if err := measureVariant(ctx, b, s, variant, &candidate, c, opt); err != nil {
				return nil, err
			}
		}
		c.Candidates = append(c.Candidates, candidate)
	}
	return c, nil
}

func measureVariant(ctx context.Context, b *builder.Builder, s *Subject, variant Variant, c *Candidate, all *Comparison, opt *Options) error {
	subject := *s
	subject.Result = variant.Result
	err := withVerifier(b, &subject, opt, func(v *verifier) error {
		refs := bases(variant.Result.After)
		if len(refs) > 0 {
			c.Base = refs[len(refs)-1]
		}
		v.fetchBases(ctx)
		return v.measureCandidate(ctx, c, all)
	})
	if builder.IsBuildError(err) {
		f := failedBuild(err)
		c.Error, c.Log = f.Detail, f.Log
		return nil
	}
	return err
}

func (v *verifier) measureCandidate(ctx context.Context, c *Candidate, all *Comparison) error {
	v.log("%s: building", c.Name)
	side, err := v.build(ctx, v.candidate(), v.cold("compare"))
	if err != nil {
		return err
	}
	c.Compressed, c.Unpacked, c.ColdBuild = side.image.Compressed, side.image.Unpacked, side.image.ColdBuild
	v.log("%s: running the workload %d times", c.Name, all.Runs)
	if err := v.workload(ctx, side, c, all); err != nil {
		return err
	}
	v.before = side
	if v.files, err = v.applicationFiles(ctx); err != nil {
		return err
	}
	if name := v.sourceFile(side); name != "" {
		c.WarmRebuild, err = v.rebuild(ctx, side, name)
	}
	return err
}

// workload runs the command and notes what it cost.
func (v *verifier) workload(ctx context.Context, s *side, c *Candidate, all *Comparison) error {
	python, _ := s.content.Python()
	if python == "" {
		c.Error = "no Python interpreter in the image, which times the workload"
		return nil
	}
	home := s.content.Home(s.config.Config.User)
	var result smoke.Runs
	_, err := v.b.Build(ctx, v.request(s.src, caching{cached: s.cache}), func(ctx context.Context, r *builder.Result) error {
		var err error
		result, err = smoke.Measure(ctx, r, python, home, all.Workload, all.Runs)
		return err
	})
	if err != nil {
		return err
	}
	if result.Code != 0 {
		c.Error, c.Log = fmt.Sprintf("the workload ended with exit status %d", result.Code), result.Output
		return nil
	}
	c.RunSeconds, c.PeakMemory = result.Seconds, result.Peak
	return nil
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
