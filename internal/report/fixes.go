package report

import (
	"fmt"
	"maps"
	"slices"

	"refit/transform"
)

// Fix is a set of edits that can be made without the others of its file: what is
// left is a result of refit's, too. The changes whose edits build on each other
// share one.
type Fix struct {
	Changes      []transform.ChangeID // in the order of the passes
	Replacements []transform.Replacement
	Companions   []CompanionText
}

// PlanFixes divides a result into fixes. All of them together make the new
// files. Each was tried: its passes alone make what it makes, or, for the last
// one, which holds what does not stand alone, all passes but those of the others.
// A pass whose changes do not need each other is divided further: from the text
// with one of them made, the pass goes on to the same result.
func PlanFixes(e *Entry) ([]Fix, error) {
	p := &planner{e: e}
	whole := p.whole()
	groups := group(whole, func(c transform.ChangeID) string { return c.Pass })
	if len(groups) == 1 {
		return p.divide(groups[0]), nil
	}
	var alone []Fix
	rest := Fix{}
	for _, g := range groups {
		ok, err := p.makes(g.passes(), &g)
		if err != nil {
			return nil, err
		}
		if ok {
			alone = append(alone, g)
		} else {
			rest = rest.join(g)
		}
	}
	if ok, err := p.restStands(alone, &rest); err != nil {
		return nil, err
	} else if !ok {
		return []Fix{joined(whole)}, nil
	}
	var all []Fix
	for _, f := range alone {
		all = append(all, p.divide(f)...)
	}
	if len(rest.Changes) > 0 {
		all = append(all, rest)
	}
	return all, nil
}

type planner struct{ e *Entry }

// whole is what a result consists of: the smallest sets of changes that no edit
// and no companion ties to another.
func (p *planner) whole() []Fix {
	return p.pieces(p.e.Result.Replacements(), p.e.Beside)
}

func (p *planner) pieces(replacements []transform.Replacement, companions []CompanionText) []Fix {
	var all []Fix
	for _, r := range replacements {
		all = append(all, Fix{Changes: r.By, Replacements: []transform.Replacement{r}})
	}
	for _, c := range companions {
		all = append(all, Fix{Changes: p.e.Result.CompanionChanges(c.Name), Companions: []CompanionText{c}})
	}
	return group(all, func(c transform.ChangeID) string { return fmt.Sprint(c) })
}

// group joins fixes that have a change with the same key.
func group(fixes []Fix, key func(transform.ChangeID) string) []Fix {
	var groups []Fix
	for _, f := range fixes {
		keys := map[string]bool{}
		for _, c := range f.Changes {
			keys[key(c)] = true
		}
		var apart []Fix
		for _, g := range groups {
			if slices.ContainsFunc(g.Changes, func(c transform.ChangeID) bool { return keys[key(c)] }) {
				f = g.join(f)
			} else {
				apart = append(apart, g)
			}
		}
		groups = append(apart, f)
	}
	return groups
}

func (f Fix) join(g Fix) Fix {
	j := Fix{
		Changes:      slices.Concat(f.Changes, g.Changes),
		Replacements: slices.Concat(f.Replacements, g.Replacements),
		Companions:   slices.Concat(f.Companions, g.Companions),
	}
	slices.SortFunc(j.Replacements, func(a, b transform.Replacement) int { return a.Span.Start - b.Span.Start })
	return j
}

func joined(fixes []Fix) Fix {
	var all Fix
	for _, f := range fixes {
		all = all.join(f)
	}
	return all
}

// passes are the names of the passes whose changes these are.
func (f *Fix) passes() map[string]bool {
	names := map[string]bool{}
	for _, c := range f.Changes {
		names[c.Pass] = true
	}
	return names
}

// makes reports whether some passes make of the original what a fix does.
func (p *planner) makes(passes map[string]bool, f *Fix) (bool, error) {
	return p.leads(p.e.Result.Before, nil, passes, f)
}

// leads reports whether some passes make of a text, where some companions are
// there already, what a fix makes of the original.
func (p *planner) leads(src string, have []CompanionText, passes map[string]bool, f *Fix) (bool, error) {
	var list []*transform.Pass
	for i := range p.e.Result.Steps {
		if s := &p.e.Result.Steps[i]; passes[s.Pass.Name] {
			list = append(list, s.Pass)
		}
	}
	var companions []transform.Companion
	got := map[string]string{}
	for _, c := range have {
		companions = append(companions, transform.Companion{Path: c.Name, Content: c.After})
		got[c.Name] = c.After
	}
	r, err := p.e.Rewrite(src, companions, list)
	if err != nil {
		return false, fmt.Errorf("trying a fix: %w", err)
	}
	for _, c := range r.Companions {
		got[c.Path] = c.Content
	}
	want := map[string]string{}
	for _, c := range f.Companions {
		want[c.Name] = c.After
	}
	return r.After == transform.Apply(p.e.Result.Before, f.Replacements) && maps.Equal(got, want), nil
}

// restStands reports whether what is left without the fixes that stand alone
// stands, too.
func (p *planner) restStands(alone []Fix, rest *Fix) (bool, error) {
	if len(rest.Changes) == 0 || len(alone) == 0 {
		return true, nil
	}
	others := map[string]bool{}
	for i := range p.e.Result.Steps {
		others[p.e.Result.Steps[i].Pass.Name] = true
	}
	for _, f := range alone {
		for name := range f.passes() {
			delete(others, name)
		}
	}
	return p.makes(others, rest)
}

// divide divides the fix of one pass into what its changes do, where they do not
// need each other.
func (p *planner) divide(f Fix) []Fix {
	pieces := p.pieces(f.Replacements, f.Companions)
	passes := f.passes()
	if len(pieces) == 1 || len(passes) > 1 {
		return []Fix{f}
	}
	for _, piece := range pieces {
		src := transform.Apply(p.e.Result.Before, piece.Replacements)
		ok, err := p.leads(src, piece.Companions, passes, &f)
		if err != nil || !ok {
			return []Fix{f} // from a text that cannot be taken, nothing follows
		}
	}
	return pieces
}
