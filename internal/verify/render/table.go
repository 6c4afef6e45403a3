package render

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"refit/internal/markdown"
	"refit/internal/report"
)

// cell is one of a table's.
type cell struct {
	text  string
	trend int // 1 is better, -1 is worse
}

func cells(texts ...string) []cell {
	row := make([]cell, len(texts))
	for i, t := range texts {
		row[i].text = t
	}
	return row
}

// table is written aligned. Its first column, and those in left, are aligned to
// the left, the others to the right.
type table struct {
	head []string
	left map[int]bool
	rows [][]cell
}

func (t *table) add(row ...cell) { t.rows = append(t.rows, row) }

func (t *table) toLeft(column int) bool { return column == 0 || t.left[column] }

func (t *table) widths(least int) []int {
	width := make([]int, len(t.head))
	for i, h := range t.head {
		width[i] = max(least, utf8.RuneCountInString(h))
	}
	for _, row := range t.rows {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c.text))
		}
	}
	return width
}

func pad(text string, width int, left bool) string {
	space := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
	if left {
		return text + space
	}
	return space + text
}

// text writes the table for people, indented by two and with two spaces
// between columns.
func (t *table) text(w io.Writer, s report.Style) {
	width := t.widths(0)
	write := func(row []cell, sgr string) {
		line, space := "", "  "
		for i, c := range row {
			fill := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.text))
			switch {
			case c.text == "":
				space += fill
			case t.toLeft(i):
				line += space + paint(s, c.text, sgr, c.trend)
				space = fill
			default:
				line += space + fill + paint(s, c.text, sgr, c.trend)
				space = ""
			}
			space += "  "
		}
		fmt.Fprintln(w, line)
	}
	write(cells(t.head...), report.Faint)
	for _, row := range t.rows {
		write(row, "")
	}
}

func paint(s report.Style, text, sgr string, trend int) string {
	switch {
	case trend > 0:
		sgr = report.Green
	case trend < 0:
		sgr = report.Red
	case sgr == "":
		return text
	}
	return s.Paint(sgr, text)
}

// markdown writes the table in GitHub's form, aligned as text too. The cells are
// Markdown already.
func (t *table) markdown(w io.Writer) {
	rows := make([][]string, len(t.rows))
	for i, row := range t.rows {
		for _, c := range row {
			rows[i] = append(rows[i], c.text)
		}
	}
	markdown.Table(w, t.head, rows, t.toLeft)
}
