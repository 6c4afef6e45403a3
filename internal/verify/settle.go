package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"refit/internal/verify/builder"
	"refit/transform"
)

// maxRepairs is how often an image is repaired.
const maxRepairs = 3

// settle builds candidates until one is as good as the original: it adds what
// is missing, and drops the pass that breaks something. It returns the last one,
// good or not.
func (v *verifier) settle(ctx context.Context) (*side, error) {
	c, cache, round := &candidate{result: v.Result}, v.cold("after"), 0
	for {
		v.log("building the optimized Dockerfile")
		after, err := v.attempt(ctx, c, cache)
		if err != nil || !after.failed() {
			return after, err
		}
		cache = v.warm()
		if round < maxRepairs {
			better, err := v.repair(ctx, after, round+1)
			if err != nil {
				return nil, err
			}
			if better != nil {
				c = better
				round++
				continue
			}
		}
		if c, err = v.dropCulprit(ctx, after); err != nil || c == nil {
			return after, err
		}
	}
}

// attempt builds and compares a candidate. What fails is tried once more: a
// server that did not answer, or an application that fails now and then, must
// not cost a pass.
func (v *verifier) attempt(ctx context.Context, c *candidate, cache caching) (*side, error) {
	after, err := v.make(ctx, v.source(c), cache)
	if builder.IsBuildError(err) && !hopeless(err) {
		v.log("the build failed, trying again")
		after, err = v.make(ctx, v.source(c), cache)
	}
	after.of = c
	switch {
	case isOwn(err):
		return nil, err
	case err != nil && hopeless(err):
		return nil, fmt.Errorf("the builder cannot go on: %w", err)
	case err != nil:
		after.checks = []Check{failedBuild(err)}
		return after, nil
	}
	if err := v.compare(after); err != nil {
		return nil, err
	}
	return after, v.confirm(ctx, after)
}

// hopeless reports a failure that is the builder's, although a step shows it.
func hopeless(err error) bool {
	c := failedBuild(err)
	for _, text := range append([]string{c.Detail}, c.Log...) {
		if strings.Contains(text, "no space left on device") || strings.Contains(text, "No space left on device") {
			return true
		}
	}
	return false
}

// applied are the passes that changed the candidate, in order.
func applied(r *transform.Result) []string {
	var names []string
	for i := range r.Steps {
		if r.Steps[i].Status() == transform.Applied {
			names = append(names, r.Steps[i].Pass.Name)
		}
	}
	return names
}

// dropCulprit finds the pass that makes a check fail, by building with the first
// half of the passes, and makes a candidate without it. It is nil when there is
// none left.
func (v *verifier) dropCulprit(ctx context.Context, bad *side) (*candidate, error) {
	check, change := bad.firstFailure(), bad.of.change
	names := applied(bad.of.result)
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(change.Without, n) })
	v.log("the optimized Dockerfile fails (%s): looking for the pass that breaks it", check.Name)
	good, failing := 0, len(names) // with so many passes; none is the original
	for failing-good > 1 {
		half := (good + failing) / 2
		fails, err := v.failsWithout(ctx, change, names[half:], check.Name)
		if err != nil {
			return nil, err
		}
		if fails {
			failing = half
		} else {
			good = half
		}
	}
	if failing == 0 {
		return nil, nil
	}
	culprit := names[failing-1]
	c, err := v.without(change, culprit)
	if err != nil {
		return nil, err
	}
	v.log("%s breaks it and is left out", culprit)
	v.out.Dropped = append(v.out.Dropped, Dropped{Pass: culprit, Why: fmt.Sprintf("with it, %s fails: %s", check.Name, check.Detail), Log: check.Log})
	return c, nil
}

// without makes a candidate that some more passes have no part in.
func (v *verifier) without(change Change, passes ...string) (*candidate, error) {
	change.Without = append(slices.Clone(change.Without), passes...)
	result, err := v.Remake(change)
	if err != nil {
		return nil, fmt.Errorf("leaving out %s: %w", strings.Join(passes, ", "), err)
	}
	return &candidate{result, change}, nil
}

// failsWithout reports whether a check fails although some more passes are left
// out.
func (v *verifier) failsWithout(ctx context.Context, change Change, passes []string, check string) (bool, error) {
	c, err := v.without(change, passes...)
	if err != nil {
		return false, err
	}
	if check == CheckBuild {
		return v.doesNotBuild(ctx, c)
	}
	side, err := v.attempt(ctx, c, v.warm())
	if err != nil {
		return false, err
	}
	if side.image == nil { // another failure, of an earlier pass
		return true, nil
	}
	return slices.ContainsFunc(side.checks, func(c Check) bool { return c.Name == check && c.Verdict == Fail }), nil
}

// doesNotBuild reports whether a candidate fails to build, twice.
func (v *verifier) doesNotBuild(ctx context.Context, c *candidate) (bool, error) {
	var err error
	for range 2 {
		_, err = v.b.Build(ctx, v.request(v.source(c), v.warm()), nil)
		if !builder.IsBuildError(err) {
			return false, err
		}
		if hopeless(err) {
			return false, fmt.Errorf("the builder cannot go on: %w", err)
		}
	}
	return true, nil
}
