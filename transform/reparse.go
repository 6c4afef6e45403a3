package transform

import (
	"bufio"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// edited returns the file after sorted, checked edits. Instructions that no
// edit touches keep their syntax; only the regions around edits are parsed, all
// at once, so a pass costs what it changes. The contract check looks at the whole
// text again.
func (f *File) edited(edits []Edit) (*File, error) {
	src := applyEdits(f.Src, edits)
	if !f.incremental(edits) {
		return Parse(f.Name, src, f.Options)
	}
	g := &File{Name: f.Name, Src: src, Newline: f.Newline, Escape: f.Escape, Options: f.Options, lines: lineStarts(src)}
	pieces := f.pieces(edits)
	if !g.parsePieces(pieces) {
		return Parse(f.Name, src, f.Options)
	}
	at := 0
	for _, p := range pieces {
		if p.moved != nil {
			at = g.reuse(p.moved, at, p.shift)
		}
		for _, n := range p.nodes {
			at = g.place(&Instruction{syntax: newSyntax(n, g.Escape)}, at, p.above+n.StartLine, p.above+n.EndLine)
		}
	}
	if len(g.Instructions) == 0 {
		return Parse(f.Name, src, f.Options)
	}
	g.Tail = Span{at, len(src)}
	g.link()
	return g, nil
}

// piece is a part of an edited file: an instruction that has only moved, or a
// region of new text.
type piece struct {
	moved *Instruction
	shift int // by how many bytes it has moved

	region Span // in the new text
	nodes  []*parser.Node
	above  int // what added to a node's line gives the file's
}

// pieces divides the file that edits will make.
func (f *File) pieces(edits []Edit) []*piece {
	var pieces []*piece
	shift := 0
	for i := 0; i < len(f.Instructions); {
		n, grow, rest := f.touched(i, edits)
		if n == 0 {
			pieces = append(pieces, &piece{moved: f.Instructions[i], shift: shift})
			i++
			continue
		}
		region := Span{f.Instructions[i].Span.Start + shift, f.Instructions[i+n-1].Span.End + shift + grow}
		pieces = append(pieces, &piece{region: region})
		shift, edits = shift+grow, rest
		i += n
	}
	return pieces
}

// incremental reports whether every edit touches an instruction: text behind the
// last one is a matter of the whole file.
func (f *File) incremental(edits []Edit) bool {
	last := edits[len(edits)-1].Span
	return last.End <= f.Tail.Start && last.Start < f.Tail.Start
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

// openEnd reports a text whose last instruction may go on behind it: no blank or
// comment line ends a continuation.
func openEnd(text string) bool {
	for text != "" {
		at := strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n') + 1
		if line := text[at:]; !isSkipped(line) {
			line = strings.TrimRight(line, " \t\r\n")
			return strings.HasSuffix(line, "\\") || strings.HasSuffix(line, "`")
		}
		text = text[:at]
	}
	return false
}

// parsePieces parses the regions among pieces as one text. It reports false
// where that could differ from parsing the whole file: a region that does not
// end its last line, that could swallow what follows it, or that sets another
// escape character.
func (f *File) parsePieces(pieces []*piece) bool {
	var text strings.Builder
	lines := 0 // in text
	if f.Escape != '\\' {
		text.WriteString("# escape=" + string(f.Escape) + "\n")
		lines++
	}
	var regions []*piece
	var ends []int // the last line of each region in text
	for _, p := range pieces {
		part := f.Text(p.region)
		switch {
		case p.moved != nil:
			continue
		case !hasInstructionText(part):
			if p.region.Start == 0 || len(part) >= bufio.MaxScanTokenSize || strings.IndexByte(part, 0) >= 0 {
				return false
			}
			continue
		case p.region.Start == 0 && f.Escape != '\\':
			return false // it has the directive itself
		case p.region.Start > 0 && possibleDirective(part):
			return false
		case p.region.End < len(f.Src) && (!strings.HasSuffix(part, "\n") || openEnd(part)):
			return false
		}
		p.above = f.Line(p.region.Start) - 1 - lines
		text.WriteString(part)
		lines += strings.Count(part, "\n")
		if !strings.HasSuffix(part, "\n") {
			lines++
		}
		regions, ends = append(regions, p), append(ends, lines)
	}
	if len(regions) == 0 {
		return true
	}
	nodes, escape, err := parseNodes(text.String())
	if err != nil || escape != f.Escape {
		return false
	}
	return distribute(nodes, regions, ends)
}

// distribute gives each node to the region that it stands in. It reports false
// when one reaches over its region's end.
func distribute(nodes []*parser.Node, regions []*piece, ends []int) bool {
	r := 0
	for _, n := range nodes {
		for n.StartLine > ends[r] {
			r++
		}
		if n.EndLine > ends[r] {
			return false
		}
		regions[r].nodes = append(regions[r].nodes, n)
	}
	return true
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
