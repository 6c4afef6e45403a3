package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"refit/internal/verify"
)

// TestPinDigest asks the registry that the builder pulls from, which LAB_REGISTRY
// names, for digests, and builds with them.
func TestPinDigest(t *testing.T) {
	registry := labRegistry(t)
	dir := filepath.Join(t.TempDir(), "digest")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	dockerfile := filepath.Join(dir, "Dockerfile")
	const text = "ARG TAG=3.11-slim-bookworm\nFROM python:${TAG} AS made\nRUN echo made >/made\n" +
		"FROM python:${TAG}\nCOPY --from=made /made /made\nCMD [\"cat\", \"/made\"]\n"
	if err := os.WriteFile(dockerfile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	asking := []string{"--only", "pin-tag", "--pin", "digest", "--registry-mirror", "docker.io=" + registry}
	outcomes, out := verified(t, append(asking, "--quick", "-w", dir)...)
	if out.status != 0 {
		t.Fatalf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	passing(t, outcomes["digest/Dockerfile"], verify.CheckBuild)
	written := read(t, dockerfile)
	if n := len(regexp.MustCompile(`@sha256:[0-9a-f]{64}\b`).FindAllString(written, -1)); n != 1 || !strings.HasPrefix(written, "ARG TAG=3.11-slim-bookworm@sha256:") {
		t.Errorf("want one digest, in the ARG:\n%s", written)
	}
	if again := refit(t, append(asking, "--check", dir)...); again.status != 0 {
		t.Errorf("a second run would change more:\n%s\n%s", again.stdout, again.stderr)
	}
}
