package pullrequest

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/markdown"
	"refit/internal/report"
)

// Sections adds to a document what refit did to a file, below the file's heading.
func Sections(body *markdown.Body, f *report.File) {
	if list := changes(f); list != "" {
		body.Add(markdown.Changes, "\n### Changes\n"+list)
	}
	Rest(body, f)
}

// Rest adds all but the changes.
func Rest(body *markdown.Body, f *report.File) {
	body.Add(markdown.Beside, beside(f))
	body.Add(markdown.Diff, diff(f))
	body.Add(markdown.Held, held(f))
}

// change is one, or several for the same reason.
type change struct {
	*report.Change
	pass  string
	lines []report.Lines
}

// changes lists the changes with their lines and reasons, in the order of the
// file.
func changes(f *report.File) string {
	var all []*change
	for i := range f.Passes {
		for j := range f.Passes[i].Changes {
			c := &f.Passes[i].Changes[j]
			same := slices.IndexFunc(all, func(o *change) bool {
				return o.pass == f.Passes[i].Name && o.Reason == c.Reason && o.Added == c.Added && len(o.Notes)+len(c.Notes) == 0
			})
			if same < 0 {
				same = len(all)
				all = append(all, &change{Change: c, pass: f.Passes[i].Name})
			}
			all[same].lines = append(all[same].lines, c.Lines()...)
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.SortStableFunc(all, func(a, b *change) int { return a.Line - b.Line })
	var b strings.Builder
	b.WriteString("\n")
	for _, c := range all {
		fmt.Fprintf(&b, "- %s: **%s**: %s\n", report.Where(c.lines), c.pass, markdown.Escape(c.Reason+c.Of()))
		for i, n := range c.Notes {
			if !slices.Contains(c.Notes[:i], n) {
				fmt.Fprintf(&b, "  - line %d: %s\n", n.Line, markdown.Escape(n.Text))
			}
		}
	}
	return b.String()
}

// beside names the files that belong to the change, and the warnings.
func beside(f *report.File) string {
	var b strings.Builder
	for _, c := range f.Companions {
		fmt.Fprintf(&b, "\nIt %s %s.\n", c.Verb(), markdown.Code(c.Path)+c.By())
	}
	for _, n := range f.Warnings {
		fmt.Fprintf(&b, "\nWarning, line %d: %s\n", n.Line, markdown.Escape(n.Text))
	}
	return b.String()
}

func diff(f *report.File) string {
	if f.Diff == "" {
		return ""
	}
	var b, block strings.Builder
	markdown.Block(&block, "diff", strings.Split(strings.TrimSuffix(clean(f.Diff), "\n"), "\n"))
	b.WriteString("\n")
	markdown.Folded(&b, "Diff", block.String())
	return b.String()
}

// clean shows control characters and bytes that are not UTF-8.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

func held(f *report.File) string {
	var b strings.Builder
	for _, kind := range []struct{ said, title string }{{"held back", "Held back"}, {"not chosen", "Not chosen"}, {"already so", "Already so"}} {
		n, list := 0, ""
		for i := range f.Passes {
			for _, d := range f.Passes[i].Declines {
				if d.Said() == kind.said {
					n++
					list += fmt.Sprintf("- line %d: **%s**: %s (%s)\n", d.Line, f.Passes[i].Name, markdown.Escape(d.Reason), markdown.Code(d.ReasonKey))
				}
			}
		}
		if n > 0 {
			b.WriteString("\n")
			markdown.Folded(&b, fmt.Sprintf("%s: %d", kind.title, n), list)
		}
	}
	return b.String()
}
