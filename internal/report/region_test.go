package report

import (
	"fmt"
	"strings"
	"testing"

	"refit/transform"
)

// TestRegion counts lines and columns as SARIF does: UTF-16 code units, the byte
// order mark left out.
func TestRegion(t *testing.T) {
	const src = bom + "FROM a\r\n# é😀x\nRUN b\n"
	at := func(s string) int { return strings.Index(src, s) }
	for _, c := range []struct {
		start, end int
		want       string
	}{
		{len(bom), at("\r\n"), "1:1-1:7"},
		{0, at("\r\n") + 2, "1:1-2:1"},
		{at("é"), at("x"), "2:3-2:6"},
		{at("RUN"), at("RUN") + 5, "3:1-3:6"},
	} {
		r := newText(src).region(transform.Span{Start: c.start, End: c.end})
		if got := fmt.Sprintf("%d:%d-%d:%d", r.StartLine, r.StartColumn, r.EndLine, r.EndColumn); got != c.want {
			t.Errorf("[%d,%d): got %s, want %s", c.start, c.end, got, c.want)
		}
	}
}

// TestReplacementAtTheEnd has no region behind the last newline where that can be
// said otherwise.
func TestReplacementAtTheEnd(t *testing.T) {
	const unix, dos = "FROM a\nRUN b\n", "FROM a\r\nRUN b\r\n"
	for _, c := range []struct {
		src        string
		start, end int
		text       string
		want       string
	}{
		{unix, 13, 13, "CMD c\n", `2:6-2:6 "\nCMD c"`},
		{dos, 15, 15, "CMD c\r\n", `2:6-2:6 "\r\nCMD c"`},
		{unix, 7, 13, "CMD c\n", `2:1-2:6 "CMD c"`},
		{unix, 7, 13, "", `1:7-2:6 ""`},
		{dos, 8, 15, "", `1:7-2:6 ""`},
		{"FROM a", 6, 6, "\nRUN b", `1:7-1:7 "\nRUN b"`},
		{unix, 12, 13, "", `2:6-3:1 ""`}, // the last newline itself
		{"", 0, 0, "x\n", `1:1-1:1 "x\n"`},
	} {
		r := newText(c.src).replacement(transform.Edit{Span: transform.Span{Start: c.start, End: c.end}, New: c.text})
		text, d := "", r.DeletedRegion
		if r.InsertedContent != nil {
			text = r.InsertedContent.Text
		}
		if got := fmt.Sprintf("%d:%d-%d:%d %q", d.StartLine, d.StartColumn, d.EndLine, d.EndColumn, text); got != c.want {
			t.Errorf("%q [%d,%d) %q: got %s, want %s", c.src, c.start, c.end, c.text, got, c.want)
		}
	}
}

// TestReplacementOfBytes counts bytes where there are no characters.
func TestReplacementOfBytes(t *testing.T) {
	r := newText("# caf\xe9\nRUN a\n").replacement(transform.Edit{Span: transform.Span{Start: 7, End: 12}, New: "RUN \xe9"})
	if d := r.DeletedRegion; d.StartLine != 0 || *d.ByteOffset != 7 || *d.ByteLength != 5 || string(r.InsertedContent.Binary) != "RUN \xe9" {
		t.Errorf("%+v %q", d, r.InsertedContent)
	}
}

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		place     Place
		uri, base string
	}{
		{Place{Rel: "a b/Döckerfile#1%"}, "a%20b/D%C3%B6ckerfile%231%25", srcRoot},
		{Place{Abs: "/x/c:d", Rel: "c:d"}, "./c:d", srcRoot},
		{Place{Abs: "/else where/Dockerfile"}, "file:///else%20where/Dockerfile", ""},
		{Place{Abs: `C:/x/Dockerfile`}, "file:///C:/x/Dockerfile", ""},
	} {
		if got := locate(c.place); got.URI != c.uri || got.URIBaseID != c.base {
			t.Errorf("%+v: got %+v", c.place, got)
		}
	}
}

func TestDifference(t *testing.T) {
	for _, c := range [][2]string{
		{"", "a\n"}, {"a\n", "b\na\n"}, {"a\n", "a\nb\n"}, {"a\nb\nc\n", "a\nc\n"}, {"a", "a\n"}, {"a\nb", "b"}, {"a\na\n", "a\n"},
		{"x\n", "ax\n"}, {"a\n", "a\na\n"}, {"b\nb\n", "b\na\nb\n"}, {"a\nb\n", ""},
	} {
		e := difference(c[0], c[1])
		if got := transform.Apply(c[0], []transform.Replacement{{Edit: e}}); got != c[1] {
			t.Errorf("%q to %q: %v makes %q", c[0], c[1], e, got)
		}
	}
}

// TestFingerprints survive a line that comes above, and tell two of a kind apart.
func TestFingerprints(t *testing.T) {
	prints := func(before string) []string {
		f := NewSARIF(nil, &SARIFConfig{}).newFile(&Entry{File: &File{}, Result: &transform.Result{Before: before}})
		n := strings.Count(before, "\n")
		return []string{f.fingerprint("p", "", n), f.fingerprint("p", "", n-1), f.fingerprint("q", "", n)}
	}
	a, b := prints("FROM a\nRUN b\nRUN  b\n"), prints("# x\n\nFROM a\nRUN b\nRUN b\n")
	if fmt.Sprint(a) != fmt.Sprint(b) || a[0] == a[1] || a[0] == a[2] {
		t.Errorf("%v\n%v", a, b)
	}
}

// TestCompanionEdit is an edit of the file as it was before the run, also where a
// Dockerfile before has brought some of it.
func TestCompanionEdit(t *testing.T) {
	for _, c := range []struct{ disk, before, after, want string }{
		{"a\n", "a\n", "a\nb\n", "[2,2) b\n"},
		{"", "a\n", "a\nb\n", "[0,0) b\n"},
		{"x\n", "x\na\n", "x\na\nb\n", "[2,2) b\n"},
		{"x\ny\n", "x\na\ny\n", "x\na\ny\nb\n", "[4,4) b\n"},
		{"x\ny\n", "x\nY\n", "X\nY\n", "none"},
		{"x\nz\ny\n", "x\nz\nY\n", "X\nz\nY\n", "[0,2) X\n"},
		{"", "a\n", "b\n", "none"},
	} {
		comp := CompanionText{Disk: c.disk, Before: c.before, After: c.after}
		got := "none"
		if e, ok := comp.edit(); ok {
			got = fmt.Sprintf("[%d,%d) %s", e.Span.Start, e.Span.End, e.New)
		}
		if got != c.want {
			t.Errorf("%q: got %q", c, got)
		}
	}
}
