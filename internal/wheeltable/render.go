package wheeltable

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"refit/internal/lock"
	"refit/internal/plural"
)

// Text writes the table for people. What is not a wheel and not pure is explained
// below it.
func Text(w io.Writer, t *Table) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s\n\n", clean(t.File), plural.Of(len(t.Rows), "package"))
	for i := range t.Columns {
		c := &t.Columns[i]
		fmt.Fprintf(&b, "  %-*s  %s: %s\n", t.labelWidth(), c.Label, c.Target, strings.Join(c.Images, ", "))
	}
	b.WriteString("\n")
	rows := t.cells(func(c *Cell) string { return c.word() })
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == len(row)-1 {
				b.WriteString(cell)
				continue
			}
			fmt.Fprintf(&b, "%-*s  ", widths[i], cell)
		}
		b.WriteString("\n")
	}
	if reasons := t.reasons(); len(reasons) > 0 {
		b.WriteString("\n" + strings.Join(reasons, "\n") + "\n")
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "\nNote: %s.", clean(n))
	}
	if len(t.Notes) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%s\n", clean(t.Last()))
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the table for a pull request or a page.
func Markdown(w io.Writer, t *Table) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### Wheels of %s\n\n", escape(t.File))
	for i := range t.Columns {
		c := &t.Columns[i]
		fmt.Fprintf(&b, "- %s: %s (%s)\n", c.Label, c.Target, escape(strings.Join(c.Images, ", ")))
	}
	b.WriteString("\n")
	for i, row := range t.cells(func(c *Cell) string { return c.word() }) {
		for j := range row {
			row[j] = escape(row[j])
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	b.WriteString("\n")
	for _, r := range t.reasons() {
		fmt.Fprintf(&b, "- %s\n", escape(r))
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "- Note: %s.\n", escape(n))
	}
	fmt.Fprintf(&b, "\n**%s**\n", escape(t.Last()))
	_, err := io.WriteString(w, b.String())
	return err
}

// cells are the table's texts, with the head.
func (t *Table) cells(text func(*Cell) string) [][]string {
	head := []string{"package", "version"}
	for i := range t.Columns {
		head = append(head, t.Columns[i].Label)
	}
	out := [][]string{head}
	for i := range t.Rows {
		r := &t.Rows[i]
		row := []string{clean(r.Package.Name), clean(r.version())}
		for j := range r.Cells {
			row = append(row, text(&r.Cells[j]))
		}
		out = append(out, row)
	}
	return out
}

func (r *Row) version() string {
	if r.Package.Version == "" {
		return r.Package.Spec
	}
	return r.Package.Version
}

// word is the verdict as the table has it; "-" for what is not installed.
func (c *Cell) word() string {
	if !c.Installed {
		return "-"
	}
	return c.Verdict.String()
}

// reasons explain the verdicts that cost something; the same reason is given once
// for all columns that it holds for.
func (t *Table) reasons() []string {
	var out []string
	for i := range t.Rows {
		r := &t.Rows[i]
		var seen []string
		columns := map[string][]string{}
		for j := range r.Cells {
			c := &r.Cells[j]
			if !c.Installed || c.Verdict == lock.Wheel || c.Verdict == lock.Pure {
				continue
			}
			why := c.Verdict.String() + ": " + c.explanation()
			if columns[why] == nil {
				seen = append(seen, why)
			}
			columns[why] = append(columns[why], t.Columns[j].Label)
		}
		for _, why := range seen {
			out = append(out, clean(fmt.Sprintf("%s (%s): %s", r.Package.Name, strings.Join(columns[why], ", "), why)))
		}
	}
	return out
}

// explanation is the reason, with what compiling needs.
func (c *Cell) explanation() string {
	text := c.Reason
	if c.Verdict != lock.Compile {
		return text
	}
	switch {
	case !c.NeedsKnown:
		text += "; which compilers and headers it needs is not known"
	case len(c.Needs) > 0:
		text += "; it needs " + strings.Join(c.Needs, " ")
	}
	if c.Rust {
		text += ", and a newer Rust than the distribution's"
	}
	return text
}

func (t *Table) labelWidth() int {
	n := 0
	for i := range t.Columns {
		n = max(n, len(t.Columns[i].Label))
	}
	return n
}

// jsonTable is the form of --format json.
type jsonTable struct {
	Version  int           `json:"version"`
	File     string        `json:"file"`
	Format   lock.Format   `json:"format"`
	Targets  []jsonTarget  `json:"targets"`
	Packages []jsonPackage `json:"packages"`
	Notes    []string      `json:"notes"`
}

type jsonTarget struct {
	Label  string   `json:"label"`
	Images []string `json:"images"`
	Python string   `json:"python"`
	Libc   string   `json:"libc"`
	Arch   string   `json:"arch"`
	Answer string   `json:"answer"`
	Why    string   `json:"why"`
}

type jsonPackage struct {
	Name     string               `json:"name"`
	Version  string               `json:"version,omitempty"`
	Spec     string               `json:"spec,omitempty"`
	Line     int                  `json:"line,omitempty"`
	Source   lock.Kind            `json:"source"`
	Groups   []string             `json:"groups,omitempty"`
	Verdicts map[string]*jsonCell `json:"verdicts"`
}

type jsonCell struct {
	Verdict lock.Verdict `json:"verdict"`
	File    string       `json:"file,omitempty"`
	Reason  string       `json:"reason"`
	Told    string       `json:"told_by"` // lock, facts or pip
	Needs   []string     `json:"needs,omitempty"`
	Rust    bool         `json:"needs_rust,omitempty"`
}

// JSON writes the table for programs.
func JSON(w io.Writer, t *Table) error {
	doc := jsonTable{Version: 1, File: t.File, Format: t.Format, Targets: []jsonTarget{}, Packages: []jsonPackage{}, Notes: append([]string{}, t.Notes...)}
	for i := range t.Columns {
		c := &t.Columns[i]
		word, why := t.Answer(i)
		doc.Targets = append(doc.Targets, jsonTarget{c.Label, c.Images, c.Target.FullPython(), fmt.Sprintf("%s %d.%d", c.Target.Libc, c.Target.LibcMajor, c.Target.LibcMinor), c.Target.Arch, word, why})
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		p := jsonPackage{Name: r.Package.Name, Version: r.Package.Version, Line: r.Package.Line, Source: r.Package.Source.Kind, Groups: r.Package.Groups, Verdicts: map[string]*jsonCell{}}
		if p.Version == "" {
			p.Spec = r.Package.Spec
		}
		for j := range r.Cells {
			if c := &r.Cells[j]; c.Installed {
				p.Verdicts[t.Columns[j].Label] = &jsonCell{c.Verdict, c.File, c.explanation(), c.toldBy(), c.Needs, c.Rust}
			}
		}
		doc.Packages = append(doc.Packages, p)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}

func (c *Cell) toldBy() string {
	switch {
	case c.Asked != "":
		return c.Asked
	case c.Told:
		return "lock"
	}
	return "facts"
}

// clean keeps what a file says from being more than text in a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// escape keeps what a file says from being markup.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "\\`", "*", `\*`, "\n", "  \n").Replace(clean(s))
}
