package e2e

import (
	"crypto/sha256"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"refit/internal/verify"
)

// all are the checks that every example passes.
var all = []string{
	verify.CheckBuild, verify.CheckSize, verify.CheckConfiguration, verify.CheckDistributions,
	verify.CheckFiles, verify.CheckLibraries, verify.CheckImports,
}

// example is what else an example is held to.
type example struct {
	root   bool     // it stays root: the volume that its services share is root's
	checks []string // beside all
}

// examples are the Dockerfiles under examples/. flask-gunicorn is in
// TestFlaskGunicorn, unused-97 in TestUnused.
var examples = map[string]example{
	"django-postgres/Dockerfile":      {checks: []string{verify.CheckGunicorn, verify.CheckHTTP}},
	"fastapi-uvicorn/Dockerfile":      {checks: []string{verify.CheckHTTP}},
	"multi-service/api.Dockerfile":    {root: true, checks: []string{verify.CheckGunicorn, verify.CheckHTTP}},
	"multi-service/worker.Dockerfile": {root: true},
	"pandas-job/Dockerfile":           {},
	"poetry-fastapi/Dockerfile":       {checks: []string{verify.CheckHTTP}},
	"uv-starlette/Dockerfile":         {checks: []string{verify.CheckHTTP}},
	"pipenv-flask/Dockerfile":         {checks: []string{verify.CheckGunicorn, verify.CheckHTTP}},
	"pdm-bottle/Dockerfile":           {checks: []string{verify.CheckHTTP}},
	"io-bound/Dockerfile":             {},
	"cpu-bound/Dockerfile":            {},
	"pyproject-links/Dockerfile":      {checks: []string{verify.CheckGunicorn, verify.CheckHTTP}},
	"setup-py-units/Dockerfile":       {checks: []string{verify.CheckHTTP}},
	"pip-tools-feed/Dockerfile":       {checks: []string{verify.CheckGunicorn, verify.CheckHTTP}},
}

// TestExamples verifies all but two of the examples in one run, which leaves
// their directories as they were.
func TestExamples(t *testing.T) {
	dir := copied(t, "../examples")
	for _, name := range []string{"flask-gunicorn", "unused-97"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	before := contents(t, dir)
	outcomes, out := verified(t, append(mirror(), "--quick", dir)...)
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	if after := contents(t, dir); !maps.Equal(before, after) {
		t.Errorf("the examples' directories changed:\n%v\n%v", before, after)
	}
	for name := range outcomes {
		if _, known := examples[name]; !known {
			t.Errorf("nothing is known of %s", name)
		}
	}
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			o := outcomes[name]
			good(t, o)
			passing(t, o, append(e.checks, all...)...)
			better(t, o)
			user(t, o, e.root)
			if len(o.Repairs) > 0 {
				t.Errorf("repaired, which the tables should have made needless: %v", o.Repairs)
			}
		})
	}
}

// mirror lets Poetry read the index as pip does, by the pages for installers alone:
// not every mirror of the index has the others that Poetry asks it for.
func mirror() []string {
	index, err := exec.Command("python3", "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)").Output()
	if err != nil {
		return nil // Poetry then takes its own way
	}
	return []string{"--build-arg", "POETRY_PYPI_MIRROR_URL=" + strings.TrimSpace(string(index))}
}

// better asks for a new image that is smaller in every way.
func better(t *testing.T, o *verify.Outcome) {
	t.Helper()
	if o.Before == nil || o.After == nil {
		t.Fatal("no two images to compare")
	}
	b, a := o.Before, o.After
	t.Logf("compressed %d → %d (%s), unpacked %d → %d (%s), layers %d → %d, packages %d → %d, setuid files %d → %d",
		b.Compressed, a.Compressed, percent(a.Compressed, b.Compressed), b.Unpacked, a.Unpacked, percent(a.Unpacked, b.Unpacked),
		b.Layers, a.Layers, b.Packages, a.Packages, len(b.Setuid), len(a.Setuid))
	if a.Compressed <= 0 || a.Compressed >= b.Compressed || a.Unpacked <= 0 || a.Unpacked >= b.Unpacked {
		t.Error("the new image is not smaller")
	}
	if a.Packages <= 0 || a.Packages >= b.Packages || len(a.Setuid) > len(b.Setuid) || a.Distributions <= 0 {
		t.Error("the new image does not hold less")
	}
	if b.Compiler == "" || a.Compiler != "" {
		t.Errorf("compilers: %q, then %q", b.Compiler, a.Compiler)
	}
}

// user asks for an image that runs as another user than root, or as root.
func user(t *testing.T, o *verify.Outcome, root bool) {
	t.Helper()
	if is := o.After.User == "" || o.After.User == "root" || o.After.User == "0"; is != root {
		t.Errorf("the new image runs as %q", o.After.User)
	}
}

// contents are the files under a directory, with their sums and modes.
func contents(t *testing.T, dir string) map[string][33]byte {
	t.Helper()
	found := map[string][33]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		found[path] = [33]byte(append(sum[:], byte(info.Mode().Perm()>>3)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
