package facts

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestDistributionFor(t *testing.T) {
	for name, modules := range map[string]string{
		"PyYAML": "yaml _yaml", "Pillow": "PIL", "scikit_learn": "sklearn", "google.cloud.storage": "google.cloud.storage",
		"Flask": "flask", "python-dateutil": "dateutil", "types-requests": "", "jupyter": "",
	} {
		d, ok := DistributionFor(name)
		if !ok || !d.ModulesKnown || strings.Join(d.Modules, " ") != modules {
			t.Errorf("%s: %+v %v, want %s", name, d, ok, modules)
		}
	}
	if d, ok := DistributionFor("pytest-of-somebody"); !ok || d.Modules[0] != "pytest_of_somebody" || d.RequiresKnown || d.Name != "pytest-of-somebody" {
		t.Errorf("a family: %+v %v", d, ok)
	}
	if _, ok := DistributionFor("nobody-knows"); ok {
		t.Error("an unknown distribution is known")
	}
	d, _ := DistributionFor("packaging")
	if !slices.Contains(d.Requires, Need{"pyparsing", "22"}) {
		t.Errorf("packaging requires %v", d.Requires)
	}
	d, _ = DistributionFor("pandas")
	i := slices.IndexFunc(d.Loads, func(l Load) bool { return l.Name == "xlrd" })
	if i < 0 || !d.Loads[i].Only || !d.Loads[i].Maybe || d.Loads[i].Words[0] != "read_excel" {
		t.Errorf("pandas loads %v", d.Loads)
	}
}

// TestModuleTable holds the form of every row.
func TestModuleTable(t *testing.T) {
	names := slices.Sorted(maps.Keys(moduleTable().rows))
	if len(names) < 800 {
		t.Errorf("only %d distributions", len(names))
	}
	for _, name := range names {
		d, ok := DistributionFor(name)
		if !ok || NormalizeName(name) != name {
			t.Errorf("%q is no normal name", name)
		}
		for _, m := range d.Modules {
			for part := range strings.SplitSeq(m, ".") {
				if part == "" || strings.ContainsAny(part, "-/ :<") {
					t.Errorf("%s: module %q", name, m)
				}
			}
		}
		for _, n := range d.Requires {
			if n.Name == name || NormalizeName(n.Name) != n.Name || strings.ContainsAny(n.Name, ":~?=,") {
				t.Errorf("%s requires %q", name, n.Name)
			}
		}
		for _, l := range d.Loads {
			if NormalizeName(l.Name) != l.Name || strings.ContainsAny(l.Name, ":~?=,") {
				t.Errorf("%s loads %q", name, l.Name)
			}
		}
	}
}
