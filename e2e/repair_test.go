package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refit/internal/verify"
)

// TestRepair verifies an application whose extension loads libgmpxx. The
// library came with libmpfr-dev, by way of the headers that this depends on;
// libmpfr6, which refit puts in its place, does not bring it.
func TestRepair(t *testing.T) {
	const pkg, library = "libgmpxx4ldbl", "libgmpxx.so.4"
	dir := copied(t, "testdata/native")
	dockerfile := filepath.Join(dir, "Dockerfile")
	if first := refit(t, "-o", "-", dockerfile); first.status != 0 || strings.Contains(first.stdout, pkg) {
		t.Fatalf("exit status %d; refit knows the library, another one has to serve:\n%s", first.status, first.stdout)
	}
	outcomes, out := verified(t, "--quick", "-w", dir)
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	o := outcomes["native/Dockerfile"]
	good(t, o)
	passing(t, o, verify.CheckBuild, verify.CheckLibraries, verify.CheckImports, verify.CheckHTTP)
	better(t, o)
	user(t, o, false)
	if len(o.Repairs) != 1 {
		t.Fatalf("repairs: %+v", o.Repairs)
	}
	r := o.Repairs[0]
	named := slices.ContainsFunc(r.NeededBy, func(path string) bool { return strings.HasPrefix(filepath.Base(path), "exact.") })
	if r.Package != pkg || r.Library != library || r.Round != 1 || !named {
		t.Errorf("repair: %+v", r)
	}
	written := read(t, dockerfile)
	if written != o.Dockerfile || !strings.Contains(written, pkg) {
		t.Errorf("written is not what was verified:\n%s\n%s", written, o.Dockerfile)
	}
	if again := refit(t, "--check", dir); again.status != 0 {
		t.Errorf("refit would change what verify wrote:\n%s", again.stdout)
	}
}
