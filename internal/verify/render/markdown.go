package render

import (
	"fmt"
	"io"
	"strings"

	"refit/internal/markdown"
	"refit/internal/plural"
	"refit/internal/pullrequest"
	"refit/internal/report"
	"refit/internal/verify"
)

// markdownLog is how many lines of a log, or steps of a build, are shown.
const markdownLog = 40

// Markdown writes outcomes as a document to be kept, or as the body of a pull
// request: the command, an overview with pictures of the sizes and of the
// rebuilds, and a section for each file. The builder is what built them, as a
// phrase; "" when that is not to be said. files say what was changed and why, one
// for each outcome, or nil.
func Markdown(w io.Writer, outcomes []*verify.Outcome, command, builder string, files []*report.File) error {
	var body markdown.Body
	var b strings.Builder
	markdown.Title(&b, "Results", "What building the original and the optimized Dockerfile shows", command, builder)
	if len(outcomes) > 0 {
		fmt.Fprint(&b, "\n## Overview\n\n")
		overview(outcomes, func(string) bool { return true }, markdown.CodeInCell).markdown(&b)
		fmt.Fprint(&b, "\nBefore → after. Sizes are compressed, as a registry serves them; a rebuild is the one after an edit of a\n"+
			"source file. Times are without fetching base images and exporting.\n\n"+tally(outcomes)+".\n")
		picture(&b, "Compressed size", sizeBars(outcomes))
		picture(&b, "Rebuild after a source edit", rebuildBars(outcomes))
	}
	body.Add(markdown.Head, b.String())
	names := labels(outcomes)
	for i, o := range outcomes {
		b.Reset()
		markdownOutcome(&b, o, names[i])
		body.Add(markdown.Head, b.String())
		b.Reset()
		for _, r := range o.Rebuilds {
			markdownRebuild(&b, r)
		}
		body.Add(markdown.Steps, b.String())
		if i < len(files) && files[i] != nil {
			pullrequest.Sections(&body, files[i])
		}
	}
	return body.WriteTo(w, "`--format text` has all of it.")
}

func picture(w io.Writer, name string, lines []barLine) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n### %s\n\n", name)
	bars(w, lines)
}

func markdownOutcome(w io.Writer, o *verify.Outcome, name string) {
	fmt.Fprintf(w, "\n## %s\n\n", markdown.Escape(name))
	v := verdictOf(o)
	fmt.Fprintf(w, "%s: %s %s\n", markdown.Code(o.Path), v.sign, markdown.Escape(v.sentence))
	if t := tableOf(o); t != nil {
		fmt.Fprintln(w)
		for _, row := range t.rows {
			for i := range row {
				row[i].text = markdown.Escape(row[i].text)
			}
		}
		t.markdown(w)
	}
	heading(w, "Checks", len(o.Checks))
	for _, c := range o.Checks {
		_, sign := signOf(c.Verdict)
		fmt.Fprintf(w, "- %s **%s**: %s\n", sign, markdown.Escape(c.Name), markdown.Escape(c.Detail))
		markdownLogOf(w, c.Log)
	}
	heading(w, "Repaired", len(o.Repairs))
	for _, r := range o.Repairs {
		fmt.Fprintf(w, "- %s\n", markdown.Escape(repaired(r)))
	}
	heading(w, "Left out", len(o.Dropped))
	for _, d := range o.Dropped {
		fmt.Fprintf(w, "- %s\n", markdown.Escape(dropped(d)))
		markdownLogOf(w, d.Log)
	}
}

func heading(w io.Writer, name string, items int) {
	if items > 0 {
		fmt.Fprintf(w, "\n### %s\n\n", name)
	}
}

// markdownRebuild lists the steps that ran.
func markdownRebuild(w io.Writer, r verify.Rebuild) {
	fmt.Fprintf(w, "\n### Steps that run again after an edit of %s\n\n", markdown.Escape(r.Touched))
	var lines []string
	for _, side := range []struct {
		name  string
		build *verify.Build
	}{{"before", r.Before}, {"after", r.After}} {
		if side.build == nil {
			lines = append(lines, side.name+": "+missing)
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s, %s from cache", side.name, seconds(side.build.Seconds), plural.Of(side.build.Cached, "step")))
		for _, step := range narrow(shorten(side.build.Ran, markdownLog)) {
			lines = append(lines, "  "+step)
		}
	}
	markdown.Block(w, "text", lines)
}

// markdownLogOf writes a log below an item of a list.
func markdownLogOf(w io.Writer, log []string) {
	if len(log) == 0 {
		return
	}
	var b strings.Builder
	markdown.Block(&b, "text", narrow(shorten(log, markdownLog)))
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
