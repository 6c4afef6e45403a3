package lock

import (
	"cmp"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/wheel"
)

// Selection is what a project is installed with. The zero value is what it needs
// to run.
type Selection struct {
	Groups []string // besides Main
	Extras []string
	All    bool // every group and every extra
}

const extraPrefix = "extra:"

// environment is what markers see on a target.
func (l *Lock) environment(t wheel.Target, sel Selection) buildctx.MarkerEnv {
	env := buildctx.LinuxEnv(t.Python())
	env["python_full_version"] = t.Assumed()
	env["implementation_version"] = env["python_full_version"]
	env["platform_machine"] = t.Arch
	env["extra"] = strings.Join(sel.Extras, "\n")
	env["extras"] = env["extra"]
	env["dependency_groups"] = strings.Join(append(slices.Clone(sel.Groups), l.defaultGroups...), "\n")
	return env
}

// Installed lists the packages that a target gets, without the project itself. A
// marker that cannot be evaluated counts as true.
func (l *Lock) Installed(t wheel.Target, sel Selection) []*Package {
	w := &walk{lock: l, sel: sel, env: l.environment(t, sel), target: t, seen: map[*Package]bool{}, extras: map[extraOf]bool{}, byName: map[string][]*Package{}}
	for _, p := range l.Packages {
		w.byName[p.Name] = append(w.byName[p.Name], p)
	}
	if l.roots != nil && !sel.All {
		for group, edges := range l.roots {
			if w.wanted(group) {
				w.follow(edges)
			}
		}
	} else {
		for _, p := range l.Packages {
			w.seen[p] = w.installs(p) && (sel.All || !p.optional)
		}
	}
	var out []*Package
	for _, p := range l.Packages {
		if w.seen[p] && !p.Source.Project {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b *Package) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// walk follows dependencies from what was selected.
type walk struct {
	lock   *Lock
	sel    Selection
	env    buildctx.MarkerEnv
	target wheel.Target
	byName map[string][]*Package
	seen   map[*Package]bool
	extras map[extraOf]bool
}

type extraOf struct {
	p     *Package
	extra string
}

// wanted reports a group or extra ("extra:NAME") that was selected.
func (w *walk) wanted(group string) bool {
	if extra, ok := strings.CutPrefix(group, extraPrefix); ok {
		return w.sel.All || slices.Contains(w.sel.Extras, extra)
	}
	return w.sel.All || group == Main || group == "" || slices.Contains(w.sel.Groups, group)
}

// holds evaluates a marker.
func (w *walk) holds(marker string) bool {
	applies, _ := buildctx.EvalMarker(marker, w.env)
	return applies
}

// installs reports a package with a condition that holds.
func (w *walk) installs(p *Package) bool {
	if len(p.conditions) == 0 {
		return true
	}
	return slices.ContainsFunc(p.conditions, func(c condition) bool { return w.wanted(c.group) && w.holds(c.marker) })
}

// follow adds what dependencies lead to. The dependencies of a package are
// followed once, and those of each of its extras once.
func (w *walk) follow(edges []edge) {
	todo := slices.Clone(edges)
	for len(todo) > 0 {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !w.holds(e.marker) || !pythonAllowed(e.python, w.target) {
			continue
		}
		for _, p := range w.byName[e.name] {
			if e.version != "" && p.Version != e.version || !specAllows(e.spec, p.Version) || !w.installs(p) {
				continue
			}
			if !w.seen[p] {
				w.seen[p] = true
				todo = append(todo, p.deps...)
			}
			for _, extra := range e.extras {
				if key := (extraOf{p, extra}); !w.extras[key] {
					w.extras[key] = true
					todo = append(todo, p.extras[extra]...)
				}
			}
		}
	}
}
