package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// source is the first copy that stays behind.
func (h *hoist) source() *hoistStep {
	for _, st := range h.steps {
		if st.place == behind && st.kind == copyStep && st.copy.hasSource() {
			return st
		}
	}
	return h.steps[0]
}

// edits puts the steps into their new order. Either what stays behind moves
// below the last installation, or, where that is less, the installations move up.
func (h *hoist) edits() []transform.Edit {
	if len(h.steps) == 0 {
		return nil
	}
	var up, down []*hoistStep
	neutral, parts := false, false
	for _, st := range h.steps {
		parts = parts || st.part != nil
		switch st.place {
		case ahead:
			up = append(up, st)
		case behind:
			down = append(down, st)
		default:
			neutral = true
		}
	}
	last := up[len(up)-1].in
	atEnd := last.Span.End == len(h.f.Src) && !strings.HasSuffix(h.f.Src, "\n")
	if len(up) < len(down) && !neutral && !parts && !atEnd {
		return h.move(up, h.blockStart(down[0].in, false), false)
	}
	return h.move(down, last.Span.End, true)
}

// move takes steps out of their places and puts them in one place. What goes
// ahead is given the copies of requirement files that it needs.
func (h *hoist) move(moved []*hoistStep, to int, down bool) []transform.Edit {
	var edits []transform.Edit
	var text strings.Builder
	paragraph := false
	for i := 0; i < len(moved); {
		if moved[i].part != nil {
			edits = append(edits, h.leave(moved[i])...)
			text.WriteString(h.copiesFor(moved[i]) + h.partText(moved[i]))
			i++
			continue
		}
		j := i + 1
		for j < len(moved) && moved[j].part == nil && moved[j].in.Index == moved[j-1].in.Index+1 {
			j++
		}
		span, alone := h.block(moved[i].in, moved[j-1].in, down)
		paragraph = paragraph || alone && i == 0
		edits = append(edits, transform.Edit{Span: span})
		start := h.blockStart(moved[i].in, down)
		for ; i < j; i++ {
			text.WriteString(h.stepText(moved[i], start))
			start = moved[i].in.Span.End
		}
	}
	if down {
		for _, st := range h.steps {
			if st.place == ahead {
				if c := h.copiesFor(st); c != "" {
					edits = append(edits, insertAt(st.in.Body.Start, c))
				}
			}
		}
	}
	return append(edits, insertAt(to, h.placed(text.String(), to, down, paragraph)))
}

// placed gives moved text the blank line and the newline that its place asks for.
func (h *hoist) placed(text string, to int, down, paragraph bool) string {
	if paragraph && down {
		text = "\n" + text
	} else if paragraph {
		text += "\n"
	}
	if to == len(h.f.Src) && !strings.HasSuffix(h.f.Src, "\n") {
		text = "\n" + strings.TrimRight(text, "\r\n")
	}
	return text
}

// cut is the bytes of some commands of a chain, with the comment lines above
// each of them.
func (h *hoist) cut(part []*shell.Command, st *hoistStep) []shell.Span {
	if len(part) == 0 {
		return nil
	}
	spans, _ := st.script.Remove(part...) // split has asked
	body := h.f.Text(st.in.Body)
	top := st.script.Top()
	at := 0
	for line := range strings.Lines(body) {
		end := at + len(line)
		if at > 0 && strings.HasPrefix(strings.TrimSpace(line), "#") {
			next := slices.IndexFunc(top, func(c *shell.Command) bool { return c.Span.Start >= end })
			if next >= 0 && slices.Contains(part, top[next]) {
				spans = append(spans, shell.Span{Start: at, End: end})
			}
		}
		at = end
	}
	return union(spans, body)
}

// union sorts spans and joins those that touch. One that reaches the end of the
// body takes the blanks before it along.
func union(spans []shell.Span, body string) []shell.Span {
	slices.SortFunc(spans, func(a, b shell.Span) int { return a.Start - b.Start })
	joined := spans[:0]
	for _, s := range spans {
		if n := len(joined); n > 0 && s.Start <= joined[n-1].End {
			joined[n-1].End = max(joined[n-1].End, s.End)
			continue
		}
		joined = append(joined, s)
	}
	if last := &joined[len(joined)-1]; last.End == len(body) {
		last.Start = len(strings.TrimRight(body[:last.Start], " \t\r\n"))
	}
	return joined
}

// partText is the RUN that only has the commands of one part. Comments above the
// first command that is left come to stand above the RUN.
func (h *hoist) partText(st *hoistStep) string {
	body := h.f.Text(st.in.Body)
	top := st.script.Top()
	gone := h.cut(st.rest, st)
	first := slices.IndexFunc(top, func(c *shell.Command) bool { return !slices.Contains(st.rest, c) })
	var b strings.Builder
	at := 0
	if first > 0 {
		at = top[first].Span.Start
		for line := range strings.Lines(body[top[first-1].Span.End:at]) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") {
				b.WriteString(line + "\n")
			}
		}
		b.WriteString(body[:top[0].Span.Start])
	}
	for _, s := range gone {
		if s.Start >= at {
			b.WriteString(body[at:s.Start])
			at = s.End
		}
	}
	b.WriteString(body[at:])
	return strings.TrimRight(b.String(), "\r\n") + "\n"
}

// stepText is the text of a whole instruction from start on, with what it needs
// before it.
func (h *hoist) stepText(st *hoistStep, start int) string {
	lead := h.f.Src[start:st.in.Body.Start]
	body := h.f.Src[st.in.Body.Start:st.in.Span.End]
	if st.absolute {
		w := h.f.Words(st.in)
		dest := w[len(w)-1].Span
		end := ""
		if strings.HasSuffix(st.copy.destRaw, "/") && st.copy.dest != "/" {
			end = "/"
		}
		body = h.f.Src[st.in.Body.Start:dest.Start] + st.copy.dest + end + h.f.Src[dest.End:st.in.Span.End]
	}
	if !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	copies := ""
	if st.place == ahead {
		copies = h.copiesFor(st)
	}
	return lead + copies + body
}

