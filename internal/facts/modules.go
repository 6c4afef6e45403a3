package facts

import (
	"slices"
	"strings"
	"sync"
)

// Distribution is what is known of a Python distribution: what it installs, and what it uses.
type Distribution struct {
	Name         string   // PEP 503 form
	Modules      []string // dotted, for a part of a namespace package
	ModulesKnown bool     // Modules are all that it has
	Commands     []string // console scripts
	Requires     []Need   // what it needs, extras left out
	// RequiresKnown: Requires, and Loads, are all there is.
	RequiresKnown bool
	Extras        []string // what its extras require, where that is known
	Loads         []Load
}

// Need is a distribution that another one requires.
type Need struct {
	Name  string
	Until string // releases of the other one from this on do not; "" for all
}

// Load is a distribution that another one uses without requiring it: a driver, a plugin, an accelerator.
type Load struct {
	Name string // "pytest-*" for a family
	// Words that code or configuration has where it is used; nil: nothing tells.
	Words []string
	Only  bool // it is used nowhere else
	Maybe bool // the words do not prove it
}

// Matches reports whether the load means a distribution.
func (l Load) Matches(name string) bool { return matchesFamily(l.Name, name) }

func matchesFamily(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix) && (name != prefix)
	}
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(name, suffix) && name != suffix
	}
	return pattern == name
}

// DistributionFor is what the table of modules says of a distribution, by its name in any spelling. False: nothing is
// known of it.
func DistributionFor(name string) (Distribution, bool) {
	name = NormalizeName(name)
	table := moduleTable()
	if d, ok := table.rows[name]; ok {
		return d, true
	}
	for _, d := range table.families {
		if matchesFamily(d.Name, name) {
			if slices.Equal(d.Modules, []string{strings.ReplaceAll(d.Name, "-", "_")}) {
				d.Modules = []string{strings.ReplaceAll(name, "-", "_")}
			}
			d.Name = name
			return d, true
		}
	}
	return Distribution{}, false
}

// KnownModule reports whether a distribution of the table installs a top-level module.
func KnownModule(top string) bool { return moduleTable().tops[top] }

type modules struct {
	rows     map[string]Distribution
	families []Distribution
	tops     map[string]bool // the top-level modules of all rows
}

var moduleTable = sync.OnceValue(func() modules {
	t := modules{rows: map[string]Distribution{}, tops: map[string]bool{}}
	readTable("modules.tsv", 6, func(r []string) {
		d := Distribution{Name: r[0], ModulesKnown: r[1] != "?", RequiresKnown: true}
		d.Modules = listOf(r[1], strings.ReplaceAll(r[0], "-", "_"))
		for _, m := range d.Modules {
			top, _, _ := strings.Cut(m, ".")
			t.tops[top] = true
		}
		d.Commands = listOf(r[2], r[0])
		for _, name := range listOf(r[3], "") {
			if name == "?" {
				d.RequiresKnown = false
				continue
			}
			name, until, _ := strings.Cut(name, "<")
			d.Requires = append(d.Requires, Need{name, until})
		}
		for _, item := range listOf(r[4], "") {
			d.Loads = append(d.Loads, parseLoad(item))
		}
		if strings.HasSuffix(d.Name, "*") {
			t.families = append(t.families, d)
		} else {
			t.rows[d.Name] = d
		}
	})
	return t
})

// listOf reads a cell: "-" is nothing, "?" is nothing known, "." the default.
func listOf(cell, def string) []string {
	switch {
	case cell == "-", cell == "?" && def != "":
		return nil
	case cell == "." && def != "":
		return []string{def}
	}
	return strings.Fields(cell)
}

func parseLoad(item string) Load {
	i := strings.IndexAny(item, ":?~")
	if i < 0 {
		return Load{Name: item}
	}
	return Load{Name: item[:i], Words: strings.Split(item[i+1:], ","), Only: item[i] != '?', Maybe: item[i] == '~'}
}
