package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"refit/internal/verify"
)

// TestCompare runs both example workloads on several bases, and finds the
// lighter bases lighter. What cannot be made says why.
func TestCompare(t *testing.T) {
	for name, candidates := range map[string]string{"io-bound": "full,slim,distroless,alpine", "cpu-bound": "slim,distroless"} {
		t.Run(name, func(t *testing.T) {
			out := refit(t, "compare", "--format", "json", "--runs", "2", "--candidates", candidates,
				"--workload", "python workload.py", copied(t, "../examples/"+name))
			var report struct {
				Comparisons []verify.Comparison `json:"comparisons"`
			}
			if err := json.Unmarshal([]byte(out.stdout), &report); err != nil || len(report.Comparisons) != 1 || out.status != 0 {
				t.Fatalf("exit status %d: %v\n%s\n%s", out.status, err, out.stdout, tail(out.stderr))
			}
			c := &report.Comparisons[0]
			if last := len(c.Candidates) - 1; last >= 0 && c.Candidates[last].Name == "alpine" {
				if left := c.Candidates[last].Left; !strings.Contains(left, "a lock file would name every wheel") {
					t.Errorf("alpine is left out for %q", left)
				}
				c.Candidates = c.Candidates[:last]
			}
			compared(t, c, strings.Split(strings.TrimSuffix(candidates, ",alpine"), ","))
		})
	}
}

// compared asks for candidates that were measured, from the largest image to the
// smallest.
func compared(t *testing.T, c *verify.Comparison, names []string) {
	t.Helper()
	if c.Error != "" || c.Runs != 2 || len(c.Candidates) != len(names) {
		t.Fatalf("error %q, %d runs, %d candidates", c.Error, c.Runs, len(c.Candidates))
	}
	for i, name := range names {
		m := &c.Candidates[i]
		if m.Name != name || !m.Measured() || len(m.RunSeconds) != 2 {
			t.Fatalf("%s: left out %q, error %q, runs %v", m.Name, m.Left, m.Error, m.RunSeconds)
		}
		t.Logf("%s on %s: %d bytes, %.1f s, %d bytes of memory", m.Name, m.Base, m.Compressed, m.Median(), m.PeakMemory)
		if low, _ := m.Spread(); low < 0.2 || m.ColdBuild == nil || m.WarmRebuild == nil {
			t.Errorf("%s: fastest run %.3f s, cold build %v, warm rebuild %v", name, low, m.ColdBuild, m.WarmRebuild)
		}
		if i > 0 && m.Compressed >= c.Candidates[i-1].Compressed {
			t.Errorf("%s has %d bytes, %s %d", name, m.Compressed, c.Candidates[i-1].Name, c.Candidates[i-1].Compressed)
		}
	}
}
