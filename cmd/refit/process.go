package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"refit/internal/buildctx"
	"refit/internal/report"
	"refit/passes"
	"refit/transform"
)

// outcome is what became of an input.
type outcome struct {
	in         *input
	result     *transform.Result // nil when err is not
	companions []companion
	report     *report.File
	version    int // of the context that was looked into
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
	type job struct {
		in   *input
		done chan *outcome
	}
	jobs, queue := make(chan job), make(chan chan *outcome, 4*n)
	go func() {
		for _, in := range inputs {
			done := make(chan *outcome, 1)
			queue <- done
			jobs <- job{in, done}
		}
		close(jobs)
		close(queue)
	}()
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for j := range jobs {
				j.done <- work(j.in)
			}
		})
	}
	for done := range queue {
		emit(<-done)
	}
	workers.Wait()
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
	ctx, version, err := in.context.view(in.name)
	if err != nil {
		return &fileError{in.path, err}
	}
	oc.version = version
	r, err := in.rewrite(src, in.settings.passes, in.settings.profile, ctx)
	if err != nil {
		return err
	}
	return oc.take(r, ctx)
}

// rewrite takes a source through passes.
func (in *input) rewrite(src string, passes []*transform.Pass, profile transform.Profile, ctx *buildctx.Context) (*transform.Result, error) {
	opt := &transform.Options{Dockerfile: in.name, Profile: profile, Pin: in.settings.pin, NoCacheMounts: in.settings.noCacheMounts}
	if ctx != nil {
		opt.Context = ctx
	}
	r, err := transform.Run(in.path, src, passes, opt)
	if err != nil {
		return nil, locate(in.path, err)
	}
	return r, nil
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
		companions = append(companions, report.Companion{Path: filepath.ToSlash(c.path), Content: c.content, New: !c.exists})
	}
	oc.report = report.New(oc.in.path, r, b.String(), companions)
	oc.report.Changed = oc.changed()
	if !oc.in.diffs.here {
		oc.report.DiffRoot = oc.in.diffs.dir
	}
	oc.report.Warnings = doubts(r.Directives())
	return nil
}

// doubts are what the comments to refit ask for and will not get.
func doubts(comments []transform.Directive) []report.Note {
	var notes []report.Note
	known := append(passes.All(), passes.Repair(nil), passes.Distroless())
	for _, d := range comments {
		if !d.File && len(d.Passes) == 0 {
			notes = append(notes, report.Note{Line: d.Line, Text: fmt.Sprintf("“refit: %s” says nothing to refit; skip and skip=PASS do", d.Text)})
		}
		for _, name := range d.Passes {
			if _, err := findPass(known, name); err != nil {
				notes = append(notes, report.Note{Line: d.Line, Text: fmt.Sprintf("refit: skip=%s: %v", name, err)})
			}
		}
	}
	return notes
}

func (oc *outcome) changed() bool {
	return oc.result != nil && (oc.result.Before != oc.result.After || len(oc.companions) > 0)
}
