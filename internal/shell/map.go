package shell

import (
	"sort"
	"strings"
	"unicode"
)

// A segment says that the text from text on, up to the next segment, stands in
// the source from src on.
type segment struct{ text, src int }

// A textMap is text gathered from pieces of a source, in source order, together
// with where each piece came from.
type textMap struct {
	text []byte
	segs []segment
}

// add appends src[start:end] to the text.
func (m *textMap) add(src string, start, end int) {
	if start >= end {
		return
	}
	if n := len(m.segs); n == 0 || m.segs[n-1].src+len(m.text)-m.segs[n-1].text != start {
		m.segs = append(m.segs, segment{len(m.text), start})
	}
	m.text = append(m.text, src[start:end]...)
}

// slice returns the part [i,j) of the text with its map.
func (m *textMap) slice(i, j int) textMap {
	out := textMap{text: m.text[i:j:j]}
	if i == j {
		return out
	}
	for k := m.find(i); k < len(m.segs) && m.segs[k].text < j; k++ {
		s := m.segs[k]
		if s.text < i {
			s.src += i - s.text
			s.text = i
		}
		out.segs = append(out.segs, segment{s.text - i, s.src})
	}
	return out
}

// find returns the index of the segment that holds text position pos.
func (m *textMap) find(pos int) int {
	return max(sort.Search(len(m.segs), func(k int) bool { return m.segs[k].text > pos })-1, 0)
}

// offset returns where the byte at text position pos stands in the source; for
// the end of the text, the position after its last byte.
func (m *textMap) offset(pos int) int {
	if len(m.segs) == 0 {
		return 0
	}
	if pos >= len(m.text) && pos > 0 {
		return m.offset(len(m.text)-1) + 1
	}
	s := m.segs[m.find(pos)]
	return s.src + pos - s.text
}

// joined is a logical line: physical lines put together as BuildKit does.
type joined struct {
	textMap
	comments []Span // comment lines dropped from between the others, newline included
	next     int    // where the first physical line after them starts
}

// join puts the physical lines of one instruction together: continuation
// characters with the blanks after them go, and so do comment lines and empty
// lines after the first.
func join(src string, escape byte) joined {
	var j joined
	for first := true; j.next < len(src); first = false {
		start := j.next
		end := len(src)
		if i := strings.IndexByte(src[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		j.next = end
		line := strings.TrimRight(src[start:end], "\r\n")
		if !first {
			rest := strings.TrimLeftFunc(line, unicode.IsSpace)
			if len(rest) > 0 && rest[0] == '#' {
				j.comments = append(j.comments, between(start, end))
				continue
			}
			if len(rest) == 0 {
				continue
			}
		}
		n, continues := cutContinuation(line, escape)
		j.add(src, start, start+n)
		if !continues {
			break
		}
	}
	return j
}

// cutContinuation returns the length of line without its continuation
// character, and whether it has one. A continuation character that another one
// precedes is an escaped one and continues nothing.
func cutContinuation(line string, escape byte) (int, bool) {
	n := len(strings.TrimRight(line, " \t"))
	if n == 0 || line[n-1] != escape || n > 1 && line[n-2] == escape {
		return len(line), false
	}
	return n - 1, true
}

// skipWord returns the position after the word and the white space that start
// at line[pos:].
func skipWord(line string, pos int) int {
	for pos < len(line) && !isBlank(line[pos]) {
		pos++
	}
	for pos < len(line) && isBlank(line[pos]) {
		pos++
	}
	return pos
}

// skipFlags returns the position after the --flags that start at line[pos:],
// quoted and escaped as BuildKit reads them.
func skipFlags(line string, pos int, escape byte) int {
	for {
		for pos < len(line) && isSpace(line[pos]) {
			pos++
		}
		if pos+1 >= len(line) || line[pos] != '-' || line[pos+1] != '-' {
			return pos
		}
		start := pos
		var quote byte
		for ; pos < len(line) && (quote != 0 || !isSpace(line[pos])); pos++ {
			switch c := line[pos]; {
			case quote != 0 && c == quote:
				quote = 0
			case quote == 0 && (c == '\'' || c == '"'):
				quote = c
			case c == escape:
				pos++
			}
		}
		pos = min(pos, len(line))
		if line[start:pos] == "--" {
			return pos
		}
	}
}

// isBlank is what separates an instruction's keyword from its arguments.
func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r'
}

// isSpace is BuildKit's test for white space between flags: byte by byte, so
// that two bytes above ASCII count as well.
func isSpace(c byte) bool { return unicode.IsSpace(rune(c)) }

func between(start, end int) Span { return Span{Start: start, End: end} }
