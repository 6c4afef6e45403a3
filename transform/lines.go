package transform

import (
	"errors"
	"strings"
	"unicode"
)

// checkLines holds a file that was parsed in pieces against its whole text: by
// BuildKit's rules for lines, each instruction must start and end where the file
// has it. What an instruction says depends on its own lines alone.
func (f *File) checkLines() error {
	next := 1
	wrong := func(line int) error {
		return &SyntaxError{File: f.Name, Line: line, Err: errors.New("the text is divided otherwise when it is read as a whole")}
	}
	for _, in := range f.Instructions {
		start := f.skipLeading(next)
		end := f.logicalEnd(start)
		for _, doc := range in.Node.Heredocs {
			end = f.heredocEnd(end+1, doc.Name, doc.Chomp)
		}
		if start != in.StartLine || end != in.EndLine {
			return wrong(in.StartLine)
		}
		next = end + 1
	}
	if n := f.skipLeading(next); n <= f.lastLine() {
		return wrong(n)
	}
	return nil
}

// lastLine is the number of the last line that has a byte.
func (f *File) lastLine() int { return len(f.lines) - 1 }

// line is the text of a 1-based line, without its newline.
func (f *File) line(n int) string {
	return strings.TrimRight(f.Src[f.lines[n-1]:f.lineEnd(n)], "\r\n")
}

// skipLeading is the first line from n on that is neither blank nor a comment.
func (f *File) skipLeading(n int) int {
	for ; n <= f.lastLine(); n++ {
		text := f.line(n)
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if !isSkipped(text) {
			break
		}
	}
	return n
}

// logicalEnd is the last line of the logical line that starts at n, with the
// lines that BuildKit skips in it.
func (f *File) logicalEnd(n int) int {
	more := true
	for first := n; more && n <= f.lastLine(); n++ {
		if text := f.line(n); n == first || !isSkipped(text) {
			_, more = cutContinuation(text, byte(f.Escape))
		}
	}
	return n - 1
}

// heredocEnd is the line from n on that ends a here-document.
func (f *File) heredocEnd(n int, name string, chomp bool) int {
	for ; n <= f.lastLine(); n++ {
		text := f.line(n)
		if chomp {
			text = strings.TrimLeft(text, "\t")
		}
		if text == name {
			break
		}
	}
	return n
}

func isSkipped(line string) bool {
	line = strings.TrimLeftFunc(line, unicode.IsSpace)
	return line == "" || line[0] == '#'
}
