package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/wheel"
)

// poetryLock is poetry.lock of the formats 1.0 to 2.1. The files of a package are
// in it since 2.0, and in the metadata before; a package has a category until 1.1,
// and groups and markers since 2.1. In between, only pyproject.toml tells which
// packages are for what.
// Source: python-poetry/poetry, src/poetry/packages/locker.py, and files that
// poetry 1.0 to 2.5 wrote.
type poetryLock struct {
	Package  []poetryPackage
	Extras   map[string][]string
	Metadata struct {
		Python string `toml:"python-versions"`
		Files  map[string][]poetryFile
	}
}

type poetryPackage struct {
	Name, Version, Category string
	Optional                bool
	Python                  string `toml:"python-versions"`
	Groups                  []string
	Markers                 any
	Marker                  string // until 1.0
	Files                   []poetryFile
	Dependencies            map[string]any
	Extras                  map[string][]string
	Source                  struct{ Type, URL, Reference string }
	Develop                 bool
}

type poetryFile struct{ File, URL string }

func readPoetry(l *Lock, s *source) error {
	var doc poetryLock
	if err := s.decode(&doc); err != nil {
		return err
	}
	l.RequiresPython = doc.Metadata.Python
	files := map[string][]poetryFile{}
	for name, list := range doc.Metadata.Files {
		files[buildctx.NormalizeName(name)] = list
	}
	told := false // every package says itself what it is for
	for i := range doc.Package {
		d := &doc.Package[i]
		p := d.convert()
		name := buildctx.NormalizeName(d.Name)
		for _, f := range append(d.Files, files[name]...) {
			if len(d.Files) > 0 || ofVersion(f.File, d.Version) {
				p.add(f.File)
			}
		}
		told = told || len(d.Groups) > 0
		l.Packages = append(l.Packages, p)
	}
	number(l.Packages, s.lines("[[package]]"))
	if told {
		for _, p := range l.Packages {
			p.optional = false // its marker says for which extras
		}
		return nil
	}
	err := l.poetryRoots(s, doc.Extras)
	if errors.Is(err, fs.ErrNotExist) {
		l.Notes = append(l.Notes, "there is no pyproject.toml beside it, which tells what is installed where: all of it is taken to be that is for no extra")
		return nil
	}
	return err
}

// ofVersion reports a file of a version, where the metadata lists those of several.
func ofVersion(file, version string) bool {
	if w, err := wheel.ParseFile(file); err == nil {
		return w.Version == version
	}
	stem, _, _ := strings.Cut(file, ".tar")
	return isSource(file) && strings.HasSuffix(strings.TrimSuffix(stem, ".zip"), "-"+version)
}

func (d *poetryPackage) convert() *Package {
	p := &Package{Name: buildctx.NormalizeName(d.Name), Version: d.Version, RequiresPython: d.Python, optional: d.Optional, extras: map[string][]edge{}}
	switch where := d.Source.URL; d.Source.Type {
	case "git":
		p.Source = Source{Kind: Git, Where: where, Editable: d.Develop}
	case "url":
		p.Source = Source{Kind: Archive, Where: where}
		p.add(where)
	case "file":
		p.Source = Source{Kind: LocalFile, Where: where}
		p.add(where)
	case "directory":
		p.Source = Source{Kind: Directory, Where: where, Editable: d.Develop}
	}
	p.conditions = d.conditions()
	for _, name := range slices.Sorted(maps.Keys(d.Dependencies)) {
		for _, e := range poetryEdges(name, d.Dependencies[name]) {
			if !e.optional {
				p.deps = append(p.deps, e.edge)
			}
			// Which extras ask for an optional one is said by name.
			for extra, list := range d.Extras {
				if e.optional && slices.ContainsFunc(list, func(s string) bool { return nameOf(s) == e.name }) {
					extra = buildctx.NormalizeName(extra)
					p.extras[extra] = append(p.extras[extra], e.edge)
				}
			}
		}
	}
	return p
}