// block is the span from the first to the last of adjacent instructions that
// move, and whether they are a paragraph of their own, whose blank line goes too.
func (h *hoist) block(first, last *transform.Instruction, down bool) (span transform.Span, alone bool) {
	start := h.blockStart(first, down)
	lead := h.f.Src[first.Span.Start:start]
	blank := len(lead) - len(strings.TrimRight(lead, " \t\r\n"))
	next := h.f.Src[last.Span.End:]
	line, _, _ := strings.Cut(next, "\n")
	alone = strings.Contains(lead[len(lead)-blank:], "\n") && (next == "" || strings.TrimSpace(line) == "")
	if alone {
		if blank < len(lead) {
			blank = len(lead) - (strings.LastIndexByte(strings.TrimRight(lead, " \t\r\n"), '\n') + 1)
			blank = len(lead) - h.lineAfter(lead, len(lead)-blank)
		}
		start -= blank
	}
	return transform.Span{Start: start, End: last.Span.End}, alone
}

// lineAfter is where the line behind the one at offset at starts.
func (h *hoist) lineAfter(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// blockStart is where an instruction starts with the comments that belong to it:
// those right above it. A comment that speaks of installing stays where the
// installation will stand.
func (h *hoist) blockStart(in *transform.Instruction, source bool) int {
	start, own := commentsAbove(h.f, in), lineStart(h.f.Src, in.Body.Start)
	if source && speaksOfInstalling(h.f.Src[start:own]) {
		return own
	}
	return start
}

func speaksOfInstalling(comment string) bool {
	comment = strings.ToLower(comment)
	for _, word := range []string{"copy", "add ", "source", "code"} {
		if strings.Contains(comment, word) {
			return false
		}
	}
	for _, word := range []string{"install", "depend", "requirement", "package", "pip"} {
		if strings.Contains(comment, word) {
			return true
		}
	}
	return false
}

// copiesFor writes the copies of requirement files that go right before a step:
// its own, and before the first step those that must make a directory.
func (h *hoist) copiesFor(st *hoistStep) string {
	var early []manifest
	if st == h.firstAhead() {
		for _, s := range h.steps {
			if s.place == ahead && s.early != nil {
				early = append(early, h.broughtFrom(s.early)...)
			}
		}
	}
	var b strings.Builder
	for _, group := range grouped(h, append(early, st.brings...)) {
		if len(early) == 0 && slices.ContainsFunc(h.steps, func(s *hoistStep) bool { return s.early == group[0].from && s.place == ahead }) {
			continue // written before the first step
		}
		b.WriteString(h.copyText(group, st))
	}
	return b.String()
}

func (h *hoist) firstAhead() *hoistStep {
	return h.steps[slices.IndexFunc(h.steps, func(s *hoistStep) bool { return s.place == ahead })]
}

func (h *hoist) broughtFrom(c *hoistStep) []manifest {
	var list []manifest
	for _, s := range h.steps {
		for _, m := range s.brings {
			if m.from == c {
				list = append(list, m)
			}
		}
	}
	return list
}

// grouped puts files of one copy that go to one directory together.
func grouped(h *hoist, list []manifest) [][]manifest {
	var groups [][]manifest
	for _, m := range list {
		i := slices.IndexFunc(groups, func(g []manifest) bool {
			same := path.Base(m.path) == path.Base(m.name) && path.Base(g[0].path) == path.Base(g[0].name)
			return same && g[0].from == m.from && path.Dir(g[0].path) == path.Dir(m.path)
		})
		switch {
		case i < 0:
			groups = append(groups, []manifest{m})
		case !slices.Contains(groups[i], m):
			groups[i] = append(groups[i], m)
		}
	}
	return groups
}

// copyText is a COPY of requirement files for a step, spelt as the copy that
// brings them now.
func (h *hoist) copyText(group []manifest, st *hoistStep) string {
	c := group[0].from.copy
	words := append([]string{h.f.Cased("COPY")}, c.flags...)
	for _, m := range group {
		words = append(words, sourcePrefix(c)+m.name)
	}
	dest := group[0].path
	if len(group) > 1 {
		dest = path.Dir(dest)
	}
	if dest = h.destText(c, dest, st); len(group) > 1 && !strings.HasSuffix(dest, "/") {
		dest += "/"
	}
	return strings.Join(append(words, dest), " ") + "\n"
}

// sourcePrefix is how a copy's sources start: "./", "/" or nothing.
func sourcePrefix(c *contextCopy) string {
	raw := c.sources[0].raw
	switch {
	case strings.HasPrefix(raw, "./") && raw != "./":
		return "./"
	case strings.HasPrefix(raw, "/") && raw != "/":
		return "/"
	}
	return ""
}

// destText spells a path below a copy's destination as the copy does.
func (h *hoist) destText(c *contextCopy, p string, st *hoistStep) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(p, c.dest), "/")
	if c.dest == "/" {
		rel = strings.TrimPrefix(p, "/")
	}
	raw := c.destRaw
	if !c.isAbs {
		if st.cwd != c.cwd {
			raw = c.dest
		} else if raw == "./" && rel != "" {
			return "./" + rel
		} else if path.Clean(raw) == "." && rel != "" {
			return rel
		}
	}
	if rel == "" {
		return raw
	}
	return strings.TrimSuffix(raw, "/") + "/" + rel
}
