package transform

import (
	"cmp"
	"slices"
	"strings"
)

// ChangeID names a change of a Result: the pass, and which of its Step's Changes.
type ChangeID struct {
	Pass   string
	Change int
}

// Replacement X that becomes another, and the
// changes that had a hand in it.
type Replacement struct {
	Edit // its span is one of the original file, its text has the file's newlines
	By   []ChangeID
}

// Replacements is the difference between Before and After as the edits of all
// passes come to: in order, disjoint and with original text between them.
func (r *Result) Replacements() []Replacement {
	parts := []part{{span: Span{0, len(r.Before)}, kept: true}}
	for i := 1; i < len(r.versions); i++ {
		v := &r.versions[i]
		for j, e := range slices.Backward(v.edits) { // from the end, so that what is before stays in place
			parts = rewrite(parts, e, ChangeID{v.pass.Name, v.by[j]})
		}
	}
	return gaps(parts, r.Before)
}

// part is a stretch of a version: a span of the original that was kept, or new text
// in its place, which may be empty.
type part struct {
	kept bool
	span Span
	text string
	by   []ChangeID
}

func (p *part) len() int {
	if p.kept {
		return p.span.Len()
	}
	return len(p.text)
}

// cut splits a part at an offset within it.
func (p part) cut(at int) (part, part) {
	a, b := p, p
	if p.kept {
		a.span.End, b.span.Start = p.span.Start+at, p.span.Start+at
	} else {
		a.text, b.text = p.text[:at], p.text[at:]
	}
	return a, b
}

// rewrite applies an edit of the text that the parts make up. New text that it
// deletes leaves its changes to the edit, whose own text would not do alone.
func rewrite(parts []part, e Edit, by ChangeID) []part {
	var before, after []part
	now := part{text: e.New, by: []ChangeID{by}}
	at := 0
	for _, p := range parts {
		start, end := at, at+p.len()
		at = end
		switch {
		case end <= e.Span.Start:
			before = append(before, p)
			continue
		case start >= e.Span.End:
			after = append(after, p)
			continue
		}
		if start < e.Span.Start {
			var head part
			head, p = p.cut(e.Span.Start - start)
			start = e.Span.Start
			before = append(before, head)
		}
		if end > e.Span.End {
			var tail part
			p, tail = p.cut(e.Span.End - start)
			after = append(after, tail)
		}
		if !p.kept {
			now.by = append(now.by, p.by...)
		}
	}
	return slices.Concat(before, []part{now}, after)
}

// gaps are the replacements: what stands between two kept spans.
func gaps(parts []part, before string) []Replacement {
	var all []Replacement
	open := Replacement{}
	var text strings.Builder
	closeAt := func(end int) {
		open.Span.End, open.New = end, text.String()
		if before[open.Span.Start:end] != open.New {
			slices.SortFunc(open.By, func(a, b ChangeID) int {
				return cmp.Or(strings.Compare(a.Pass, b.Pass), a.Change-b.Change)
			})
			open.By = slices.Compact(open.By)
			all = append(all, open)
		}
		text.Reset()
	}
	for _, p := range parts {
		switch {
		case !p.kept:
			text.WriteString(p.text)
			open.By = append(open.By, p.by...)
		case p.span.Len() > 0:
			closeAt(p.span.Start)
			open = Replacement{Edit: Edit{Span: Span{Start: p.span.End}}}
		}
	}
	closeAt(len(before))
	return all
}

// CompanionChanges are the changes that a companion file belongs to.
func (r *Result) CompanionChanges(path string) []ChangeID {
	var all []ChangeID
	for i := range r.Steps {
		s := &r.Steps[i]
		for j, c := range s.Companions {
			if c.Path == path {
				all = append(all, ChangeID{s.Pass.Name, s.companionOf[j]})
			}
		}
	}
	return all
}

// Apply applies replacements, which are in order and disjoint, to the text that
// they are of.
func Apply(src string, replacements []Replacement) string {
	edits := make([]Edit, len(replacements))
	for i, r := range replacements {
		edits[i] = r.Edit
	}
	return applyEdits(src, edits)
}
