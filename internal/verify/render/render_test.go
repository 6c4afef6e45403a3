package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"refit/internal/verify"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

const command = "refit verify --format markdown examples/*"

func TestGolden(t *testing.T) {
	one, all := []*verify.Outcome{better()}, outcomes()
	compared := []*verify.Comparison{comparison(), {Path: "x/Dockerfile", Workload: "true", Error: "no Python in it"}}
	tests := []struct {
		name  string
		write func(io.Writer) error
	}{
		{"one.txt", func(w io.Writer) error { return Text(w, one, false) }},
		{"all.txt", func(w io.Writer) error { return Text(w, all, false) }},
		{"all-color.txt", func(w io.Writer) error { return Text(w, all, true) }},
		{"one.md", func(w io.Writer) error { return Markdown(w, one, command, "", changed()) }},
		{"all.md", func(w io.Writer) error { return Markdown(w, all, command, "BuildKit v0.34.2 on linux/amd64", nil) }},
		{"all.json", func(w io.Writer) error { return JSON(w, all) }},
		{"none.txt", func(w io.Writer) error { return Text(w, nil, false) }},
		{"none.md", func(w io.Writer) error { return Markdown(w, nil, command, "", nil) }},
		{"none.json", func(w io.Writer) error { return JSON(w, nil) }},
		{"compare.txt", func(w io.Writer) error { return CompareText(w, compared, false) }},
		{"compare-color.txt", func(w io.Writer) error { return CompareText(w, compared, true) }},
		{"compare.md", func(w io.Writer) error {
			return CompareMarkdown(w, compared, "refit compare --workload '…' examples/*", "")
		}},
		{"compare.json", func(w io.Writer) error { return CompareJSON(w, compared) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := tt.write(&b); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", tt.name)
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestColorsAreAllThatDiffers takes them away again.
func TestColorsAreAllThatDiffers(t *testing.T) {
	for _, name := range []string{"all", "compare"} {
		plain, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		colored, err := os.ReadFile(filepath.Join("testdata", name+"-color.txt"))
		if err != nil {
			t.Fatal(err)
		}
		text := string(colored)
		for _, sgr := range []string{"0", "1", "2", "31", "32", "33", "36"} {
			text = strings.ReplaceAll(text, "\x1b["+sgr+"m", "")
		}
		if text != string(plain) || text == string(colored) {
			t.Errorf("%s: without colours:\n%s", name, text)
		}
	}
}

func TestLinesAreNarrow(t *testing.T) {
	o := better()
	o.Path = "a/" + strings.Repeat("long/", 40) + "Dockerfile"
	o.Before.User, o.Before.Shell = strings.Repeat("u", 200), "/"+strings.Repeat("s", 200)
	o.Checks[1].Detail = strings.Repeat("word ", 50) + strings.Repeat("x", 300)
	o.Checks[1].Log = []string{strings.Repeat("log ", 100)}
	o.Rebuilds[0].Kind = strings.Repeat("k", 100)
	o.Repairs[0].NeededBy[0] = "/" + strings.Repeat("p", 300)
	o.Dropped[0].Why = strings.Repeat("é", 300)
	var b bytes.Buffer
	if err := Text(&b, []*verify.Outcome{o, unchanged()}, false); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n >= 100 && line != o.Path {
			t.Errorf("%d: %s", n, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("spaces at the end: %q", line)
		}
	}
}

func TestJSONHasNoNullListsAndKeepsTheOutcome(t *testing.T) {
	o := better()
	o.Before.ColdBuild.Ran, o.Before.Setuid, o.Repairs[0].NeededBy, o.Checks = nil, nil, nil, nil
	o.Before.Findings = []verify.SeverityRow{}
	o.Dockerfile = "FROM x\nRUN caf\xe9\n"
	var b bytes.Buffer
	if err := JSON(&b, []*verify.Outcome{o}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "null") || !strings.Contains(b.String(), `"findings":[]`) {
		t.Error(b.String())
	}
	if o.Before.Setuid != nil || o.Before.ColdBuild.Ran != nil || o.Repairs[0].NeededBy != nil || o.Checks != nil {
		t.Error("the outcome was changed")
	}
	var doc struct {
		Version int
		Files   []outcome
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != 1 || len(doc.Files) != 1 || string(doc.Files[0].DockerfileBase64) != o.Dockerfile {
		t.Errorf("%+v", doc)
	}
}

func TestJSONCanBeReadBack(t *testing.T) {
	want := better()
	want.Rebuilds[1].Before.Ran = []string{}
	want.After.Setuid = []string{}
	var b bytes.Buffer
	if err := JSON(&b, []*verify.Outcome{want}); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Files []*verify.Outcome }
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(doc.Files[0], want) {
		t.Errorf("got %+v", doc.Files[0])
	}
}

// errFull is what a full disk says.
var errFull = errors.New("no space left on device")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorsAreReturned(t *testing.T) {
	all, compared := outcomes(), []*verify.Comparison{comparison()}
	for name, err := range map[string]error{
		"text":             Text(full{}, all, true),
		"json":             JSON(full{}, all),
		"markdown":         Markdown(full{}, all, command, "", nil),
		"compare text":     CompareText(full{}, compared, true),
		"compare json":     CompareJSON(full{}, compared),
		"compare markdown": CompareMarkdown(full{}, compared, command, ""),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
