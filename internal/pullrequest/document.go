// Package pullrequest writes what a dry run found as the body of a pull request.
package pullrequest

import (
	"fmt"
	"io"
	"strings"

	"refit/internal/markdown"
	"refit/internal/plural"
	"refit/internal/report"
)

// most is how many files an overview names.
const most = 100

// Document is a report.Renderer.
type Document struct {
	w       io.Writer
	command string
	rules   []report.Rule

	body   markdown.Body
	files  [][]string // rows of the overview
	more   int        // files that it has no room for
	passes map[string]*tally
	failed []string
}

// tally is what a pass did in all files.
type tally struct{ changes, files int }

// New returns a writer of a document; Close writes it. The command is how refit was
// called.
func New(w io.Writer, command string, rules []report.Rule) *Document {
	return &Document{w: w, command: command, rules: rules, passes: map[string]*tally{}}
}

// Add takes one file.
func (d *Document) Add(e *report.Entry) error {
	if e.Error != nil {
		if len(d.failed) < most {
			d.failed = append(d.failed, fmt.Sprintf("- %s: %s\n", markdown.Code(e.Path), markdown.Escape(*e.Error)))
		}
		return nil
	}
	for i := range e.Passes {
		p := &e.Passes[i]
		if len(p.Changes) > 0 {
			t := d.passes[p.Name]
			if t == nil {
				t = &tally{}
				d.passes[p.Name] = t
			}
			t.changes += len(p.Changes)
			t.files++
		}
	}
	t := e.Tally()
	if !e.Changed && t.Held+t.Refused == 0 && len(e.Warnings) == 0 {
		return nil
	}
	if len(d.files) == most {
		d.more++
	} else {
		beside := make([]string, len(e.Companions))
		for i := range e.Companions {
			beside[i] = markdown.CodeInCell(e.Companions[i].Path)
		}
		d.files = append(d.files, []string{markdown.CodeInCell(e.Path), fmt.Sprint(e.Made()), fmt.Sprint(t.Held), strings.Join(beside, ", ")})
	}
	list := changes(e.File)
	if list == "" {
		list = "\nIt stays as it is.\n"
	}
	d.body.Add(markdown.Changes, "\n### "+markdown.Code(e.Path)+"\n"+list)
	Rest(&d.body, e.File)
	return nil
}

// Close writes the document.
func (d *Document) Close(sum *report.Summary) error {
	var b strings.Builder
	b.WriteString(d.lead(sum))
	d.byPass(&b)
	d.overview(&b)
	if len(d.failed) > 0 {
		fmt.Fprintf(&b, "\n### Failed\n\n%s", strings.Join(d.failed, ""))
		if n := sum.Failed - len(d.failed); n > 0 {
			fmt.Fprintf(&b, "- and %d more\n", n)
		}
	}
	d.body.Lead(b.String())
	b.Reset()
	b.WriteString("\n---\n\nMade by refit; `refit explain PASS` says more about a pass. It was called as:\n\n")
	markdown.Command(&b, d.command)
	d.body.Add(markdown.Head, b.String())
	return d.body.WriteTo(d.w, "`refit --format text` has all of it.")
}

// lead is what a pull request begins with. It has no heading: that is its title.
func (d *Document) lead(sum *report.Summary) string {
	text := "Nothing changes in "
	if sum.Changed > 0 {
		n := 0
		for _, t := range d.passes {
			n += t.changes
		}
		text = plural.Of(n, "change") + " in "
	}
	if sum.Stayed+sum.Failed > 0 && sum.Changed > 0 {
		text += fmt.Sprintf("%d of ", sum.Changed)
	}
	text += plural.Of(sum.Changed+sum.Stayed+sum.Failed, "Dockerfile")
	if sum.Changed > 0 {
		text += ", each with its reason below"
	}
	if sum.Failed > 0 {
		text += fmt.Sprintf("; %d failed", sum.Failed)
	}
	if sum.Unmade.Held > 0 {
		text += fmt.Sprintf("; %d held back, with the reason", sum.Unmade.Held)
	}
	return text + ".\n"
}

func (d *Document) overview(w io.Writer) {
	if len(d.files) < 2 {
		return
	}
	fmt.Fprint(w, "\n### Files\n\n")
	markdown.Table(w, []string{"file", "changes", "held back", "files beside it"}, d.files, func(i int) bool { return i == 0 || i == 3 })
	if d.more > 0 {
		fmt.Fprintf(w, "\nAnd %s more.\n", plural.Of(d.more, "file"))
	}
}

// byPass says what was done, in the order in which the passes run.
func (d *Document) byPass(w io.Writer) {
	var rows [][]string
	for _, r := range d.rules {
		if t := d.passes[r.Pass.Name]; t != nil {
			rows = append(rows, []string{markdown.CodeInCell(r.Pass.Name), markdown.Escape(r.Pass.Doc.Title), fmt.Sprint(t.changes), fmt.Sprint(t.files)})
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprint(w, "\n### What changes\n\n")
	markdown.Table(w, []string{"pass", "what it does", "changes", "files"}, rows, func(i int) bool { return i < 2 })
}
