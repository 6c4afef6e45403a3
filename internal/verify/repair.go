package verify

import (
	"context"
	"fmt"
	"slices"

	"refit/internal/verify/image"
	"refit/transform"
)

// repair looks for the packages of the libraries that a candidate lacks, where
// they were when it was built, and makes a candidate that has them. It is nil
// when there is nothing new to try.
func (v *verifier) repair(ctx context.Context, after *side, round int) (*candidate, error) {
	missing := v.lacking(after)
	if len(missing) == 0 {
		return nil, nil
	}
	sources, err := v.librarySources(ctx, after)
	if err != nil {
		return nil, err
	}
	change := after.of.change
	change.Add = slices.Clone(change.Add)
	for _, m := range missing {
		pkg := owner(sources, m.Library)
		if pkg == "" || slices.ContainsFunc(change.Add, func(r Repair) bool { return r.Package == pkg }) {
			continue
		}
		change.Add = append(change.Add, Repair{Package: pkg, Library: m.Library, NeededBy: m.NeededBy, Round: round})
	}
	if len(change.Add) == len(after.of.change.Add) {
		return nil, nil
	}
	result, err := v.Remake(change)
	if err != nil {
		return nil, fmt.Errorf("adding packages: %w", err)
	}
	if result.After == after.of.result.After { // no pass can add them
		return nil, nil
	}
	for _, r := range change.Add[len(after.of.change.Add):] {
		v.log("%s is missing and comes with %s: adding it", r.Library, r.Package)
	}
	v.out.Repairs = change.Add
	return &candidate{result, change}, nil
}

// lacking lists the libraries that a candidate does not find and the original
// does: as their users' ELF headers say, and as what was run said.
func (v *verifier) lacking(after *side) []image.Missing {
	if after.image == nil {
		return nil
	}
	missing := newlyMissing(v.missing(v.before), v.missing(after))
	for _, name := range after.ran.MissingLibraries {
		known := slices.ContainsFunc(missing, func(m image.Missing) bool { return m.Library == name })
		if !known && !slices.Contains(v.before.ran.MissingLibraries, name) {
			missing = append(missing, image.Missing{Library: name, NeededBy: []string{"what is imported"}})
		}
	}
	return missing
}

// owner is the package that a library comes with, "" when no image knows.
func owner(sources []*image.Image, library string) string {
	for _, img := range sources {
		if pkg, _, ok := img.OwnerOfLibrary(library); ok {
			return pkg
		}
	}
	return ""
}

// librarySources are the images in whose package databases a library is looked
// up: what the runtime stage copies from, whose distribution it shares, then the
// original.
func (v *verifier) librarySources(ctx context.Context, after *side) ([]*image.Image, error) {
	f, err := transform.Parse(v.Name, after.src.Text, nil)
	if err != nil {
		return nil, err
	}
	var sources []*image.Image
	for _, e := range f.Final().Deps {
		if e.Kind != transform.EdgeCopy || e.To == nil || e.To.Name == "" {
			continue
		}
		req := v.request(after.src, v.warm())
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
