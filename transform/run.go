package transform

import (
	"errors"
	"fmt"
	"slices"
)

// Status is what a pass did to a file.
type Status string

// The statuses, as reports name them.
const (
	Applied       Status = "applied"
	Declined      Status = "declined"
	NotApplicable Status = "not-applicable"
)

// Result is what Run made of a file.
type Result struct {
	Name       string
	Before     string
	After      string
	Steps      []Step      // one for each pass, in order
	Companions []Companion // in the order of the passes; a later one of the same path wins
	Refused    []Refusal   // changes that the engine took back

	versions []version
}

// Untouched lists the texts of the original's instructions, with the comments
// above them, that no edit of any pass touched, in order.
func (r *Result) Untouched() []string {
	var texts []string
	original := r.versions[0].file
	for _, in := range original.Instructions {
		at := in.Span
		if untouched(&at, r.versions[1:]) {
			texts = append(texts, original.Text(in.Span))
		}
	}
	return texts
}

// untouched follows a span through the versions, moving it along, until an edit
// touches it.
func untouched(at *Span, versions []version) bool {
	for _, v := range versions {
		shift := 0
		for _, e := range v.edits {
			if e.Span.Start >= at.End {
				break
			}
			if e.Span.End > at.Start || e.Span.Start > at.Start {
				return false
			}
			shift += len(e.New) - e.Span.Len()
		}
		at.Start += shift
		at.End += shift
	}
	return true
}

// Step is one pass's part of a Result.
type Step struct {
	Pass     *Pass
	Changes  []Remark
	Declines []Remark
}

// Status sums a step up: applied when it changed anything.
func (s *Step) Status() Status {
	switch {
	case len(s.Changes) > 0:
		return Applied
	case len(s.Declines) > 0:
		return Declined
	}
	return NotApplicable
}

// Remark is a change or a decline as a person reads it.
type Remark struct {
	Line  int    // 1-based line of the original file
	Added string // the pass that wrote the text it is about, or "" for original text
	Key   string // the reason key of a decline
	Why   string
	Notes []Remark
}

// Refusal is a change that the engine took back.
type Refusal struct {
	Pass string
	Key  string // ReasonRefused or ReasonBroken
	Why  string
}

// Changed reports whether the Dockerfile or a companion changes.
func (r *Result) Changed() bool { return r.Before != r.After || len(r.Companions) > 0 }

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
// change are asked again, and all of those before a change of the context, which
// any of them may have looked into: otherwise a second run of refit would change
// more.
func runAll(f *File, passes []*Pass) (*Result, error) {
	r := &Result{Name: f.Name, Before: f.Src, versions: []version{{file: f}}}
	for _, p := range passes {
		r.Steps = append(r.Steps, Step{Pass: p})
	}
	if f.skipsFile() {
		for i := range r.Steps {
			r.Steps[i].Declines = []Remark{{Line: 1, Key: ReasonIgnored, Why: "the file has a “refit: skip” comment"}}
		}
		r.After = f.Src
		return r, nil
	}
	pending := make([]int, len(passes))
	for i := range pending {
		pending[i] = i
	}
	for round := 0; len(pending) > 0 && round < maxRounds; round++ {
		text, context := -1, -1 // the last steps that changed them
		for _, i := range pending {
			before := r.newest()
			if err := r.step(&r.Steps[i]); err != nil {
				return nil, err
			}
			if r.newest().Src != before.Src {
				text = i
			}
			if r.newest().Options != before.Options {
				context = i
			}
		}
		pending = nil
		for i := range max(text, context, 0) {
			if i < context || r.Steps[i].heldBack() {
				pending = append(pending, i)
			}
		}
	}
	r.After = r.newest().Src
	return r, nil
}

func (r *Result) newest() *File { return r.versions[len(r.versions)-1].file }

// heldBack reports a decline that is the pass's own.
func (s *Step) heldBack() bool {
	return slices.ContainsFunc(s.Declines, func(m Remark) bool { return s.Pass.declares(m.Key) })
}

