package e2e

import (
	"context"
	"os"
	"slices"
	"testing"

	"refit/internal/facts/check"
	"refit/internal/verify/builder"
)

// sampled are distributions whose facts are checked here again: one that is
// compiled and loads a library, and one that looks for a library when it runs.
var sampled = []string{"psycopg2", "python-magic"}

// TestSystemPackages repeats a sample of what docs/system-packages.tsv keeps.
func TestSystemPackages(t *testing.T) {
	table, err := check.Read("../docs/system-packages.tsv")
	if err != nil {
		t.Fatal(err)
	}
	plans, err := check.Plans()
	if err != nil {
		t.Fatal(err)
	}
	pool, err := builder.Open(t.Context(), &builder.Config{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	done := 0
	for _, p := range plans {
		if !slices.Contains(sampled, p.Distribution) {
			continue
		}
		tasks, err := p.Tasks("python:3.11-slim-bookworm", "bookworm")
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			done++
			t.Run(p.Distribution+"/"+string(task.How), func(t *testing.T) { sameAsKept(t, pool, table, task) })
		}
	}
	if done != len(sampled) {
		t.Errorf("%d checks, want %d", done, len(sampled))
	}
}

// sameAsKept checks one task, and compares what does not change with a release.
func sameAsKept(t *testing.T, pool *builder.Pool, table *check.Table, task check.Task) {
	kept := table.Find(task)
	if kept == nil {
		t.Fatal("the kept table does not have it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	c := &check.Checker{Builder: pool.Builders()[0], Dir: t.TempDir(), Limit: longest}
	rows, err := c.Check(ctx, task)
	if err != nil {
		t.Fatal(err)
	}
	row := rows[0]
	if row.Verdict != kept.Verdict || (row.Compiled > 0) != (kept.Compiled > 0) || (row.Without == "") != (kept.Without == "") {
		t.Errorf("%s %s: %s (%s), %d compiled, without the runtime packages %q; kept is %s (%s), %d, %q", task.Distribution, row.Version,
			row.Verdict, row.Detail, row.Compiled, row.Without, kept.Verdict, kept.Detail, kept.Compiled, kept.Without)
	}
	t.Logf("%s %s: %s in %d s", task.Distribution, row.Version, row.Verdict, row.Seconds)
}
