package report

import (
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"refit/transform"
)

const bom = "\ufeff"

// text is a file whose places are told as SARIF does: by lines and columns from
// 1, columns in UTF-16 code units, as most editors have it, and a byte order mark
// not counted.
type text struct {
	src   string
	lines []int // offset of each line's first byte
	valid bool  // it is UTF-8
}

func newText(src string) *text {
	t := &text{src: src, lines: []int{0}, valid: utf8.ValidString(src)}
	for i := range len(src) {
		if src[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// position is the line and the column of an offset.
func (t *text) position(at int) (line, column int) {
	line = sort.SearchInts(t.lines, at+1)
	column = 1
	for _, r := range strings.TrimPrefix(t.src[t.lines[line-1]:at], bom) {
		column += utf16.RuneLen(r)
	}
	return line, column
}

// region is a span that is shown: whole lines where there are no characters to
// count.
func (t *text) region(s transform.Span) *region {
	r := &region{}
	r.StartLine, r.StartColumn = t.position(s.Start)
	r.EndLine, r.EndColumn = t.position(s.End)
	if !t.valid {
		r.StartColumn, r.EndColumn = 0, 0
	}
	return r
}

// line is the region of a line; the last one for what is behind it.
func (t *text) line(n int) transform.Span {
	n = min(max(n, 1), len(t.lines))
	end := len(t.src)
	if n < len(t.lines) {
		end = t.lines[n] - 1
	}
	line := strings.TrimSuffix(t.src[t.lines[n-1]:end], "\r")
	return transform.Span{Start: t.lines[n-1], End: t.lines[n-1] + len(line)}
}

// replacement is an edit of the text. What is not UTF-8 is counted in bytes.
func (t *text) replacement(e transform.Edit) replacement {
	if !t.valid || !utf8.ValidString(e.New) {
		start, n := e.Span.Start, e.Span.Len()
		r := replacement{DeletedRegion: &region{ByteOffset: &start, ByteLength: &n}}
		if e.New != "" {
			r.InsertedContent = &content{Binary: []byte(e.New)}
		}
		return r
	}
	e = t.offTheEnd(e)
	r := replacement{DeletedRegion: t.region(e.Span)}
	if e.New != "" {
		r.InsertedContent = &content{Text: e.New}
	}
	return r
}

// offTheEnd is an edit that has the same effect and leaves the file's last
// newline alone, where there is one: editors and the standard name the place
// behind it differently.
func (t *text) offTheEnd(e transform.Edit) transform.Edit {
	newline := "\n"
	if strings.HasSuffix(t.src, "\r\n") {
		newline = "\r\n"
	}
	n := len(newline)
	if e.Span.End < len(t.src) || !strings.HasSuffix(t.src, newline) {
		return e
	}
	switch {
	case strings.HasSuffix(e.New, newline) && e.Span.Len() >= n:
		e.Span.End -= n
		e.New = e.New[:len(e.New)-n]
	case strings.HasSuffix(e.New, newline), e.New == "" && strings.HasSuffix(t.src[:e.Span.Start], newline):
		if e.New != "" {
			e.New = newline + e.New[:len(e.New)-n]
		}
		e.Span.Start -= n
		e.Span.End -= n
	}
	return e
}
