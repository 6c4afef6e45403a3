package facts

import (
	"strings"
	"testing"
)

func TestWheelSince(t *testing.T) {
	for _, c := range []struct{ dist, minor, want string }{
		{"numpy", "3.7", "1.15.0"}, {"NumPy", "3.12", "1.26.0"}, {"cryptography", "3.5", "2.5"},
		{"cryptography", "3.14", "2.5"}, {"torch", "3.9", "0"},
		{"numpy", "2.7", "1.13.3"}, {"aiohttp", "2.7", ""}, {"numpy", "3.15", ""}, {"contourpy", "3.6", ""}, {"numpy", "3.4", ""}, {"unheard-of", "3.9", ""},
	} {
		if got, ok := WheelSince(c.dist, c.minor); got != c.want && ok || ok != (c.want != "") {
			t.Errorf("WheelSince(%s, %s) = %q, %v, want %q", c.dist, c.minor, got, ok, c.want)
		}
	}
}

// Every row is about a distribution with compiled code, and later Pythons need no older releases.
func TestWheelTable(t *testing.T) {
	for dist, row := range wheelTable() {
		if p, ok := SystemPackagesFor(dist); !ok || p.Kind != Wheel {
			t.Errorf("%s: %v, %v: not a distribution with wheels", dist, p.Kind, ok)
		}
		if len(row) != 1 && len(row) != len(wheelMinors) {
			t.Errorf("%s: %d columns", dist, len(row))
		}
		for i := 1; i < len(row); i++ {
			if row[i-1] != "-" && row[i] != "-" && CompareReleases(row[i-1], row[i]) > 0 {
				t.Errorf("%s: %s for %s, and %s for %s", dist, row[i-1], wheelMinors[i-1], row[i], wheelMinors[i])
			}
		}
	}
}

func TestCompareReleases(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1.9", "1.10", -1}, {"1.0", "1.0.0", 0}, {"2.0rc1", "2.0", 0}, {"2.0.1", "2.0", 1}, {"19.3b0", "19.3", 0},
		{"2021.3.17", "2021.11.2", -1}, {"", "1", -1}, {"v3", "3", 0}, {"1.x.2", "1", 0},
	} {
		if got := CompareReleases(c.a, c.b); got < 0 != (c.want < 0) || got > 0 != (c.want > 0) {
			t.Errorf("CompareReleases(%s, %s) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestExtraDistributions(t *testing.T) {
	if got, ok := ExtraDistributions("SQLAlchemy", "PostgreSQL"); !ok || strings.Join(got, " ") != "psycopg2" {
		t.Errorf("sqlalchemy[postgresql] adds %v, %v", got, ok)
	}
	if got, ok := ExtraDistributions("celery", "amqp"); !ok || len(got) > 0 {
		t.Errorf("celery[amqp] adds %v, %v", got, ok)
	}
	if _, ok := ExtraDistributions("flask", "unheard-of"); ok {
		t.Error("flask[unheard-of] is known")
	}
	for extra, list := range extrasTable() {
		for _, d := range list {
			if _, ok := SystemPackagesFor(d); !ok {
				t.Errorf("%s adds %s, of which nothing is known", extra, d)
			}
		}
		dist, _, _ := strings.Cut(extra, "[")
		if _, ok := SystemPackagesFor(dist); !ok {
			t.Errorf("%s: nothing is known of the distribution", extra)
		}
	}
}
