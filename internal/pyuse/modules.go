package pyuse

import (
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/facts"
)

// shadowing is the release of Python whose standard library hides modules of the same name that distributions install,
// as the backport configparser does; "" where that is not certain: PYTHONPATH comes before the standard library.
func (a *analysis) shadowing() string {
	if _, ok := a.index.word("PYTHONPATH"); ok {
		return ""
	}
	return a.in.Env["python_version"]
}

// unaccounted are imports of modules that are in no file of the context, not in the standard library, and not among
// those of any distribution that is known. One of the requirements may install them under a name that the table of facts
// has wrong, so that what the table alone calls unused is not certain. An import that may fail, of what is not
// installed, is among them.
func (a *analysis) unaccounted(m *buildctx.Mentions) []Evidence {
	own := a.ownModules()
	var found []Evidence
	for module, p := range m.Imports {
		top, _, _ := strings.Cut(module, ".")
		if p.Hidden || strings.HasPrefix(top, "_") || declarations[top] || own[top] || facts.EverStandard(top) || facts.KnownModule(top) || a.installs(top) {
			continue
		}
		found = append(found, Evidence{"which distribution brings " + top + " is not known", p.File, p.Line})
	}
	slices.SortFunc(found, compareEvidence)
	return found
}

// declarations are what Cython itself brings for cimport.
var declarations = map[string]bool{"libc": true, "libcpp": true, "cpython": true, "openmp": true}

// installs reports whether one of the distributions has, or by its name may have, a top-level module.
func (a *analysis) installs(top string) bool {
	return slices.ContainsFunc(a.all, func(d *distribution) bool {
		modules, _ := guess(d)
		return slices.ContainsFunc(modules, func(m string) bool {
			head, _, _ := strings.Cut(m, ".")
			return head == top
		})
	})
}

// ownModules are the names that files and directories of the context may be imported by, wherever they are.
func (a *analysis) ownModules() map[string]bool {
	own := map[string]bool{}
	entries, _ := a.in.Context.Files()
	for i := range entries {
		name := entries[i].Path
		if !slices.Contains([]string{".py", ".pyx", ".pyi", ".so", ".ipynb"}, path.Ext(name)) {
			continue
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			own[path.Base(dir)] = true
		}
		base, _, _ := strings.Cut(path.Base(name), ".")
		own[base] = true
	}
	return own
}

func compareEvidence(a, b Evidence) int {
	if c := strings.Compare(a.File, b.File); c != 0 {
		return c
	}
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return strings.Compare(a.Why, b.Why)
}
