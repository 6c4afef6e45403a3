// Package markdown writes the documents that people keep and paste into pull
// requests: the same look for all, and nothing in what a file says that is more
// than text.
package markdown

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"refit/internal/report"
)

// Title starts a document: its name, what it shows as a phrase, and the command
// that wrote it. The builder is what built, as a phrase; "" when nothing did.
func Title(w io.Writer, name, what, command, builder string) {
	fmt.Fprintf(w, "# %s\n\n%s", name, what)
	if builder != "" {
		fmt.Fprintf(w, ", with %s", Escape(builder))
	}
	fmt.Fprint(w, ". Written by:\n\n")
	Command(w, command)
}

// Command writes a command as it is, for it is there to be used again.
func Command(w io.Writer, command string) {
	Block(w, "sh", strings.Split(strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return ' '
		}
		return r
	}, command), "\n"))
}

// Block writes lines as code, between fences that none of them ends.
func Block(w io.Writer, language string, lines []string) {
	fence := "```"
	for _, l := range lines {
		for strings.Contains(l, fence) {
			fence += "`"
		}
	}
	fmt.Fprintln(w, fence+language)
	for _, l := range lines {
		fmt.Fprintln(w, l)
	}
	fmt.Fprintln(w, fence)
}

// Folded writes text that opens by a click.
func Folded(w io.Writer, summary, text string) {
	fmt.Fprintf(w, "<details><summary>%s</summary>\n\n%s\n</details>\n", Escape(summary), text)
}

// Code is text as code in a sentence.
func Code(text string) string {
	text = report.Clean(text)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

// CodeInCell is text as code in a table's cell, where a bar ends the cell even
// in code.
func CodeInCell(text string) string { return strings.ReplaceAll(Code(text), "|", `\|`) }

// apart is a character of no width, by which a forge no longer sees a name or a
// number in what is read as one. Forges look for those after Markdown is done,
// where a backslash has no effect.
const apart = "&#8203;"

// Escape makes text stand for itself in Markdown, within a line and within a
// table's cell: no markup, no mention of a person, no reference to an issue, no
// link, no formula. An underscore within a word needs nothing.
func Escape(text string) string {
	var b strings.Builder
	r := []rune(report.Clean(text))
	at := func(i int) rune {
		if i < 0 || i >= len(r) {
			return ' '
		}
		return r[i]
	}
	word := func(i int) bool { return unicode.IsLetter(at(i)) || unicode.IsDigit(at(i)) }
	for i, c := range r {
		switch {
		case c == '$':
			b.WriteString("&#36;")
			continue
		case strings.ContainsRune("\\`*<[|~", c),
			c == '_' && !(word(i-1) && word(i+1)),
			c == '&' && (word(i+1) || at(i+1) == '#'):
			b.WriteByte('\\')
		}
		b.WriteRune(c)
		switch {
		case c == '@' && word(i+1) && !word(i-1),
			c == '#' && unicode.IsDigit(at(i+1)),
			c == '!' && unicode.IsDigit(at(i+1)), // a merge request of GitLab's
			c == '-' && unicode.IsDigit(at(i+1)) && strings.EqualFold(string([]rune{at(i - 2), at(i - 1)}), "gh"),
			c == ':' && at(i+1) == '/' && at(i+2) == '/' && linked(r[:i]),
			c == '.' && strings.EqualFold(string([]rune{at(i - 3), at(i - 2), at(i - 1)}), "www"):
			b.WriteString(apart)
		}
	}
	return b.String()
}

// linked reports whether text ends in a scheme of which links are made.
func linked(text []rune) bool {
	tail := strings.ToLower(string(text[max(0, len(text)-5):]))
	return strings.HasSuffix(tail, "http") || strings.HasSuffix(tail, "https") || strings.HasSuffix(tail, "ftp")
}

// Table writes a table in GitHub's form, aligned as text too. The cells are
// Markdown already; left says which columns are not numbers.
func Table(w io.Writer, head []string, rows [][]string, left func(column int) bool) {
	width := make([]int, len(head))
	for _, row := range append([][]string{head}, rows...) {
		for i, c := range row {
			width[i] = max(width[i], 3, utf8.RuneCountInString(c))
		}
	}
	write := func(row []string) {
		fmt.Fprint(w, "|")
		for i, c := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if left(i) {
				fmt.Fprintf(w, " %s%s |", c, space)
			} else {
				fmt.Fprintf(w, " %s%s |", space, c)
			}
		}
		fmt.Fprintln(w)
	}
	write(head)
	fmt.Fprint(w, "|")
	for i := range head {
		if left(i) {
			fmt.Fprintf(w, " %s |", strings.Repeat("-", width[i]))
		} else {
			fmt.Fprintf(w, " %s: |", strings.Repeat("-", width[i]-1))
		}
	}
	fmt.Fprintln(w)
	for _, row := range rows {
		write(row)
	}
}
