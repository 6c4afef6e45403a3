package choose

import (
	"fmt"
	"slices"

	"refit/internal/report"
	"refit/transform"
)

// show prints a change: the pass, its reason and notes, and its hunks.
func (t *talk) show(id transform.ChangeID, c change) {
	if !t.announced {
		t.announced = true
		t.printf("%s %s\n", t.style.Paint(report.Bold, report.Clean(t.file.Path)), t.style.Paint(report.Faint, t.file.Note))
	}
	m := t.remark(id)
	what := t.count(c)
	t.printf("\n%s %s: line %d: %s\n", t.style.Paint(report.Faint, what), t.style.Paint(report.Cyan, id.Pass), m.Line, report.Clean(m.Why))
	for _, n := range m.Notes {
		t.printf("    line %d: %s\n", n.Line, report.Clean(n.Why))
	}
	_ = report.Diff(t.out, t.hunks(id), t.style) // a terminal that has gone is met when nobody answers
}

// count is the number of a change among all that were asked about or will be, as far as
// that is known. What is refused still counts, so that the end stays where it was;
// only a change that comes or goes because of an answer moves it.
func (t *talk) count(c change) string {
	n, again := t.asked[c]
	if !again {
		n = len(t.asked) + 1
		t.asked[c] = n
	}
	of := len(t.asked)
	for other := range t.changes() {
		if t.asked[other] == 0 {
			of++
		}
	}
	text := fmt.Sprintf("(%d/%d)", n, of)
	if again {
		text += " as it is now:"
	}
	return text
}

// hunks is what a change does by itself, to what those before it leave.
func (t *talk) hunks(id transform.ChangeID) string {
	before, after := t.result.Alone(id)
	text := diff(t.file.Path, before, after, true)
	for _, c := range t.result.Companions {
		if slices.Contains(t.result.CompanionChanges(c.Path), id) {
			old, exists := t.file.Old(c.Path)
			text += diff(c.Path, old, c.Content, exists)
		}
	}
	return text
}

func diff(path, before, after string, exists bool) string {
	d, err := transform.UnifiedDiff(path, before, after, exists)
	if err != nil { // it has none to give
		return ""
	}
	return d
}
