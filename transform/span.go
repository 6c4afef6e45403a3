package transform

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Span is a half-open byte range [Start, End) of File.Src.
type Span struct{ Start, End int }

// Len is the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Contains reports whether t lies within s.
func (s Span) Contains(t Span) bool { return s.Start <= t.Start && t.End <= s.End }

// Overlaps reports whether s and t share a byte, or one is empty and lies
// strictly inside the other.
func (s Span) Overlaps(t Span) bool { return s.Start < t.End && t.Start < s.End }

// Edit replaces the bytes of a span by new text. An empty New deletes; an empty
// Span inserts before the byte at Start. New text is written with "\n" line
// ends; the engine gives it the file's own.
type Edit struct {
	Span Span
	New  string
}

// editOrder is the order of edits by position, as indexes; insertions at one place
// keep their order and come before a replacement that starts there.
func editOrder(edits []Edit) []int {
	order := make([]int, len(edits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := edits[i].Span, edits[j].Span
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return min(a.Len(), 1) - min(b.Len(), 1)
	})
	return order
}

func inOrder[T any](all []T, order []int) []T {
	sorted := make([]T, len(all))
	for at, i := range order {
		sorted[at] = all[i]
	}
	return sorted
}

// checkEdits reports the first edit that is out of bounds, overlaps another,
// changes nothing, or splits a CRLF. Edits must be sorted.
func checkEdits(src string, edits []Edit) error {
	end := 0
	for _, e := range edits {
		switch {
		case e.Span.Start < 0 || e.Span.Start > e.Span.End || e.Span.End > len(src):
			return fmt.Errorf("edit %v is outside the file's %d bytes", e.Span, len(src))
		case e.Span.Start < end:
			return fmt.Errorf("edit %v overlaps the one before it", e.Span)
		case src[e.Span.Start:e.Span.End] == e.New:
			return fmt.Errorf("edit %v changes nothing", e.Span)
		case splitsCRLF(src, e.Span.Start) || splitsCRLF(src, e.Span.End):
			return fmt.Errorf("edit %v splits a CRLF", e.Span)
		}
		end = e.Span.End
	}
	return nil
}

func splitsCRLF(src string, at int) bool {
	return at > 0 && at < len(src) && src[at-1] == '\r' && src[at] == '\n'
}

// applyEdits copies src with the edits, which must be sorted and checked.
func applyEdits(src string, edits []Edit) string {
	var b strings.Builder
	n := len(src)
	for _, e := range edits {
		n += len(e.New) - e.Span.Len()
	}
	b.Grow(n)
	at := 0
	for _, e := range edits {
		b.WriteString(src[at:e.Span.Start])
		b.WriteString(e.New)
		at = e.Span.End
	}
	b.WriteString(src[at:])
	return b.String()
}

// normalize gives new text the newline of the file.
func normalizeNewlines(edits []Edit, newline string) {
	if newline == "\n" {
		return
	}
	for i, e := range edits {
		if strings.Contains(e.New, "\n") {
			plain := strings.ReplaceAll(e.New, "\r\n", "\n")
			edits[i].New = strings.ReplaceAll(plain, "\n", newline)
		}
	}
}

// newStarts is where each edit's new text starts in the text after them.
func newStarts(edits []Edit) []int {
	starts := make([]int, len(edits))
	shift := 0 // after minus before
	for i, e := range edits {
		starts[i] = e.Span.Start + shift
		shift += len(e.New) - e.Span.Len()
	}
	return starts
}

// origin maps an offset of the text after edits back to the text before them.
// added reports that the offset lies in text that an edit wrote.
func origin(edits []Edit, starts []int, at int) (before int, added bool) {
	i := sort.SearchInts(starts, at+1) - 1
	if i < 0 {
		return at, false
	}
	e := edits[i]
	if behind := at - starts[i] - len(e.New); behind >= 0 {
		return e.Span.End + behind, false
	}
	return e.Span.Start, true
}
