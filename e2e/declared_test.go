package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"refit/internal/verify"
)

// TestDeclaredHealth runs the health check of the compose service whose image it is:
// the Dockerfile has none.
func TestDeclaredHealth(t *testing.T) {
	dir := site(t, "")
	write(t, filepath.Join(dir, "compose.yaml"), `services:
  site:
    build: .
    healthcheck:
      test: ["CMD", "python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://localhost:8080/health')"]
`)
	files, out := verified(t, "--quick", dir)
	if out.status != 0 || len(files) != 1 {
		t.Fatalf("exit status %d, %d files\n%s", out.status, len(files), tail(out.stderr))
	}
	for _, o := range files {
		good(t, o)
		if !slices.ContainsFunc(o.Checks, func(c verify.Check) bool { return c.Name == verify.CheckHealth && c.Verdict == verify.Pass }) {
			t.Errorf("no health check that passed: %+v", o.Checks)
		}
	}
}
