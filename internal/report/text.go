package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"refit/internal/plural"
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
	fmt.Fprintf(b, "%s: %s\n", s.Paint(Bold, Clean(f.Path)), f.counts())
	writeReasons(b, f, s)
	return b.Flush()
}

// writeReasons writes what there is to say below a file's name.
func writeReasons(b io.Writer, f *File, s Style) {
	once := &onceWriter{w: b, written: map[string]bool{}}
	for _, m := range f.inOrder() {
		if c := m.change; c != nil {
			once.printf(c.Notes, "  %s %s: %s: %s%s\n", s.Paint(Green, "+"), where(c.Line, c.Added), s.Paint(Cyan, m.pass), Clean(c.Reason), c.reach())
			continue
		}
		d := m.decline
		mark := s.Paint(Yellow, "-")
		if d.Already {
			mark = s.Paint(Faint, "=")
		}
		once.printf(d.Notes, "  %s %s: %s: %s: %s %s\n", mark, where(d.Line, d.Added), s.Paint(Cyan, m.pass), d.Said(),
			Clean(d.Reason), s.Paint(Faint, "("+d.ReasonKey+")"))
	}
	for _, n := range f.Warnings {
		fmt.Fprintf(b, "  %s %s: %s\n", s.Paint(Yellow, "!"), where(n.Line, ""), Clean(n.Text))
	}
	for _, c := range f.Companions {
		fmt.Fprintf(b, "  %s %s %s%s\n", s.Paint(Green, "+"), c.Verb(), Clean(c.Path), c.By())
	}
}

// counts sums a file up.
func (f *File) counts() string {
	t := f.Tally()
	return fmt.Sprintf("%s, %d held back%s", plural.Of(f.Made(), "change"), t.Held, t.Rest())
}

// onceWriter leaves out what would read as something before it does.
type onceWriter struct {
	w       io.Writer
	written map[string]bool
}

func (o *onceWriter) printf(notes []Note, format string, args ...any) {
	var b strings.Builder
	fmt.Fprintf(&b, format, args...)
	for _, n := range notes {
		fmt.Fprintf(&b, "      %s: %s\n", where(n.Line, n.Added), Clean(n.Text))
	}
	if text := b.String(); !o.written[text] {
		o.written[text] = true
		_, _ = io.WriteString(o.w, text)
	}
}

func where(line int, added string) string {
	return fmt.Sprintf("line %d%s", line, textOf(added))
}

// Of says what a change is about that another pass wrote; "" for the original's text.
func (c *Change) Of() string { return textOf(c.Added) }

// textOf says which pass wrote the text that a remark is about: the line is then that
// of the original where the text was put.
func textOf(added string) string {
	if added == "" {
		return ""
	}
	return " (in the text that " + added + " writes there)"
}

// By says which passes write the file: their reasons are its own.
func (c *Companion) By() string {
	if len(c.Passes) == 0 {
		return ""
	}
	return ", for " + strings.Join(c.Passes, ", ")
}

// Verb is what becomes of the file: the change adds it, or changes it.
func (c *Companion) Verb() string {
	if c.New {
		return "adds"
	}
	return "changes"
}

// Messages writes a file's changes and declines one to a line, as compilers write
// their messages and in the order of the lines: "path:line: pass: reason". The files
// that belong to the change follow.
func Messages(w io.Writer, f *File) {
	written := map[string]bool{}
	write := func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !written[line] {
			written[line] = true
			_, _ = io.WriteString(w, line)
		}
	}
	path := Clean(f.Path)
	for _, m := range f.inOrder() {
		if d := m.decline; d != nil {
			write("%s:%d: %s: %s (%s): %s%s\n", path, d.Line, m.pass, d.Said(), d.ReasonKey, Clean(d.Reason), textOf(d.Added))
			continue
		}
		c := m.change
		write("%s:%d: %s: %s%s%s\n", path, c.Line, m.pass, Clean(c.Reason), textOf(c.Added), c.reach())
		for _, n := range c.Notes {
			write("%s:%d: %s: note: %s%s\n", path, n.Line, m.pass, Clean(n.Text), textOf(n.Added))
		}
	}
	for _, c := range f.Companions {
		write("%s: %s %s%s\n", path, c.Verb(), Clean(c.Path), c.By())
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
