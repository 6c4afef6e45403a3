package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/sirupsen/logrus"
	"golang.org/x/term"
	"mvdan.cc/sh/v3/syntax"

	"refit/internal/report"
	"refit/internal/verify"
	"refit/internal/verify/builder"
	"refit/internal/verify/render"
	"refit/passes"
	"refit/transform"
)

// errInterrupted is what a signal leaves.
var errInterrupted = errors.New("interrupted")

// prove does what verify and compare ask for and returns the exit status.
func (a *app) prove(stdout, stderr *os.File) (int, error) {
	if err := a.placeForOutput(); err != nil {
		return 0, err
	}
	logrus.SetOutput(io.Discard) // libraries warn of what is no concern of the user's
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		select {
		case <-signals:
			cancel(errInterrupted)
			signal.Stop(signals) // a second one ends at once
		case <-ctx.Done():
		}
	}()
	pool, err := builder.Open(ctx, &builder.Config{Addresses: a.opt.proof.builders, TLSDir: a.opt.proof.tlsDir, Getenv: os.Getenv})
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	p := &prover{app: a, pool: pool, stderr: stderr}
	if a.opt.proof.command == commandCompare {
		return p.compare(ctx)
	}
	return p.verify(ctx)
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
	err     error // the builder's, or of a file; a Dockerfile that fails is none
	written bool  // the rewrite is on the disk
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

// verify builds every input's two versions. Those of one context come one after
// the other, because the first may bring files that the second one sees.
func (p *prover) verify(ctx context.Context) (int, error) {
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
	return p.report(results)
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
	defer in.context.done()
	if err := context.Cause(ctx); err != nil {
		return failedProof(in, err)
	}
	oc := p.process(in)
	if oc.err != nil {
		return failedProof(in, oc.err)
	}
	p.warn(oc)
	err := p.pool.Use(ctx, func(b *builder.Builder) error {
		out, result, err := verify.Verify(ctx, b, p.subject(oc), p.options())
		done.outcome = out
		if err != nil {
			return err
		}
		if !out.Good || result == oc.result {
			return nil
		}
		view, _, err := in.context.view(in.name)
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
		Given: in.context.given(), Result: oc.result,
	}
	if text, err := os.ReadFile(in.abs + ".dockerignore"); err == nil {
		s.Ignore = string(text)
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
		view, _, err := in.context.view(in.name)
		if err != nil {
			return nil, err
		}
		return in.rewrite(oc.result.Before, list, in.settings.profile, view)
	}
	return s
}

func (p *prover) options() *verify.Options {
	o := &p.opt.proof
	return &verify.Options{
		Quick: o.quick, Smoke: o.smoke, Scan: o.scan, Online: o.online, Args: o.args(), Secrets: o.buildSecrets(), Timeout: o.timeout,
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

// report prints what was found and returns the exit status.
func (p *prover) report(results []proven) (int, error) {
	var outcomes []*verify.Outcome
	code := exitDone
	if slices.ContainsFunc(results, func(r proven) bool { return errors.Is(r.err, errInterrupted) }) {
		return 0, interrupted(results)
	}
	for _, r := range results {
		outcomes = append(outcomes, r.outcome)
		switch {
		case r.err != nil:
			code = exitBad
			p.errs.printf("%s\n", report.Clean(r.err.Error()))
		case !r.outcome.Good && code == exitDone:
			code = exitChanges
		}
	}
	return code, p.emit(func(w io.Writer, color bool) error {
		switch p.opt.format {
		case formatJSON:
			return render.JSON(w, outcomes)
		case formatMarkdown:
			return render.Markdown(w, outcomes, p.commandLine(), p.builderNames())
		}
		return render.Text(w, outcomes, color)
	})
}

// emit writes a report to --output or standard output.
func (p *prover) emit(render func(w io.Writer, color bool) error) error {
	if p.opt.output == "" || p.opt.output == "-" {
		if err := render(p.out, p.outSty.Color); err != nil {
			return err
		}
		if err := p.out.Flush(); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
		return nil
	}
	var b strings.Builder
	if err := render(&b, false); err != nil {
		return err
	}
	return p.app.write.output(p.opt.output, b.String())
}

// builderNames tells what built.
func (p *prover) builderNames() string {
	var versions []string
	for _, b := range p.pool.Builders() {
		v := "BuildKit " + b.Version
		if b.Docker != "" { // which tells more than the version of the BuildKit in it
			v = "Docker " + b.Docker
		}
		if !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	return strings.Join(versions, ", ")
}

// commandLine is the command as it can be given again.
func (p *prover) commandLine() string {
	words := make([]string, len(p.opt.args))
	for i, arg := range p.opt.args {
		words[i] = shellQuote(arg)
	}
	return "refit " + strings.Join(words, " ")
}

// shellQuote writes a word for a shell, or as it is where that cannot be.
func shellQuote(word string) string {
	quoted, err := syntax.Quote(word, syntax.LangPOSIX)
	if err != nil {
		return word
	}
	return quoted
}
