package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"refit/transform"
)

// Lines are the first and the last of some lines that follow each other.
type Lines [2]int

// place tells each change which lines are not as they were because of it.
func (f *File) place(trail *transform.Trail) {
	for i := range f.Passes {
		for j := range f.Passes[i].Changes {
			id := transform.ChangeID{Pass: f.Passes[i].Name, Change: j}
			c := &f.Passes[i].Changes[j]
			c.Takes, c.Writes = linesOf(trail.Before, id), linesOf(trail.After, id)
		}
	}
}

func linesOf(marks [][]transform.ChangeID, id transform.ChangeID) []Lines {
	var all []Lines
	for i, ids := range marks {
		switch {
		case !slices.Contains(ids, id):
		case len(all) > 0 && all[len(all)-1][1] == i:
			all[len(all)-1][1] = i + 1
		default:
			all = append(all, Lines{i + 1, i + 1})
		}
	}
	return all
}

// reach says which lines a change is about, where its own line does not tell.
func (c *Change) reach() string {
	here := []Lines{{c.Line, c.Line}}
	switch {
	case count(c.Writes) <= 1 && (len(c.Takes) == 0 || slices.Equal(c.Takes, here)):
		return ""
	case len(c.Takes) == 0:
		return " (in the result: " + written(c.Writes) + ")"
	case len(c.Writes) == 0 && count(c.Takes) == 1:
		return " (" + written(c.Takes) + " goes)"
	case len(c.Writes) == 0:
		return " (" + written(c.Takes) + " go)"
	}
	return " (" + written(c.Takes) + "; in the result: " + written(c.Writes) + ")"
}

// Lines are those of the original that a change is about.
func (c *Change) Lines() []Lines {
	return append([]Lines{{c.Line, c.Line}}, c.Takes...)
}

// Where writes lines as people do: "lines 3, 7-9". They come in any order, and each
// once.
func Where(lines []Lines) string {
	var all []Lines
	for _, l := range slices.SortedFunc(slices.Values(lines), func(a, b Lines) int { return cmp.Compare(a[0], b[0]) }) {
		if n := len(all) - 1; n >= 0 && l[0] <= all[n][1]+1 {
			all[n][1] = max(all[n][1], l[1])
		} else {
			all = append(all, l)
		}
	}
	return written(all)
}

func count(lines []Lines) int {
	n := 0
	for _, l := range lines {
		n += l[1] - l[0] + 1
	}
	return n
}

// written are lines as people write them: "lines 1-3, 7".
func written(lines []Lines) string {
	var parts []string
	for _, l := range lines {
		part := fmt.Sprint(l[0])
		if l[1] > l[0] {
			part = fmt.Sprintf("%d-%d", l[0], l[1])
		}
		parts = append(parts, part)
	}
	word := "lines "
	if count(lines) == 1 {
		word = "line "
	}
	return word + strings.Join(parts, ", ")
}

// said is a change or a decline with its pass.
type said struct {
	pass    string
	change  *Change // one of the two
	decline *Decline
}

func (s said) line() int {
	if s.change != nil {
		return s.change.Line
	}
	return s.decline.Line
}

// inOrder is everything that the passes say of a file, as the original has it: line
// by line, and on one line in the order of the passes.
func (f *File) inOrder() []said {
	var all []said
	for i := range f.Passes {
		p := &f.Passes[i]
		for j := range p.Changes {
			all = append(all, said{pass: p.Name, change: &p.Changes[j]})
		}
		for j := range p.Declines {
			all = append(all, said{pass: p.Name, decline: &p.Declines[j]})
		}
	}
	slices.SortStableFunc(all, func(a, b said) int { return cmp.Compare(a.line(), b.line()) })
	return all
}
