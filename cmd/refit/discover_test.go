package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestHooksFindWhatRefitFinds holds that .pre-commit-hooks.yaml takes the files
// that a search takes, and passes by what it passes by.
func TestHooksFindWhatRefitFinds(t *testing.T) {
	text := readText(t, "../../.pre-commit-hooks.yaml")
	files, exclude := hookPattern(t, text, "files: &files "), hookPattern(t, text, "exclude: &exclude ")
	if strings.Count(text, "\n  args: [--]\n") != strings.Count(text, "- id: ") {
		t.Error("a file that is named as a flag would be taken for one")
	}
	names := []string{
		"Dockerfile", "dockerfile", "Containerfile", "DOCKERFILE", "containerfile", "Dockerfile.dev", "Dockerfile.", "Containerfile.prod",
		"dockerfile.dev", "api.Dockerfile", "api.dockerfile", "api.Containerfile", ".dockerfile", ".Dockerfile", "xDockerfile", "Dockerfilex",
		"Dockerfile~", "Dockerfile.J2", "Dockerfile.in.x", "Makefile", "a.dockerfile.md", "docker-compose.yml", "Dockerfile.dev~",
	}
	for _, ending := range notDockerfiles {
		names = append(names, "Dockerfile"+ending, "Dockerfile.x"+strings.ToUpper(ending), "x.Dockerfile"+ending)
	}
	for _, name := range names {
		for _, dir := range append(slices.Clone(foreignDirs), "", "a/b", "vendored") {
			path := strings.TrimPrefix(dir+"/"+name, "/")
			want := isDockerfileName(name) && !slices.Contains(foreignDirs, dir)
			if got := files.MatchString(path) && !exclude.MatchString(path); got != want {
				t.Errorf("%s: the hook takes it: %v; refit: %v", path, got, want)
			}
		}
	}
}

// hookPattern is the pattern behind a key; that of Go and of Python are the same.
func hookPattern(t *testing.T, text, key string) *regexp.Regexp {
	t.Helper()
	_, rest, ok := strings.Cut(text, key)
	line, _, _ := strings.Cut(rest, "\n")
	if !ok || len(line) < 2 || line[0] != '\'' || line[len(line)-1] != '\'' {
		t.Fatalf("no %q with a quoted pattern", key)
	}
	return regexp.MustCompile(line[1 : len(line)-1])
}

// TestOwnDockerfile holds that refit finds nothing to change in its own
// Dockerfile.
func TestOwnDockerfile(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	code := run([]string{"--check", "--context", "../..", "../../.docker/Dockerfile"}, strings.NewReader(""), out, out)
	if text := readText(t, out.Name()); code != exitDone || !strings.Contains(text, "1 file: 0 would change, 1 stayed") {
		t.Errorf("exit status %d\n%s", code, text)
	}
}
