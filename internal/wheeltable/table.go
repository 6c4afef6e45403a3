package wheeltable

import (
	"slices"
	"strings"

	"refit/internal/facts"
	"refit/internal/lock"
)

// Table is the table of one lock file.
type Table struct {
	File    string // as it was named
	Format  lock.Format
	Columns []Column
	Rows    []Row
	Notes   []string
	Open    bool // the file may leave out what its distributions need in turn
}

// Row is one package.
type Row struct {
	Package *lock.Package
	Cells   []Cell // as many as there are columns
}

// Cell is the verdict on a package for a column.
type Cell struct {
	Installed bool // false: the target does not get the package
	lock.Judgement
	Needs      []string // packages of the distribution that compiling needs
	NeedsKnown bool
	Rust       bool   // it needs a newer Rust compiler than the distribution has
	Asked      string // "pip" when the verdict is pip's
}

// Make judges every package for every column.
func Make(l *lock.Lock, name string, columns []Column, sel lock.Selection) *Table {
	t := &Table{File: name, Format: l.Format, Columns: columns, Notes: slices.Clone(l.Notes), Open: !l.Complete()}
	at := map[*lock.Package]int{}
	for c := range columns {
		for _, j := range l.Judge(columns[c].Target, sel) {
			i, ok := at[j.Package]
			if !ok {
				i = len(t.Rows)
				at[j.Package] = i
				t.Rows = append(t.Rows, Row{Package: j.Package, Cells: make([]Cell, len(columns))})
			}
			t.Rows[i].Cells[c] = Cell{Installed: true, Judgement: j}
			t.Rows[i].Cells[c].fill(&columns[c])
		}
	}
	t.Sort()
	return t
}

func compareNames(a, b *lock.Package) int {
	switch {
	case a.Name != b.Name && a.Name < b.Name:
		return -1
	case a.Name != b.Name:
		return 1
	}
	return facts.CompareReleases(a.Version, b.Version)
}

// Set changes the verdict of a cell to what pip answered.
func (c *Cell) Set(col *Column, j lock.Judgement) {
	*c = Cell{Installed: true, Judgement: j, Asked: "pip"}
	c.fill(col)
}

// fill looks up what compiling needs.
func (c *Cell) fill(col *Column) {
	if c.Verdict != lock.Compile {
		return
	}
	sys, ok := facts.SystemPackagesFor(c.Package.Name)
	if !ok {
		return
	}
	c.Rust = sys.Rust
	if !col.Musl() {
		c.Needs, c.NeedsKnown = sys.Build(col.Distro)
		return
	}
	c.Needs, c.NeedsKnown = onAlpine(sys)
}

// onAlpine lists what compiling needs on Alpine: its names for Debian's packages. It
// is known where every one of them is.
func onAlpine(sys facts.SystemPackages) ([]string, bool) {
	suites := facts.Suites()
	debian, ok := sys.Build(suites[len(suites)-1])
	var out []string
	for _, name := range debian {
		names, known := facts.AlpinePackages(name)
		ok = ok && known
		out = append(out, names...)
	}
	if !ok {
		return nil, false
	}
	slices.Sort(out)
	return slices.Compact(out), true
}

// Add appends a package that every column gets, which Set judges.
func (t *Table) Add(p *lock.Package) *Row {
	t.Rows = append(t.Rows, Row{Package: p, Cells: make([]Cell, len(t.Columns))})
	r := &t.Rows[len(t.Rows)-1]
	for i := range r.Cells {
		r.Cells[i] = Cell{Installed: true, Judgement: lock.Judgement{Package: p, Open: true, Reason: "pip was not asked"}}
	}
	return r
}

// openNote is the note of a requirement file that may leave something out.
const openNote = "a requirement file names"

// Closed says that the rows are all that is installed.
func (t *Table) Closed() {
	t.Open = false
	t.Notes = slices.DeleteFunc(t.Notes, func(n string) bool { return strings.HasPrefix(n, openNote) })
}

// Sort orders the rows by name.
func (t *Table) Sort() {
	slices.SortStableFunc(t.Rows, func(a, b Row) int { return compareNames(a.Package, b.Package) })
}

// names lists the packages of a column with a verdict.
func (t *Table) names(column int, v lock.Verdict) []string {
	var out []string
	for _, r := range t.Rows {
		if c := &r.Cells[column]; c.Installed && c.Verdict == v {
			out = append(out, r.Package.Name)
		}
	}
	return slices.Compact(out)
}

// Installed counts the packages that a column gets.
func (t *Table) Installed(column int) int {
	n := 0
	for _, r := range t.Rows {
		if r.Cells[column].Installed {
			n++
		}
	}
	return n
}
