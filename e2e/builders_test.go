package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	control "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"
)

// TestSeveralBuilders verifies eight contexts with two builders, and asks each
// of them what it has built.
func TestSeveralBuilders(t *testing.T) {
	addresses := strings.Split(os.Getenv("REFIT_E2E_BUILDERS"), ",")
	switch {
	case len(addresses) == 2:
	case os.Getenv("REFIT_E2E") == "1":
		t.Fatal("REFIT_E2E_BUILDERS does not name two builders")
	default:
		t.Skip("REFIT_E2E_BUILDERS does not name two builders")
	}
	dir := t.TempDir()
	args := []string{"--quick"}
	for _, a := range addresses {
		args = append(args, "--builder", a)
	}
	const contexts = 8
	for i := range contexts {
		name := filepath.Join(dir, fmt.Sprintf("app%d", i))
		write(t, filepath.Join(name, "Dockerfile"), "FROM python:3.11-bookworm\nWORKDIR /app\nCOPY . .\n"+
			fmt.Sprintf("RUN pip install ./greeting && echo %d-%d\n", i, time.Now().UnixNano())+"CMD [\"python\", \"app.py\"]\n")
		write(t, filepath.Join(name, "app.py"), "import greeting\n\nprint(greeting.WORD)\n")
		write(t, filepath.Join(name, "greeting/pyproject.toml"), "[build-system]\nrequires = [\"setuptools\"]\n"+
			"build-backend = \"setuptools.build_meta\"\n\n[project]\nname = \"greeting\"\nversion = \"1.0\"\n")
		write(t, filepath.Join(name, "greeting/greeting.py"), "WORD = \"hello\"\n")
		args = append(args, name)
	}
	began := time.Now()
	outcomes, out := verified(t, args...)
	if out.status != 0 || len(outcomes) != contexts {
		t.Errorf("exit status %d, %d outcomes\n%s", out.status, len(outcomes), tail(out.stderr))
	}
	for _, o := range outcomes {
		good(t, o)
	}
	total := 0
	for _, a := range addresses {
		n := buildsSince(t, a, began)
		t.Logf("%s: %d builds", a, n)
		if n < contexts/2 {
			t.Errorf("%s has built only %d times", a, n)
		}
		total += n
	}
	if total < 2*contexts {
		t.Errorf("%d builds for %d contexts", total, contexts)
	}
}

// buildsSince counts the builds in a daemon's history.
func buildsSince(t *testing.T, address string, since time.Time) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.New(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	events, err := c.ControlClient().ListenBuildHistory(ctx, &control.BuildHistoryRequest{EarlyExit: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; {
		event, err := events.Recv()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if r := event.Record; r != nil && r.CreatedAt.AsTime().After(since) {
			n++
		}
	}
}
