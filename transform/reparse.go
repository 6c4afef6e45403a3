package transform

import (
	"regexp"
	"strings"
)

// edited returns the file after sorted, checked edits. Instructions that no
// edit touches keep their syntax; only the regions around edits are parsed, so
// a pass costs what it changes. BuildKit reads the whole text again in the
// contract check.
func (f *File) edited(edits []Edit) (*File, error) {
	src := applyEdits(f.Src, edits)
	if !f.incremental(edits) {
		return Parse(f.Name, src, f.Options)
	}
	g := &File{Name: f.Name, Src: src, Newline: f.Newline, Escape: f.Escape, Options: f.Options, lines: lineStarts(src)}
	shift, at := 0, 0
	for i := 0; i < len(f.Instructions); {
		n, grow, rest := f.touched(i, edits)
		if n == 0 {
			at = g.reuse(f.Instructions[i], at, shift)
			i++
			continue
		}
		region := Span{f.Instructions[i].Span.Start + shift, f.Instructions[i+n-1].Span.End + shift + grow}
		next, ok := g.parseRegion(region, at)
		if !ok {
			return Parse(f.Name, src, f.Options)
		}
		shift, edits, at = shift+grow, rest, next
		i += n
	}
	if len(g.Instructions) == 0 {
		return Parse(f.Name, src, f.Options)
	}
	g.Tail = Span{at, len(src)}
	g.link()
	return g, nil
}

// incremental reports whether every edit lies within instructions: text behind
// the last one is a matter of the whole file.
func (f *File) incremental(edits []Edit) bool {
	last := edits[len(edits)-1].Span
	return last.End <= f.Tail.Start && last.Start < f.Tail.Start && strings.HasSuffix(f.Src[:f.Tail.Start], "\n")
}

// touched counts the instructions from the i-th on that the first edits touch
// without a gap, by how many bytes the edits make them grow, and the edits that
// are left.
func (f *File) touched(i int, edits []Edit) (n, grow int, rest []Edit) {
	end := f.Instructions[i].Span.Start
	for ; i+n < len(f.Instructions) && len(edits) > 0; n++ {
		in := f.Instructions[i+n]
		if edits[0].Span.Start >= in.Span.End && end <= in.Span.Start {
			break
		}
		for len(edits) > 0 && edits[0].Span.Start < in.Span.End {
			grow += len(edits[0].New) - edits[0].Span.Len()
			end = max(end, edits[0].Span.End)
			edits = edits[1:]
		}
	}
	for ; i+n < len(f.Instructions) && end > f.Instructions[i+n].Span.Start; n++ {
	}
	return n, grow, edits
}

// reuse places an instruction whose text has only moved.
func (f *File) reuse(in *Instruction, at, shift int) int {
	c := &Instruction{syntax: in.syntax, Index: len(f.Instructions)}
	c.Span = Span{at, in.Span.End + shift}
	c.Body = Span{in.Body.Start + shift, in.Body.End + shift}
	c.StartLine = f.Line(c.Body.Start)
	c.EndLine = c.StartLine + in.EndLine - in.StartLine
	f.Instructions = append(f.Instructions, c)
	return c.Span.End
}

var openEnd = regexp.MustCompile("[\\\\`][ \\t]*\\r?\\n?$")

// parseRegion parses the text of a region by itself. It reports false where
// that could differ from parsing the whole file: a region that does not end its
// last line, that could swallow the next instruction, or that sets another
// escape character.
func (f *File) parseRegion(r Span, at int) (int, bool) {
	text := f.Text(r)
	if !hasInstructionText(text) {
		return at, r.Start > 0
	}
	if !strings.HasSuffix(text, "\n") || openEnd.MatchString(text) || r.Start > 0 && possibleDirective(text) {
		return 0, false
	}
	before := f.Line(r.Start) - 1 // lines of the file above the parsed text
	if r.Start > 0 && f.Escape != '\\' {
		text = "# escape=" + string(f.Escape) + "\n" + text
		before--
	}
	nodes, escape, err := parseNodes(text)
	if err != nil || escape != f.Escape {
		return 0, false
	}
	for _, n := range nodes {
		at = f.place(&Instruction{syntax: newSyntax(n, f.Escape)}, at, before+n.StartLine, before+n.EndLine)
	}
	return at, true
}

// possibleDirective reports a comment at the top that BuildKit would take for a
// parser directive in a file of its own.
func possibleDirective(text string) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(text, " \t\r\n"), "\n")
	return strings.HasPrefix(line, "#") && strings.Contains(line, "=")
}

func hasInstructionText(s string) bool {
	for line := range strings.Lines(s) {
		if t := strings.TrimSpace(line); t != "" && t[0] != '#' {
			return true
		}
	}
	return false
}
