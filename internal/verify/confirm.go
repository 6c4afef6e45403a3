package verify

import (
	"context"
	"fmt"
	"slices"

	"refit/internal/verify/smoke"
)

// confirm runs the images once more when they behave differently: a failure that
// is left to chance says nothing about the rewrite, and must not cost a pass.
func (v *verifier) confirm(ctx context.Context, after *side) error {
	first := after.firstFailure()
	if first == nil || !fails(smoke.Compare(v.before.ran, after.ran), first.Name) {
		return nil // nothing failed, or something that does not depend on running
	}
	v.log("%s fails: running the image again", first.Name)
	again, err := v.try(ctx, after)
	if err != nil {
		return fmt.Errorf("running the image again: %w", err)
	}
	now := smoke.Compare(v.before.ran, again)
	doubt(after.checks, "it did not when it was run again", func(name string) bool { return fails(now, name) })
	if !after.failed() {
		return nil
	}
	if v.again == nil {
		if v.again, err = v.try(ctx, v.before); err != nil {
			return fmt.Errorf("running the original again: %w", err)
		}
	}
	itself := smoke.Compare(v.before.ran, v.again)
	doubt(after.checks, "so it was when the original was run again", func(name string) bool { return !fails(itself, name) })
	return nil
}

// doubt takes back the failures that another run did not bear out.
func doubt(checks []Check, why string, borneOut func(name string) bool) {
	for i := range checks {
		if c := &checks[i]; c.Verdict == Fail && !borneOut(c.Name) {
			c.Verdict, c.Detail = Unknown, c.Detail+"; "+why
		}
	}
}

func fails(checks []smoke.Check, name string) bool {
	return slices.ContainsFunc(checks, func(c smoke.Check) bool { return c.Name == name && c.Verdict == smoke.Fail })
}
