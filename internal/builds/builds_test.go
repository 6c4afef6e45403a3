package builds

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestFind reads the archives of testdata: files, and what is found among them,
// relative to their directory, in the file "want".
func TestFind(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			dir, want := t.TempDir(), -1
			env := []string{}
			for i, f := range a.Files {
				switch f.Name {
				case "want":
					want = i
				case "environment":
					env = strings.Fields(string(f.Data))
				default:
					write(t, filepath.Join(dir, f.Name), f.Data)
				}
			}
			got := describe(dir, Find(dir, namesIn(t, dir), env))
			if os.Getenv("UPDATE") != "" {
				a.Files[want].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != string(a.Files[want].Data) {
				t.Errorf("found:\n%s\nwant:\n%s", got, a.Files[want].Data)
			}
		})
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func describe(dir string, found *Found) string {
	shown := func(path string) string {
		if rel, err := filepath.Rel(dir, path); err == nil {
			return filepath.ToSlash(rel)
		}
		return path
	}
	var b strings.Builder
	for _, d := range found.Builds {
		fmt.Fprintf(&b, "%s %s:", d.Where(shown), d.Name)
		if d.Problem == "" {
			fmt.Fprintf(&b, " %s from %s", shown(d.Dockerfile), shown(d.Context))
		}
		if d.Target != "" {
			fmt.Fprintf(&b, " target %s", d.Target)
		}
		if len(d.Args) > 0 {
			fmt.Fprintf(&b, " args %v", d.Args)
		}
		if len(d.Unknown) > 0 {
			fmt.Fprintf(&b, " unknown %v", d.Unknown)
		}
		if len(d.Contexts) > 0 {
			fmt.Fprintf(&b, " contexts %v", d.Contexts)
		}
		if d.Run != nil {
			fmt.Fprintf(&b, " run %+v", *d.Run)
		}
		if d.Problem != "" {
			fmt.Fprintf(&b, " problem: %s", d.Problem)
		}
		b.WriteByte('\n')
	}
	for _, n := range found.Notes {
		fmt.Fprintf(&b, "note %s\n", n)
	}
	return strings.ReplaceAll(b.String(), dir, "DIR")
}
