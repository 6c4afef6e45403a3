package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/sirupsen/logrus"
	"golang.org/x/term"

	"refit/internal/buildctx"
	"refit/internal/report"
	"refit/internal/verify"
	"refit/internal/verify/builder"
	"refit/passes"
	"refit/transform"
)

// prove does what verify and compare ask for and returns the exit status.
func (a *app) prove(stderr *os.File) (code int, err error) {
	if err := a.placeForOutput(); err != nil {
		return 0, err
	}
	err = a.withBuilders(stderr, func(ctx context.Context, p *prover) (err error) {
		if a.opt.proof.command == commandCompare {
			code, err = p.compare(ctx)
		} else {
			code, err = p.report(p.verifyAll(ctx))
		}
		return err
	})
	return code, err
}

// withBuilders does work with the builders at hand, until a signal comes.
func (a *app) withBuilders(stderr *os.File, work func(context.Context, *prover) error) error {
	ctx, stop := interruptible()
	defer stop()
	if r := a.opt.resolver; r != nil {
		defer context.AfterFunc(ctx, r.Stop)()
	}
	pool, err := openPool(ctx, &a.opt.proof)
	if err != nil {
		return err
	}
	defer pool.Close()
	return work(ctx, &prover{app: a, pool: pool, stderr: stderr})
}

// openPool connects to the builders.
func openPool(ctx context.Context, o *proofOptions) (*builder.Pool, error) {
	logrus.SetOutput(io.Discard) // libraries warn of what is no concern of the user's
	return builder.Open(ctx, &builder.Config{Addresses: o.builders, TLSDir: o.tlsDir, Getenv: os.Getenv})
}

// placeForOutput finds out, before minutes of building, that the report would
// have no place.
func (a *app) placeForOutput() error {
	if a.opt.output == "" || a.opt.output == "-" {
		return nil
	}
	dir := filepath.Dir(a.opt.output)
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("--output: %s is no directory", dir)
	}
	return nil
}

// prover builds Dockerfiles.
type prover struct {
	*app
	pool   *builder.Pool
	stderr *os.File

	mu sync.Mutex // guards messages
}

// proven is what became of an input.
type proven struct {
	outcome *verify.Outcome
	rewrite *outcome // nil when it did not come to that
	err     error    // the builder's, or of a file; a Dockerfile that fails is none
	written bool     // the rewrite is on the disk
}

// changes are what was changed, and why; nil when it is not as good.
func (r *proven) changes() *report.File {
	if r.rewrite == nil || !r.outcome.Good {
		return nil
	}
	return r.rewrite.report
}

// interrupted says what an interruption found done.
func interrupted(results []proven) error {
	var written []string
	for _, r := range results {
		if r.written {
			written = append(written, r.outcome.Path)
		}
	}
	if written == nil {
		return fmt.Errorf("%w; nothing was written", errInterrupted)
	}
	return fmt.Errorf("%w; what had passed before was written: %s", errInterrupted, strings.Join(written, ", "))
}

// verifyAll builds every input's two versions. Those of one context come one after
// the other, because the first may bring files that the second one sees.
func (p *prover) verifyAll(ctx context.Context) []proven {
	results := make([]proven, len(p.inputs))
	var groups [][]int
	byContext := map[*sharedContext]int{}
	for i, in := range p.inputs {
		g, ok := byContext[in.context]
		if !ok || in.context == nil {
			g = len(groups)
			groups = append(groups, nil)
			byContext[in.context] = g
		}
		groups[g] = append(groups[g], i)
	}
	p.each(groups, func(g []int) {
		for _, i := range g {
			results[i] = p.verifyOne(ctx, p.inputs[i])
		}
	})
	return results
}

// each works on several things at a time: as many as there are builders, unless
// --jobs says otherwise.
func (p *prover) each(groups [][]int, work func([]int)) {
	n := len(p.pool.Builders())
	if p.opt.given["jobs"] {
		n = p.opt.jobs
	}
	queue := make(chan []int)
	var workers sync.WaitGroup
	for range min(n, len(groups)) {
		workers.Go(func() {
			for g := range queue {
				work(g)
			}
		})
	}
	for _, g := range groups {
		queue <- g
	}
	close(queue)
	workers.Wait()
}

