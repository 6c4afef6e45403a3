package lock

import (
	"fmt"
	"strings"

	"refit/internal/buildctx"
)

// readRequirements reads a requirement file with what it includes. It names files
// only where a requirement is a URL or a path.
func readRequirements(l *Lock, ctx *buildctx.Context) error {
	reqs, err := ctx.Requirements(l.File)
	if err != nil {
		return fmt.Errorf("reading lock file: %w", err)
	}
	if reqs.Problem != "" {
		return fmt.Errorf("%s", reqs.Problem)
	}
	l.noBinary = reqs.NoBinary
	for i := range reqs.Reqs {
		p := fromRequirement(&reqs.Reqs[i], reqs.Constraints)
		if reqs.Reqs[i].File != l.File {
			p.Line = 0 // of an included file
		}
		l.Packages = append(l.Packages, p)
	}
	for _, o := range reqs.Options {
		l.Pip.Options = append(l.Pip.Options, [2]string{o.Name, o.Value})
	}
	for _, r := range reqs.Reqs {
		if !r.Local() && !r.Editable {
			l.Pip.Requirements = append(l.Pip.Requirements, r.Raw)
		}
	}
	for _, r := range reqs.Constraints {
		if !r.Local() && r.VCS == "" {
			l.Pip.Constraints = append(l.Pip.Constraints, r.Raw)
		}
	}
	if l.open = !allHashed(l.Packages); l.open {
		l.Notes = append(l.Notes, "a requirement file names what it asks for; what these distributions need in turn is not in it")
	}
	l.settle()
	return nil
}

// allHashed reports a file with hashes for all, which pip only takes where nothing
// is left out (--require-hashes).
func allHashed(packages []*Package) bool {
	for _, p := range packages {
		if p.Hashes == 0 {
			return false
		}
	}
	return true
}

// fromRequirement is a requirement as a package; a constraint may fix its version.
func fromRequirement(r *buildctx.Requirement, constraints []buildctx.Requirement) *Package {
	p := &Package{Name: r.Name, Line: r.Line, Hashes: len(r.Hashes), Spec: r.Spec, Version: pinned(r.Spec), Extras: r.Extras}
	for i := range constraints {
		if c := &constraints[i]; c.Name == r.Name && r.Name != "" && p.Version == "" {
			p.Version = pinned(c.Spec)
		}
	}
	if p.Name == "" {
		p.Name = r.Raw
	}
	if r.Marker != "" {
		p.conditions = []condition{{marker: r.Marker}}
	}
	switch {
	case r.VCS != "":
		p.Source = Source{Kind: Git, Where: r.URL, Editable: r.Editable}
	case r.Path != "" && isArchive(r.Path):
		p.Source = Source{Kind: LocalFile, Where: r.Path}
	case r.Path != "":
		p.Source = Source{Kind: Directory, Where: r.Path, Editable: r.Editable, Project: r.Path == "." || r.Path == "./"}
	case r.URL != "":
		p.Source = Source{Kind: Archive, Where: r.URL}
	}
	if k := p.Source.Kind; k == LocalFile || k == Archive {
		p.add(p.Source.Where)
		if len(p.Files) == 1 && p.Files[0].Wheel != nil {
			p.Version = p.Files[0].Wheel.Version
		}
	}
	return p
}

// pinned is the version that a specifier fixes, "" if it fixes none.
func pinned(spec string) string {
	for clause := range strings.SplitSeq(spec, ",") {
		if v, ok := strings.CutPrefix(clause, "=="); ok && !strings.HasSuffix(v, "*") {
			return strings.TrimPrefix(v, "=")
		}
	}
	return ""
}
