package render

import (
	"fmt"
	"io"
	"strings"

	"refit/internal/plural"
	"refit/internal/report"
	"refit/internal/verify"
)

// labels are short names of paths: without the directories that they share and
// the name Dockerfile, where that keeps them apart.
func labels(outcomes []*verify.Outcome) []string {
	full := make([]string, len(outcomes))
	for i, o := range outcomes {
		full[i] = strings.TrimPrefix(strings.ReplaceAll(o.Path, `\`, "/"), "./")
	}
	short := make([]string, len(full))
	shared := sharedDirectory(full)
	seen := map[string]bool{}
	for i, f := range full {
		short[i] = strings.TrimSuffix(f[shared:], "/Dockerfile")
		if seen[short[i]] {
			return full
		}
		seen[short[i]] = true
	}
	return short
}

// sharedDirectory returns the length of the directories that all paths start
// with, of which the last one of each path, the directory of the Dockerfile, is
// none.
func sharedDirectory(paths []string) int {
	if len(paths) < 2 {
		return 0
	}
	parent := func(p string) string {
		p = p[:strings.LastIndexByte(p, '/')+1]
		return p[:strings.LastIndexByte(strings.TrimSuffix(p, "/"), '/')+1]
	}
	shared := parent(paths[0])
	for _, p := range paths[1:] {
		for !strings.HasPrefix(parent(p), shared) {
			shared = shared[:strings.LastIndexByte(strings.TrimSuffix(shared, "/"), '/')+1]
		}
	}
	return len(shared)
}

// pair is "before → after", with the unit once.
func pair(r row) string {
	switch {
	case r.before == r.after:
		return r.after
	case r.before == missing || r.after == missing:
		return r.before + " → " + r.after
	}
	before := r.before
	for _, unit := range []string{" MB", " s"} {
		if b, ok := strings.CutSuffix(before, unit); ok && strings.HasSuffix(r.after, unit) {
			before = b
		}
	}
	return before + " → " + r.after
}

// figure is a column of an overview.
type figure struct {
	head string
	of   func(o *verify.Outcome) row
}

func compressed(o *verify.Outcome) row {
	return bytesRow("", o.Before, o.After, func(i *verify.Image) int64 { return i.Compressed })
}

// figures are the columns of an overview.
func figures() []figure {
	return []figure{
		{"size", compressed},
		{"layers", func(o *verify.Outcome) row {
			return countRow("", o.Before, o.After, func(i *verify.Image) int { return i.Layers })
		}},
		{"packages", func(o *verify.Outcome) row {
			return countRow("", o.Before, o.After, func(i *verify.Image) int { return i.Packages })
		}},
		{"setuid", func(o *verify.Outcome) row {
			return countRow("", o.Before, o.After, func(i *verify.Image) int { return len(i.Setuid) })
		}},
		{"cold build", func(o *verify.Outcome) row { return secondsRow(coldBuild(o.Before), coldBuild(o.After)) }},
		{"rebuild", func(o *verify.Outcome) row { return secondsRow(sourceRebuild(o)) }},
	}
}

func secondsRow(b, a *verify.Build) row {
	return fill("", b, a, func(b *verify.Build) string { return seconds(b.Seconds) },
		func(b, a *verify.Build) (string, int) {
			return percent(b.Seconds, a.Seconds), timeTrend(b.Seconds, a.Seconds)
		})
}

// sourceRebuild is how the first rebuild after a source edit went.
func sourceRebuild(o *verify.Outcome) (before, after *verify.Build) {
	for _, r := range o.Rebuilds {
		if r.Kind == "source" {
			return r.Before, r.After
		}
	}
	return nil, nil
}

// overview has a line for each file. The columns are those that are wanted, and
// "change", which is the size's.
func overview(outcomes []*verify.Outcome, wanted func(head string) bool, name func(string) string) *table {
	t := &table{head: []string{"file"}, left: map[int]bool{}}
	for _, f := range figures() {
		if wanted(f.head) {
			t.head = append(t.head, f.head)
			if f.head == "size" {
				t.head = append(t.head, "change")
			}
		}
	}
	t.left[len(t.head)] = true
	t.head = append(t.head, "")
	names := labels(outcomes)
	for i, o := range outcomes {
		line := cells(name(names[i]))
		for _, f := range figures() {
			if !wanted(f.head) {
				continue
			}
			r := f.of(o)
			if o.After == nil && !o.Changed {
				r.after, r.change, r.trend = r.before, "", 0
			}
			line = append(line, cell{text: pair(r)})
			if f.head == "size" {
				line = append(line, cell{r.change, r.trend})
			}
		}
		line = append(line, cell{text: verdictOf(o).sign})
		t.add(line...)
	}
	return t
}

func textOverview(w io.Writer, outcomes []*verify.Outcome, s report.Style) {
	fmt.Fprintf(w, "\n%s\n", s.Paint(report.Bold, "overview"))
	wanted := func(head string) bool { return head != "cold build" && head != "layers" }
	t := overview(outcomes, wanted, func(name string) string { return ending(name, 28) })
	for i, o := range outcomes {
		v, row := verdictOf(o), t.rows[i]
		last := &row[len(row)-1]
		switch v.sign {
		case good:
			last.trend = 1
		case bad:
			last.trend = -1
		}
	}
	t.text(w, s)
	fmt.Fprintln(w, "  "+tally(outcomes))
}

// tally counts the verdicts.
func tally(outcomes []*verify.Outcome) string {
	n := map[string]int{}
	for _, o := range outcomes {
		switch {
		case o.Error != "":
			n["failed"]++
		case !o.Good:
			n["worse"]++
		case !o.Changed:
			n["unchanged"]++
		default:
			n["good"]++
		}
	}
	text := fmt.Sprintf("%s: %d at least as good", plural.Of(len(outcomes), "file"), n["good"])
	for _, part := range []struct{ key, text string }{{"unchanged", "unchanged"}, {"worse", "not as good"}, {"failed", "not verified"}} {
		if n[part.key] > 0 {
			text += fmt.Sprintf(", %d %s", n[part.key], part.text)
		}
	}
	return text
}
