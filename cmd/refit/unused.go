package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"refit/internal/facts"
	"refit/internal/pyuse"
	"refit/internal/report"
	"refit/internal/verify"
	"refit/internal/verify/builder"
	"refit/passes"
	"refit/transform"
)

// commandUnused is "explain unused", which lists what requirement files ask for with the evidence of its use.
const commandUnused = "explain unused"

const unusedHelp = `refit explain unused [--verify] [flags] [PATH...]
                         which distributions of the requirement files are in
                         use, which are not, and what says so (docs/unused.md)

PATH is a Dockerfile, a directory that is searched for them, a compose or bake
file, or, without --verify, - for standard input.

      --format FORMAT    text (the default), json, markdown
  -o, --output FILE      the report goes to FILE

      --verify           builds the image and asks it for what is installed there
      --builder ADDR, --builder-tls DIR, --build-arg N=V, --secret id=N,src=FILE,
      --timeout TIME     as for refit verify

refit help flags has those that all commands share.
`

// unusedReport is what is found about one Dockerfile.
type unusedReport struct {
	path   string
	report *pyuse.Report // nil when err is not
	err    error
}

// explainUnused lists the verdicts and returns the exit status.
func (a *app) explainUnused(stderr *os.File) (int, error) {
	ctx, stop := interruptible()
	defer stop()
	p := &prover{app: a, stderr: stderr}
	if a.opt.proof.verify {
		pool, err := openPool(ctx, &a.opt.proof)
		if err != nil {
			return 0, err
		}
		defer pool.Close()
		p.pool = pool
	}
	code := exitDone
	var all []unusedReport
	a.sayNotes()
	for _, in := range a.inputs {
		r, err := p.unusedIn(ctx, in)
		in.done()
		if cause := context.Cause(ctx); cause != nil {
			return 0, cause
		}
		if err != nil {
			if !errors.Is(err, passes.ErrNoRequirements) {
				code = exitBad
			}
			a.errs.printf("%s\n", report.Clean(locate(in.path, err).Error()))
		}
		all = append(all, unusedReport{in.path, r, err})
	}
	return code, p.emit(func(w io.Writer, color bool) error {
		switch a.opt.format {
		case formatJSON:
			return unusedJSON(w, all)
		case formatMarkdown:
			return unusedMarkdown(w, all)
		}
		return unusedText(w, all, report.Style{Color: color})
	})
}

// unusedIn finds the verdicts for one Dockerfile.
func (p *prover) unusedIn(ctx context.Context, in *input) (*pyuse.Report, error) {
	if in.err != nil {
		return nil, in.err
	}
	src, err := p.source(in)
	if err != nil {
		return nil, err
	}
	f, err := in.parse(src)
	if err != nil {
		return nil, err
	}
	var metadata map[string]facts.Distribution
	if p.pool != nil {
		if metadata, err = p.metadata(ctx, in, src); err != nil {
			return nil, err
		}
	}
	return passes.Unused(f, metadata)
}

// parse reads a source as the input's.
func (in *input) parse(src string) (*transform.File, error) {
	view, err := in.context.view(in.name)
	if err != nil {
		return nil, err
	}
	opt := &transform.Options{Dockerfile: in.name}
	if view != nil {
		opt.Context = view
	}
	return transform.Parse(in.path, src, opt)
}

// learnInstalled lets the pass that prunes requirement files judge by what the built image says of its distributions.
// Where that cannot be found out the pass goes by its table, and the builds that follow say what is wrong.
func (p *prover) learnInstalled(ctx context.Context, in *input) {
	if in.err != nil || !in.settings.prune {
		return
	}
	i := slices.IndexFunc(in.settings.passes, func(q *transform.Pass) bool { return q.Name == passes.UnusedBy(nil).Name })
	if i < 0 {
		return
	}
	src, err := p.source(in)
	if err != nil {
		return
	}
	f, err := in.parse(src)
	if err != nil {
		return
	}
	if _, err := passes.Unused(f, nil); err != nil {
		return // nothing to prune
	}
	metadata, err := p.metadata(ctx, in, src)
	if err != nil {
		return
	}
	s := *in.settings
	s.passes = slices.Clone(s.passes)
	s.passes[i] = passes.UnusedBy(metadata)
	in.settings = &s
}

// metadata builds the Dockerfile and reads what is installed. What a distribution loads without requiring it is told by
// the table where it knows the distribution, and else by what its code imports.
func (p *prover) metadata(ctx context.Context, in *input, src string) (map[string]facts.Distribution, error) {
	found := map[string]facts.Distribution{}
	err := p.pool.Use(ctx, func(b *builder.Builder) error {
		oc := &outcome{in: in, result: &transform.Result{Before: src, After: src}}
		list, err := verify.Metadata(ctx, b, p.subject(oc), p.options(in))
		for _, d := range list {
			f := facts.Distribution{Name: d.Name, Modules: d.Modules, ModulesKnown: d.Complete, Commands: d.Commands, RequiresKnown: true, Extras: d.Extras}
			for _, name := range d.Requires {
				f.Requires = append(f.Requires, facts.Need{Name: name})
			}
			known, ok := facts.DistributionFor(d.Name)
			if !d.Complete && ok {
				f.Modules, f.ModulesKnown = known.Modules, known.ModulesKnown
			}
			if ok {
				f.Requires = append(f.Requires, undeclared(known.Requires, d.Loads, d.Compiled)...)
			} else {
				for _, name := range d.Loads {
					f.Loads = append(f.Loads, facts.Load{Name: name})
				}
			}
			found[d.Name] = f
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking the image: %w", err)
	}
	return found, nil
}

// undeclared are those of the distributions which the table says that one requires that its code imports although its
// metadata does not say so, as gunicorn's gevent worker does packaging. Compiled code hides what it imports.
func undeclared(known []facts.Need, imported []string, compiled bool) []facts.Need {
	return slices.DeleteFunc(slices.Clone(known), func(n facts.Need) bool { return !compiled && !slices.Contains(imported, n.Name) })
}
