package e2e

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// goImage stands in for golang:1.26-bookworm where the registry has none: the Go
// that runs this test, on Debian.
const goImage = `FROM buildpack-deps:bookworm
COPY . /usr/local/go
ENV GOPATH=/go PATH=/go/bin:/usr/local/go/bin:$PATH
`

// TestOwnImage builds refit's own image from its own Dockerfile, both targets, and
// has it look at a Dockerfile: as its own user, without a shell.
func TestOwnImage(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	publishFrom(t, "library/golang:1.26-bookworm", goImage, strings.TrimSpace(string(root)))
	for _, target := range []string{"", "ci"} {
		image := "refit/own" + target + ":latest"
		build := []string{"--local", "context=..", "--local", "dockerfile=../.docker", "--opt", "build-arg:VERSION=v0.0.1-own",
			"--output", "type=image,push=true,name=" + labRegistry(t) + "/" + image}
		if target != "" {
			build = append(build, "--opt", "target="+target)
		}
		buildctl(t, build...)
		dir := t.TempDir()
		write(t, filepath.Join(dir, "sample"), "FROM python:3.12\nMAINTAINER me\n")
		write(t, filepath.Join(dir, "Dockerfile"), "FROM "+labRegistry(t)+"/"+image+"\nARG NOW\nWORKDIR /src\nCOPY sample Dockerfile\n"+
			"RUN [\"/usr/local/bin/refit\", \"--version\"]\nRUN [\"/usr/local/bin/refit\"]\n")
		out := buildctl(t, "--local", "context="+dir, "--local", "dockerfile="+dir, "--opt", "build-arg:NOW="+strconv.FormatInt(time.Now().UnixNano(), 10))
		for _, want := range []string{"refit v0.0.1-own (go1.", "+FROM python:3.12-", "refit: 1 file: 1 would change"} {
			if !strings.Contains(out, want) {
				t.Errorf("target %q: no %q in\n%s", target, want, tail(out))
			}
		}
	}
}
