package transform

import (
	"errors"
	"fmt"
	"slices"
)

// Run takes a file through the passes. The error is a *SyntaxError when BuildKit
// does not take the file, or says which pass is wrongly made.
func Run(name, src string, passes []*Pass, opt *Options) (*Result, error) {
	f, err := Parse(name, src, opt)
	if err != nil {
		return nil, err
	}
	before, err := f.view(0)
	if err != nil {
		return nil, err
	}
	if f.Final() == nil {
		return nil, &SyntaxError{File: name, Err: errors.New("no FROM: nothing to build")}
	}
	all := passes
	var refused []Refusal
	for {
		r, err := runAll(f, passes)
		if err != nil {
			return nil, err
		}
		culprit := judge(before, r.versions)
		if culprit == nil {
			r.Refused = append(refused, r.Refused...)
			r.noteRefusals(all)
			return r, nil
		}
		refused = append(refused, *culprit)
		passes = slices.DeleteFunc(slices.Clone(passes), func(p *Pass) bool { return p.Name == culprit.Pass })
	}
}

// maxRounds bounds how often passes that held back are asked again.
const maxRounds = 4

// runAll applies the passes in order, each to the text that the last one left,
// in the build context as the companions make it. What a later pass changes may
// be what an earlier one waited for, so passes that held back before the last
// change, or are to be asked again anyway, are, and all of those before a change of the context, which
// any of them may have looked into: otherwise a second run of refit would change
// more. Those that are Last see what all of that comes to.
func runAll(f *File, passes []*Pass) (*Result, error) {
	r := newResult(f, passes)
	if f.skipsFile() {
		for i := range r.Steps {
			r.Steps[i].Declines = []Remark{{Line: 1, Key: ReasonIgnored, Why: "the file has a “refit: skip” comment"}}
		}
		r.After = f.Src
		return r, nil
	}
	var pending, last []int
	for i, p := range passes {
		if p.Last {
			last = append(last, i)
		} else {
			pending = append(pending, i)
		}
	}
	all := pending
	for round := 0; len(pending) > 0 && round < maxRounds; round++ {
		if err := r.round(&pending); err != nil {
			return nil, err
		}
		if again := r.narrowed(f, passes); round == 0 && again != nil {
			r, pending = again, all
		}
	}
	for _, i := range last {
		if err := r.step(&r.Steps[i]); err != nil {
			return nil, err
		}
	}
	r.After = r.newest().Src
	return r, nil
}

func newResult(f *File, passes []*Pass) *Result {
	r := &Result{Name: f.Name, Before: f.Src, versions: []version{{file: f}}}
	for _, p := range passes {
		r.Steps = append(r.Steps, Step{Pass: p})
	}
	return r
}

// narrowed is the run that starts from the original file again, in what a pass
// that Narrows has left of the context: passes that only held back because of the
// rest would otherwise meet a text that the others have changed. It is nil where
// there is none.
func (r *Result) narrowed(f *File, passes []*Pass) *Result {
	again := newResult(f, passes)
	for i, s := range r.Steps {
		if s.Pass.Narrows && len(s.Companions) > 0 {
			again.Steps[i] = s
			again.addCompanions(s.Companions)
		}
	}
	if len(again.Companions) == 0 {
		return nil
	}
	return again
}

// round asks the pending steps, and leaves those that are to be asked again.
func (r *Result) round(pending *[]int) error {
	text, context := -1, -1 // the last steps that changed them
	for _, i := range *pending {
		before := r.newest()
		if err := r.step(&r.Steps[i]); err != nil {
			return err
		}
		if r.newest().Src != before.Src {
			text = i
		}
		if r.newest().Options != before.Options {
			context = i
		}
	}
	var again []int
	for i := range max(text, context, 0) {
		p := r.Steps[i].Pass
		if !p.Last && (i < context || p.Again || r.Steps[i].heldBack()) {
			again = append(again, i)
		}
	}
	*pending = again
	return nil
}

func (r *Result) newest() *File { return r.versions[len(r.versions)-1].file }

// heldBack reports a decline that is the pass's own.
func (s *Step) heldBack() bool {
	return slices.ContainsFunc(s.Declines, func(m Remark) bool { return s.Pass.declares(m.Key) })
}

