package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"refit/transform"
)

// result has a pass of each status, with everything that a remark can have.
func result() *transform.Result {
	pass := func(name string) *transform.Pass { return &transform.Pass{Name: name} }
	return &transform.Result{
		Before: "FROM a\n", After: "FROM b && c\n",
		Steps: []transform.Step{
			{
				Pass:     pass("one"),
				Changes:  []transform.Remark{{Line: 1, Why: "b is <better>", Notes: []transform.Remark{{Line: 2, Why: "take care"}}}},
				Declines: []transform.Remark{{Line: 3, Added: "two", Key: "not-here", Why: "nobody knows"}},
			},
			{Pass: pass("two"), Declines: []transform.Remark{{Line: 4, Key: "k1", Why: "w1"}, {Line: 5, Key: "k2", Why: "w2"}}},
			{Pass: pass("three")},
		},
	}
}

func file() *File {
	return New("d/Dockerfile", result(), "the diff\n", []Companion{{Path: "d/.dockerignore", Content: "*.md\n", New: true}, {Path: "d/x"}})
}

// TestJSON holds the document to the shape that docs/json.md promises.
func TestJSON(t *testing.T) {
	var b strings.Builder
	j := NewJSON(&b)
	for _, f := range []*File{file(), Failed("broken", "broken:1: no")} {
		if err := j.Add(&Entry{File: f}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(nil); err != nil {
		t.Fatal(err)
	}
	const want = `{"files":[
{"path":"d/Dockerfile","changed":true,"diff":"the diff\n","output":"FROM b && c\n","passes":[` +
		`{"name":"one","status":"applied","changes":[{"line":1,"reason":"b is <better>","notes":[{"line":2,"text":"take care"}]}],` +
		`"reasonKey":"not-here","reason":"nobody knows","declines":[{"line":3,"reasonKey":"not-here","reason":"nobody knows","added":"two"}]},` +
		`{"name":"two","status":"declined","changes":[],"reasonKey":"k1","reason":"w1","declines":[` +
		`{"line":4,"reasonKey":"k1","reason":"w1"},{"line":5,"reasonKey":"k2","reason":"w2"}]},` +
		`{"name":"three","status":"not-applicable","changes":[],"reasonKey":null,"reason":null,"declines":[]}],` +
		`"companions":[{"path":"d/.dockerignore","content":"*.md\n","new":true},{"path":"d/x","content":"","new":false}],"error":null},
{"path":"broken","changed":false,"diff":"","output":"","passes":[],"companions":[],"error":"broken:1: no"}
]}
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	var doc struct{ Files []map[string]any }
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil || len(doc.Files) != 2 {
		t.Errorf("the document does not read back: %v", err)
	}
}

func TestJSONOfNothing(t *testing.T) {
	var b strings.Builder
	if err := NewJSON(&b).Close(nil); err != nil || b.String() != "{\"files\":[]}\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// TestJSONKeepsBytes gives text that is not UTF-8 a place where it is kept.
func TestJSONKeepsBytes(t *testing.T) {
	r := result()
	r.After = "# caf\xe9\n"
	var b strings.Builder
	if err := NewJSON(&b).Add(&Entry{File: New("x", r, "", nil)}); err != nil {
		t.Fatal(err)
	}
	var f File
	text := strings.TrimPrefix(b.String(), "{\"files\":[\n")
	if err := json.Unmarshal([]byte(text), &f); err != nil || string(f.OutputBase64) != r.After {
		t.Errorf("%q, %v", f.OutputBase64, err)
	}
}

func TestText(t *testing.T) {
	var b strings.Builder
	for _, f := range []*File{file(), Failed("broken", "broken:1: no")} {
		if err := Text(&b, f, Style{}); err != nil {
			t.Fatal(err)
		}
	}
	const want = `d/Dockerfile: 1 change, 3 held back
  + line 1: one: b is <better>
      line 2: take care
  - line 3 (in the text that two writes there): one: held back: nobody knows (not-here)
  - line 4: two: held back: w1 (k1)
  - line 5: two: held back: w2 (k2)
  + adds d/.dockerignore
  + changes d/x
broken: failed
  broken:1: no
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestMessages(t *testing.T) {
	var b strings.Builder
	Messages(&b, file())
	const want = `d/Dockerfile:1: one: b is <better>
d/Dockerfile:2: one: note: take care
d/Dockerfile:3: one: held back (not-here): nobody knows (in the text that two writes there)
d/Dockerfile:4: two: held back (k1): w1
d/Dockerfile:5: two: held back (k2): w2
d/Dockerfile: adds d/.dockerignore
d/Dockerfile: changes d/x
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestDiff(t *testing.T) {
	const diff = "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n FROM a\n-RUN \x1b[2J\r\n--- y\n+RUN b\r\n\\ No newline at end of file\n"
	const want = "\x1b[1m--- a/x\x1b[0m\n\x1b[1m+++ b/x\x1b[0m\n\x1b[36m@@ -1 +1,2 @@\x1b[0m\n FROM a\n" +
		"\x1b[31m-RUN \ufffd[2J\x1b[0m\r\n\x1b[31m--- y\x1b[0m\n\x1b[32m+RUN b\x1b[0m\r\n\\ No newline at end of file\n"
	for style, want := range map[Style]string{{}: diff, {Color: true}: want} {
		var b strings.Builder
		if err := Diff(&b, diff, style); err != nil || b.String() != want {
			t.Errorf("%v: got %q, want %q (%v)", style, b.String(), want, err)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                     "plain",
		"a\nb\tc":                   "a b c",
		"\x1b[31mred\u009b":         "\ufffd[31mred\ufffd",
		strings.Repeat("é", 100000): strings.Repeat("é", 250) + " …",
	} {
		if got := Clean(text); got != want {
			t.Errorf("Clean(%.20q) = %q, want %q", text, got, want)
		}
	}
	if got := Clean(strings.Repeat("x\x1b", 1000)); len(slices.Collect(strings.Lines(got))) != 1 || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}
