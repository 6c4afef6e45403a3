package golden

import (
	"slices"
	"strings"
	"testing"

	reports "refit/internal/report"
)

// TestEveryLineHasAReason: what no change says that it took or wrote is as it was, in
// the same order; of a line that was taken, a part may be left.
func TestEveryLineHasAReason(t *testing.T) {
	changed := 0
	for _, name := range glob(t, "*/*.txtar") {
		e, _ := entry(t, name, variant{})
		takes, writes := map[int]bool{}, map[int]bool{}
		for _, p := range e.Passes {
			for _, c := range p.Changes {
				if c.Reason == "" {
					t.Errorf("%s: %s gives no reason", name, p.Name)
				}
				addLines(takes, c.Takes)
				addLines(writes, c.Writes)
			}
		}
		changed += len(takes) + len(writes)
		before, after := slices.Collect(strings.Lines(e.Result.Before)), slices.Collect(strings.Lines(e.Result.After))
		at := 0
		for i, line := range after {
			if writes[i+1] {
				continue
			}
			n := slices.Index(before[at:], line)
			for k := at; n < 0 && k < len(before); k++ {
				if takes[k+1] && within(strings.TrimSpace(line), before[k]) { // a part of it was taken
					n = k - at
				}
			}
			if n < 0 {
				t.Errorf("%s: line %d of the result is new, and no change says that it wrote it: %q", name, i+1, line)
				continue
			}
			at += n + 1
		}
		at = 0
		for i, line := range before {
			if takes[i+1] {
				continue
			}
			n := slices.IndexFunc(after[at:], func(now string) bool { return within(strings.TrimSpace(line), now) })
			if n < 0 {
				t.Errorf("%s: line %d is gone, and no change says that it took it: %q", name, i+1, line)
				continue
			}
			at += n
		}
	}
	if changed < 1000 {
		t.Errorf("only %d lines changed", changed)
	}
}

func addLines(set map[int]bool, lines []reports.Lines) {
	for _, l := range lines {
		for n := l[0]; n <= l[1]; n++ {
			set[n] = true
		}
	}
}

// within reports whether text is what is left of other without some of it.
func within(text, other string) bool {
	for _, r := range other {
		if strings.HasPrefix(text, string(r)) {
			text = text[len(string(r)):]
		}
	}
	return text == ""
}
