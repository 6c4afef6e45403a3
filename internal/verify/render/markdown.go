package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"

	"refit/internal/report"
	"refit/internal/verify"
)

// markdownLog is how many lines of a log, or steps of a build, are shown.
const markdownLog = 40

// Markdown writes outcomes as a document to be kept: the command, an overview
// with pictures of the sizes and of the rebuilds, and a section for each file.
// The builder is what built them, as a phrase; "" when that is not to be said.
func Markdown(w io.Writer, outcomes []*verify.Outcome, command, builder string) error {
	b := bufio.NewWriter(w)
	title(b, "Results", "What building the original and the optimized Dockerfile shows", command, builder)
	if len(outcomes) > 0 {
		fmt.Fprint(b, "\n## Overview\n\n")
		overview(outcomes, func(string) bool { return true }, codeInCell).markdown(b)
		fmt.Fprint(b, "\nBefore → after. Sizes are compressed, as a registry serves them; a rebuild is the one after an edit of a\n"+
			"source file. Times are without fetching base images and exporting.\n\n"+tally(outcomes)+".\n")
		picture(b, "Compressed size", sizeBars(outcomes))
		picture(b, "Rebuild after a source edit", rebuildBars(outcomes))
	}
	names := labels(outcomes)
	for i, o := range outcomes {
		markdownOutcome(b, o, names[i])
	}
	return b.Flush()
}

func title(w io.Writer, name, what, command, builder string) {
	fmt.Fprintf(w, "# %s\n\n%s", name, what)
	if builder != "" {
		fmt.Fprintf(w, ", with %s", escape(builder))
	}
	fmt.Fprint(w, ". Written by:\n\n")
	commandBlock(w, command)
}

func picture(w io.Writer, name string, lines []barLine) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n### %s\n\n", name)
	bars(w, lines)
}

func markdownOutcome(w io.Writer, o *verify.Outcome, name string) {
	fmt.Fprintf(w, "\n## %s\n\n", escape(name))
	v := verdictOf(o)
	fmt.Fprintf(w, "%s: %s %s\n", code(o.Path), v.sign, escape(v.sentence))
	if t := tableOf(o); t != nil {
		fmt.Fprintln(w)
		for _, row := range t.rows {
			for i := range row {
				row[i].text = escape(row[i].text)
			}
		}
		t.markdown(w)
	}
	heading(w, "Checks", len(o.Checks))
	for _, c := range o.Checks {
		_, sign := signOf(c.Verdict)
		fmt.Fprintf(w, "- %s **%s**: %s\n", sign, escape(c.Name), escape(c.Detail))
		markdownLogOf(w, c.Log)
	}
	heading(w, "Repaired", len(o.Repairs))
	for _, r := range o.Repairs {
		fmt.Fprintf(w, "- %s\n", escape(repaired(r)))
	}
	heading(w, "Left out", len(o.Dropped))
	for _, d := range o.Dropped {
		fmt.Fprintf(w, "- %s\n", escape(dropped(d)))
		markdownLogOf(w, d.Log)
	}
	for _, r := range o.Rebuilds {
		markdownRebuild(w, r)
	}
}

func heading(w io.Writer, name string, items int) {
	if items > 0 {
		fmt.Fprintf(w, "\n### %s\n\n", name)
	}
}

// markdownRebuild lists the steps that ran.
func markdownRebuild(w io.Writer, r verify.Rebuild) {
	fmt.Fprintf(w, "\n### Steps that run again after an edit of %s\n\n", escape(r.Touched))
	var lines []string
	for _, side := range []struct {
		name  string
		build *verify.Build
	}{{"before", r.Before}, {"after", r.After}} {
		if side.build == nil {
			lines = append(lines, side.name+": "+missing)
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s, %s from cache", side.name, seconds(side.build.Seconds), count(side.build.Cached, "step")))
		for _, step := range narrow(shorten(side.build.Ran, markdownLog)) {
			lines = append(lines, "  "+step)
		}
	}
	block(w, "text", lines)
}

// markdownLogOf writes a log below an item of a list.
func markdownLogOf(w io.Writer, log []string) {
	if len(log) == 0 {
		return
	}
	var b strings.Builder
	block(&b, "text", narrow(shorten(log, markdownLog)))
	fmt.Fprintln(w)
	for line := range strings.Lines(b.String()) {
		fmt.Fprint(w, "  "+line)
	}
}

// narrow makes lines of a log harmless and not too long.
func narrow(log []string) []string {
	lines := make([]string, len(log))
	for i, l := range log {
		lines[i] = plain(l, 120)
	}
	return lines
}

// block writes lines as code, between fences that none of them ends.
func block(w io.Writer, language string, lines []string) {
	fence := "```"
	for _, l := range lines {
		for strings.Contains(l, fence) {
			fence += "`"
		}
	}
	fmt.Fprintln(w, fence+language)
	for _, l := range lines {
		fmt.Fprintln(w, l)
	}
	fmt.Fprintln(w, fence)
}

// commandBlock writes a command as it is, for it is there to be used again.
func commandBlock(w io.Writer, command string) {
	block(w, "sh", strings.Split(strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return ' '
		}
		return r
	}, command), "\n"))
}

// code is text as code in a sentence.
func code(text string) string {
	text = report.Clean(text)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

// codeInCell is text as code in a table's cell, where a bar ends the cell even
// in code.
func codeInCell(text string) string { return strings.ReplaceAll(code(text), "|", `\|`) }

// escape makes text stand for itself in Markdown, within a line and within a
// table's cell. An underscore within a word needs nothing.
func escape(text string) string {
	var b strings.Builder
	r := []rune(report.Clean(text))
	word := func(i int) bool { return i >= 0 && i < len(r) && (unicode.IsLetter(r[i]) || unicode.IsDigit(r[i])) }
	for i, c := range r {
		switch {
		case strings.ContainsRune("\\`*<[|~", c),
			c == '_' && !(word(i-1) && word(i+1)),
			c == '&' && (word(i+1) || i+1 < len(r) && r[i+1] == '#'):
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}
