package lock

import (
	"strings"

	"refit/internal/buildctx"
)

// uvLock is uv.lock, of version 1. Packages say what they need, with markers, and
// the project is a package of its own.
// Source: docs of uv, "Resolution" and "Locking"; files that uv 0.2 to 0.13 wrote.
type uvLock struct {
	RequiresPython string   `toml:"requires-python"`
	Supported      []string `toml:"supported-markers"`
	Manifest       struct {
		Members      []string
		Requirements []uvDep
	}
	Package      []uvPackage
	Distribution []uvPackage // its name before uv 0.3
}

type uvPackage struct {
	Name, Version string
	Source        uvSource
	Markers       []string `toml:"resolution-markers"`
	Dependencies  []uvDep
	Optional      map[string][]uvDep `toml:"optional-dependencies"`
	Dev           map[string][]uvDep `toml:"dev-dependencies"`
	Sdist         uvFile
	Wheels        []uvFile
}

type uvSource struct{ Registry, Git, URL, Path, Directory, Editable, Virtual string }

type uvFile struct{ URL, Path, Filename string }

type uvDep struct {
	Name, Version, Marker string
	Extra                 []string
}

func readUV(l *Lock, s *source) error {
	var doc uvLock
	if err := s.decode(&doc); err != nil {
		return err
	}
	l.RequiresPython, l.environments = doc.RequiresPython, doc.Supported
	header := "[[package]]"
	if len(doc.Package) == 0 && len(doc.Distribution) > 0 {
		doc.Package, header = doc.Distribution, "[[distribution]]"
	}
	l.roots = map[string][]edge{Main: uvEdges(doc.Manifest.Requirements)}
	for i := range doc.Package {
		u := &doc.Package[i]
		p := u.convert()
		p.Source.Project = u.isProject(doc.Manifest.Members)
		l.Packages = append(l.Packages, p)
		if p.Source.Project {
			l.uvProject(p, u)
		}
	}
	if len(l.roots[Main]) == 0 && !l.hasProject() {
		l.roots = nil // a file without a project: all of it is installed
	}
	number(l.Packages, s.lines(header))
	return nil
}

// uvProject makes what a member of the workspace asks for the roots.
func (l *Lock) uvProject(p *Package, u *uvPackage) {
	l.roots[Main] = append(l.roots[Main], edge{name: p.Name, version: p.Version})
	for extra := range u.Optional {
		key := extraPrefix + buildctx.NormalizeName(extra)
		l.roots[key] = append(l.roots[key], edge{name: p.Name, version: p.Version, extras: []string{buildctx.NormalizeName(extra)}})
	}
	for group, deps := range u.Dev {
		l.roots[group] = append(l.roots[group], uvEdges(deps)...)
	}
}

func (l *Lock) hasProject() bool {
	for _, p := range l.Packages {
		if p.Source.Project {
			return true
		}
	}
	return false
}

// isProject reports the project, or a member of its workspace.
func (u *uvPackage) isProject(members []string) bool {
	for _, m := range members {
		if m == u.Name {
			return true
		}
	}
	return len(members) == 0 && (u.Source.Virtual != "" || u.Source.Editable == ".")
}

func (u *uvPackage) convert() *Package {
	p := &Package{Name: buildctx.NormalizeName(u.Name), Version: u.Version, Source: u.Source.convert(), deps: uvEdges(u.Dependencies), extras: map[string][]edge{}}
	for _, m := range u.Markers {
		p.conditions = append(p.conditions, condition{marker: m})
	}
	for extra, deps := range u.Optional {
		p.extras[buildctx.NormalizeName(extra)] = uvEdges(deps)
	}
	for _, f := range append(u.Wheels, u.Sdist) {
		for _, where := range []string{f.Filename, f.URL, f.Path} {
			if where != "" {
				p.add(where)
				break
			}
		}
	}
	switch p.Source.Kind {
	case Archive, LocalFile:
		p.add(p.Source.Where)
	}
	return p
}

func (s uvSource) convert() Source {
	switch {
	case s.Git != "":
		return Source{Kind: Git, Where: s.Git}
	case s.URL != "":
		return Source{Kind: Archive, Where: s.URL}
	case s.Path != "":
		return Source{Kind: LocalFile, Where: s.Path}
	case s.Directory != "":
		return Source{Kind: Directory, Where: s.Directory}
	case s.Editable != "":
		return Source{Kind: Directory, Where: s.Editable, Editable: true}
	case s.Virtual != "":
		return Source{Kind: Directory, Where: s.Virtual}
	}
	return Source{Kind: Index}
}

func uvEdges(deps []uvDep) []edge {
	var out []edge
	for _, d := range deps {
		e := edge{name: buildctx.NormalizeName(d.Name), version: strings.TrimSpace(d.Version), marker: d.Marker}
		for _, extra := range d.Extra {
			e.extras = append(e.extras, buildctx.NormalizeName(extra))
		}
		out = append(out, e)
	}
	return out
}
