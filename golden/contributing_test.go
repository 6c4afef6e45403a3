package golden

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestContributing compiles the pass that docs/CONTRIBUTING.md adds, as it stands
// there, into refit, and runs it over the case that stands there. Nothing is written into the tree: go's overlay takes the files' places.
func TestContributing(t *testing.T) {
	text, err := os.ReadFile("../docs/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := withPass(t, dir, block(t, string(text), "```go\n// passes/stop_signal.go\n"))
	c := txtar.Parse([]byte(block(t, string(text), "```txtar\ngolden/stop-signal/number.txtar\n")))
	want := block(t, string(text), "```txtar\n-- want/Dockerfile --\n")
	path := filepath.Join(dir, "Dockerfile")
	if err := os.WriteFile(path, c.Files[0].Data, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := call(t, program, "--quiet", "--only", "stop-signal", "--output", "-", path); got != want {
		t.Errorf("the case in docs/CONTRIBUTING.md comes out as\n%s", got)
	}
	if got := call(t, program, "--only", "stop-signal", "--format", "text", path); !strings.Contains(got, "not-portable") {
		t.Errorf("nothing is declined:\n%s", got)
	}
	if got := call(t, program, "explain", "stop-signal"); !strings.Contains(got, "  STOPSIGNAL SIGTERM\n") {
		t.Errorf("refit explain does not show the example:\n%s", got)
	}
}

// block is what stands between a line that begins a block and its end.
func block(t *testing.T, text, begin string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, begin)
	body, _, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		t.Fatalf("docs/CONTRIBUTING.md has no block that begins %q", begin)
	}
	return body + "\n"
}

// withPass builds refit with one more pass, behind pythonEnvPass in the list.
func withPass(t *testing.T, dir, source string) string {
	t.Helper()
	list, err := os.ReadFile("../passes/passes.go")
	if err != nil {
		t.Fatal(err)
	}
	longer := strings.Replace(string(list), "\t\tpythonEnvPass,\n", "\t\tpythonEnvPass,\n\t\tstopSignalPass,\n", 1)
	replace := map[string]string{}
	for name, text := range map[string]string{"stop_signal.go": source, "passes.go": longer} {
		at, err := filepath.Abs(filepath.Join("../passes", name))
		if err != nil {
			t.Fatal(err)
		}
		replace[at] = filepath.Join(dir, name)
		if err := os.WriteFile(replace[at], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "refit")
	call(t, "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "../cmd/refit")
	return program
}

func call(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}
