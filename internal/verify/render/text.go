package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"refit/internal/report"
	"refit/internal/verify"
)

const (
	textWidth = 98 // of a line of text
	shownLog  = 12 // lines of a log
	shownUses = 3  // files that need a library
)

// Text writes outcomes for people: for each file the figures of both images, the
// checks, what was repaired or dropped and the verdict, and for several files an
// overview at the end.
func Text(w io.Writer, outcomes []*verify.Outcome, color bool) error {
	b := bufio.NewWriter(w)
	s := report.Style{Color: color}
	for i, o := range outcomes {
		if i > 0 {
			fmt.Fprintln(b)
		}
		textOutcome(b, o, s)
	}
	if len(outcomes) > 1 {
		textOverview(b, outcomes, s)
	}
	return b.Flush()
}

func textOutcome(w io.Writer, o *verify.Outcome, s report.Style) {
	fmt.Fprintf(w, "%s\n", s.Paint(report.Bold, report.Clean(o.Path)))
	if t := tableOf(o); t != nil {
		t.text(w, s)
		fmt.Fprintln(w)
	}
	for _, c := range o.Checks {
		sgr, sign := signOf(c.Verdict)
		item(w, s.Paint(sgr, sign)+" "+pad(c.Name, nameWidth(o.Checks), true)+"  ", 2+2+nameWidth(o.Checks)+2, c.Detail)
		textLog(w, c.Log, s)
	}
	for _, r := range o.Repairs {
		item(w, s.Paint(report.Green, "+")+" ", 4, repaired(r))
	}
	for _, d := range o.Dropped {
		item(w, s.Paint(report.Yellow, "-")+" ", 4, dropped(d))
		textLog(w, d.Log, s)
	}
	v := verdictOf(o)
	item(w, s.Paint(v.sgr, v.sign)+" ", 4, v.sentence)
}

// item writes a sentence after a mark, broken into lines that start below it.
// The mark, whose colours have no width, ends at column.
func item(w io.Writer, mark string, column int, sentence string) {
	for i, line := range wrap(sentence, textWidth-column) {
		if i == 0 {
			fmt.Fprintln(w, strings.TrimRight("  "+mark+line, " "))
		} else {
			fmt.Fprintln(w, strings.Repeat(" ", column)+line)
		}
	}
}

func nameWidth(checks []verify.Check) int {
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	return width
}

func textLog(w io.Writer, log []string, s report.Style) {
	for _, l := range shorten(log, shownLog) {
		fmt.Fprintf(w, "      %s\n", s.Paint(report.Faint, "| "+plain(l, textWidth-8)))
	}
}

// shorten keeps the end of a log, which is where errors are.
func shorten(log []string, most int) []string {
	if len(log) <= most {
		return log
	}
	return append([]string{fmt.Sprintf("… %d lines before", len(log)-most)}, log[len(log)-most:]...)
}

func signOf(v verify.Verdict) (sgr, sign string) {
	switch v {
	case verify.Pass:
		return report.Green, good
	case verify.Fail:
		return report.Red, bad
	}
	return report.Yellow, unknown
}

func repaired(r verify.Repair) string {
	text := "added " + r.Package
	if r.Library != "" {
		text += " for " + r.Library
	}
	if len(r.NeededBy) > 0 {
		text += ": needed by " + some(r.NeededBy, shownUses)
	}
	return fmt.Sprintf("%s, found by building (round %d)", text, r.Round)
}

func dropped(d verify.Dropped) string { return "left out " + d.Pass + ": " + d.Why }

// verdict is what an outcome comes to.
type verdict struct {
	sgr, sign string
	sentence  string
}

func verdictOf(o *verify.Outcome) verdict {
	switch {
	case o.Error != "":
		return verdict{report.Red, bad, "Not verified: " + o.Error}
	case !o.Good:
		sentence := "Not as good as the original"
		if failed := named(o.Checks, verify.Fail); failed != "" {
			sentence += ": " + failed
		}
		return verdict{report.Red, bad, sentence + "."}
	case !o.Changed:
		return verdict{report.Faint, same, "Unchanged: refit has nothing to change."}
	}
	sentence := "At least as good as the original"
	if o.Before != nil && o.After != nil {
		sentence += fmt.Sprintf(": %s instead of %s", megabytes(o.After.Compressed), megabytes(o.Before.Compressed))
	}
	if open := named(o.Checks, verify.Unknown); open != "" {
		sentence += "; could not be checked: " + open
	}
	return verdict{report.Green, good, sentence + "."}
}

// named lists the checks that ended so.
func named(checks []verify.Check, v verify.Verdict) string {
	var names []string
	for _, c := range checks {
		if c.Verdict == v {
			names = append(names, c.Name)
		}
	}
	return list(names)
}
