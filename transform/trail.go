package transform

import (
	"slices"
	"sort"
	"strings"
)

// Trail ties the lines of a Result's two texts to the changes that made one of
// the other.
type Trail struct {
	Before [][]ChangeID // by line of Before: the changes that took text out of it
	After  [][]ChangeID // by line of After: the changes that wrote text in it
}

// fragment is text that has one origin.
type fragment struct {
	n     int
	at    int        // in the original, or -1
	marks []ChangeID // the changes that wrote it
}

// Trail follows every byte through the versions.
func (r *Result) Trail() *Trail {
	fragments := []fragment{{n: len(r.Before)}}
	var taken []fragment // of the original, with what took it out
	for i := 1; i < len(r.versions); i++ {
		var gone []fragment
		fragments, gone = r.versions[i].follow(r.versions[i-1].file.Src, fragments)
		taken = append(taken, gone...)
	}
	t := &Trail{Before: make([][]ChangeID, len(lineSpans(r.Before))), After: make([][]ChangeID, len(lineSpans(r.After)))}
	mark(t.Before, r.Before, taken)
	at := 0
	for i := range fragments {
		fragments[i].at = at
		at += fragments[i].n
	}
	mark(t.After, r.After, fragments)
	return t
}

// follow takes the fragments of the text before a version to those of its own, and
// returns what it took out of the original.
func (v *version) follow(before string, fragments []fragment) (after, taken []fragment) {
	at := 0
	for i, e := range v.edits {
		m := ChangeID{v.pass.Name, v.by[i]}
		after = append(after, cut(fragments, at, e.Span.Start)...)
		old := cut(fragments, e.Span.Start, e.Span.End)
		for _, p := range old {
			if p.at >= 0 {
				taken = append(taken, fragment{p.n, p.at, []ChangeID{m}})
			}
		}
		marks := []ChangeID{m}
		if !strings.Contains(before[e.Span.Start:e.Span.End], "\n") { // a part of a line goes on as another
			marks = union(marks, old)
		}
		for line := range strings.Lines(e.New) {
			p := fragment{len(line), -1, marks}
			if from, ok := v.gone()[strings.TrimRight(line, "\r\n")]; ok && from >= 0 && strings.TrimSpace(line) != "" {
				p.marks = union(marks, cut(fragments, from, min(from+len(line), len(before)))) // it was moved
			}
			after = append(after, p)
		}
		at = e.Span.End
	}
	return append(after, cut(fragments, at, len(before))...), taken
}

func union(marks []ChangeID, fragments []fragment) []ChangeID {
	marks = slices.Clone(marks)
	for _, p := range fragments {
		for _, m := range p.marks {
			if !slices.Contains(marks, m) {
				marks = append(marks, m)
			}
		}
	}
	return marks
}

// cut returns the fragments of a part of the text.
func cut(fragments []fragment, start, end int) []fragment {
	var list []fragment
	at := 0
	for _, p := range fragments {
		from, to := max(start, at), min(end, at+p.n)
		if from < to {
			q := fragment{to - from, p.at, p.marks}
			if p.at >= 0 {
				q.at += from - at
			}
			list = append(list, q)
		}
		at += p.n
	}
	return list
}

// mark gives each line the marks of the fragments in it. A newline belongs to a line
// only where it is all of it: what is put behind a line leaves that alone.
func mark(lines [][]ChangeID, src string, fragments []fragment) {
	spans := lineSpans(src)
	for _, p := range fragments {
		if len(p.marks) == 0 {
			continue
		}
		first := sort.Search(len(spans), func(i int) bool { return spans[i].End > p.at })
		for i := first; i < len(spans) && spans[i].Start < p.at+p.n; i++ {
			lines[i] = union(lines[i], []fragment{p})
		}
	}
}

// lineSpans are the lines without their newlines; an empty line is its newline.
func lineSpans(src string) []Span {
	var spans []Span
	at := 0
	for line := range strings.Lines(src) {
		n := len(line) - newlineLen(line)
		if n == 0 {
			n = len(line)
		}
		spans = append(spans, Span{at, at + n})
		at += len(line)
	}
	return spans
}
