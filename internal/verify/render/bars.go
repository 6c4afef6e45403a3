package render

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"refit/internal/verify"
)

// barWidth is how many characters the longest bar has.
const barWidth = 40

// bar is drawn in halves of a character; what is more than nothing is seen.
func bar(value, most float64) string {
	if value <= 0 || most <= 0 {
		return ""
	}
	halves := max(1, int(math.Round(2*barWidth*value/most)))
	return strings.Repeat("█", halves/2) + strings.Repeat("▌", halves%2)
}

// barLine is a line of a picture.
type barLine struct {
	name, part string
	value      float64
	text       string // what stands after the bar
}

// bars draws a picture of bars below each other, all to one scale.
func bars(w io.Writer, lines []barLine) {
	name, part, most := 0, 0, 0.0
	for _, l := range lines {
		name, part = max(name, utf8.RuneCountInString(l.name)), max(part, utf8.RuneCountInString(l.part))
		most = max(most, l.value)
	}
	fmt.Fprintln(w, "```text")
	for _, l := range lines {
		fields := []string{pad(l.name, name, true)}
		if part > 0 {
			fields = append(fields, pad(l.part, part, true))
		}
		fields = append(fields, strings.TrimLeft(bar(l.value, most)+" "+l.text, " "))
		fmt.Fprintln(w, strings.Join(fields, "  "))
	}
	fmt.Fprintln(w, "```")
}

// sizeBars are the compressed sizes of files, before and after.
func sizeBars(outcomes []*verify.Outcome) []barLine {
	size := func(i *verify.Image) (float64, string) {
		if i == nil {
			return 0, missing
		}
		return float64(i.Compressed), megabytes(i.Compressed)
	}
	return pairBars(outcomes, func(o *verify.Outcome) bool { return o.Before != nil || o.After != nil }, func(o *verify.Outcome, after bool) (float64, string) {
		if after {
			return size(o.After)
		}
		return size(o.Before)
	})
}

// rebuildBars are the seconds of a rebuild after a source edit.
func rebuildBars(outcomes []*verify.Outcome) []barLine {
	took := func(b *verify.Build) (float64, string) {
		if b == nil {
			return 0, missing
		}
		return b.Seconds, seconds(b.Seconds)
	}
	there := func(o *verify.Outcome) bool {
		b, a := sourceRebuild(o)
		return b != nil || a != nil
	}
	return pairBars(outcomes, there, func(o *verify.Outcome, after bool) (float64, string) {
		b, a := sourceRebuild(o)
		if after {
			return took(a)
		}
		return took(b)
	})
}

// pairBars are two lines for each file that refit changes.
func pairBars(outcomes []*verify.Outcome, there func(*verify.Outcome) bool, of func(o *verify.Outcome, after bool) (float64, string)) []barLine {
	var lines []barLine
	names := labels(outcomes)
	for i, o := range outcomes {
		if !there(o) || !o.Changed {
			continue
		}
		before, beforeText := of(o, false)
		after, afterText := of(o, true)
		if before > 0 && after > 0 {
			afterText += "  " + percent(before, after)
		}
		lines = append(lines,
			barLine{ending(names[i], 30), "before", before, beforeText},
			barLine{"", "after", after, afterText})
	}
	return lines
}
