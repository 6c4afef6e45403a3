package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Style says how text is written.
type Style struct {
	Color bool // with ANSI colours
}

// The colours, as SGR parameters.
const (
	Bold   = "1"
	Red    = "31"
	Green  = "32"
	Yellow = "33"
	Cyan   = "36"
	Faint  = "2"
)

// Paint returns the text in a colour, where there are colours.
func (s Style) Paint(sgr, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// Text writes a file's report for people: every change and every decline with
// its line and reason.
func Text(w io.Writer, f *File, s Style) error {
	b := bufio.NewWriter(w)
	if f.Error != nil {
		fmt.Fprintf(b, "%s: %s\n", s.Paint(Bold, Clean(f.Path)), s.Paint(Red, "failed"))
		fmt.Fprintf(b, "  %s\n", Clean(*f.Error))
		return b.Flush()
	}
	fmt.Fprintf(b, "%s: %s, %s held back\n", s.Paint(Bold, Clean(f.Path)), count(f.Made(), "change"), fmt.Sprint(f.Held()))
	for i := range f.Passes {
		p := &f.Passes[i]
		for _, c := range p.Changes {
			fmt.Fprintf(b, "  %s %s: %s: %s\n", s.Paint(Green, "+"), where(c.Line, c.Added), s.Paint(Cyan, p.Name), Clean(c.Reason))
			writeNotes(b, c.Notes)
		}
		for _, d := range p.Declines {
			fmt.Fprintf(b, "  %s %s: %s: held back: %s %s\n", s.Paint(Yellow, "-"), where(d.Line, d.Added), s.Paint(Cyan, p.Name),
				Clean(d.Reason), s.Paint(Faint, "("+d.ReasonKey+")"))
			writeNotes(b, d.Notes)
		}
	}
	for _, n := range f.Warnings {
		fmt.Fprintf(b, "  %s %s: %s\n", s.Paint(Yellow, "!"), where(n.Line, ""), Clean(n.Text))
	}
	for _, c := range f.Companions {
		fmt.Fprintf(b, "  %s %s %s\n", s.Paint(Green, "+"), c.verb(), Clean(c.Path))
	}
	return b.Flush()
}

func writeNotes(w io.Writer, notes []Note) {
	for _, n := range notes {
		fmt.Fprintf(w, "      %s: %s\n", where(n.Line, n.Added), Clean(n.Text))
	}
}

func where(line int, added string) string {
	if added != "" {
		return fmt.Sprintf("line %d (text of %s)", line, added)
	}
	return fmt.Sprintf("line %d", line)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (c *Companion) verb() string {
	if c.New {
		return "adds"
	}
	return "changes"
}

// Lines writes a file's changes and declines one to a line, as compilers write
// their messages: "path:line: pass: reason". The files that belong to the change
// follow.
func Lines(w io.Writer, f *File) {
	for i := range f.Passes {
		p := &f.Passes[i]
		for _, c := range p.Changes {
			fmt.Fprintf(w, "%s:%d: %s: %s\n", Clean(f.Path), c.Line, p.Name, Clean(c.Reason))
			for _, n := range c.Notes {
				fmt.Fprintf(w, "%s:%d: %s: note: %s\n", Clean(f.Path), n.Line, p.Name, Clean(n.Text))
			}
		}
		for _, d := range p.Declines {
			fmt.Fprintf(w, "%s:%d: %s: held back (%s): %s\n", Clean(f.Path), d.Line, p.Name, d.ReasonKey, Clean(d.Reason))
		}
	}
	for _, c := range f.Companions {
		fmt.Fprintf(w, "%s: %s %s\n", Clean(f.Path), c.verb(), Clean(c.Path))
	}
}

// Warnings writes a file's warnings in the same form.
func Warnings(w io.Writer, f *File) {
	for _, n := range f.Warnings {
		fmt.Fprintf(w, "%s:%d: warning: %s\n", Clean(f.Path), n.Line, Clean(n.Text))
	}
}

// maxMessage is how much of a message is shown; a Dockerfile may hold lines of
// a megabyte, and messages cite them.
const maxMessage = 500

// Clean makes a message one line that does nothing to a terminal: control
// characters are shown, and what is too long is cut.
func Clean(s string) string {
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + " …"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case isControl(r):
			return '\ufffd'
		}
		return r
	}, s)
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// Diff writes a unified diff. With colours, which are for terminals, control
// characters are shown instead of sent; without, the diff is written as it is.
func Diff(w io.Writer, diff string, s Style) error {
	if !s.Color {
		_, err := io.WriteString(w, diff)
		return err
	}
	b := bufio.NewWriter(w)
	inHunk := false
	for line := range strings.Lines(diff) {
		text, newline := cutNewline(line)
		text = strings.Map(func(r rune) rune {
			if isControl(r) && r != '\t' {
				return '\ufffd'
			}
			return r
		}, text)
		inHunk = strings.HasPrefix(text, "@@") || inHunk && !strings.HasPrefix(line, "--- a/") && !strings.HasPrefix(line, "--- /dev/null")
		if sgr := diffColor(text, inHunk); sgr != "" {
			text = s.Paint(sgr, text)
		}
		b.WriteString(text)
		b.WriteString(newline)
	}
	return b.Flush()
}

func cutNewline(line string) (text, newline string) {
	text = strings.TrimSuffix(line, "\n")
	text = strings.TrimSuffix(text, "\r")
	return text, line[len(text):]
}

func diffColor(line string, inHunk bool) string {
	switch {
	case !inHunk && line != "":
		return Bold
	case strings.HasPrefix(line, "@@"):
		return Cyan
	case strings.HasPrefix(line, "+"):
		return Green
	case strings.HasPrefix(line, "-"):
		return Red
	}
	return ""
}