// step runs a step's pass on the newest version and adds to the step.
func (r *Result) step(s *Step) error {
	p, cur := s.Pass, r.newest()
	step, edits, companions, err := runPass(p, cur, r.versions)
	if err != nil {
		return err
	}
	if done := s.Status() == Applied && !s.heldBack(); !done || len(step.Changes) > 0 {
		s.Declines = step.Declines // else it only says that it has done its part
	}
	if len(edits) > 0 {
		next, err := cur.edited(edits)
		if err != nil {
			r.Refused = append(r.Refused, Refusal{p.Name, ReasonBroken, fmt.Sprintf("the result does not parse: %v", err)})
			return nil
		}
		r.versions = append(r.versions, newVersion(cur, next, p, edits))
	}
	s.Changes = append(s.Changes, step.Changes...)
	r.addCompanions(companions)
	return nil
}

// runPass asks a pass for its findings and turns them into sorted edits and
// remarks on the original file.
func runPass(p *Pass, f *File, versions []version) (Step, []Edit, []Companion, error) {
	step := Step{Pass: p}
	var edits []Edit
	var companions []Companion
	for _, fd := range p.Run(f) {
		if !fd.IsChange() {
			if !p.declares(fd.Reason) {
				return step, nil, nil, fmt.Errorf("pass %s: %s: reason %q is not declared", p.Name, f.Name, fd.Reason)
			}
			step.Declines = append(step.Declines, remark(&fd, versions))
			continue
		}
		if in := ignored(p, &fd, versions); in != nil {
			held := Finding{At: in.Body, Reason: ReasonIgnored, Why: "a comment above the instruction switches the pass off"}
			step.Declines = append(step.Declines, remark(&held, versions))
			continue
		}
		step.Changes = append(step.Changes, remark(&fd, versions))
		edits = append(edits, fd.Edits...)
		companions = append(companions, fd.Companions...)
	}
	edits = sortEdits(edits)
	normalizeNewlines(edits, f.Newline)
	if err := checkEdits(f.Src, edits); err != nil {
		return step, nil, nil, fmt.Errorf("pass %s: %s: %w", p.Name, f.Name, err)
	}
	return step, edits, companions, nil
}

// remark maps a finding's place back to the original file.
func remark(fd *Finding, versions []version) Remark {
	line, added := originalLine(fd.At.Start, versions)
	m := Remark{Line: line, Added: added, Key: fd.Reason, Why: fd.Why}
	for _, n := range fd.Notes {
		line, added := originalLine(n.At.Start, versions)
		m.Notes = append(m.Notes, Remark{Line: line, Added: added, Why: n.Why})
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

// judge holds the last version against the original's view. It returns the pass
// whose change must go, or nil when the result keeps its contract.
func judge(before View, versions []version) *Refusal {
	if len(versions) == 1 {
		return nil
	}
	var applied []*Pass
	for _, v := range versions[1:] {
		applied = append(applied, v.pass)
	}
	last := versions[len(versions)-1].file
	if err := last.checkLines(); err != nil {
		return findCulprit(before, versions)
	}
	if last.thinned(0) == versions[0].file.thinned(0) {
		return nil // all that the view is made of is the same
	}
	after, err := last.view(0)
	if err == nil && len(undeclared(before.differences(after), applied)) == 0 {
		return nil
	}
	return findCulprit(before, versions)
}

// findCulprit walks the versions to the first whose step breaks the contract.
func findCulprit(view View, versions []version) *Refusal {
	for _, v := range versions[1:] {
		next, err := v.file.View()
		if err != nil {
			return &Refusal{v.pass.Name, ReasonBroken, fmt.Sprintf("BuildKit does not take the result: %v", err)}
		}
		if diffs := undeclared(view.differences(next), []*Pass{v.pass}); len(diffs) > 0 {
			return &Refusal{v.pass.Name, ReasonRefused, fmt.Sprintf("it would alter what it does not declare: %v", diffs[0])}
		}
		view = next
	}
	last := versions[len(versions)-1].pass
	return &Refusal{last.Name, ReasonRefused, "the passes together alter what none of them declares"}
}

// noteRefusals gives the passes that were dropped their place among all of them,
// with the reason.
func (r *Result) noteRefusals(all []*Pass) {
	if len(r.Refused) == 0 {
		return
	}
	steps := make([]Step, 0, len(all))
	for _, p := range all {
		step := Step{Pass: p}
		if i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Pass == p }); i >= 0 {
			step = r.Steps[i]
		}
		for _, ref := range r.Refused {
			if ref.Pass == p.Name {
				step.Declines = append(step.Declines, Remark{Line: 1, Key: ref.Key, Why: ref.Why})
			}
		}
		steps = append(steps, step)
	}
	r.Steps = steps
}
