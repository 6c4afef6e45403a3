package shell

import (
	"slices"
	"strings"
	"unicode"
)

// Separator is what stands between two consecutive commands at top level.
type Separator struct {
	Op          string // as in Command
	Span        Span   // the operator; empty for "newline"
	Gap         Span   // from the end of one command to the start of the next
	Left, Right *Command
}

// Separators lists what stands between the commands of Top.
func (s *Script) Separators() []Separator { return s.seps }

// separate derives the commands at top level and what stands between them.
func (s *Script) separate() {
	for _, c := range s.commands {
		if c.Nested {
			continue
		}
		if n := len(s.top); n > 0 {
			prev := s.top[n-1]
			s.seps = append(s.seps, Separator{
				Op: c.Op, Span: c.OpSpan, Gap: between(prev.Span.End, c.Span.Start), Left: prev, Right: c,
			})
		}
		s.top = append(s.top, c)
	}
}

// Simple reports whether the script is nothing but simple commands joined by
// &&: no other operator, no compound command, no negation, no here-document and
// no comment. State that such a script leaves behind is what Leaks lists.
func (s *Script) Simple() bool {
	if s.Form != ShellForm || len(s.commands) == 0 || len(s.File.Stmts) != 1 {
		return false
	}
	if _, ok := s.Comment(); ok || s.File.Stmts[0].Semicolon.IsValid() {
		return false
	}
	for _, c := range s.top {
		if c.Kind != Simple || c.Negated || c.Op != "" && c.Op != "&&" {
			return false
		}
	}
	return true
}

// RemoveCommand returns the bytes to delete so that the script goes on without
// the i-th of Commands; see Remove.
func (s *Script) RemoveCommand(i int) ([]Span, bool) {
	if i < 0 || i >= len(s.commands) {
		return nil, false
	}
	return s.Remove(s.commands[i])
}

// Remove returns the bytes to delete so that the script goes on without the
// given commands, as if each had succeeded and done nothing. Comment lines
// between the commands stay; the file's newlines, continuation characters and
// indentation stay right. It declines (false) what cannot be cut out by
// deleting alone: commands that are not at top level, a part of a pipeline,
// operands of ||, jobs, negated ones, scripts with inlined here-documents, and
// all commands of a script.
func (s *Script) Remove(gone ...*Command) ([]Span, bool) {
	top := s.Top()
	if s.Form == ExecForm || s.Inline || len(gone) == 0 {
		return nil, false
	}
	drop := make(map[*Command]bool, len(gone))
	for _, c := range gone {
		drop[c] = true
	}
	for i, c := range top {
		if drop[c] && !removable(top, i, drop) {
			return nil, false
		}
	}
	if slices.ContainsFunc(gone, func(c *Command) bool { return c.Nested }) {
		return nil, false
	}
	if !s.staysScript(top, drop) {
		return nil, false
	}
	var spans []Span
	for i := 0; i < len(top); i++ {
		if !drop[top[i]] {
			continue
		}
		j := i + 1
		for j < len(top) && drop[top[j]] {
			j++
		}
		spans = append(spans, s.cutRun(top, i, j)...)
		i = j
	}
	return spans, true
}