// step runs a step's pass on the newest version and adds to the step.
func (r *Result) step(s *Step) error {
	p, cur := s.Pass, r.newest()
	step, edits, err := runPass(p, cur, r.versions)
	if err != nil {
		return err
	}
	first := len(s.Changes) // of the changes of this time
	for i := range edits.by {
		edits.by[i] += first
	}
	done := s.Status() == Applied && !s.heldBack()
	still := s.heldBack() && len(step.Declines) > 0 // asked again, it may find what others have written in the way
	if len(step.Changes) > 0 || !done && !still {
		s.Declines = step.Declines // else it only says that it has done its part
	}
	if len(edits.edits) > 0 {
		next, err := cur.edited(edits.edits)
		if err != nil {
			r.Refused = append(r.Refused, Refusal{p.Name, ReasonBroken, fmt.Sprintf("the result does not parse: %v", err)})
			return nil
		}
		r.versions = append(r.versions, newVersion(cur, next, p, edits.edits, edits.by))
	}
	s.Changes = append(s.Changes, step.Changes...)
	s.Companions = append(s.Companions, step.Companions...)
	for _, change := range step.companionOf {
		s.companionOf = append(s.companionOf, first+change)
	}
	r.addCompanions(step.Companions)
	return nil
}

// made are the edits of one run of a pass, sorted, and for each the change that
// it belongs to.
type made struct {
	edits []Edit
	by    []int
}

// runPass asks a pass for its findings and turns them into edits and remarks on
// the original file.
func runPass(p *Pass, f *File, versions []version) (Step, made, error) {
	step := Step{Pass: p}
	var m made
	if !p.runsFor(f.Options.Profile) {
		return step, m, nil
	}
	for _, fd := range p.Run(f) {
		if !fd.IsChange() {
			if !p.declares(fd.Reason) {
				return step, m, fmt.Errorf("pass %s: %s: reason %q is not declared", p.Name, f.Name, fd.Reason)
			}
			step.Declines = append(step.Declines, remark(&fd, versions))
			continue
		}
		if in := ignored(p, &fd, versions); in != nil {
			held := Finding{At: in.Body, Reason: ReasonIgnored, Why: "a comment above the instruction switches the pass off"}
			step.Declines = append(step.Declines, remark(&held, versions))
			continue
		}
		change := remark(&fd, versions)
		if v := f.Options.veto(p, &change); v != nil {
			step.Declines = append(step.Declines, v.remark(change.Line))
			continue
		}
		at := len(step.Changes)
		step.Changes = append(step.Changes, change)
		m.edits, m.by = append(m.edits, fd.Edits...), append(m.by, slices.Repeat([]int{at}, len(fd.Edits))...)
		step.Companions = append(step.Companions, fd.Companions...)
		step.companionOf = append(step.companionOf, slices.Repeat([]int{at}, len(fd.Companions))...)
	}
	order := editOrder(m.edits)
	m.edits, m.by = inOrder(m.edits, order), inOrder(m.by, order)
	normalizeNewlines(m.edits, f.Newline)
	if err := checkEdits(f.Src, m.edits); err != nil {
		return step, m, fmt.Errorf("pass %s: %s: %w", p.Name, f.Name, err)
	}
	return step, m, nil
}

// remark maps a finding's place back to the original file.
func remark(fd *Finding, versions []version) Remark {
	line, added := originalLine(fd.At.Start, versions)
	m := Remark{Line: line, Added: added, Key: fd.Reason, Why: fd.Why}
	for _, n := range fd.Notes {
		line, added := originalLine(n.At.Start, versions)
		m.Notes = append(m.Notes, Remark{Line: line, Added: added, Why: n.Why, Warn: n.Warn})
	}
	for _, e := range fd.Edits {
		line, _ := originalLine(e.Span.Start, versions)
		m.Edits = append(m.Edits, Written{line, e.Span.Len(), e.New})
	}
	return m
}

// addCompanions takes companions into the result, and into the context that the
// following passes see.
func (r *Result) addCompanions(companions []Companion) {
	if len(companions) == 0 {
		return
	}
	for _, c := range companions {
		r.Companions = slices.DeleteFunc(r.Companions, func(old Companion) bool { return old.Path == c.Path })
		r.Companions = append(r.Companions, c)
	}
	newest := &r.versions[len(r.versions)-1]
	if opt := *newest.file.Options; opt.Context != nil {
		opt.Context = opt.Context.With(companions)
		newest.file = newest.file.withOptions(&opt)
	}
}
