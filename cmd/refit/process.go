package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/choose"
	"refit/internal/inorder"
	"refit/internal/report"
	"refit/transform"
)

// outcome is what became of an input.
type outcome struct {
	in         *input
	result     *transform.Result // nil when err is not
	companions []companion
	report     *report.File
	view       *buildctx.Context // what was looked into; nil where there is none
	version    int               // of the contexts that were looked into
	planned    *report.Entry
	err        error
	stack      []byte // of a panic
}

// companion is a file that goes with the change of a Dockerfile.
type companion struct {
	name    string // in the build context, with slashes
	abs     string
	path    string // as it is shown
	content string
	old     string
	disk    string // as it was before an earlier Dockerfile of the run changed it
	exists  bool
}

func (oc *outcome) fail(err error) {
	oc.err = err
	oc.report = report.Failed(oc.in.path, report.Clean(err.Error()))
}

// inOrder works on the inputs, n at a time, and emits what became of them in
// their order. Few are held at any time, however many there are.
func inOrder(inputs []*input, n int, work func(*input) *outcome, emit func(*outcome)) {
	if n = min(n, len(inputs)); n <= 1 {
		for _, in := range inputs {
			emit(work(in))
		}
		return
	}
	inorder.Do(inputs, n, 4*n, func(in *input, done func(*outcome)) { done(work(in)) }, func() {}, emit)
}

// process takes an input through the passes. It writes nothing.
func (a *app) process(in *input) (oc *outcome) {
	oc = &outcome{in: in}
	defer func() {
		if p := recover(); p != nil { // one broken file must not take the others down
			oc.stack = debug.Stack()
			oc.fail(&fileError{in.path, fmt.Errorf("internal error, please report it: %v", p)})
		}
	}()
	if err := a.transform(oc); err != nil {
		oc.fail(err)
		return oc
	}
	if p, ok := a.render.(report.Planner); ok {
		e := oc.entry(a.root)
		if err := p.Plan(e); err != nil {
			oc.fail(&fileError{in.path, err})
			return oc
		}
		oc.planned = e
	}
	return oc
}

func (a *app) transform(oc *outcome) error {
	in := oc.in
	if in.err != nil {
		return in.err
	}
	src, err := a.source(in)
	if err != nil {
		return &fileError{in.path, err}
	}
	oc.version = in.version()
	ctx, err := in.context.view(in.name)
	if err != nil {
		return &fileError{in.path, err}
	}
	oc.view = ctx
	r, err := in.rewrite(src, in.settings.passes, in.settings.profile, ctx)
	if err != nil {
		return err
	}
	if err := in.brokenLock(src, ctx); err != nil {
		return err
	}
	return oc.take(r, ctx)
}

// rewrite takes a source through passes, so that the result is proven for all
// declared builds too.
func (in *input) rewrite(src string, passes []*transform.Pass, profile transform.Profile, ctx *buildctx.Context) (*transform.Result, error) {
	return in.settle(src, func(src string, d *declared, vetoes []transform.Veto) (*transform.Result, error) {
		opt := &transform.Options{Dockerfile: in.name, Profile: profile, Pin: in.settings.pin, NoCacheMounts: in.settings.noCacheMounts,
			Digests: in.settings.digests, PruneRequirements: in.settings.prune, Others: in.builds.others(in.context, in.abs), Vetoes: slices.Concat(in.vetoes, vetoes)}
		ctx := ctx
		if d != nil && d.context != in.context {
			var err error
			opt.Dockerfile, opt.Others = d.context.nameOf(in.abs), in.builds.others(d.context, in.abs)
			if ctx, err = d.context.view(opt.Dockerfile); err != nil {
				return nil, &fileError{in.path, err}
			}
		}
		if ctx != nil {
			opt.Context = ctx
		}
		passes := passes
		if len(in.marks) > 0 {
			marker, err := choose.Marker(in.marks, src)
			if err != nil {
				return nil, locate(in.path, err)
			}
			passes = slices.Concat([]*transform.Pass{marker}, passes)
		}
		r, err := transform.Run(in.path, src, passes, opt)
		if err != nil {
			return nil, locate(in.path, err)
		}
		return r, nil
	})
}

// take makes a result the outcome's: what changes of the companions, and what is
// reported.
func (oc *outcome) take(r *transform.Result, ctx *buildctx.Context) error {
	oc.result, oc.companions = r, nil
	for _, c := range r.Companions {
		comp := newCompanion(oc.in, c)
		b, err := ctx.ReadFile(c.Path)
		switch {
		case err == nil:
			comp.old, comp.exists = string(b), true
			comp.disk = oc.in.context.onDisk(c.Path)
		case ctx != nil && !errors.Is(err, fs.ErrNotExist):
			return &fileError{comp.path, err}
		}
		if !comp.exists || comp.old != comp.content {
			oc.companions = append(oc.companions, comp)
		}
	}
	return oc.makeReport()
}

// locate gives an error the form "file: message" unless it has it.
func locate(path string, err error) error {
	var se *transform.SyntaxError
	if errors.As(err, &se) {
		return err
	}
	return &fileError{path, err}
}

func (a *app) source(in *input) (string, error) {
	if in.abs == "" {
		return readLimited(a.stdin, maxInput)
	}
	src, _, err := readRegular(in.abs, maxInput)
	return src, err
}

func newCompanion(in *input, c transform.Companion) companion {
	comp := companion{name: c.Path, content: c.Content}
	if in.context == nil {
		comp.path = c.Path
		return comp
	}
	comp.abs = filepath.Join(in.context.dir, filepath.FromSlash(c.Path))
	comp.path = displayPath(comp.abs)
	return comp
}

func (oc *outcome) makeReport() error {
	r := oc.result
	companions := make([]report.Companion, 0, len(oc.companions))
	diff, err := transform.UnifiedDiff(oc.in.diffs.path(oc.in.abs), r.Before, r.After, true)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(diff)
	for _, c := range oc.companions {
		path := c.name
		if c.abs != "" {
			path = oc.in.diffs.path(c.abs)
		}
		d, err := transform.UnifiedDiff(path, c.old, c.content, c.exists)
		if err != nil {
			return err
		}
		b.WriteString(d)
		companions = append(companions, report.Companion{
			Path: filepath.ToSlash(c.path), Content: c.content, New: !c.exists, Passes: passesOf(r.CompanionChanges(c.name))})
	}
	oc.report = report.New(oc.in.path, r, b.String(), companions)
	oc.report.Changed = oc.changed()
	if !oc.in.diffs.here {
		oc.report.DiffRoot = oc.in.diffs.dir
	}
	oc.report.Warnings = slices.Concat(doubts(r.Directives()), oc.in.unfit(r.Before), oc.in.gone(r.Before), remarkable(r, oc.in.settings.profile))
	return nil
}

// passesOf are the passes of some changes, each once.
func passesOf(ids []transform.ChangeID) []string {
	var names []string
	for _, id := range ids {
		if !slices.Contains(names, id.Pass) {
			names = append(names, id.Pass)
		}
	}
	return names
}

func (oc *outcome) changed() bool {
	return oc.result != nil && (oc.result.Before != oc.result.After || len(oc.companions) > 0)
}
