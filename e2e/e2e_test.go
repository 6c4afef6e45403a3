// Package e2e builds with a real BuildKit what refit makes, by refit's own
// command line. BUILDKIT_HOST says where the builder is; without one nothing is
// tried, which is a failure when REFIT_E2E is 1. Run it with -count=1: go test
// does not know what the program and the builder depend on.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refit/internal/verify"
	"refit/internal/verify/builder"
)

var (
	refitPath string // the program under test
	noBuilder error  // why there is nothing to build with
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if noBuilder = findBuilder(); noBuilder != nil {
		if err := flag.Set("test.run", "^TestBuilder$"); err != nil { // the one that says why
			panic(err)
		}
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "refit-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	refitPath = filepath.Join(dir, "refit")
	if out, err := exec.Command("go", "build", "-o", refitPath, "refit/cmd/refit").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building refit: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func findBuilder() error {
	if os.Getenv("BUILDKIT_HOST") == "" {
		return errors.New("BUILDKIT_HOST is not set")
	}
	pool, err := builder.Open(context.Background(), &builder.Config{Getenv: os.Getenv})
	if err != nil {
		return err
	}
	return pool.Close()
}

// TestBuilder is all that runs where there is no builder.
func TestBuilder(t *testing.T) {
	switch {
	case noBuilder == nil:
	case os.Getenv("REFIT_E2E") == "1":
		t.Fatalf("nothing to build with (BUILDKIT_HOST=%s): %v", os.Getenv("BUILDKIT_HOST"), noBuilder)
	default:
		t.Skipf("end-to-end tests are skipped, there is nothing to build with (BUILDKIT_HOST=%s): %v", os.Getenv("BUILDKIT_HOST"), noBuilder)
	}
}

// output is what one call of refit left.
type output struct {
	status         int
	stdout, stderr string
}

// longest is how long one call of refit may take: one verifies fourteen examples, on
// whatever machine.
const longest = 30 * time.Minute

// refit calls the program, and writes down how long it took.
func refit(t testing.TB, args ...string) *output {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, refitPath, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	began := time.Now()
	err := cmd.Run()
	t.Logf("refit %s: %.0f s", strings.Join(args, " "), time.Since(began).Seconds())
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v\n%s", err, tail(stderr.String()))
	}
	return &output{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// verified calls refit verify and reads what it reports, by the base names of
// the Dockerfiles' directories and their own names: "orders/api.Dockerfile".
func verified(t testing.TB, args ...string) (map[string]*verify.Outcome, *output) {
	t.Helper()
	out := refit(t, append([]string{"verify", "--format", "json"}, args...)...)
	var report struct {
		Version int              `json:"version"`
		Files   []verify.Outcome `json:"files"`
	}
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
		t.Fatalf("exit status %d, and no report: %v\n%s\n%s", out.status, err, out.stdout, tail(out.stderr))
	}
	files := map[string]*verify.Outcome{}
	for i := range report.Files {
		f := &report.Files[i]
		name := filepath.Join(filepath.Base(filepath.Dir(f.Path)), filepath.Base(f.Path))
		files[name] = f
	}
	return files, out
}

// good fails the test unless the outcome is good and no check came out badly.
func good(t *testing.T, o *verify.Outcome) {
	t.Helper()
	if o == nil {
		t.Fatal("the report does not have this file")
	}
	if o.Error != "" || !o.Good || !o.Changed || o.Before == nil || o.After == nil {
		t.Errorf("changed %v, good %v, error %q, images %v and %v", o.Changed, o.Good, o.Error, o.Before, o.After)
	}
	for _, c := range o.Checks {
		if c.Verdict == verify.Fail {
			t.Errorf("%s: %s\n%s", c.Name, c.Detail, strings.Join(c.Log, "\n"))
		}
	}
	for _, d := range o.Dropped {
		t.Errorf("%s is left out: %s\n%s", d.Pass, d.Why, strings.Join(d.Log, "\n"))
	}
}

// passing fails the test unless the checks of these names were made and passed.
func passing(t *testing.T, o *verify.Outcome, names ...string) {
	t.Helper()
	verdicts := map[string]verify.Verdict{}
	for _, c := range o.Checks {
		verdicts[c.Name] = c.Verdict
		if c.Verdict == verify.Unknown {
			t.Logf("%s: unknown: %s", c.Name, c.Detail)
		}
	}
	for _, name := range names {
		if verdicts[name] != verify.Pass {
			t.Errorf("%s: want pass, have %q", name, verdicts[name])
		}
	}
}

// copied puts a copy of a directory of this repository where a test may write.
func copied(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(from))
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// read is a file's text.
func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// write makes a file, and the directories above it.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tail is the end of a long text.
func tail(s string) string {
	return s[max(0, len(s)-4000):]
}
