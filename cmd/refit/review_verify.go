package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"refit/internal/report"
	"refit/internal/verify"
	"refit/transform"
)

// settleReviewed checks the flags of the builds that refit review is to make.
func (o *options) settleReviewed() error {
	if o.given["results"] && o.proof.verify {
		return usageError("--results and --verify exclude each other: the one shows what was built, the other builds")
	}
	if !o.proof.verify {
		for _, name := range proofFlagsOf(commandVerify) {
			if o.given[name] {
				return usageError("--" + name + " goes with refit review --verify")
			}
		}
	}
	return o.proof.checkProof()
}

// measure builds both versions of every file, so that the page can show what came
// of it; a pass that verify leaves out is switched off there. Only an interruption
// is an error: of what cannot be built the page says why.
func (a *app) measure(stderr *os.File) (measured map[string]*verify.Outcome, err error) {
	err = a.withBuilders(stderr, func(ctx context.Context, p *prover) error {
		results := p.verifyAll(ctx)
		if slices.ContainsFunc(results, func(r proven) bool { return errors.Is(r.err, errInterrupted) }) {
			return interrupted(results)
		}
		measured = map[string]*verify.Outcome{}
		for i, r := range results {
			if r.err != nil {
				a.errs.printf("%s\n", report.Clean(r.err.Error()))
			}
			measured[filepath.ToSlash(r.outcome.Path)] = r.outcome
			a.inputs[i].without(r.outcome.Dropped)
		}
		return nil
	})
	return measured, err
}

// without switches off what verify has left out.
func (in *input) without(dropped []verify.Dropped) {
	if len(dropped) == 0 {
		return
	}
	chosen := *in.settings // which other files may share
	chosen.passes = slices.DeleteFunc(slices.Clone(chosen.passes), func(p *transform.Pass) bool {
		return slices.ContainsFunc(dropped, func(d verify.Dropped) bool { return d.Pass == p.Name })
	})
	in.settings = &chosen
}
