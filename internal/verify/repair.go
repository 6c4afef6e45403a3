package verify

import (
	"context"
	"fmt"
	"slices"

	"refit/internal/verify/image"
	"refit/transform"
)

// repair looks for the packages of the libraries that a candidate lacks, where
// they were when it was built, and makes a candidate that has them. It reports
// whether there is anything new to try.
func (v *verifier) repair(ctx context.Context, after *side, round int) (bool, error) {
	if after.image == nil {
		return false, nil
	}
	missing := newlyMissing(v.missing(v.before), v.missing(after))
	for _, name := range after.ran.MissingLibraries {
		if !slices.ContainsFunc(missing, func(m image.Missing) bool { return m.Library == name }) {
			missing = append(missing, image.Missing{Library: name, NeededBy: []string{"what is imported"}})
		}
	}
	if len(missing) == 0 {
		return false, nil
	}
	sources, err := v.librarySources(ctx)
	if err != nil {
		return false, err
	}
	change := v.change
	change.Add = slices.Clone(change.Add)
	for _, m := range missing {
		for _, img := range sources {
			pkg, _, ok := img.OwnerOfLibrary(m.Library)
			if !ok {
				continue
			}
			if !slices.ContainsFunc(change.Add, func(r Repair) bool { return r.Package == pkg }) {
				change.Add = append(change.Add, Repair{Package: pkg, Library: m.Library, NeededBy: m.NeededBy, Round: round})
			}
			break
		}
	}
	if len(change.Add) == len(v.change.Add) {
		return false, nil
	}
	result, err := v.Remake(change)
	if err != nil {
		return false, fmt.Errorf("adding packages: %w", err)
	}
	if result.After == v.result.After {
		return false, nil
	}
	for _, r := range change.Add[len(v.change.Add):] {
		v.log("%s is missing and comes with %s: adding it", r.Library, r.Package)
	}
	v.change, v.result = change, result
	v.out.Repairs = change.Add
	return true, nil
}

// librarySources are the images in whose package databases a library is looked
// up: what the runtime stage copies from, whose distribution it shares, then the
// original.
func (v *verifier) librarySources(ctx context.Context) ([]*image.Image, error) {
	f, err := transform.Parse(v.Name, v.result.After, nil)
	if err != nil {
		return nil, err
	}
	var sources []*image.Image
	for _, e := range f.Final().Deps {
		if e.Kind != transform.EdgeCopy || e.To == nil || e.To.Name == "" {
			continue
		}
		req := v.request(v.candidate(), caching{cached: v.session + "-after"})
		if v.Quick {
			req.Cached = ""
		}
		req.Target, req.Layout = e.To.Name, v.layout()
		if _, err := v.b.Build(ctx, req, nil); err != nil {
			return nil, fmt.Errorf("building stage %s: %w", e.To.Name, err)
		}
		img, err := image.Open(ctx, req.Layout, v.dir)
		if err != nil {
			return nil, fmt.Errorf("reading stage %s: %w", e.To.Name, err)
		}
		sources = append(sources, img)
	}
	return append(sources, v.before.content), nil
}
