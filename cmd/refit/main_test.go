package main

import (
	"flag"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"

	"refit/internal/buildctx"
	"refit/internal/passdoc"
	"refit/passes"
	"refit/transform"
)

var update = flag.Bool("update", false, "rewrite the scripts' expectations, docs/passes.md and the README's table")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"refit": main, "jsonlines": jsonLines})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"validate": validate},
	})
}

// setup keeps a script from the machine's own configuration of git and of
// registries, and gives it a registry at $REGISTRY with the one image that
// $DIGEST says, as library/python:3.12-slim-bookworm.
func setup(env *testscript.Env) error {
	env.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(env.WorkDir, ".gitconfig"))
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
	schema, err := filepath.Abs("../../docs/refit.schema.json")
	if err != nil {
		return err
	}
	env.Setenv("SCHEMA", schema)
	env.Setenv("DOCKER_CONFIG", filepath.Join(env.WorkDir, "no-docker-config"))
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	env.Defer(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	index, err := random.Index(64, 1, 2)
	if err != nil {
		return err
	}
	tag, err := name.NewTag(host + "/library/python:3.12-slim-bookworm")
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		return err
	}
	digest, err := index.Digest()
	env.Setenv("REGISTRY", host)
	env.Setenv("DIGEST", digest.String())
	return err
}

// TestDocs holds that docs/passes.md and the README's table say what the passes
// say of themselves; with -update it writes them.
func TestDocs(t *testing.T) {
	const readmePath, passesPath = "../../README.md", "../../docs/passes.md"
	const manualPath = "../../docs/refit.1"
	all := passes.All()
	readme := readText(t, readmePath)
	wantReadme, err := withSection(readme, "passes", passdoc.Table(all, "docs/passes.md#"))
	if err != nil {
		t.Fatalf("README.md: %v", err)
	}
	wantReadme, err = withSection(wantReadme, "example", exampleSection(t, "../../examples/flask-gunicorn"))
	if err != nil {
		t.Fatalf("README.md: %v", err)
	}
	wantPasses := passdoc.Document(all)
	wantManual := manualPage()
	if *update {
		writeText(t, readmePath, wantReadme)
		writeText(t, passesPath, wantPasses)
		writeText(t, manualPath, wantManual)
		return
	}
	if readme != wantReadme {
		t.Error("the README's table of passes or its example is stale: go generate ./cmd/refit")
	}
	if readText(t, passesPath) != wantPasses {
		t.Error("docs/passes.md is stale: go generate ./cmd/refit")
	}
	if readText(t, manualPath) != wantManual {
		t.Error("docs/refit.1 is stale: go generate ./cmd/refit")
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
	r, err := transform.Run("Dockerfile", readText(t, dir+"/Dockerfile"), passes.Default(), opt)
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
