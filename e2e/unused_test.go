package e2e

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refit/internal/verify"
)

// needed are the distributions of examples/unused-97 that it needs: what its code imports, its settings and commands
// name, and what these require. It was made by hand, from the code and from what pip says.
var needed = strings.Fields(`blinker cachelib certifi charset-normalizer click et-xmlfile flask flask-caching flask-cors
	flask-sqlalchemy gevent greenlet gunicorn idna itsdangerous jinja2 markupsafe marshmallow numpy openpyxl packaging pandas
	prometheus-client psutil psycopg2-binary pyjwt python-dateutil python-dotenv pytz pyyaml redis requests six sqlalchemy
	typing-extensions urllib3 werkzeug zope-event zope-interface`)

// TestUnused takes out of 97 requirements what nothing uses, and builds and runs the result: nothing that is needed may
// be called unused.
func TestUnused(t *testing.T) {
	dir := filepath.Join(copied(t, "../examples"), "unused-97")
	pruned := judged(t, "explain", "unused", "--format", "json", dir)
	outcomes, out := verified(t, "--quick", "--only", "unused-requirements", "--prune-requirements", dir)
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	for _, o := range outcomes {
		good(t, o)
		passing(t, o, append([]string{verify.CheckHTTP}, all...)...)
		if o.Before == nil || o.After == nil {
			t.Fatal("no two images to compare")
		}
		t.Logf("compressed %d → %d, unpacked %d → %d, distributions %d → %d",
			o.Before.Compressed, o.After.Compressed, o.Before.Unpacked, o.After.Unpacked, o.Before.Distributions, o.After.Distributions)
		if o.Before.Distributions-o.After.Distributions < len(pruned) {
			t.Errorf("%d distributions are gone, of %d that are called unused", o.Before.Distributions-o.After.Distributions, len(pruned))
		}
	}
	// The same, from what the built image says of itself.
	judged(t, "explain", "unused", "--verify", "--format", "json", dir)
}

// judged asks for the verdicts, holds them against what is needed, and returns what is called unused.
func judged(t *testing.T, args ...string) []string {
	t.Helper()
	all := verdicts(t, args...)
	unused := held(t, all, needed)
	notNeeded := len(all) - len(needed)
	if len(all) != 97 || len(unused) < notNeeded*9/10 {
		t.Errorf("%d of %d unused distributions are found", len(unused), notNeeded)
	}
	return unused
}

// verdicts asks refit explain unused for the verdicts on one Dockerfile, by distribution.
func verdicts(t *testing.T, args ...string) map[string]string {
	t.Helper()
	out := refit(t, args...)
	if out.status != 0 {
		t.Fatalf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	var report struct {
		Files []struct {
			Requirements []struct{ Name, Verdict string }
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil || len(report.Files) != 1 {
		t.Fatalf("%v\n%s", err, out.stdout)
	}
	all := map[string]string{}
	for _, r := range report.Files[0].Requirements {
		all[r.Name] = r.Verdict
	}
	return all
}

// held fails where a distribution that is needed is called unused, and returns what is called unused.
func held(t *testing.T, all map[string]string, needed []string) []string {
	t.Helper()
	var unused, missed []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case all[name] == "unused":
			unused = append(unused, name)
			if slices.Contains(needed, name) {
				t.Errorf("%s is needed and called unused", name)
			}
		case !slices.Contains(needed, name):
			missed = append(missed, name)
		}
	}
	t.Logf("%d of %d distributions are called unused; recall %d of %d, left: %s",
		len(unused), len(all), len(unused), len(all)-len(needed), strings.Join(missed, ", "))
	return unused
}
