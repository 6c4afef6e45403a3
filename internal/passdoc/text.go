package passdoc

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"refit/internal/report"
	"refit/transform"
)

// Screen is what text is written on.
type Screen struct {
	Width int // in columns
	Style report.Style
}

// List names the passes, group by group.
func List(w io.Writer, groups []Group, s Screen) {
	width := 0
	for _, g := range groups {
		for _, p := range g.Passes {
			width = max(width, len(p.Name))
		}
	}
	for _, g := range groups {
		fmt.Fprintf(w, "%s\n", s.Style.Paint(report.Bold, g.Title))
		for _, p := range g.Passes {
			name := s.Style.Paint(report.Cyan, p.Name) + strings.Repeat(" ", width-len(p.Name))
			fmt.Fprintf(w, "  %s  %s\n", name, hang(p.Doc.Title+when(p, ""), s.Width, width+4))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprint(w, "refit explain PASS says more about one of them.\n")
}

// Text is the documentation of a pass for people. With colours, the example is
// one difference instead of two files.
func Text(w io.Writer, p *transform.Pass, s Screen) {
	paint := s.Style.Paint
	head := paint(report.Bold, p.Name) + ": " + hang(p.Doc.Title, s.Width, len(p.Name)+2)
	fmt.Fprintf(w, "%s\n\n%s\n", head, wrap(p.Doc.Text, s.Width))
	if len(p.Profiles) > 0 {
		fmt.Fprintf(w, "\n%s\n", wrap("It runs for the profile "+profileList(p, " or ")+" only.", s.Width))
	}
	if p.OptIn {
		fmt.Fprintf(w, "\n%s\n", wrap(whenAsked(p, ""), s.Width))
	}
	example(w, p, s)
	var declines []string
	for _, d := range p.Declines {
		declines = append(declines, d.When+" "+"("+d.Key+")")
	}
	list(w, "It holds back when", declines, s)
	list(w, "The rules of hadolint that ask for it", p.Hadolint, s)
	list(w, "Sources", p.Doc.Sources, s)
}

func example(w io.Writer, p *transform.Pass, s Screen) {
	if !s.Style.Color {
		fmt.Fprintf(w, "\nBefore\n\n%s\nAfter\n\n%s", indent(p.Doc.Before), indent(p.Doc.After))
		return
	}
	fmt.Fprintf(w, "\n%s\n\n", s.Style.Paint(report.Bold, "Before and after"))
	for line := range strings.Lines(transform.WholeDiff(p.Doc.Before, p.Doc.After)) {
		line = strings.TrimSuffix(line, "\n")
		switch line[0] {
		case '+':
			line = s.Style.Paint(report.Green, line)
		case '-':
			line = s.Style.Paint(report.Red, line)
		}
		fmt.Fprintf(w, "  %s\n", line)
	}
}

func list(w io.Writer, title string, items []string, s Screen) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n\n", s.Style.Paint(report.Bold, title))
	for _, item := range items {
		fmt.Fprintf(w, "  - %s\n", hang(item, s.Width, 4))
	}
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// hang wraps text that starts in a column, and starts its other lines there.
func hang(text string, width, column int) string {
	return strings.ReplaceAll(wrap(text, max(width-column, 20)), "\n", "\n"+strings.Repeat(" ", column))
}

// wrap breaks text into lines of at most width characters where it can.
func wrap(text string, width int) string {
	var b strings.Builder
	n := 0
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case n == 0:
		case n+1+length > width:
			b.WriteByte('\n')
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += length
	}
	return b.String()
}

// profileList names the profiles that a pass runs for.
func profileList(p *transform.Pass, last string) string {
	names := make([]string, len(p.Profiles))
	for i, profile := range p.Profiles {
		names[i] = string(profile)
	}
	head := strings.Join(names[:len(names)-1], ", ")
	if head != "" {
		head += last
	}
	return head + names[len(names)-1]
}
