package wheeltable

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/lock"
)

// The answers to whether a project can go on Alpine.
const (
	Yes     = "yes"     // from wheels and pure Python alone
	Compile = "compile" // some packages are compiled there
	No      = "no"      // some package cannot be installed there
	Unknown = "unknown"
)

// Answer says whether a column can take the project, in one word and in a
// sentence. What cannot be installed weighs more than what is not known, and that
// more than what is compiled.
func (t *Table) Answer(column int) (word, sentence string) {
	c := &t.Columns[column]
	none, unknown, compiled := t.names(column, lock.None), t.names(column, lock.Unknown), t.names(column, lock.Compile)
	all := t.Installed(column)
	var parts []string
	word = Yes
	if len(compiled) > 0 {
		word = Compile
		parts = append(parts, fmt.Sprintf("%d of %d must be compiled (%s), %s", len(compiled), all, strings.Join(compiled, ", "), t.cost(column)))
	}
	if len(unknown) > 0 {
		word = Unknown
		says := fmt.Sprintf("it is not known of %d of %d (%s)", len(unknown), all, strings.Join(unknown, ", "))
		if t.asks(column) {
			says += ", --verify asks pip"
		}
		parts = append(parts, says)
	}
	if t.Open && len(unknown) == 0 {
		parts = append(parts, "what these distributions need in turn is not in the file")
		if word == Yes {
			parts = append(parts, fmt.Sprintf("of what it names nothing is compiled (%d)", all))
		}
		word = Unknown
	}
	if len(none) > 0 {
		word = No
		parts = append(parts, fmt.Sprintf("%d of %d cannot be installed there at all (%s)", len(none), all, strings.Join(none, ", ")))
	}
	if word == Yes {
		says := fmt.Sprintf("all %d packages are pure Python or have a wheel", all)
		if all == 1 {
			says = "the one package is pure Python or has a wheel"
		}
		parts = append(parts, fmt.Sprintf("nothing is compiled, %s for %s", says, c.Target.Libc))
	}
	slices.Reverse(parts)
	start := map[string]string{
		Yes: "yes", Compile: "yes, but it costs compiling", No: "no", Unknown: "not known",
	}[word]
	return word, fmt.Sprintf("%s: %s: %s.", c.Title(), start, strings.Join(parts, "; "))
}

// asks reports something unknown that an index could tell.
func (t *Table) asks(column int) bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool {
		c := &r.Cells[column]
		return c.Installed && c.Verdict == lock.Unknown && c.Open
	})
}

// Title is the label for a sentence: "Alpine (alpine3.22)".
func (c *Column) Title() string {
	if c.Musl() {
		return "Alpine (" + c.Label + ")"
	}
	return c.Label
}

// cost says what compiling takes, and what of it another column is spared.
func (t *Table) cost(column int) string {
	var needs, unknown, rust, spared []string
	for _, r := range t.Rows {
		c := &r.Cells[column]
		if !c.Installed || c.Verdict != lock.Compile {
			continue
		}
		if c.NeedsKnown {
			needs = append(needs, c.Needs...)
		} else {
			unknown = append(unknown, r.Package.Name)
		}
		if c.Rust {
			rust = append(rust, r.Package.Name)
		}
		if t.wheelElsewhere(&r) {
			spared = append(spared, r.Package.Name)
		}
	}
	slices.Sort(needs)
	var parts []string
	if needs = slices.Compact(needs); len(needs) > 0 {
		parts = append(parts, "with "+strings.Join(needs, " "))
	}
	if len(rust) > 0 {
		parts = append(parts, "with a newer Rust than the distribution's for "+strings.Join(slices.Compact(rust), ", "))
	}
	if len(unknown) > 0 {
		parts = append(parts, "which compilers and headers "+strings.Join(slices.Compact(unknown), ", ")+" needs is not known")
	}
	if t.Columns[column].Musl() && len(spared) > 0 {
		parts = append(parts, "of which Debian has wheels for "+strings.Join(slices.Compact(spared), ", "))
	}
	return strings.Join(parts, ", ")
}

// wheelElsewhere reports a package that a column with glibc gets as a wheel.
func (t *Table) wheelElsewhere(r *Row) bool {
	for i := range t.Columns {
		if c := &r.Cells[i]; !t.Columns[i].Musl() && c.Installed && c.Verdict == lock.Wheel {
			return true
		}
	}
	return false
}

// Last is the line that answers what the table is asked for: whether the project
// can go on Alpine, and what that costs.
func (t *Table) Last() string {
	var lines []string
	for i := range t.Columns {
		if t.Columns[i].Musl() {
			_, sentence := t.Answer(i)
			lines = append(lines, sentence)
		}
	}
	return strings.Join(lines, "\n")
}
