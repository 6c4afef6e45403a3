package transform

import (
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// ugly holds the inputs that a rewriter is most likely to damage.
var ugly = map[string]string{
	"plain":          "FROM a\nRUN b\n",
	"no newline":     "FROM a\nRUN b",
	"crlf":           "FROM a\r\n# c\r\nRUN b \\\r\n  c\r\n",
	"crlf no end":    "FROM a\r\nRUN b",
	"bom":            "\ufeffFROM a\nRUN b\n",
	"tabs":           "FROM\ta\t AS\tb\n\tRUN\tc\n",
	"blank lines":    "\n\n# c\n\nFROM a\n\n\n# d\nRUN b\n\n\n",
	"tail comment":   "FROM a\n# the end\n",
	"backtick":       "# escape=`\nFROM a\nRUN b `\n  c\n",
	"inner comment":  "FROM a\nRUN b \\\n# why\n  # more\n\n  c\n",
	"heredoc":        "FROM a\nRUN <<EOF\nFROM not\n# not a comment\nEOF\nRUN c\n",
	"two heredocs":   "FROM a\nCOPY <<A <<B /x/\n1\nA\n2\nB\nRUN c\n",
	"directives":     "# syntax=docker/dockerfile:1\n# check=skip=all\n\nFROM a\n",
	"inner check":    "FROM a\n# check=skip=all\nCMD b\n",
	"escape at end":  "FROM a\n\\",
	"other letters":  "FROM a\n\u0130 b\n",
	"lone escape":    "FROM a\n\\\nRUN b\n",
	"open end":       "FROM a\nRUN b \\\n",
	"open end blank": "FROM a\nRUN b \\\n\n# c\n",
	"trailing blank": "FROM a \nRUN b\t\n",
	"lone cr":        "FROM a\nRUN b\rc\n",
	"invalid utf-8":  "FROM a\nRUN echo \xff\xfe\n",
}

func mustParse(t *testing.T, src string) *File {
	t.Helper()
	f, err := Parse("Dockerfile", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func tiles(f *File) string {
	var b strings.Builder
	for _, in := range f.Instructions {
		b.WriteString(f.Text(in.Span))
	}
	b.WriteString(f.Text(f.Tail))
	return b.String()
}

func TestFileTilesItsBytes(t *testing.T) {
	for name, src := range ugly {
		t.Run(name, func(t *testing.T) { checkTiling(t, mustParse(t, src)) })
	}
}

// checkTiling holds that spans tile the file and that each body starts with
// text and ends before the newline.
func checkTiling(t *testing.T, f *File) {
	t.Helper()
	if got := tiles(f); got != f.Src {
		t.Errorf("spans do not tile %s:\n%q\n%q", f.Name, got, f.Src)
	}
	for _, in := range f.Instructions {
		body := f.Text(in.Body)
		if !in.Span.Contains(in.Body) || strings.TrimSpace(body[:1]) == "" || in.Span.End-in.Body.End > 2 {
			t.Errorf("%s: bad body %v %q in %v", f.Name, in.Body, body, in.Span)
		}
		if f.Line(in.Body.Start) != in.StartLine {
			t.Errorf("%s: body starts in line %d, not %d", f.Name, f.Line(in.Body.Start), in.StartLine)
		}
		if w := f.Words(in); in.Keyword != "" && (len(w) == 0 || strings.ToLower(w[0].Text) != in.Keyword) {
			t.Errorf("%s:%d: words %v do not start with %q", f.Name, in.StartLine, w, in.Keyword)
		}
	}
}

// corpus is the folder of real Dockerfiles that property tests read, one file
// for each call of fn.
func corpus(t *testing.T, fn func(name, src string)) {
	dir := os.Getenv("REFIT_CORPUS")
	if dir == "" {
		t.Skip("REFIT_CORPUS is not set: no real Dockerfiles to test on")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.Dockerfile"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no Dockerfiles in %s: %v", dir, err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		fn(p, string(b))
	}
}

func TestCorpusTiles(t *testing.T) {
	corpus(t, func(name, src string) {
		if f, err := Parse(name, src, nil); err == nil {
			checkTiling(t, f)
		}
	})
}

// TestIncrementalParse holds that parsing only what edits touch gives what
// parsing everything gives, for random edits of random files.
func TestIncrementalParse(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for name, src := range ugly {
		for range 200 {
			checkIncremental(t, r, mustParse(t, src), name)
		}
	}
}

func TestCorpusIncrementalParse(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	corpus(t, func(name, src string) {
		if f, err := Parse(name, src, nil); err == nil {
			checkIncremental(t, r, f, name)
		}
	})
}

func checkIncremental(t *testing.T, r *rand.Rand, f *File, name string) {
	t.Helper()
	var edits []Edit
	for range 1 + r.Intn(3) {
		in := f.Instructions[r.Intn(len(f.Instructions))]
		switch r.Intn(5) {
		case 0:
			edits = append(edits, Edit{in.Span, ""})
		case 1:
			edits = append(edits, Edit{Span{in.Body.Start, in.Body.Start}, "ENV A=b\n# note\nRUN x \\\n  y\n"})
		case 2:
			edits = append(edits, Edit{in.Body, "RUN <<E\nz\nE"})
		case 3:
			edits = append(edits, Edit{Span{in.Body.End, in.Body.End}, " \\\n  more"})
		case 4:
			edits = append(edits, Edit{Span{in.Body.Start, in.Body.End}, "# only a comment"})
		}
	}
	edits = inOrder(edits, editOrder(edits))
	normalizeNewlines(edits, f.Newline)
	if checkEdits(f.Src, edits) != nil {
		return
	}
	checkEdited(t, f, edits)
}

// outline is all that passes can see of the instructions.
func outline(f *File) []string {
	var lines []string
	for _, in := range f.Instructions {
		stage := -1
		if in.Stage != nil {
			stage = in.Stage.Index
		}
		lines = append(lines, strings.Join([]string{f.Text(in.Span), f.Text(in.Body), in.Node.Dump(),
			string(rune('0' + stage)), string(rune('0' + in.StartLine)), string(rune('0' + in.EndLine))}, "|"))
	}
	return lines
}

func TestLine(t *testing.T) {
	f := mustParse(t, "FROM a\nRUN b\n")
	for at, want := range map[int]int{0: 1, 6: 1, 7: 2, 12: 2, 13: 2} {
		if got := f.Line(at); got != want {
			t.Errorf("Line(%d) = %d, want %d", at, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	src := "FROM a\nCOPY --from=b \\\n# why\n\n  x/ \\\n y\\\nz /w\n"
	f := mustParse(t, src)
	var got []string
	for _, w := range f.Words(f.Instructions[1]) {
		got = append(got, w.Text)
	}
	want := []string{"COPY", "--from=b", "x/", "yz", "/w"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCased(t *testing.T) {
	for src, want := range map[string]string{
		"FROM a\nRUN b\n":                   "ENV",
		"from a\nrun b\n":                   "env",
		"FROM a\nrun b\n":                   "ENV",
		"from a\nrun b\nRUN c\n":            "env",
		"From a\nRun b\n":                   "ENV",
		"From a\nrun b\n":                   "env",
		"ARG x\nARG y\nfrom a\nrun b\n":     "env",
		"from a as B\nENTRYPOINT [\"x\"]\n": "ENV",
	} {
		if got := mustParse(t, src).Cased("ENV"); got != want {
			t.Errorf("%q: %s, want %s", src, got, want)
		}
	}
}

func TestBaseRef(t *testing.T) {
	for from, want := range map[string]string{
		"python:3.7":                  "python:3.7",
		"python:$V":                   "python:3.7",
		"python:${V}-slim":            "python:3.7-slim",
		"python:${NONE}":              "",
		"python:${NONE:-3.8}":         "python:3.8",
		"python:${EMPTY-3.8}":         "python:3.8",
		"${NONE:-python}:${NOTHING}":  "",
		"${NONE:-python:${V}}":        "python:3.7",
		"${NONE:-python:${NOTHING}}x": "",
	} {
		f := mustParse(t, "ARG V=3.7\nARG EMPTY\nFROM "+from+"\n")
		if got := f.Stages[0].Base.Ref; got != want {
			t.Errorf("FROM %s starts from %q, want %q", from, got, want)
		}
	}
}
