package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refit/internal/verify/builder"
	"refit/internal/wheel"
	"refit/internal/wheelask"
)

// wheelProjects are lock files that the projects' own tools made of the manifests of
// real projects, with the index's host, the hashes and the sizes taken out.
var wheelProjects = []struct{ dir, python string }{
	{"lnbits", "3.11"},      // poetry
	{"mealie", "3.11"},      // uv
	{"pdm-chatbot", "3.11"}, // pdm
	{"netbox", "3.12"},      // pylock.toml, made by uv
	{"paperless", "3.11"},   // pipenv
}

// TestWheels holds the table of lock files against what pip takes, package by
// package. All five are asked about when REFIT_E2E_WHEELS is "all", which takes many
// minutes; else every fourth package of the first.
func TestWheels(t *testing.T) {
	pool, err := builder.Open(t.Context(), &builder.Config{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	projects, every := wheelProjects, 1
	if os.Getenv("REFIT_E2E_WHEELS") != "all" {
		projects, every = projects[:1], 4
	}
	for _, p := range projects {
		t.Run(p.dir, func(t *testing.T) {
			compareWheels(t, pool, filepath.Join("testdata", "wheels", p.dir), p.python, every)
		})
	}
}

// wheelTable is what the comparison reads of refit explain wheels --format json.
type wheelTable struct {
	Targets  []struct{ Label string }
	Packages []struct {
		Name, Version string
		Verdicts      map[string]*wheelCell
	}
}

type wheelCell struct {
	Verdict, File string
	Told          string `json:"told_by"`
}

func compareWheels(t *testing.T, pool *builder.Pool, dir, python string, every int) {
	out := refit(t, "explain", "wheels", "--format", "json", "--python", python, dir)
	var table wheelTable
	if err := json.Unmarshal([]byte(out.stdout), &table); err != nil || out.status != 0 {
		t.Fatalf("%v\n%s", err, out.stderr)
	}
	for i := len(table.Packages) - 1; i >= 0; i-- {
		if i%every != 0 {
			table.Packages = slices.Delete(table.Packages, i, i+1)
		}
	}
	labels := map[wheel.Target]string{}
	q := &wheelask.Question{}
	for _, column := range table.Targets {
		target, err := wheel.On(python, column.Label, "amd64")
		if err != nil {
			t.Fatal(err)
		}
		labels[target] = column.Label
		q.Targets = append(q.Targets, target)
	}
	for _, p := range table.Packages {
		q.Wants = append(q.Wants, wheelask.Want{Name: p.Name, Spec: "==" + p.Version})
	}
	connect := func(context.Context) (*builder.Pool, error) { return pool, nil }
	asker := &wheelask.Asker{Pool: connect, Place: wheelask.Plain("python:3.11-slim-bookworm")}
	reply, err := asker.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range q.Targets {
		compareColumn(t, dir, &table, labels[target], target, reply)
	}
}

// compareColumn holds the verdicts for one target against pip's answers.
func compareColumn(t *testing.T, dir string, table *wheelTable, label string, target wheel.Target, reply *wheelask.Reply) {
	agree, kinds, open := 0, 0, 0
	var lines []string
	for _, p := range table.Packages {
		cell, installed := p.Verdicts[label]
		if !installed {
			continue
		}
		pip := reply.Answers[target][wheelask.Want{Name: p.Name, Spec: "==" + p.Version}]
		says, takes := cell.says(), cmp.Or(pip.File, noWheel)
		byFacts := cell.File == "" && cell.Told == "facts" // the lock file names no file
		result := "same"
		switch {
		case pip.Error != "":
			result = "pip could not tell: " + pip.Error
			t.Errorf("%s %s: %s", p.Name, p.Version, result)
		case byFacts && cell.Verdict == "unknown":
			open++
			result = "not known"
		case byFacts && cell.Verdict == kindOf(pip.File):
			kinds++
			result = "the same kind"
		case byFacts:
			result = "DIFFERENT"
			t.Errorf("%s: %s %s: the facts say %s, pip takes %s", label, p.Name, p.Version, cell.Verdict, takes)
		case says != takes:
			result = "DIFFERENT"
			t.Errorf("%s: %s %s: refit says %s, pip takes %s", label, p.Name, p.Version, says, takes)
		default:
			agree++
		}
		lines = append(lines, fmt.Sprintf("%-28s %-12s %-8s refit: %s; pip: %s: %s", p.Name, p.Version, cell.Verdict, says, takes, result))
	}
	t.Logf("%s, %s (pip %s): %d packages, %d with the file that pip takes, %d with no file but the same kind, %d not known\n%s",
		filepath.Base(dir), target, reply.Pip, len(lines), agree, kinds, open, strings.Join(lines, "\n"))
}

// kindOf is the verdict that goes with the wheel that pip takes. A source archive may turn out to be pure, which its
// name does not tell.
func kindOf(file string) string {
	switch {
	case file == "":
		return "compile"
	case strings.HasSuffix(file, "-any.whl"):
		return "pure"
	}
	return "wheel"
}

const noWheel = "no wheel"

// says is the wheel that the verdict means: compiling, and pure Python from a
// source archive, are none.
func (c *wheelCell) says() string {
	if (c.Verdict == "wheel" || c.Verdict == "pure") && strings.HasSuffix(c.File, ".whl") {
		return c.File
	}
	return noWheel
}
