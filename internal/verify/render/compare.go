package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"refit/internal/markdown"
	"refit/internal/plural"
	"refit/internal/report"
	"refit/internal/verify"
)

// CompareText writes comparisons for people: a line for each candidate that was
// measured, the others with the reason, and what follows from the figures.
func CompareText(w io.Writer, comparisons []*verify.Comparison, color bool) error {
	b := bufio.NewWriter(w)
	s := report.Style{Color: color}
	for i, c := range comparisons {
		if i > 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintln(b, s.Paint(report.Bold, report.Clean(c.Path)))
		if len(c.Measured()) > 0 {
			item(b, "", 2, ran(c)+": "+c.Workload)
			compareTable(c, func(name string) string { return name }).text(b, s)
			fmt.Fprintln(b)
		}
		for i := range c.Candidates {
			m := &c.Candidates[i]
			sign, sentence := s.Paint(report.Green, good), remark(m)
			switch {
			case m.Left != "":
				sign = s.Paint(report.Faint, missing)
			case !m.Measured():
				sign = s.Paint(report.Red, bad)
			}
			item(b, sign+" "+pad(report.Clean(m.Name), candidateWidth(c), true)+"  ", 6+candidateWidth(c), sentence)
			textLog(b, m.Log, s)
		}
		item(b, "", 2, conclusion(c))
	}
	return b.Flush()
}

// CompareMarkdown writes comparisons as a document to be kept, as Markdown does
// outcomes.
func CompareMarkdown(w io.Writer, comparisons []*verify.Comparison, command, builder string) error {
	b := bufio.NewWriter(w)
	markdown.Title(b, "Base images compared", "The same Dockerfile on several base images, and a workload that ran in each", command, builder)
	for _, c := range comparisons {
		fmt.Fprintf(b, "\n## %s\n\n%s\n", markdown.Escape(c.Path), markdown.Escape(conclusion(c)))
		if len(c.Measured()) > 0 {
			fmt.Fprintf(b, "\n%s:\n\n", ran(c))
			markdown.Command(b, c.Workload)
			fmt.Fprintln(b)
			compareTable(c, markdown.Escape).markdown(b)
			picture(b, "Compressed size", candidateBars(c, func(m *verify.Candidate) (float64, string) {
				return float64(m.Compressed), megabytes(m.Compressed)
			}))
			picture(b, "Run time", candidateBars(c, func(m *verify.Candidate) (float64, string) {
				return m.Median(), runTime(m)
			}))
		}
		heading(b, "Candidates", len(c.Candidates))
		for i := range c.Candidates {
			m := &c.Candidates[i]
			fmt.Fprintf(b, "- **%s**: %s\n", markdown.Escape(m.Name), markdown.Escape(remark(m)))
			markdownLogOf(b, m.Log)
		}
	}
	return b.Flush()
}

// ran says how often the workload ran.
func ran(c *verify.Comparison) string {
	return fmt.Sprintf("Workload, %s in each image", plural.Of(c.Runs, "run"))
}

func candidateWidth(c *verify.Comparison) int {
	width := 0
	for i := range c.Candidates {
		width = max(width, len([]rune(report.Clean(c.Candidates[i].Name))))
	}
	return width
}

// remark is what a candidate was made from, or why it wasn't measured.
func remark(m *verify.Candidate) string {
	switch {
	case m.Left != "":
		return "left out: " + m.Left
	case m.Error != "":
		return "not measured: " + m.Error
	case !m.Measured():
		return "not measured"
	case m.Base == "":
		return "measured"
	}
	return "from " + m.Base
}

// compareTable has a line for each candidate that was measured. Where all are
// as fast, none is marked.
func compareTable(c *verify.Comparison, form func(string) string) *table {
	t := &table{
		head: []string{"base", "size", "cold build", "rebuild", "run time (min–max)", "memory", ""},
		left: map[int]bool{6: true},
	}
	fastest, smallest := c.Fastest(), c.Smallest()
	if len(fastest) == len(c.Measured()) {
		fastest = nil // none is
	}
	took := func(b *verify.Build) string {
		if b == nil {
			return missing
		}
		return seconds(b.Seconds)
	}
	for _, m := range c.Measured() {
		var marks []string
		if slices.Contains(smallest, m) {
			marks = append(marks, "smallest")
		}
		if slices.Contains(fastest, m) {
			marks = append(marks, "fastest")
		}
		memory := missing
		if m.PeakMemory > 0 {
			memory = megabytes(m.PeakMemory)
		}
		t.add(cell{text: form(plain(m.Name, 16))}, cell{text: megabytes(m.Compressed)}, cell{text: took(m.ColdBuild)},
			cell{text: took(m.WarmRebuild)}, cell{text: runTime(m)}, cell{text: memory}, cell{strings.Join(marks, ", "), min(1, len(marks))})
	}
	return t
}

// runTime is the median and, of several runs, the spread.
func runTime(m *verify.Candidate) string {
	text := digits(m.Median()) + " s"
	if len(m.RunSeconds) > 1 {
		low, high := m.Spread()
		text += fmt.Sprintf(" (%s–%s)", digits(low), digits(high))
	}
	return text
}

func candidateBars(c *verify.Comparison, of func(*verify.Candidate) (float64, string)) []barLine {
	var lines []barLine
	for _, m := range c.Measured() {
		value, text := of(m)
		lines = append(lines, barLine{name: report.Clean(m.Name), value: value, text: text})
	}
	return lines
}

// conclusion says what the figures support, and no more: run times whose spreads
// overlap are equal.
func conclusion(c *verify.Comparison) string {
	measured := c.Measured()
	switch {
	case c.Error != "":
		return "Not compared: " + c.Error
	case len(measured) == 0:
		return "No candidate could be measured."
	case len(measured) == 1:
		return fmt.Sprintf("Only %s could be measured: %s, %s.", measured[0].Name, megabytes(measured[0].Compressed), runTime(measured[0]))
	}
	fastest, smallest := c.Fastest(), c.Smallest()
	small := fmt.Sprintf("%s smallest (%s)", isThe(smallest), megabytes(smallest[0].Compressed))
	switch {
	case fastest == nil:
		return fmt.Sprintf("%s; single runs don't tell which is faster.", small)
	case len(fastest) == len(measured):
		return fmt.Sprintf("%s; the run times of %s are equal within their spread.", small, names(fastest))
	case slices.Equal(fastest, smallest) && len(fastest) == 1:
		return fmt.Sprintf("%s and the fastest (median %s s).", small, digits(fastest[0].Median()))
	case len(fastest) == 1:
		return fmt.Sprintf("%s; %s fastest (median %s s).", small, isThe(fastest), digits(fastest[0].Median()))
	}
	return fmt.Sprintf("%s; %s fastest, equal within their spread.", small, isThe(fastest))
}

func isThe(all []*verify.Candidate) string {
	if len(all) == 1 {
		return names(all) + " is the"
	}
	return names(all) + " are the"
}

func names(all []*verify.Candidate) string {
	var names []string
	for _, m := range all {
		names = append(names, m.Name)
	}
	return list(names)
}
