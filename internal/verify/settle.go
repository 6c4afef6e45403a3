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
	round := 0
	cache := v.cold("after")
	for {
		v.log("building the optimized Dockerfile")
		after, err := v.attempt(ctx, v.candidate(), cache)
		if err != nil {
			return nil, err
		}
		if !after.failed() {
			return after, nil
		}
		cache = caching{cached: v.session + "-after"}
		if v.Quick {
			cache = caching{}
		}
		if round < maxRepairs {
			repaired, err := v.repair(ctx, after, round+1)
			if err != nil {
				return nil, err
			}
			if repaired {
				round++
				continue
			}
		}
		dropped, err := v.dropCulprit(ctx, after)
		if err != nil || !dropped {
			return after, err
		}
	}
}

// attempt builds and compares a candidate. A build that fails is tried once
// more: a server that did not answer must not cost a pass.
func (v *verifier) attempt(ctx context.Context, src builder.Source, c caching) (*side, error) {
	after, err := v.make(ctx, src, c)
	if builder.IsBuildError(err) && !hopeless(err) {
		v.log("the build failed, trying again")
		after, err = v.make(ctx, src, c)
	}
	switch {
	case isOwn(err):
		return nil, err
	case err != nil && hopeless(err):
		return nil, fmt.Errorf("the builder cannot go on: %w", err)
	case err != nil:
		after.checks = []Check{failedBuild(err)}
		return after, nil
	}
	if err := v.compare(ctx, after); err != nil {
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
// half of the passes, and leaves it out. It reports whether there was one.
func (v *verifier) dropCulprit(ctx context.Context, bad *side) (bool, error) {
	check := bad.firstFailure()
	names := applied(v.result)
	names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(v.change.Without, n) })
	v.log("the optimized Dockerfile fails (%s): looking for the pass that breaks it", check.Name)
	good, failing := 0, len(names) // with so many passes; none is the original
	for failing-good > 1 {
		half := (good + failing) / 2
		fails, err := v.failsWith(ctx, names[half:], check.Name)
		if err != nil {
			return false, err
		}
		if fails {
			failing = half
		} else {
			good = half
		}
	}
	if failing == 0 {
		return false, nil
	}
	culprit := names[failing-1]
	change := v.change
	change.Without = append(slices.Clone(change.Without), culprit)
	result, err := v.Remake(change)
	if err != nil {
		return false, fmt.Errorf("leaving out %s: %w", culprit, err)
	}
	v.log("%s breaks it and is left out", culprit)
	v.out.Dropped = append(v.out.Dropped, Dropped{Pass: culprit, Why: fmt.Sprintf("with it, %s fails: %s", check.Name, check.Detail), Log: check.Log})
	v.change, v.result = change, result
	return true, nil
}

// failsWith builds without some more passes and reports whether a check fails.
func (v *verifier) failsWith(ctx context.Context, without []string, check string) (bool, error) {
	change := v.change
	change.Without = append(slices.Clone(change.Without), without...)
	result, err := v.Remake(change)
	if err != nil {
		return false, fmt.Errorf("leaving out %s: %w", strings.Join(without, ", "), err)
	}
	was := v.result
	v.result = result
	defer func() { v.result = was }()
	c := caching{cached: v.session + "-after"}
	if v.Quick {
		c = caching{}
	}
	side, err := v.attempt(ctx, v.candidate(), c)
	if err != nil {
		return false, err
	}
	if check != CheckBuild && side.image == nil { // another failure, of an earlier pass
		return true, nil
	}
	return slices.ContainsFunc(side.checks, func(c Check) bool { return c.Name == check && c.Verdict == Fail }), nil
}
