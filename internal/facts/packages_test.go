package facts

import (
	"slices"
	"testing"
)

func TestInstallable(t *testing.T) {
	for _, c := range []struct{ pkg, suites string }{
		{"curl", "lbt"}, {"libssl1.1", "l"}, {"libssl3", "bt"}, {"libglib2.0-0", "lbt"}, {"netcat", "l"}, {"python-dev", "l"},
		{"mysql-client", ""}, {"no-such-package", ""}, {"", ""}, {"cur", ""}, {"curl\tlbt", ""}, {"g++", "lbt"},
	} {
		got := ""
		for i, suite := range Suites() {
			if Installable(suite, c.pkg) {
				got += suiteLetters[i : i+1]
			}
		}
		if got != c.suites {
			t.Errorf("%q is in %q, want %q", c.pkg, got, c.suites)
		}
	}
	if Installable("stretch", "curl") {
		t.Error("nothing is known of stretch")
	}
	if n := len(packageLines()); n < 80_000 {
		t.Errorf("only %d names", n)
	}
}

// Every new name is there, and no old one where a new one is named; the packages that other
// tables name for a suite are in it.
func TestRenamedPackage(t *testing.T) {
	for old := range renameTable() {
		for _, suite := range Suites() {
			now, why, ok := RenamedPackage(suite, old)
			if ok == Installable(suite, old) {
				t.Errorf("%s on %s: renamed %v, and installable %v", old, suite, ok, !ok)
			}
			for _, name := range now {
				if !Installable(suite, name) {
					t.Errorf("%s on %s: %s is not there", old, suite, name)
				}
			}
			if ok && why == "" {
				t.Errorf("%s: no reason", old)
			}
		}
	}
	if now, _, ok := RenamedPackage("bookworm", "mysql-client"); !ok || !slices.Equal(now, []string{"default-mysql-client"}) {
		t.Errorf("mysql-client: %v, %v", now, ok)
	}
	if _, _, ok := RenamedPackage("bookworm", "curl"); ok {
		t.Error("curl has its name still")
	}
}

func TestTablesNameKnownPackages(t *testing.T) {
	for pkg := range devTable() {
		for _, suite := range Suites() {
			runtime, _ := RuntimeForDev(pkg, suite)
			for _, name := range runtime {
				if !Installable(suite, name) {
					t.Errorf("devlibs.tsv: %s on %s: %s is not there", pkg, suite, name)
				}
			}
		}
	}
}
