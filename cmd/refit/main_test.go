package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"refit/internal/buildctx"
	"refit/passes"
	"refit/transform"
)

var update = flag.Bool("update", false, "rewrite the scripts' expectations, docs/passes.md and the README's table")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"refit": main})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
	})
}

// setup keeps a script from the machine's own configuration of git.
func setup(env *testscript.Env) error {
	env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	return nil
}

// TestDocs holds that docs/passes.md and the README's table say what the passes
// say of themselves; with -update it writes them.
func TestDocs(t *testing.T) {
	const readmePath, passesPath = "../../README.md", "../../docs/passes.md"
	all := passes.All()
	readme := readText(t, readmePath)
	wantReadme, err := withSection(readme, "passes", passTable(all, "docs/passes.md#"))
	if err != nil {
		t.Fatalf("README.md: %v", err)
	}
	wantReadme, err = withSection(wantReadme, "example", exampleSection(t, "../../examples/flask-gunicorn"))
	if err != nil {
		t.Fatalf("README.md: %v", err)
	}
	wantPasses := passesMarkdown(all)
	if *update {
		writeText(t, readmePath, wantReadme)
		writeText(t, passesPath, wantPasses)
		return
	}
	if readme != wantReadme {
		t.Error("the README's table of passes or its example is stale: go generate ./cmd/refit")
	}
	if readText(t, passesPath) != wantPasses {
		t.Error("docs/passes.md is stale: go generate ./cmd/refit")
	}
}

// exampleSection is what refit makes of an example.
func exampleSection(t *testing.T, dir string) string {
	t.Helper()
	ctx, err := buildctx.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	opt := &transform.Options{Context: ctx.WithDockerfile("Dockerfile"), Dockerfile: "Dockerfile"}
	r, err := transform.Run("Dockerfile", readText(t, dir+"/Dockerfile"), passes.All(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return beforeAfter(r.Before, r.After)
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