// conditions reads groups and markers; a category was the group before.
func (d *poetryPackage) conditions() []condition {
	var out []condition
	for _, group := range d.Groups {
		c := condition{group: group}
		switch m := d.Markers.(type) {
		case string:
			c.marker = m
		case map[string]any:
			c.marker, _ = m[group].(string)
		}
		out = append(out, c)
	}
	if len(out) == 0 && (d.Category != "" || d.Marker != "") {
		out = append(out, condition{group: d.Category, marker: d.Marker})
	}
	return out
}

// poetryEdge is a dependency as poetry writes it.
type poetryEdge struct {
	edge
	optional bool
}

// poetryEdges reads name = "^1", name = {version = …, markers = …}, or a list of
// these.
func poetryEdges(name string, v any) []poetryEdge {
	e := poetryEdge{edge: edge{name: buildctx.NormalizeName(name)}}
	switch v := v.(type) {
	case string:
		e.spec = v
	case []any:
		var out []poetryEdge
		for _, one := range v {
			out = append(out, poetryEdges(name, one)...)
		}
		return out
	case []map[string]any:
		var out []poetryEdge
		for _, one := range v {
			out = append(out, poetryEdges(name, one)...)
		}
		return out
	case map[string]any:
		e.spec, _ = v["version"].(string)
		e.marker, _ = v["markers"].(string)
		e.python, _ = v["python"].(string)
		e.optional, _ = v["optional"].(bool)
		if platform, ok := v["platform"].(string); ok && platform != "" {
			e.marker = and(e.marker, fmt.Sprintf("sys_platform == %q", platform))
		}
		if extras, ok := v["extras"].([]any); ok {
			for _, x := range extras {
				if s, ok := x.(string); ok {
					e.extras = append(e.extras, buildctx.NormalizeName(s))
				}
			}
		}
	}
	return []poetryEdge{e}
}

// and joins two markers.
func and(a, b string) string {
	if a == "" {
		return b
	}
	return "(" + a + ") and " + b
}

// poetryProject is what pyproject.toml says of a poetry project's dependencies.
type poetryProject struct {
	Dependencies map[string]any
	Dev          map[string]any `toml:"dev-dependencies"`
	Group        map[string]struct{ Dependencies map[string]any }
	Extras       map[string][]string
}

// poetryRoots reads what the project asks for from pyproject.toml.
func (l *Lock) poetryRoots(s *source, extras map[string][]string) error {
	var doc struct {
		Project project
		Groups  map[string][]any `toml:"dependency-groups"`
		Tool    struct{ Poetry poetryProject }
	}
	if err := readProject(s, &doc); err != nil {
		return err
	}
	l.roots = doc.Project.roots(doc.Groups)
	all := maps.Clone(doc.Tool.Poetry.Extras)
	if all == nil {
		all = extras
	}
	l.poetryTable(Main, doc.Tool.Poetry.Dependencies, all)
	l.poetryTable("dev", doc.Tool.Poetry.Dev, nil)
	for group, g := range doc.Tool.Poetry.Group {
		l.poetryTable(group, g.Dependencies, nil)
	}
	for _, p := range l.Packages {
		p.conditions = nil // a category is what the graph says better
		p.optional = false
	}
	return nil
}

// poetryTable adds the dependencies of a group to the roots.
func (l *Lock) poetryTable(group string, deps map[string]any, extras map[string][]string) {
	for _, name := range slices.Sorted(maps.Keys(deps)) {
		if name == "python" {
			continue
		}
		for _, e := range poetryEdges(name, deps[name]) {
			if !e.optional {
				l.roots[group] = append(l.roots[group], e.edge)
				continue
			}
			for extra, list := range extras {
				if slices.ContainsFunc(list, func(s string) bool { return nameOf(s) == e.name }) {
					key := extraPrefix + buildctx.NormalizeName(extra)
					l.roots[key] = append(l.roots[key], e.edge)
				}
			}
		}
	}
}
