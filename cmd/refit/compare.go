package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/report"
	"refit/internal/verify"
	"refit/internal/verify/builder"
	"refit/internal/verify/render"
	"refit/transform"
)

// The candidates of a comparison, in the order in which they are tried.
const (
	candidateFull       = "full"
	candidateSlim       = "slim"
	candidateDistroless = "distroless"
	candidateAlpine     = "alpine"
)

var candidateNames = []string{candidateFull, candidateSlim, candidateDistroless, candidateAlpine}

// compare measures a workload in the images of one Dockerfile on several bases.
func (p *prover) compare(ctx context.Context) (int, error) {
	var comparisons []*verify.Comparison
	code := exitDone
	for _, in := range p.inputs {
		c, err := p.compareOne(ctx, in)
		if cause := context.Cause(ctx); cause != nil {
			return 0, cause
		}
		if err != nil {
			code = exitBad
			p.errs.printf("%s\n", report.Clean(plain(err)))
		} else if len(c.Measured()) == 0 && code == exitDone {
			code = exitChanges
		}
		comparisons = append(comparisons, c)
	}
	return code, p.emit(func(w io.Writer, color bool) error {
		switch p.opt.format {
		case formatJSON:
			return render.CompareJSON(w, comparisons)
		case formatMarkdown:
			return render.CompareMarkdown(w, comparisons, p.commandLine(), p.builderNames())
		}
		return render.CompareText(w, comparisons, color)
	})
}

func (p *prover) compareOne(ctx context.Context, in *input) (*verify.Comparison, error) {
	defer in.done()
	o := &p.opt.proof
	failed := func(err error) (*verify.Comparison, error) {
		return &verify.Comparison{Path: in.path, Error: plain(err), Workload: o.workload, Runs: o.runs}, err
	}
	oc := p.process(in)
	if oc.err != nil {
		return failed(oc.err)
	}
	p.warn(oc)
	variants, err := p.variants(oc)
	if err != nil {
		return failed(err)
	}
	var c *verify.Comparison
	err = p.pool.Use(ctx, func(b *builder.Builder) error {
		var err error
		c, err = verify.Compare(ctx, b, p.subject(oc), variants, o.workload, o.runs, p.options(in))
		return err
	})
	if err != nil {
		return failed(&fileError{in.path, err})
	}
	return c, nil
}

// variants makes a Dockerfile for each candidate.
func (p *prover) variants(oc *outcome) ([]verify.Variant, error) {
	in := oc.in
	view, err := in.context.view(in.name)
	if err != nil {
		return nil, err
	}
	var variants []verify.Variant
	for _, name := range candidateNames {
		if len(p.opt.proof.candidates) > 0 && !slices.Contains(p.opt.proof.candidates, name) {
			continue
		}
		v, err := variant(in, oc.result.Before, name, view)
		if err != nil {
			return nil, err
		}
		for _, other := range variants {
			if v.Left == "" && other.Left == "" && other.Result.After == v.Result.After {
				v.Left = "refit makes the same Dockerfile of it as for " + other.Name
			}
		}
		variants = append(variants, v)
	}
	return variants, nil
}

func variant(in *input, src, name string, view *buildctx.Context) (verify.Variant, error) {
	v := verify.Variant{Name: name}
	profile := transform.ProfileDefault
	switch name {
	case candidateFull:
		profile = transform.ProfileDev
	case candidateDistroless:
		profile = transform.ProfileSecure
	case candidateAlpine:
		profile = transform.ProfileIO
	}
	r, err := in.rewrite(src, in.settings.passes, profile, view)
	if err != nil {
		return v, err
	}
	v.Result = r
	if pass := decisive[name]; pass != "" {
		v.Left = heldBack(r, pass)
	}
	return v, nil
}

// decisive are the passes without which a Dockerfile is not the candidate.
var decisive = map[string]string{candidateSlim: "slim-base", candidateDistroless: "distroless", candidateAlpine: "alpine-base"}

// heldBack says why a pass changed nothing; "" when it did, or had no need to.
func heldBack(r *transform.Result, pass string) string {
	for i := range r.Steps {
		if s := &r.Steps[i]; s.Pass.Name == pass && s.Status() == transform.Declined {
			var why []string
			for _, d := range s.Declines {
				why = append(why, d.Why)
			}
			return fmt.Sprintf("%s held back: %s", pass, strings.Join(why, "; "))
		}
	}
	return ""
}
