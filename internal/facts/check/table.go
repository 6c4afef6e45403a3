package check

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Table is the kept results.
type Table struct{ Rows []Row }

// Read reads a kept table; one that is not there is empty.
func Read(path string) (*Table, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Table{}, nil
	}
	if err != nil {
		return nil, err
	}
	t := &Table{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' || line == strings.Join(columns, "\t") {
			continue
		}
		row, err := parseRow(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// Find is the row of a task; nil when there is none.
func (t *Table) Find(task Task) *Row {
	want := task.row()
	for i := range t.Rows {
		if t.Rows[i].key() == want.key() {
			return &t.Rows[i]
		}
	}
	return nil
}

// Done reports that a task's row is there and about what the facts list today.
func (t *Table) Done(task Task) bool {
	row := t.Find(task)
	return row != nil && row.current(task)
}

// Put adds a row, or exchanges the one of the same task.
func (t *Table) Put(row Row) {
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool { return r.key() == row.key() })
	t.Rows = append(t.Rows, row)
	slices.SortFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Image, b.Image), cmp.Compare(a.Distribution, b.Distribution), cmp.Compare(a.How, b.How))
	})
}

// head explains the kept table to who opens it.
const head = "# What came of building Python distributions with the system packages that refit's facts list.\n" +
	"# Written by \"go run ./internal/facts/check/run\"; docs/system-packages.md says what the columns mean.\n"

// Text is the kept table as a file.
func (t *Table) Text() string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(strings.Join(columns, "\t") + "\n")
	for i := range t.Rows {
		b.WriteString(strings.Join(t.Rows[i].fields(), "\t") + "\n")
	}
	return b.String()
}
