package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"refit/internal/plural"
	"refit/internal/pyuse"
	"refit/internal/report"
)

// verdicts are the verdicts in the order in which they are told.
var verdicts = []pyuse.Verdict{pyuse.Unused, pyuse.Maybe, pyuse.Used}

// unusedText writes the verdicts as a table, those first that something can be done about.
func unusedText(w io.Writer, all []unusedReport, style report.Style) error {
	var b strings.Builder
	for i, u := range all {
		if u.report == nil {
			continue
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s\n", report.Clean(u.path), tally(u.report))
		width := 0
		for _, r := range u.report.Results {
			width = max(width, len(named(r)))
		}
		for _, v := range verdicts {
			for _, r := range u.report.Of(v) {
				fmt.Fprintf(&b, "  %-6s  %-*s  %s\n", v, width, report.Clean(named(r)), report.Clean(evidence(r)))
			}
		}
		for _, d := range u.report.Doubts[:min(len(u.report.Doubts), maxDoubts)] {
			fmt.Fprintf(&b, "  nothing is called unused: %s\n", report.Clean(d.String()))
		}
		if more := len(u.report.Doubts) - maxDoubts; more > 0 {
			fmt.Fprintf(&b, "  … and %s\n", plural.Of(more, "further reason"))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// maxDoubts is how many of the reasons a table shows; JSON has all.
const maxDoubts = 10

// tally counts the verdicts.
func tally(r *pyuse.Report) string {
	return fmt.Sprintf("%s %s required: %d unused, %d maybe, %d used", plural.Of(len(r.Results), "distribution"), plural.Verb(len(r.Results)),
		len(r.Of(pyuse.Unused)), len(r.Of(pyuse.Maybe)), len(r.Of(pyuse.Used)))
}

func named(r pyuse.Result) string {
	if r.Requirement.Name == "" {
		return r.Requirement.Raw
	}
	return r.Requirement.Name
}

func evidence(r pyuse.Result) string {
	var all []string
	for _, e := range r.Evidence {
		all = append(all, e.String())
	}
	return strings.Join(all, "; ")
}

// unusedMarkdown writes the verdicts as tables for a review.
func unusedMarkdown(w io.Writer, all []unusedReport) error {
	var b strings.Builder
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, u := range all {
		if u.report == nil {
			continue
		}
		fmt.Fprintf(&b, "## %s\n\n%s.\n\n| distribution | verdict | evidence |\n|---|---|---|\n", report.Clean(u.path), tally(u.report))
		for _, v := range verdicts {
			for _, r := range u.report.Of(v) {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", cell.Replace(named(r)), v, cell.Replace(report.Clean(evidence(r))))
			}
		}
		for _, d := range u.report.Doubts[:min(len(u.report.Doubts), maxDoubts)] {
			fmt.Fprintf(&b, "\nNothing is called unused: %s.\n", report.Clean(d.String()))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

type jsonEvidence struct {
	Why  string `json:"why"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

type jsonVerdict struct {
	Name     string         `json:"name"`
	File     string         `json:"file"`
	Line     int            `json:"line"`
	Verdict  string         `json:"verdict"`
	Evidence []jsonEvidence `json:"evidence"`
}

type jsonUnused struct {
	Path         string         `json:"path"`
	Error        string         `json:"error,omitempty"`
	Requirements []jsonVerdict  `json:"requirements"`
	Doubts       []jsonEvidence `json:"doubts"`
}

// unusedJSON writes the verdicts for programs; docs/unused.md has the format.
func unusedJSON(w io.Writer, all []unusedReport) error {
	out := struct {
		Files []jsonUnused `json:"files"`
	}{[]jsonUnused{}}
	for _, u := range all {
		j := jsonUnused{Path: u.path, Requirements: []jsonVerdict{}, Doubts: []jsonEvidence{}}
		if u.err != nil {
			j.Error = u.err.Error()
		} else {
			for _, r := range u.report.Results {
				j.Requirements = append(j.Requirements, jsonVerdict{named(r), r.Requirement.File, r.Requirement.Line, string(r.Verdict), jsonEvidences(r.Evidence)})
			}
			j.Doubts = jsonEvidences(u.report.Doubts)
		}
		out.Files = append(out.Files, j)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func jsonEvidences(list []pyuse.Evidence) []jsonEvidence {
	out := []jsonEvidence{}
	for _, e := range list {
		out = append(out, jsonEvidence(e))
	}
	return out
}
