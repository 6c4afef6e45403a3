package transform

import (
	"fmt"
	"slices"
)

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