// staysScript reports whether BuildKit would still read what is left as a
// script of its own: there is something left, it begins neither like a flag nor,
// if it is one command, like a JSON array, its last word does not end in an
// escape that would continue the line, and no end is white space to be trimmed.
func (s *Script) staysScript(top []*Command, drop map[*Command]bool) bool {
	var left []*Command
	for _, c := range top {
		if !drop[c] {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return false
	}
	first := s.src[left[0].Span.Start:left[0].Span.End]
	end := left[len(left)-1].Span
	last := s.src[end.Start:end.End]
	return !strings.HasPrefix(first, "--") &&
		!(len(left) == 1 && strings.HasPrefix(first, "[")) &&
		!strings.HasSuffix(last, string(s.escape)) &&
		first == strings.TrimLeftFunc(first, unicode.IsSpace) && last == strings.TrimRightFunc(last, unicode.IsSpace)
}

// removable reports whether the i-th command stands between operators that
// join commands one after another, or goes with the rest of its pipeline.
func removable(top []*Command, i int, drop map[*Command]bool) bool {
	c := top[i]
	if c.Negated || c.Background || !joins(c.Op) && !(isPipeOp(c.Op) && drop[top[i-1]]) {
		return false
	}
	return i+1 == len(top) || joins(top[i+1].Op) || isPipeOp(top[i+1].Op) && drop[top[i+1]]
}

func isPipeOp(op string) bool { return op == "|" || op == "|&" }

func joins(op string) bool { return op == "" || op == "&&" || op == ";" || op == "newline" }

// cutRun deletes the commands top[i:j] and one of the separators around them.
// "a OP1 b OP2 c" keeps OP1 when OP2 is && and OP2 otherwise: "a; b && c" is
// "a; c", and "a && b; c" is "a; c" as well. Neither stays where a comment of a
// here-document does: the newline after it ends a command already.
func (s *Script) cutRun(top []*Command, i, j int) []Span {
	if j == len(top) {
		return s.cutTail(top[i-1].Span.End, top[j-1].Span.End)
	}
	if i > 0 && top[j].Op == top[i].Op && s.leads(top[i]) && s.leads(top[j]) {
		return s.cut(top[i].OpSpan.Start, top[j].OpSpan.Start)
	}
	if i == 0 || top[j].Op == "&&" || top[j].Op == top[i].Op {
		return s.cut(top[i].Span.Start, top[j].Span.Start)
	}
	end := top[j-1].Span.End
	if s.Form == HeredocForm && len(s.commentsIn(top[i-1].Span.End, end)) > 0 {
		end = top[j].Span.Start
	}
	return s.cut(top[i-1].Span.End, end)
}

// leads reports whether the operator before c is the first on its line.
func (s *Script) leads(c *Command) bool {
	line := s.lineStart(c.OpSpan.Start)
	return c.OpSpan.Len() > 0 && line > 0 && strings.TrimSpace(s.src[line:c.OpSpan.Start]) == ""
}

// commentsIn returns the comment lines inside the range.
func (s *Script) commentsIn(start, end int) []Span {
	var in []Span
	for _, c := range s.commentLines() {
		if c.Start >= start && c.End <= end {
			in = append(in, c)
		}
	}
	return in
}

// commentLines are the lines that hold nothing but a comment: those that
// BuildKit drops, or those of a here-document's script.
func (s *Script) commentLines() []Span {
	if s.Form != HeredocForm {
		return s.comments
	}
	return s.bodyComments()
}

// bodyComments finds the comment lines of a script that has newlines.
func (s *Script) bodyComments() []Span {
	var lines []Span
	for _, pos := range s.hashes {
		at := s.Offset(pos)
		start := s.lineStart(at)
		if len(strings.TrimLeft(s.src[start:at], " \t")) == 0 {
			lines = append(lines, between(start, s.lineEnd(at)))
		}
	}
	return lines
}

// cut deletes [start,end), where text of the script follows end, except for
// the comment lines in it.
func (s *Script) cut(start, end int) []Span {
	kept := s.commentsIn(start, end)
	if len(kept) == 0 {
		return []Span{between(start, end)}
	}
	var out spans
	out.add(s.upTo(start, kept[0].Start))
	for k := 1; k < len(kept); k++ {
		out.add(between(kept[k-1].End, kept[k].Start))
	}
	last := kept[len(kept)-1].End
	line := max(s.lineStart(end), last)
	indent := line
	for indent < end && (s.src[indent] == ' ' || s.src[indent] == '\t') {
		indent++
	}
	if strings.TrimSpace(s.src[last:line]) != "" {
		out.add(between(last, line))
	}
	out.add(between(indent, end))
	return out
}

// cutTail deletes [start,end), where end is the end of the last command. Of
// comment lines in it the instruction ends before the first, since a
// continuation before a comment would reach for the next instruction: they
// become comments of the file.
func (s *Script) cutTail(start, end int) []Span {
	kept := s.commentsIn(start, end)
	if len(kept) == 0 || s.Form == HeredocForm {
		return s.cutTailPlain(start, end, kept)
	}
	var out spans
	out.add(between(start, s.beforeNewline(kept[0].Start)))
	for k := 1; k < len(kept); k++ {
		out.add(between(kept[k-1].End, kept[k].Start))
	}
	out.add(between(s.beforeNewline(kept[len(kept)-1].End), end))
	return out
}

// cutTailPlain is cutTail where newlines end commands, or nothing is kept.
func (s *Script) cutTailPlain(start, end int, kept []Span) []Span {
	var out spans
	for _, k := range kept {
		out.add(between(start, s.beforeNewline(k.Start)))
		start = s.beforeNewline(k.End)
	}
	out.add(between(start, end))
	return out
}

// upTo deletes from start up to a comment line. Text before start on its line
// needs the continuation that stands before the comment; a line that becomes
// empty goes with its indentation.
func (s *Script) upTo(start, comment int) Span {
	line := s.lineStart(start)
	if line > 0 && len(strings.TrimLeft(s.src[line:start], " \t")) == 0 {
		return between(line, comment)
	}
	end := s.lineEndOfText(start, comment)
	if start > 0 && !isBlank(s.src[start-1]) {
		for end > start && isBlank(s.src[end-1]) {
			end--
		}
	}
	return between(start, end)
}

// lineEndOfText returns where the last line between start and comment that is
// not empty has its continuation character, or its newline in a here-document.
func (s *Script) lineEndOfText(start, comment int) int {
	end := start + len(strings.TrimRight(s.src[start:comment], " \t\r\n"))
	if s.Form == ShellForm && end > start {
		end--
	}
	return end
}

// spans gathers spans that are not empty.
type spans []Span

func (l *spans) add(s Span) {
	if s.Start < s.End {
		*l = append(*l, s)
	}
}

func (s *Script) lineStart(pos int) int { return strings.LastIndexByte(s.src[:pos], '\n') + 1 }

func (s *Script) lineEnd(pos int) int {
	if i := strings.IndexByte(s.src[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(s.src)
}

// beforeNewline returns the position before the newline that ends at pos.
func (s *Script) beforeNewline(pos int) int {
	if pos > 0 && s.src[pos-1] == '\n' {
		if pos--; pos > 0 && s.src[pos-1] == '\r' {
			pos--
		}
	}
	return pos
}
