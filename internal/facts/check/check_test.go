package check

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// suiteOf are the images of the kept table.
var suiteOf = map[string]string{"python:3.11-slim-bookworm": "bookworm", "python:3.13-slim": "trixie"}

func TestPlans(t *testing.T) {
	plans, err := Plans()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range plans {
		if seen[p.Distribution] {
			t.Errorf("%s stands twice", p.Distribution)
		}
		seen[p.Distribution] = true
		if len(p.Without) > 0 && p.Reason == "" {
			t.Errorf("%s leaves something out and does not say why", p.Distribution)
		}
		for image, suite := range suiteOf {
			if _, err := p.Tasks(image, suite); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestKept holds the kept results to the table of facts: a row that is about other
// packages than the table lists now says nothing any more.
func TestKept(t *testing.T) {
	const file = "../../../docs/system-packages.tsv"
	table, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) == 0 {
		t.Fatalf("%s has no rows", file)
	}
	plans, err := Plans()
	if err != nil {
		t.Fatal(err)
	}
	for i := range table.Rows {
		row := &table.Rows[i]
		task := taskOf(t, plans, row)
		if task == nil {
			t.Errorf("%s: nothing asks for this row", row.key())
		} else if !row.current(*task) {
			t.Errorf("%s: the facts list other packages now: run it again", row.key())
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != table.Text() {
		t.Errorf("%s is not as the program writes it (%v)", file, err)
	}
	if text, err := os.ReadFile("../../../docs/system-packages.md"); err != nil || string(text) != table.Markdown() {
		t.Errorf("docs/system-packages.md is not what the rows make: go run ./internal/facts/check/run -render (%v)", err)
	}
}

func taskOf(t *testing.T, plans []Plan, row *Row) *Task {
	t.Helper()
	for _, p := range plans {
		if p.Distribution != row.Distribution {
			continue
		}
		tasks, err := p.Tasks(row.Image, suiteOf[row.Image])
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(tasks, func(task Task) bool { return task.How == row.How }); i >= 0 {
			return &tasks[i]
		}
	}
	return nil
}

func TestDockerfile(t *testing.T) {
	task := Task{Plan: Plan{Distribution: "psycopg2", Requirement: "psycopg2<3"}, How: Source, Image: "python:3.11-slim-bookworm",
		Build: []string{"gcc", "libpq-dev"}, Runtime: []string{"libpq5"}}
	other := Task{Plan: Plan{Distribution: "psycopg2-binary", Requirement: "psycopg2-binary"}, How: Source}
	if text := dockerfile([]Task{task, other}); !strings.Contains(text, " --no-binary psycopg2,psycopg2-binary 'psycopg2<3' 'psycopg2-binary'\n") {
		t.Errorf("two distributions are not built together:\n%s", text)
	}
	text := dockerfile([]Task{task})
	for _, want := range []string{
		"FROM python:3.11-slim-bookworm AS lists\n",
		"RUN " + install + "gcc\nRUN " + install + "libpq-dev\n",
		"pip install --no-cache-dir --no-binary psycopg2 'psycopg2<3'\n",
		install + "libpq5\nCOPY --link --from=build /opt/venv /opt/venv\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the build lacks\n%s\nin\n%s", want, text)
		}
	}
}

func TestJudge(t *testing.T) {
	good := probe{Version: "1", Compiled: 1}
	bad := probe{Failure: "ImportError: libx.so.1: cannot open shared object file"}
	owned := map[string]bool{"libx1": true}
	tests := []struct {
		name    string
		task    Task
		with    found
		without probe
		want    Verdict
	}{
		{"source that loads its library", Task{How: Source, Runtime: []string{"libx1"}}, found{probes: []probe{good}, owners: owned}, bad, Holds},
		{"source that needs nothing of it", Task{How: Source, Runtime: []string{"libx1"}}, found{probes: []probe{good}}, good, Holds},
		{"nothing compiled", Task{How: Source}, found{probes: []probe{{}}}, probe{}, Fails},
		{"nothing to compile", Task{How: Source, Plan: Plan{Pure: true}}, found{probes: []probe{{}}}, probe{}, Holds},
		{"an error in use", Task{How: Wheel}, found{probes: []probe{bad}}, bad, Fails},
		{"a package for nothing", Task{How: System, Runtime: []string{"libx1"}}, found{probes: []probe{good}}, good, Fails},
		{"a library that is loaded by name", Task{How: System, Runtime: []string{"libx1"}}, found{probes: []probe{good}}, bad, Holds},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := tt.task.row()
			row.judge(tt.task, &tt.with, tt.with.probes[0], tt.without)
			if row.Verdict != tt.want {
				t.Errorf("%s (%s), want %s", row.Verdict, row.Detail, tt.want)
			}
		})
	}
}

func TestTelling(t *testing.T) {
	tests := []struct{ log, want string }{
		{"cc -c x.c\nx.c:1:10: fatal error: libpq-fe.h: No such file or directory\nerror: command 'gcc' failed", "x.c:1:10: fatal error: libpq-fe.h: No such file or directory"},
		{"a\nERROR: it failed\nnote: b", "ERROR: it failed"},
		{"a\nb", "b"},
	}
	for _, tt := range tests {
		if got := telling(strings.Split(tt.log, "\n")); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	if got := short("see https://host.example/x\tand " + strings.Repeat("ä", 100)); strings.Contains(got, "host") || strings.Contains(got, "\t") || len(got) > maxDetail+len("…") {
		t.Errorf("short: %q", got)
	}
}

func FuzzParseRow(f *testing.F) {
	f.Add(strings.Join((&Row{Image: "python:3.11-slim-bookworm", Distribution: "x", How: Source, Build: []string{"gcc"}, Verdict: Holds, Unlinked: []string{"a", "b"}, Date: "2026-01-02"}).fields(), "\t"))
	f.Fuzz(func(t *testing.T, line string) {
		row, err := parseRow(line)
		if err != nil {
			return
		}
		again, err := parseRow(strings.Join(row.fields(), "\t"))
		if err != nil || strings.Join(again.fields(), "\t") != strings.Join(row.fields(), "\t") {
			t.Errorf("%q: not the same when it is written and read: %v", line, err)
		}
	})
}
