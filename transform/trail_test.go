package transform

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// trailText shows what each line of a result is tied to.
func trailText(r *Result) string {
	var b strings.Builder
	names := func(marks []ChangeID) string {
		var list []string
		for _, m := range marks {
			list = append(list, fmt.Sprintf("%s:%d", m.Pass, m.Change))
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	t := r.Trail()
	for sign, side := range map[string][][]ChangeID{"-": t.Before, "+": t.After} {
		for i, marks := range side {
			if len(marks) > 0 {
				fmt.Fprintf(&b, "%s%d %s\n", sign, i+1, names(marks))
			}
		}
	}
	lines := strings.SplitAfter(b.String(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// edits is a pass that makes each of its pairs a change named after the new text.
func edits(name string, pairs ...string) *Pass {
	return &Pass{Name: name, Alters: []string{"*"}, Run: func(f *File) []Finding {
		var list []Finding
		for i := 0; i < len(pairs); i += 2 {
			at := strings.Index(f.Src, pairs[i])
			if at < 0 {
				continue
			}
			s := Span{at, at + len(pairs[i])}
			list = append(list, Finding{At: s, Why: fmt.Sprint(i / 2), Edits: []Edit{{s, pairs[i+1]}}})
		}
		return list
	}}
}

func TestTrail(t *testing.T) {
	const src = "FROM debian:12\nENV A=1\nRUN one\nRUN two\n"
	for name, c := range map[string]struct {
		passes []*Pass
		want   string
	}{
		"a word":                {[]*Pass{edits("p", "one", "three")}, "+3 p:0\n-3 p:0\n"},
		"written with a line":   {[]*Pass{edits("p", "RUN two\n", "ENV B=2\nRUN two\n")}, "+4 p:0\n+5 p:0\n-4 p:0\n"},
		"written behind a line": {[]*Pass{edits("p", "A=1", "A=1\nENV B=2")}, "+2 p:0\n+3 p:0\n-2 p:0\n"},
		"in the file's order":   {[]*Pass{edits("p", "two", "2", "one", "1")}, "+3 p:1\n+4 p:0\n-3 p:1\n-4 p:0\n"},
		"within a line":         {[]*Pass{edits("p", "one", "1"), edits("q", "RUN 1", "RUN uno")}, "+3 p:0 q:0\n-3 p:0 q:0\n"},
		"a whole line anew":     {[]*Pass{edits("p", "one", "1"), edits("q", "RUN 1\nRUN two\n", "RUN 1 && two\n")}, "+3 q:0\n-3 p:0 q:0\n-4 q:0\n"},
		"a moved line":          {[]*Pass{edits("p", "one", "1"), moves("q", "RUN 1\n", "ENV A=1\n")}, "+2 p:0 q:0\n-3 p:0 q:0\n"},
		"a line taken out":      {[]*Pass{edits("p", "RUN one\n", "")}, "-3 p:0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustRun(t, src, c.passes...)
			if got := trailText(r); got != c.want {
				t.Errorf("got\n%swant\n%sof\n%s", got, c.want, r.After)
			}
		})
	}
}

// moves is a pass that takes a line out and puts it above another.
func moves(name, line, above string) *Pass {
	return &Pass{Name: name, Alters: []string{"*"}, Run: func(f *File) []Finding {
		from, to := strings.Index(f.Src, line), strings.Index(f.Src, above)
		if from < to {
			return nil
		}
		cut, put := Edit{Span{from, from + len(line)}, ""}, Edit{Span{to, to}, line}
		return []Finding{{At: cut.Span, Why: "0", Edits: []Edit{cut, put}}}
	}}
}
