package lock

import (
	"errors"
	"io/fs"
	"strings"

	"refit/internal/buildctx"
)

// pdmLock is pdm.lock of the formats 2 to 4.5. A package has groups since 4.3 and a
// marker of its own since 4.4 (strategy inherit_metadata); with extras it is there
// twice.
// Source: pdm-project/pdm, src/pdm/formats and docs/usage/lockfile.md, and files
// that pdm 1 to 2.26 wrote.
type pdmLock struct {
	Package  []pdmPackage
	Metadata struct {
		Strategy []string
		Targets  []struct {
			Python   string `toml:"requires_python"`
			Platform string
		}
		Files map[string][]poetryFile // "name version", until 4.0
	}
}

type pdmPackage struct {
	Name, Version, Marker             string
	Python                            string `toml:"requires_python"`
	Groups, Extras, Dependencies      []string
	Files                             []poetryFile
	Git, Hg, Svn, Bzr, URL, Path, Ref string
	Editable                          bool
}

func readPDM(l *Lock, s *source) error {
	var doc pdmLock
	if err := s.decode(&doc); err != nil {
		return err
	}
	for _, t := range doc.Metadata.Targets {
		l.RequiresPython = t.Python // of several, the last: they are for one project
		if t.Platform != "" {
			l.chosen = "it was locked for the platform " + t.Platform + ", and lists only files for that"
		}
	}
	if len(doc.Metadata.Targets) > 1 {
		l.RequiresPython = ""
	}
	var all []*Package
	told := false
	for i := range doc.Package {
		d := &doc.Package[i]
		p := d.convert()
		for _, f := range append(d.Files, doc.Metadata.Files[d.Name+" "+d.Version]...) {
			p.add(f.File + f.URL) // one of them is there
		}
		told = told || len(d.Groups) > 0
		all = append(all, p)
	}
	number(all, s.lines("[[package]]"))
	for i, p := range all {
		if same := l.find(p.Name, p.Version); same != nil {
			same.merge(p)
		} else {
			l.Packages = append(l.Packages, all[i])
		}
	}
	if told {
		return nil
	}
	return l.pdmRoots(s)
}

// pdmRoots reads what the project asks for from pyproject.toml.
func (l *Lock) pdmRoots(s *source) error {
	var doc struct {
		Project project
		Groups  map[string][]any `toml:"dependency-groups"`
		Tool    struct {
			PDM struct {
				Dev map[string][]string `toml:"dev-dependencies"`
			}
		}
	}
	err := readProject(s, &doc)
	if errors.Is(err, fs.ErrNotExist) {
		l.Notes = append(l.Notes, "there is no pyproject.toml beside it, which tells what is installed where: all of it is taken to be")
		return nil
	}
	if err != nil {
		return err
	}
	l.roots = doc.Project.roots(doc.Groups)
	for group, list := range doc.Tool.PDM.Dev {
		l.roots[group] = append(l.roots[group], requirementEdges(list)...)
	}
	return nil
}

func (d *pdmPackage) convert() *Package {
	p := &Package{Name: buildctx.NormalizeName(d.Name), Version: d.Version, RequiresPython: d.Python, Source: d.source(), extras: map[string][]edge{}}
	for _, group := range d.Groups {
		if group == "default" {
			group = Main
		}
		p.conditions = append(p.conditions, condition{group, d.Marker})
	}
	if len(d.Groups) == 0 && d.Marker != "" {
		p.conditions = append(p.conditions, condition{marker: d.Marker})
	}
	deps := requirementEdges(d.Dependencies)
	for _, extra := range d.Extras {
		p.extras[buildctx.NormalizeName(extra)] = deps
	}
	if len(d.Extras) == 0 {
		p.deps = deps
	}
	if p.Source.Kind == Archive || p.Source.Kind == LocalFile {
		p.add(p.Source.Where)
	}
	return p
}

// merge adds what a second entry of the same version says.
func (p *Package) merge(other *Package) {
	for _, f := range other.Files {
		p.add(f.Name)
	}
	p.conditions = append(p.conditions, other.conditions...)
	p.deps = append(p.deps, other.deps...)
	for extra, deps := range other.extras {
		p.extras[extra] = append(p.extras[extra], deps...)
	}
}

func (d *pdmPackage) source() Source {
	for _, vcs := range []string{d.Git, d.Hg, d.Svn, d.Bzr} {
		if vcs != "" {
			return Source{Kind: Git, Where: vcs, Editable: d.Editable}
		}
	}
	where := strings.TrimPrefix(d.URL, "file://")
	switch {
	case d.URL != "" && where == d.URL:
		return Source{Kind: Archive, Where: d.URL}
	case d.Path+where == "":
		return Source{Kind: Index}
	case isArchive(d.Path + where):
		return Source{Kind: LocalFile, Where: d.Path + where}
	}
	return Source{Kind: Directory, Where: d.Path + where, Editable: d.Editable, Project: d.Path == "." || d.Path == "./"}
}
