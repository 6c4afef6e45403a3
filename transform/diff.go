package transform

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pmezard/go-difflib/difflib"
)

// Diff is the change to the Dockerfile at path, and to its companions under
// dir, as a unified diff that git apply takes. Both are slash-separated and
// relative to where the diff will be applied; dir is "" or ends in a slash.
// old returns a companion's present content; ok is false when it is new.
func (r *Result) Diff(path, dir string, old func(string) (content string, ok bool)) (string, error) {
	var b strings.Builder
	d, err := UnifiedDiff(path, r.Before, r.After, true)
	if err != nil {
		return "", err
	}
	b.WriteString(d)
	for _, c := range r.Companions {
		before, exists := "", false
		if old != nil {
			before, exists = old(c.Path)
		}
		d, err := UnifiedDiff(dir+c.Path, before, c.Content, exists)
		if err != nil {
			return "", err
		}
		b.WriteString(d)
	}
	return b.String(), nil
}

// UnifiedDiff is the difference of two texts of one path with three lines of
// context; "" when they are equal. exists is false for a file that is new.
func UnifiedDiff(path, before, after string, exists bool) (string, error) {
	if before == after && exists {
		return "", nil
	}
	from := quotePath("a/" + path)
	if !exists {
		from = "/dev/null"
	}
	a, b := diffLines(before), diffLines(after)
	ops, head, tail := compare(a, b)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", from, quotePath("b/"+path))
	for _, group := range groups(ops, head, tail, 3) {
		writeHunk(&out, group, a, b)
	}
	return out.String(), nil
}

// WholeDiff shows all lines of two texts, each behind its sign: a blank, "-" or
// "+".
func WholeDiff(before, after string) string {
	a, b := diffLines(before), diffLines(after)
	var out strings.Builder
	for _, run := range AlignLines(before, after) {
		if run.Equal {
			writeLines(&out, " ", a[run.A1:run.A2])
			continue
		}
		writeLines(&out, "-", a[run.A1:run.A2])
		writeLines(&out, "+", b[run.B1:run.B2])
	}
	return out.String()
}

// compare aligns the lines between those that two texts share at the start and at
// the end.
func compare(a, b []string) (ops []difflib.OpCode, head, tail int) {
	head, tail = common(a, b)
	m := difflib.NewMatcherWithJunk(a[head:len(a)-tail], b[head:len(b)-tail], len(a)+len(b) > maxExact, nil)
	return m.GetOpCodes(), head, tail
}

// LineRun is a run of lines that two texts share, or that differ: lines [A1, A2) of one and
// [B1, B2) of the other, counted from 0.
type LineRun struct {
	Equal          bool
	A1, A2, B1, B2 int
}

// AlignLines says how UnifiedDiff aligns two texts. The runs cover both.
func AlignLines(before, after string) []LineRun {
	a, b := diffLines(before), diffLines(after)
	ops, head, tail := compare(a, b)
	var runs []LineRun
	if head > 0 {
		runs = append(runs, LineRun{true, 0, head, 0, head})
	}
	for _, op := range ops {
		runs = append(runs, LineRun{op.Tag == 'e', op.I1 + head, op.I2 + head, op.J1 + head, op.J2 + head})
	}
	if tail > 0 {
		runs = append(runs, LineRun{true, len(a) - tail, len(a), len(b) - tail, len(b)})
	}
	return runs
}

// maxExact is how many lines are compared without difflib's shortcut for lines
// that stand everywhere; its exact way is quadratic in those.
const maxExact = 2000

// common counts the lines that two texts share at the start and at the end.
func common(a, b []string) (head, tail int) {
	n := min(len(a), len(b))
	for head < n && a[head] == b[head] {
		head++
	}
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head, tail
}

// groups cuts the differences of the middle of two texts, which share head
// lines above and tail lines below, into hunks with n lines around each change.
func groups(ops []difflib.OpCode, head, tail, n int) [][]difflib.OpCode {
	var all [][]difflib.OpCode
	var cur []difflib.OpCode
	before := min(head, n)
	cur = append(cur, difflib.OpCode{Tag: 'e', I1: head - before, I2: head, J1: head - before, J2: head})
	for i, op := range ops {
		op.I1, op.I2, op.J1, op.J2 = op.I1+head, op.I2+head, op.J1+head, op.J2+head
		if op.Tag == 'e' && op.I2-op.I1 > 2*n && i > 0 && i < len(ops)-1 {
			cur = append(cur, difflib.OpCode{Tag: 'e', I1: op.I1, I2: op.I1 + n, J1: op.J1, J2: op.J1 + n})
			all = append(all, cur)
			cur = []difflib.OpCode{{Tag: 'e', I1: op.I2 - n, I2: op.I2, J1: op.J2 - n, J2: op.J2}}
			continue
		}
		cur = append(cur, op)
	}
	last := cur[len(cur)-1]
	after := min(tail, n)
	cur = append(cur, difflib.OpCode{Tag: 'e', I1: last.I2, I2: last.I2 + after, J1: last.J2, J2: last.J2 + after})
	return append(all, cur)
}

func writeHunk(out *strings.Builder, group []difflib.OpCode, a, b []string) {
	first, last := group[0], group[len(group)-1]
	fmt.Fprintf(out, "@@ -%s +%s @@\n", hunkRange(first.I1, last.I2), hunkRange(first.J1, last.J2))
	for _, op := range group {
		if op.Tag == 'e' {
			writeLines(out, " ", a[op.I1:op.I2])
			continue
		}
		writeLines(out, "-", a[op.I1:op.I2])
		writeLines(out, "+", b[op.J1:op.J2])
	}
}

func writeLines(out *strings.Builder, sign string, lines []string) {
	for _, l := range lines {
		out.WriteString(sign)
		out.WriteString(l)
	}
}

// hunkRange writes lines [from, to) as a unified diff counts them.
func hunkRange(from, to int) string {
	n := to - from
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, n)
}

// diffLines splits a text behind each newline; a last line without one carries
// the marker that diffs use.
func diffLines(s string) []string {
	lines := slices.Collect(strings.Lines(s))
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		lines[n-1] += "\n\\ No newline at end of file\n"
	}
	return lines
}

// quotePath quotes a path as git does when it has unusual bytes: in C's way, all
// that is not printable ASCII by its octal number.
func quotePath(p string) string {
	if !strings.ContainsFunc(p, func(r rune) bool { return unicode.IsControl(r) || r == '"' || r == '\\' || r == utf8.RuneError }) {
		if strings.Contains(p, " ") {
			return p + "\t"
		}
		return p
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(p) {
		switch at := strings.IndexByte("\a\b\t\n\v\f\r\"\\", c); {
		case at >= 0:
			b.WriteByte('\\')
			b.WriteByte("abtnvfr\"\\"[at])
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
