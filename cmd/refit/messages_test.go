package main

import (
	"strings"
	"testing"
)

// TestNoCommandsInMessages holds that a file's name gives GitHub no commands.
func TestNoCommandsInMessages(t *testing.T) {
	dir := tree{"::warning::bad/Dockerfile": "FROM\n", " ::error::bad/Dockerfile": "FROM\n"}.make(t)
	for _, args := range [][]string{{"."}, {"-v", "."}, {"::warning::bad/Dockerfile"}, {" ::error::bad/Dockerfile"}, {"::warning::none"}} {
		t.Chdir(dir)
		errs := tempFile(t)
		run(append([]string{"--format", "github"}, args...), strings.NewReader(""), tempFile(t), errs)
		stderr := readText(t, errs.Name())
		for line := range strings.Lines(stderr) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") {
				t.Errorf("%q: it says %q", args, line)
			}
		}
		if !strings.Contains(stderr, "::") {
			t.Errorf("%q: it says only %q", args, stderr)
		}
	}
}
