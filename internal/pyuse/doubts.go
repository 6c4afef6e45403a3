package pyuse

import (
	"path"
	"slices"

	"refit/internal/buildctx"
)

// doubts are reasons not to call anything unused.
func (a *analysis) doubts(m *buildctx.Mentions) []Evidence {
	all := slices.Clone(a.in.Unseen)
	for _, p := range m.Gaps {
		all = append(all, Evidence{p.What, p.File, p.Line})
	}
	for _, p := range m.Computed {
		if path.Base(p.File) == "setup.py" && !a.runsSetup() {
			continue
		}
		all = append(all, Evidence{"what " + p.What + " imports is known only when it runs", p.File, p.Line})
	}
	for _, d := range a.all {
		if d.verdict == "" || d.verdict == Maybe && a.absent(d) {
			continue
		}
		if !d.known || !d.facts.RequiresKnown {
			name := d.name
			if name == "" {
				name = d.req.Raw
			}
			all = append(all, Evidence{Why: "what " + name + " requires is not known"})
		}
	}
	return all
}

// runsSetup reports whether anything may run a setup.py: if not, what that imports is no use of the image's. An
// installation of the project itself is among Unseen.
func (a *analysis) runsSetup() bool {
	_, ok := a.index.word("setup.py")
	return ok
}

// absent reports a requirement that is surely not installed.
func (a *analysis) absent(d *distribution) bool {
	if a.in.Metadata != nil {
		_, installed := a.in.Metadata[d.name]
		return !installed && d.name != ""
	}
	if d.req == nil {
		return false
	}
	applies, known := d.req.Applies(a.in.Env)
	return known && !applies
}