// verifyOne verifies an input and, with --write, writes what passed.
func (p *prover) verifyOne(ctx context.Context, in *input) (done proven) {
	defer in.done()
	if err := context.Cause(ctx); err != nil {
		return failedProof(in, err)
	}
	p.learnInstalled(ctx, in)
	oc := p.process(in)
	if oc.err != nil {
		return failedProof(in, oc.err)
	}
	done.rewrite = oc
	p.warn(oc)
	err := p.pool.Use(ctx, func(b *builder.Builder) error {
		out, result, err := verify.Verify(ctx, b, p.subject(oc), p.options(in))
		done.outcome = out
		if err != nil {
			return err
		}
		if !out.Good || result == oc.result {
			return nil
		}
		view, err := in.context.view(in.name)
		if err != nil {
			return &fileError{in.path, err}
		}
		return oc.take(result, view)
	})
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // the rest is what came of it
	}
	switch {
	case done.outcome == nil:
		return failedProof(in, err)
	case err != nil:
		done.outcome.Error = err.Error()
		if original := (*verify.OriginalError)(nil); !errors.As(err, &original) {
			done.err = &fileError{in.path, err}
		}
		return done
	}
	if done.outcome.Good {
		if done.written, err = p.store(oc); err != nil {
			done.outcome.Error, done.err = err.Error(), err
			return done
		}
		in.context.add(oc.companions)
	}
	return done
}

// store writes what passed when --write asks for it, and says what it wrote.
func (p *prover) store(oc *outcome) (done bool, err error) {
	if !p.opt.write || !oc.changed() {
		return false, nil
	}
	if err := p.write.rewrite(oc); err != nil {
		return false, err
	}
	written := []string{oc.in.path}
	for _, c := range oc.companions {
		written = append(written, c.path)
	}
	p.log("wrote %s", strings.Join(written, ", "))
	return true, nil
}

func failedProof(in *input, err error) proven {
	return proven{outcome: &verify.Outcome{Path: in.path, Error: plain(err), Checks: []verify.Check{}}, err: err}
}

// subject is an input as it is verified.
func (p *prover) subject(oc *outcome) *verify.Subject {
	in := oc.in
	s := &verify.Subject{
		Path: in.path, Name: filepath.Base(in.abs), InContext: in.name, Context: in.context.dir,
		Given: in.context.given(), Health: in.healthcheck(), Result: oc.result,
	}
	if view, err := in.context.view(in.name); err == nil {
		s.Dropped = dropped(view, oc.result.Companions)
	}
	if text, _, err := readRegular(in.abs+".dockerignore", maxInput); err == nil {
		s.Ignore = text
	}
	s.Remake = func(c verify.Change) (*transform.Result, error) {
		list := slices.DeleteFunc(slices.Clone(in.settings.passes), func(q *transform.Pass) bool { return slices.Contains(c.Without, q.Name) })
		if len(c.Add) > 0 {
			var needs []passes.Need
			for _, r := range c.Add {
				needs = append(needs, passes.Need{Package: r.Package, Library: r.Library, NeededBy: r.NeededBy})
			}
			list = append(list, passes.Repair(needs))
		}
		if len(c.Without) > 0 {
			list = append(list, passes.LeftOut(c.Without))
		}
		view, err := in.context.view(in.name)
		if err != nil {
			return nil, err
		}
		return in.rewrite(oc.result.Before, list, in.settings.profile, view)
	}
	return s
}

// dropped are the distributions that the companions' requirement files no longer name.
func dropped(ctx *buildctx.Context, companions []transform.Companion) []string {
	var names []string
	after := ctx.With(companions).(*buildctx.Context)
	for _, c := range companions {
		before, err := ctx.Requirements(c.Path)
		if path.Ext(c.Path) != ".txt" && path.Ext(c.Path) != ".in" && path.Ext(c.Path) != ".pip" || err != nil {
			continue
		}
		now, err := after.Requirements(c.Path)
		for _, name := range before.Names() {
			if err == nil && !slices.Contains(now.Names(), name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (p *prover) options(in *input) *verify.Options {
	o := &p.opt.proof
	return &verify.Options{
		Quick: o.quick, Smoke: o.smoke, Scan: o.scan, Online: o.online, Args: in.buildArgs(o.args()), Secrets: o.buildSecrets(), Timeout: o.timeout,
		Show: p.display(), Log: p.log,
	}
}

// display is BuildKit's display of progress, where one build at a time runs.
func (p *prover) display() *builder.Display {
	mode := progressui.AutoMode
	switch {
	case p.opt.quiet, !p.opt.verbose && !term.IsTerminal(int(p.stderr.Fd())):
		return nil
	case len(p.pool.Builders()) > 1 && len(p.inputs) > 1:
		return nil
	case p.opt.verbose:
		mode = progressui.PlainMode
	}
	return &builder.Display{Out: p.stderr, Mode: mode}
}

// log says what is being done.
func (p *prover) log(format string, args ...any) {
	if p.opt.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errs.printf("%s\n", report.Clean(fmt.Sprintf(format, args...)))
}

func (p *prover) warn(oc *outcome) {
	if p.opt.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	report.Warnings(p.errs.w, oc.report)
}
