// Package render writes what verifying and comparing showed: as text for people,
// as JSON for programs, and as Markdown to be kept.
package render

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"refit/internal/report"
)

// missing stands for what is not known.
const missing = "–"

// The signs of a verdict.
const (
	good    = "✓"
	bad     = "✗"
	unknown = "?"
	same    = "="
)

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func seconds(s float64) string { return fmt.Sprintf("%.1f s", s) }

// digits are about three of the seconds of a workload, which may be short.
func digits(s float64) string {
	switch {
	case s < 1:
		return fmt.Sprintf("%.3f", s)
	case s < 10:
		return fmt.Sprintf("%.2f", s)
	}
	return fmt.Sprintf("%.1f", s)
}

// percent is the change from one figure to another, with a minus sign of the
// width of a digit.
func percent(before, after float64) string {
	if before == after {
		return same
	}
	if before == 0 {
		return ""
	}
	p := 100 * (after - before) / before
	digits := 0
	switch {
	case math.Abs(p) < 1:
		digits = 1
	case p < -99 && after > 0: // not all of it
		digits, p = 1, max(p, -99.9)
	}
	text := fmt.Sprintf("%+.*f %%", digits, p)
	if strings.Trim(text, "+-0. %") == "" {
		return same
	}
	return strings.Replace(text, "-", "−", 1)
}

// difference is the change from one count to another.
func difference(before, after int) string {
	if before == after {
		return same
	}
	return strings.Replace(fmt.Sprintf("%+d", after-before), "-", "−", 1)
}

// plain makes text of a Dockerfile or a log harmless, one line, and at most max
// characters long.
func plain(text string, max int) string {
	text = report.Clean(text)
	if utf8.RuneCountInString(text) <= max {
		return text
	}
	return string([]rune(text)[:max-1]) + "…"
}

// ending is plain, and keeps the end, which says most of a path.
func ending(text string, max int) string {
	text = report.Clean(text)
	r := []rune(text)
	if len(r) <= max {
		return text
	}
	return "…" + string(r[len(r)-max+1:])
}

// list is "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// some lists the first names, and says how many there are more.
func some(names []string, max int) string {
	if len(names) <= max {
		return list(names)
	}
	return strings.Join(names[:max], ", ") + fmt.Sprintf(" and %d more", len(names)-max)
}

// wrap breaks a sentence into lines of at most width characters. Words that are
// longer are cut.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(report.Clean(text)) {
		for {
			with := strings.TrimSpace(line + " " + word)
			if utf8.RuneCountInString(with) <= width {
				line = with
				break
			}
			if line == "" {
				r := []rune(word)
				lines, word = append(lines, string(r[:width])), string(r[width:])
				continue
			}
			lines, line = append(lines, line), ""
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// trend says whether a figure of which less is better got better (1), worse (-1)
// or neither.
func trend[T cmp.Ordered](before, after T) int { return cmp.Compare(before, after) }
