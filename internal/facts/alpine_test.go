package facts

import (
	"strings"
	"testing"
)

func TestAlpineTag(t *testing.T) {
	for tag, want := range map[string]string{
		"3.7-slim-bookworm":   "3.7-alpine3.18",
		"3.7.17-slim":         "3.7.17-alpine3.18",
		"3.6-slim-bullseye":   "3.6-alpine3.15",
		"2.7-slim-buster":     "", // its Alpine is too old for the names of packages
		"3.12-bookworm":       "",
		"slim":                "",
		"3.12-alpine3.22":     "",
		"3.12-slim-nosuchone": "",
	} {
		if got, ok := AlpineTag(tag); got != want && ok || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", tag, got, ok, want)
		}
	}
	if got, ok := AlpineTag("3.12-slim-bookworm"); !ok || !strings.HasPrefix(got, "3.12-alpine3.") {
		t.Errorf("3.12-slim-bookworm: %q, %v", got, ok)
	}
}

// TestAlpineTable reads every row: each has a source and says how sure it is, and no
// name stands twice.
func TestAlpineTable(t *testing.T) {
	seen := map[string]bool{}
	readTable("alpine.tsv", 4, func(r []string) {
		for _, name := range strings.Fields(r[0]) {
			if seen[name] {
				t.Errorf("%s stands twice", name)
			}
			seen[name] = true
		}
		if r[1] == "" || !strings.HasPrefix(r[2], "aports ") || r[3] != "high" && r[3] != "medium" {
			t.Errorf("row %q", r)
		}
	})
	if got, ok := AlpinePackages("gcc"); !ok || strings.Join(got, " ") != "gcc musl-dev" {
		t.Errorf("gcc: %v, %v", got, ok)
	}
	if _, ok := AlpinePackages("nginx"); ok {
		t.Error("nginx has other files of settings on Alpine")
	}
}

// TestLibrariesOnly holds that nothing which other packages' libraries need beside
// them is taken for a library alone.
func TestLibrariesOnly(t *testing.T) {
	for _, pkg := range []string{"libpq5", "libxml2", "libzmq5"} {
		if !LibrariesOnly(pkg) {
			t.Errorf("%s is nothing but libraries", pkg)
		}
	}
	for _, pkg := range []string{"libmariadb3", "libmagic1", "libxmlsec1", "libproj25", "curl", "libpq-dev"} {
		if LibrariesOnly(pkg) || DistrolessHas(pkg) {
			t.Errorf("%s is more than libraries", pkg)
		}
	}
}
