package review

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"refit/transform"
)

// Row is a line of a side-by-side diff: 1-based lines of the two texts, 0 for
// none, and the changes that made it what it is.
type Row struct {
	A, B  int
	Equal bool
	Marks []int
}

// MarshalJSON writes a row as [a, b] when both lines are the same, and as
// [a, b, [change, …]] when they are not.
func (r Row) MarshalJSON() ([]byte, error) {
	if r.Equal {
		return json.Marshal([]int{r.A, r.B})
	}
	return json.Marshal([]any{r.A, r.B, listed(r.Marks)})
}

// newText aligns two texts. marks tells the changes of a line, from 0, of the text
// before or after.
func newText(path, before, after string, exists bool, marks func(after bool, line int) []int) *Text {
	t := &Text{Path: path, New: !exists, Before: linesOf(before), After: linesOf(after), Rows: []Row{}}
	if crlf(before) && crlf(after) {
		trimCR(t.Before)
		trimCR(t.After)
	}
	if a, b := strings.HasSuffix(before, "\n"), strings.HasSuffix(after, "\n"); a != b {
		sayNoNewline(t.Before, a)
		sayNoNewline(t.After, b)
	}
	var pending []transform.LineRun
	flush := func() {
		if len(pending) == 0 {
			return
		}
		first, last := pending[0], pending[len(pending)-1]
		t.Rows = append(t.Rows, block(t, transform.LineRun{A1: first.A1, A2: last.A2, B1: first.B1, B2: last.B2}, marks)...)
		pending = nil
	}
	for _, run := range transform.AlignLines(before, after) {
		if !run.Equal {
			pending = append(pending, run)
			continue
		}
		flush()
		for i := range run.A2 - run.A1 {
			t.Rows = append(t.Rows, Row{A: run.A1 + i + 1, B: run.B1 + i + 1, Equal: true})
		}
	}
	flush()
	return t
}

// block is the rows of lines that differ. Each gets the marks of its two lines;
// one that has none gets those of the row before it, or of the first that has any.
func block(t *Text, run transform.LineRun, marks func(after bool, line int) []int) []Row {
	rows := pairs(t.Before[run.A1:run.A2], t.After[run.B1:run.B2])
	var first []int
	for i := range rows {
		r := &rows[i]
		if r.A > 0 {
			r.A += run.A1
			r.Marks = merged(r.Marks, marks(false, r.A-1))
		}
		if r.B > 0 {
			r.B += run.B1
			r.Marks = merged(r.Marks, marks(true, r.B-1))
		}
		if first == nil {
			first = r.Marks
		}
	}
	for i := range rows {
		if len(rows[i].Marks) == 0 {
			rows[i].Marks = first
		}
		first = rows[i].Marks
	}
	return rows
}

func merged(marks, more []int) []int {
	marks = slices.Clone(marks)
	for _, m := range more {
		if !slices.Contains(marks, m) {
			marks = append(marks, m)
		}
	}
	return marks
}

// maxPairs bounds how many pairs of lines of a block are compared.
const maxPairs = 1 << 16

// pairs sets lines that are alike side by side, and the others alone, in their
// order: the alignment of the greatest likeness. Rows count from 1.
func pairs(a, b []string) []Row {
	if len(a)*len(b) > maxPairs || len(a) == 0 || len(b) == 0 {
		return inTurn(len(a), len(b))
	}
	wordsA, wordsB := wordSets(a), wordSets(b)
	best := make([][]float64, len(a)+1) // of what is left from i and j on
	for i := range best {
		best[i] = make([]float64, len(b)+1)
	}
	likeness := func(i, j int) float64 { return alike(wordsA[i], wordsB[j]) }
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if l := likeness(i, j); l > 0 {
				best[i][j] = max(best[i][j], l+best[i+1][j+1])
			}
		}
	}
	var rows []Row
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && likeness(i, j) > 0 && best[i][j] == likeness(i, j)+best[i+1][j+1]:
			i, j = i+1, j+1
			rows = append(rows, Row{A: i, B: j})
		case j == len(b) || i < len(a) && best[i][j] == best[i+1][j]:
			i++
			rows = append(rows, Row{A: i})
		default:
			j++
			rows = append(rows, Row{B: j})
		}
	}
	return rows
}

// inTurn sets lines side by side as they come.
func inTurn(a, b int) []Row {
	rows := make([]Row, max(a, b))
	for i := range rows {
		if i < a {
			rows[i].A = i + 1
		}
		if i < b {
			rows[i].B = i + 1
		}
	}
	return rows
}

func wordSets(lines []string) []map[string]int {
	sets := make([]map[string]int, len(lines))
	for i, line := range lines {
		sets[i] = map[string]int{}
		for _, w := range strings.FieldsFunc(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			sets[i][w]++
		}
	}
	return sets
}

// leastAlike is how much two lines must share to be shown as one that changed.
const leastAlike = 0.4

// alike is the share of words that two lines have in common, or 0 for too few.
func alike(a, b map[string]int) float64 {
	shared, all := 0, 0
	for w, n := range a {
		shared += min(n, b[w])
		all += n
	}
	for _, n := range b {
		all += n
	}
	if all == 0 {
		return 0
	}
	if l := 2 * float64(shared) / float64(all); l >= leastAlike {
		return l
	}
	return 0
}

// linesOf are the lines without their newlines.
func linesOf(s string) []string {
	lines := []string{}
	for line := range strings.Lines(s) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

func crlf(s string) bool { return strings.Count(s, "\n") == strings.Count(s, "\r\n") }

func trimCR(lines []string) {
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
}

// sayNoNewline shows what is the only difference of two last lines.
func sayNoNewline(lines []string, has bool) {
	if n := len(lines); n > 0 && !has {
		lines[n-1] += " ⟨no newline at the end⟩"
	}
}
