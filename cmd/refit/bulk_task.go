package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"refit/internal/bulk"
	"refit/internal/report"
)

// task is the work on one repository of refit bulk.
type task struct {
	*bulk.Task
	bulker *bulker
	app    *app
	root   string // Dir with links resolved
	emit   func(*bulk.File) error
	err    error // the first of emit, or of keeping what is to be written
}

// rewrite works on a repository's Dockerfiles: each by itself, as refit does.
func (b *bulker) rewrite(ctx context.Context, t *bulk.Task, emit func(*bulk.File) error) error {
	opt := *b.opt
	opt.paths, opt.write = nil, t.Write
	found, err := newFinder(&opt)
	if err != nil {
		return err
	}
	found.ownRepository = true
	abs, err := filepath.Abs(t.Dir)
	if err != nil {
		return err
	}
	if err := found.addTree(t.Name, abs); err != nil {
		return err
	}
	b.notes(slices.Concat(found.notes, found.builds.notes))
	root := realDir(abs)
	found.relativeTo(&diffBase{dir: root})
	write := onDisk()
	if t.Spare {
		write.sync = func(*os.File) error { return nil }
	}
	w := &task{Task: t, bulker: b, root: root, emit: emit, app: &app{opt: &opt, errs: b.errs, write: write, inputs: found.inputs}}
	if b.pool != nil {
		return w.verify(ctx)
	}
	inOrder(found.inputs, t.Jobs, func(in *input) *outcome {
		if ctx.Err() != nil {
			return &outcome{in: in, err: errInterrupted}
		}
		return w.app.process(in)
	}, w.finish)
	return w.err
}

// notes tells, to those who want to know, what was not looked at.
func (b *bulker) notes(list []string) {
	if !b.opt.verbose || len(list) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress.Clear()
	for _, n := range list {
		b.errs.printf("%s\n", report.Clean(n))
	}
}

// finish does with an outcome what app.finish does, and tells of it.
func (w *task) finish(oc *outcome) {
	defer oc.in.done()
	if w.err == nil && errors.Is(oc.err, errInterrupted) {
		w.err = oc.err
	}
	if w.err != nil {
		return
	}
	if oc.in.version() != oc.version {
		oc = w.app.process(oc.in)
	}
	if oc.stack != nil {
		w.bulker.stack(oc.stack)
	}
	f := w.file(oc)
	if f.Error != "" && oc.err == nil {
		oc.err = errors.New(f.Error)
	}
	if oc.err == nil && w.Write && oc.changed() {
		if err := w.write(oc, f); err != nil {
			f.Changed, f.Error = false, report.Clean(err.Error())
			oc.err = err
		}
	}
	if oc.err == nil {
		oc.in.context.add(oc.companions)
	}
	w.tell(f)
}

// tell hands a file over; what was to be written is then no longer needed.
func (w *task) tell(f *bulk.File) {
	if w.err = w.emit(f); w.err == nil {
		w.err = w.Redo.End()
	}
}

// write writes a change into the repository's files.
func (w *task) write(oc *outcome, f *bulk.File) error {
	if w.Redo != nil {
		intent := &bulk.Intent{File: f}
		for _, p := range pendingOf(oc) {
			intent.Texts = append(intent.Texts, bulk.Change{Path: p.path, Old: []byte(p.old), Exists: p.exists, New: []byte(p.content)})
		}
		if err := w.Redo.Begin(intent); err != nil {
			return err
		}
	}
	return w.app.write.rewrite(oc)
}

// file is an outcome in a bulk report.
func (w *task) file(oc *outcome) *bulk.File {
	f := &bulk.File{Path: w.relative(oc.in.abs, oc.in.path)}
	if oc.err != nil {
		f.Error = report.Clean(oc.err.Error())
		return f
	}
	f.Changed, f.Diff = oc.changed(), oc.report.Diff
	f.Declined = map[string]int{}
	for i := range oc.report.Passes {
		p := &oc.report.Passes[i]
		for _, d := range p.Declines {
			if d.Already {
				continue
			}
			f.Declined[p.Name+"/"+d.ReasonKey]++
		}
		for _, c := range p.Changes {
			f.Reasons = append(f.Reasons, reasons(p.Name, &c)...)
		}
	}
	for i := range oc.report.Companions {
		c := &oc.report.Companions[i]
		path := w.relative(realPath(oc.companions[i].abs), c.Path)
		f.Reasons = append(f.Reasons, bulk.Reason{Why: "it " + c.Verb() + " " + path + c.By()})
	}
	for _, p := range pendingOf(oc) {
		path := w.relative(realPath(p.path), p.shown)
		if !filepath.IsLocal(filepath.FromSlash(path)) {
			return &bulk.File{Path: f.Path, Error: fmt.Sprintf("%s: its change needs a change of %s, which is not in %s: take the repository that has both",
				report.Clean(oc.in.path), report.Clean(p.shown), report.Clean(w.Name))}
		}
		f.Paths = append(f.Paths, path)
	}
	return f
}

// relative is a path in the repository, with slashes.
func (w *task) relative(abs, shown string) string {
	if abs == "" {
		return strings.TrimPrefix(filepath.ToSlash(shown), filepath.ToSlash(w.Name)+"/")
	}
	rel, err := filepath.Rel(w.root, abs)
	if err != nil {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(rel)
}

// finishIntent brings to an end what a killed run was writing. When somebody has
// changed one of the files since, it is not done, and there is nothing to do. An
// intent may lie in a repository, which could have brought it: it holds for the
// files of dir alone.
func finishIntent(dir string, i *bulk.Intent) (done bool, err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	root := realDir(abs)
	var files []*pending
	for _, c := range i.Texts {
		real, err := filepath.EvalSymlinks(filepath.Dir(c.Path))
		if err != nil || !filepath.IsAbs(c.Path) || !within(root, real) || inGit(root, filepath.Join(real, filepath.Base(c.Path))) {
			return false, fmt.Errorf("what a killed run was writing is not a file of %s: %s; remove what lies beside the journal if this is not yours",
				displayPath(root), report.Clean(c.Path))
		}
		removeLeftovers(real)
		p := &pending{shown: displayPath(c.Path), path: c.Path, root: root, old: string(c.Old), exists: c.Exists, content: string(c.New)}
		now, _, err := readRegular(c.Path, maxInput)
		missing := errors.Is(err, fs.ErrNotExist)
		switch {
		case err != nil && !missing:
			return false, err
		case !missing && now == p.content:
		case missing == p.exists, !missing && now != p.old:
			return false, nil
		default:
			files = append(files, p)
		}
	}
	return true, onDisk().replace(files)
}

// inGit reports a path in what git keeps for itself, where a setting can name a
// program to run.
func inGit(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err != nil || slices.ContainsFunc(strings.Split(filepath.ToSlash(rel), "/"), func(name string) bool {
		return strings.EqualFold(name, ".git")
	})
}

// removeLeftovers removes the temporary files of a writer that was killed.
func removeLeftovers(dir string) {
	found, _ := filepath.Glob(filepath.Join(dir, ".refit-"+strings.Repeat("[0-9a-f]", 16))) // it is well formed
	for _, path := range found {
		_ = os.Remove(path)
	}
}

// reasons are that of a change, and of what it does besides.
func reasons(pass string, c *report.Change) []bulk.Reason {
	all := []bulk.Reason{{Pass: pass, Line: c.Line, Why: c.Reason}}
	for _, n := range c.Notes {
		r := bulk.Reason{Pass: pass, Line: n.Line, Why: n.Text}
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}
