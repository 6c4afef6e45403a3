package transform

import (
	"strings"
	"sync"
)

// version is a file between two passes, and how it came to be.
type version struct {
	file   *File
	pass   *Pass // nil for the original
	edits  []Edit
	by     []int                 // for each edit, the change of the pass that made it, as in Step.Changes
	starts []int                 // where each edit's new text starts
	gone   func() map[string]int // where a line stood that the edits deleted; -1 for several places
}

func newVersion(before, after *File, p *Pass, edits []Edit, by []int) version {
	gone := sync.OnceValue(func() map[string]int { return deletedLines(before.Src, edits) })
	return version{after, p, edits, by, newStarts(edits), gone}
}

// deletedLines finds the lines, or what is left of a line behind the start of an
// edit, that edits deleted.
func deletedLines(src string, edits []Edit) map[string]int {
	lines := map[string]int{}
	for _, e := range edits {
		at := e.Span.Start
		for line := range strings.Lines(src[e.Span.Start:e.Span.End]) {
			start := at
			at += len(line)
			if !strings.HasSuffix(line, "\n") && at < len(src) && src[at] != '\n' && src[at] != '\r' {
				continue // it goes on
			}
			line = strings.TrimRight(line, "\r\n")
			if _, again := lines[line]; again {
				start = -1
			}
			lines[line] = start
		}
	}
	return lines
}

// originalLine is the line of the original file that an offset of the newest
// version came from, and the pass that wrote the text there, if any did.
func originalLine(at int, versions []version) (line int, added string) {
	at, added = originalOffset(at, versions)
	return versions[0].file.Line(at), added
}

// originalOffset is the place in the original file that an offset of the newest
// version came from. A line that a pass took out in one place and put in at
// another came from where it stood; for other new text it is the place of the
// edit, and added is the pass.
func originalOffset(at int, versions []version) (offset int, added string) {
	for i := len(versions) - 1; i > 0; i-- {
		v := versions[i]
		before, isNew := origin(v.edits, v.starts, at)
		if isNew {
			if moved, ok := v.movedFrom(at); ok {
				before = moved
			} else {
				added = v.pass.Name
			}
		}
		at = before
	}
	return at, added
}

// movedFrom finds the line at an offset of a version in what its edits deleted.
func (v *version) movedFrom(at int) (offset int, ok bool) {
	line := v.file.line(v.file.Line(at))
	if strings.TrimSpace(line) == "" {
		return 0, false
	}
	offset, ok = v.gone()[line]
	return offset, ok && offset >= 0
}
