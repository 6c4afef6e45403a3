package main

import (
	"context"

	"refit/internal/bulk"
	"refit/internal/report"
	"refit/internal/verify"
)

// verify builds what changes in a repository, and takes what passes. The
// repositories share the builders.
func (w *task) verify(ctx context.Context) error {
	opt := *w.app.opt
	opt.write, opt.quiet = false, true // written below, reported at the end
	p := &prover{app: &app{opt: &opt, errs: w.app.errs, inputs: w.app.inputs}, pool: w.bulker.pool, stderr: w.bulker.stderr}
	for _, in := range w.app.inputs {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		done := p.verifyOne(ctx, in)
		if done.rewrite == nil {
			w.tell(&bulk.File{Path: w.relative(in.abs, in.path), Error: report.Clean(done.err.Error())})
		} else {
			w.tell(w.proven(&done))
		}
		if w.err != nil {
			return w.err
		}
	}
	return nil
}

// proven is a file that was built, and is written if it passed.
func (w *task) proven(done *proven) *bulk.File {
	oc := done.rewrite
	f := w.file(oc)
	if f.Error != "" {
		return f
	}
	if done.err != nil {
		f.Changed, f.Error = false, report.Clean(done.err.Error())
		return f
	}
	if !done.outcome.Good {
		f.Rejected, f.Changed = f.Changed, false
		for _, key := range shortcomings(done.outcome) {
			f.Declined["verify/"+key]++
		}
		return f
	}
	if before, after := done.outcome.Before, done.outcome.After; f.Changed && before != nil && after != nil {
		f.Sizes = &bulk.Sizes{Images: 1, Before: before.Compressed, After: after.Compressed}
	}
	if w.Write && f.Changed {
		if err := w.write(oc, f); err != nil {
			f.Changed, f.Error = false, report.Clean(err.Error())
		}
	}
	return f
}

// shortcomings are the names of the checks that a change did not pass.
func shortcomings(o *verify.Outcome) []string {
	if o.Before == nil {
		return []string{"original-does-not-build"}
	}
	var names []string
	for _, c := range o.Checks {
		if c.Verdict == verify.Fail {
			names = append(names, c.Name)
		}
	}
	return names
}
