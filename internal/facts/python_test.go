package facts

import (
	"slices"
	"strings"
	"testing"
)

func TestSystemPackagesFor(t *testing.T) {
	for _, c := range []struct {
		name, suite           string
		kind                  Kind
		build, runtime, wheel string // "?" = not known
	}{
		{"psycopg2", "bookworm", SourceOnly, "gcc libc6-dev libpq-dev", "libpq5", "libpq5"},
		{"psycopg2-binary", "bookworm", Wheel, "gcc libc6-dev libpq-dev", "libpq5", "-"},
		{"Psycopg2_Binary", "trixie", Wheel, "gcc libc6-dev libpq-dev", "libpq5", "-"},
		{"psycopg", "bookworm", Loads, "-", "libpq5", "libpq5"},
		{"psycopg[binary]", "bookworm", Wheel, "?", "-", "-"},
		{"psycopg[pool, c]", "bookworm", SourceOnly, "gcc libc6-dev libpq-dev", "libpq5", "libpq5"},
		{"psycopg[pool]", "bookworm", Loads, "-", "libpq5", "libpq5"},
		{"mysqlclient", "trixie", SourceOnly, "gcc libc6-dev default-libmysqlclient-dev pkg-config", "libmariadb3", "libmariadb3"},
		{"mysqlclient", "stretch", SourceOnly, "gcc libc6-dev default-libmysqlclient-dev pkg-config", "?", "?"},
		{"lxml", "bullseye", Wheel, "gcc libc6-dev libxml2-dev libxslt1-dev zlib1g-dev", "libxml2 libxslt1.1", "-"},
		{"lxml", "buster", Wheel, "gcc libc6-dev libxml2-dev libxslt1-dev zlib1g-dev", "libxml2 libxslt1.1", "-"},
		{"lxml", "focal", Wheel, "?", "?", "?"},
		{"cffi", "bullseye", Wheel, "gcc libc6-dev libffi-dev", "libffi7", "-"},
		{"cffi", "trixie", Wheel, "gcc libc6-dev libffi-dev", "libffi8", "-"},
		{"opencv-python", "trixie", Wheel, "?", "libgl1 libglib2.0-0t64", "libgl1 libglib2.0-0t64"},
		{"python-ldap", "trixie", SourceOnly, "gcc libc6-dev libldap-dev libsasl2-dev", "libldap2 libsasl2-2", "libldap2 libsasl2-2"},
		{"django-auth-ldap", "bookworm", SourceOnly, "gcc libc6-dev libldap2-dev libsasl2-dev", "libldap-2.5-0 libsasl2-2", "libldap-2.5-0 libsasl2-2"},
		{"python-magic", "trixie", Loads, "-", "libmagic1t64", "libmagic1t64"},
		{"pdfkit", "trixie", Runs, "-", "?", "?"},
		{"rasterio", "bookworm", Wheel, "g++ libgdal-dev", "libgdal32", "libexpat1"},
		{"flask", "bookworm", Pure, "-", "-", "-"},
		{"Django", "buster", Pure, "-", "-", "-"},
		{"requests[security]", "trixie", Pure, "-", "-", "-"},
		{"ruamel.yaml.clib", "bookworm", Wheel, "g++", "-", "-"},
		{"cryptography", "bookworm", Wheel, "gcc libc6-dev libssl-dev libffi-dev pkg-config", "libssl3", "-"},
	} {
		p, ok := SystemPackagesFor(c.name)
		if !ok || p.Kind != c.kind || p.Source == "" || p.Confidence == "" {
			t.Errorf("%s: %+v, %v, want kind %v", c.name, p, ok, c.kind)
			continue
		}
		for what, x := range map[string]struct {
			of   func(string) ([]string, bool)
			want string
		}{"Build": {p.Build, c.build}, "Runtime": {p.Runtime, c.runtime}, "WheelRuntime": {p.WheelRuntime, c.wheel}} {
			list, known := x.of(c.suite)
			got := strings.Join(list, " ")
			if !known {
				got = "?"
			} else if got == "" {
				got = "-"
			}
			if got != x.want {
				t.Errorf("%s on %s: %s = %q, want %q", c.name, c.suite, what, got, x.want)
			}
		}
	}
	for _, name := range []string{"", "no-such-distribution", "[", "apache-airflow"} {
		if p, ok := SystemPackagesFor(name); ok {
			t.Errorf("%q is known: %+v", name, p)
		}
	}
}

func TestSystemPackagesFlags(t *testing.T) {
	if p, _ := SystemPackagesFor("orjson"); !p.Rust {
		t.Error("orjson builds without Rust")
	}
	if p, _ := SystemPackagesFor("selenium"); !p.Optional {
		t.Error("selenium always needs a browser")
	}
	if p, _ := SystemPackagesFor("playwright"); !p.OwnInstaller {
		t.Error("playwright has no installer of its own")
	}
	if p, _ := SystemPackagesFor("psycopg2"); p.Rust || p.Optional || p.OwnInstaller {
		t.Errorf("psycopg2: %+v", p)
	}
	// The wheel brings its libraries.
	p, _ := SystemPackagesFor("psycopg2-binary")
	if list, ok := p.WheelRuntime("bookworm"); !ok || len(list) != 0 {
		t.Errorf("psycopg2-binary needs %v, %v", list, ok)
	}
}

// Every row is well formed, and every -dev package that a build needs has its runtime side known.
func TestPythonTable(t *testing.T) {
	table := pythonTable()
	if len(table) < 700 {
		t.Errorf("only %d distributions", len(table))
	}
	for name, p := range table {
		base, _, _ := strings.Cut(name, "[")
		if NormalizeName(base) != base || p.Distribution != name {
			t.Errorf("row %q is for %q", name, p.Distribution)
		}
		if p.Source == "" || !slices.Contains([]string{"high", "medium", "low"}, p.Confidence) {
			t.Errorf("%s: source %q, confidence %q", name, p.Source, p.Confidence)
		}
		if p.Kind == SourceOnly {
			if list, ok := p.Build("bookworm"); !ok || len(list) == 0 {
				t.Errorf("%s has no wheels, and its build packages are %v, %v", name, list, ok)
			}
		}
		if list, _ := p.Runtime("bookworm"); p.Kind == Pure && len(list) > 0 {
			t.Errorf("%s is pure and needs %v", name, list)
		}
		for _, c := range []cell{p.build, p.runtime, p.wheel} {
			if n := strings.Count(string(c), "|"); c == "" || n != 0 && n != 2 {
				t.Errorf("%s: cell %q", name, c)
			}
		}
		for _, suite := range Suites() {
			build, _ := p.Build(suite)
			for _, b := range build {
				if _, ok := RuntimeForDev(b, suite); strings.HasSuffix(b, "-dev") && b != "apache2-dev" && !ok {
					t.Errorf("%s builds with %s, whose libraries on %s are not known", name, b, suite)
				}
			}
		}
	}
}

func TestNormalizeName(t *testing.T) {
	for in, want := range map[string]string{"PyYAML": "pyyaml", "ruamel.yaml": "ruamel-yaml", "a__b-.c": "a-b-c", " zope.interface ": "zope-interface", "": ""} {
		if got := NormalizeName(in); got != want {
			t.Errorf("NormalizeName(%q) = %q, want %q", in, got, want)
		}
	}
}
