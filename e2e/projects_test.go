package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refit/internal/verify/builder"
)

// TestProjectRebuild builds the examples that are projects, and those with
// pip-tools, again after a change of a source file: no step that installs
// dependencies may run, but for the one that installs the project itself. It
// takes what TestExamples built out of the builder's cache.
func TestProjectRebuild(t *testing.T) {
	dir := copied(t, "../examples")
	for name, c := range map[string]struct{ source, project string }{
		"pyproject-links": {"links/names.py", `pip install -e ".[server]"`},
		"setup-py-units":  {"units/convert.py", "pip install ."},
		"pip-tools-feed":  {"feed.py", ""},
	} {
		t.Run(name, func(t *testing.T) {
			context := filepath.Join(dir, name)
			if out := refit(t, "-w", context); out.status != 0 {
				t.Fatalf("exit status %d\n%s", out.status, tail(out.stderr))
			}
			source := builder.Source{Context: context, Name: "Dockerfile", Text: read(t, filepath.Join(context, "Dockerfile"))}
			stepsThatRan(t, source)
			file := filepath.Join(context, c.source)
			write(t, file, fmt.Sprintf("%s\n# changed at %v\n", read(t, file), time.Now())) // a text that no earlier run has built
			project, copiedSource := false, false
			for _, step := range stepsThatRan(t, source) {
				copiedSource = copiedSource || strings.Contains(step, "COPY")
				switch {
				case c.project != "" && strings.HasSuffix(step, c.project):
					project = true
				case strings.Contains(step, "pip") && strings.Contains(step, "RUN"):
					t.Errorf("ran again: %s", step)
				}
			}
			if project != (c.project != "") || !copiedSource {
				t.Errorf("the project was installed: %v, the source was copied: %v", project, copiedSource)
			}
		})
	}
}

// stepsThatRan builds and lists the steps that did not come from the cache.
func stepsThatRan(t *testing.T, source builder.Source) []string {
	t.Helper()
	var names []string
	pool := openPool(t)
	defer pool.Close()
	err := pool.Use(t.Context(), func(b *builder.Builder) error {
		report, err := b.Build(t.Context(), &builder.Request{Source: source}, nil)
		if err != nil {
			return err
		}
		for _, s := range report.Steps {
			if !s.Cached {
				names = append(names, s.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
