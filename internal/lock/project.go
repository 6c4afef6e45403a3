package lock

import (
	"fmt"
	"path"

	"refit/internal/buildctx"
)

// project is the [project] table of pyproject.toml (PEP 621).
type project struct {
	Name         string
	Dependencies []string
	Optional     map[string][]string `toml:"optional-dependencies"`
}

// roots are what the project asks for, with its dependency groups (PEP 735).
func (p *project) roots(groups map[string][]any) map[string][]edge {
	roots := map[string][]edge{Main: requirementEdges(p.Dependencies)}
	for extra, list := range p.Optional {
		roots[extraPrefix+buildctx.NormalizeName(extra)] = requirementEdges(list)
	}
	for group := range groups {
		roots[group] = requirementEdges(groupRequirements(groups, group, 0))
	}
	return roots
}

// maxIncludes bounds groups that include others.
const maxIncludes = 20

// groupRequirements lists the requirements of a group and of those it includes.
func groupRequirements(groups map[string][]any, group string, depth int) []string {
	var out []string
	for _, v := range groups[group] {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case map[string]any:
			if other, ok := v["include-group"].(string); ok && depth < maxIncludes {
				out = append(out, groupRequirements(groups, other, depth+1)...)
			}
		}
	}
	return out
}

// requirementEdges reads requirements of PEP 508. What cannot be read is left out.
func requirementEdges(list []string) []edge {
	var out []edge
	for _, s := range list {
		r, err := buildctx.ParseRequirement(s)
		if err == nil && r.Name != "" {
			out = append(out, edge{name: r.Name, spec: r.Spec, marker: r.Marker, extras: r.Extras})
		}
	}
	return out
}

// nameOf is the distribution that a requirement names.
func nameOf(requirement string) string {
	r, err := buildctx.ParseRequirement(requirement)
	if err != nil {
		return ""
	}
	return r.Name
}

// readProject reads the pyproject.toml beside a lock file into doc.
func readProject(s *source, doc any) error {
	name := path.Join(path.Dir(s.name), "pyproject.toml")
	text, err := readText(s.fsys, name)
	if err != nil {
		return fmt.Errorf("what the lock file is for: %w", err)
	}
	return (&source{s.fsys, name, text}).decode(doc)
}
