package passes

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"refit/transform"
)

// placeCopy finds where the runtime takes the environment: above the first pip
// step, or the COPYs and ADDs before it, so that a change of the source does not
// copy the environment again. It never moves above a RUN, which a change of the
// requirements would then repeat.
func (sp *split) placeCopy() *transform.Finding {
	sp.takeAt = sp.first
	for i := sp.first - 1; i >= 0; i-- {
		st := sp.steps[i]
		if st.script != nil && st.run {
			break
		}
		if c := readCopy(sp.f, st.in); c != nil && c.from == "" && st.run {
			sp.takeAt = i
		}
	}
	return nil
}

// finding writes the change down.
func (sp *split) finding() transform.Finding {
	sp.leaveSettings()
	sp.dropManifests()
	sp.intoDirs()
	edits := []transform.Edit{{Span: sp.above(sp.s.From, sp.s.Index > 0), New: sp.builder()}}
	if sp.plain != "" {
		edits = append(edits, transform.Edit{Span: sp.s.Base.Word, New: sp.plain})
	}
	at := sp.takeAt
	anchor := sp.steps[at].in
	edits = append(edits, transform.Edit{Span: sp.above(anchor, true), New: sp.takeOver()})
	for i, st := range sp.steps {
		if st.run {
			edits = append(edits, st.runEdit...)
			if sp.explainsBuilder(st) {
				edits = append(edits, transform.Edit{Span: sp.comments(st)})
			}
			continue
		}
		edits = append(edits, transform.Edit{Span: sp.gone(i)})
	}
	sp.noteSettings()
	return transform.Finding{
		At:    sp.s.From.Body,
		Why:   sp.why(),
		Edits: edits,
		Notes: sp.distinctNotes(),
	}
}

// gone is the text of a step that is not in the runtime. The comments above it
// go along with it to the builder, or stay when it is in neither stage. A file
// without a newline at its end keeps that.
func (sp *split) gone(i int) transform.Span {
	st := sp.steps[i]
	span := st.in.Span
	switch {
	case !st.build:
		span.Start = sp.above(st.in, false).Start
	case i == sp.takeAt:
		span.Start = sp.above(st.in, true).Start
	}
	if sp.endsFile(i) && i != sp.takeAt && span.Start == st.in.Span.Start && (i == 0 || sp.steps[i-1].run) {
		span.Start = len(strings.TrimSuffix(strings.TrimSuffix(sp.f.Src[:span.Start], "\n"), "\r"))
	}
	return span
}

// endsFile reports that nothing of the file is left from the i-th step on, and
// that the file has no newline at its end.
func (sp *split) endsFile(i int) bool {
	if strings.HasSuffix(sp.f.Src, "\n") || sp.f.Tail.Len() > 0 {
		return false
	}
	return !slices.ContainsFunc(sp.steps[i:], func(st *splitStep) bool { return st.run || !st.build })
}

func (sp *split) why() string {
	if sp.plain != "" {
		return fmt.Sprintf("uv installs in a builder stage and stays there; the runtime takes the finished environment, on %s, the image under uv's own", sp.plain)
	}
	if sp.own != nil {
		return fmt.Sprintf("%s installs in a builder stage and stays there; the runtime takes the finished environment", sp.own.manager.name)
	}
	if len(sp.dropped) == 0 {
		return "pip installs in a builder stage, and the runtime takes the finished environment, without what else pip leaves behind"
	}
	return fmt.Sprintf("pip installs in a builder stage, and the runtime takes the finished environment, without %s",
		strings.Join(slices.Sorted(maps.Keys(sp.dropped)), ", "))
}

func (sp *split) distinctNotes() []transform.Note {
	var notes []transform.Note
	seen := map[transform.Note]bool{}
	for _, n := range sp.notes {
		if !seen[n] {
			seen[n] = true
			notes = append(notes, n)
		}
	}
	return notes
}

// above is the place above an instruction: over its comments, below the blank
// lines, or right above its text.
func (sp *split) above(in *transform.Instruction, comments bool) transform.Span {
	at := in.Body.Start
	for at > 0 && sp.f.Src[at-1] != '\n' && at > in.Span.Start {
		at-- // indentation
	}
	if comments {
		lead := sp.f.Text(in.Leading())
		at = in.Span.Start
		for {
			line, rest, ok := strings.Cut(lead, "\n")
			if !ok || strings.TrimSpace(line) != "" {
				break
			}
			at += len(line) + 1
			lead = rest
		}
	}
	return transform.Span{Start: at, End: at}
}

// keyword spells an instruction as the file does its FROM.
func (sp *split) keyword(k string) string {
	if from := sp.f.Text(sp.s.From.Body); strings.HasPrefix(from, "from") {
		return strings.ToLower(k)
	}
	return k
}

// builderName is a name that no stage has and nothing refers to.
func (sp *split) builderName() string {
	for i := 0; ; i++ {
		name := []string{"builder", "build", "venv"}[min(i, 2)]
		if i > 2 {
			name = fmt.Sprintf("venv%d", i-1)
		}
		taken := slices.ContainsFunc(sp.f.Stages, func(s *transform.Stage) bool {
			return strings.EqualFold(s.Name, name) || strings.EqualFold(s.Base.Raw, name) ||
				slices.ContainsFunc(s.Deps, func(e transform.Edge) bool { return strings.EqualFold(e.Image, name) })
		})
		if !taken {
			return name
		}
	}
}

// builder is the text of the new stage.
func (sp *split) builder() string {
	var b strings.Builder
	from := sp.s.From
	b.WriteString(sp.f.Text(transform.Span{Start: from.Body.Start, End: sp.s.Base.Word.End}))
	fmt.Fprintf(&b, " %s %s\n", sp.keyword("AS"), sp.builderName())
	made := false
	for _, st := range sp.steps[:sp.last+1] {
		if !st.build && len(st.narrow) == 0 {
			continue
		}
		if _, isCopy := st.copies(); !made && (isCopy && sp.own == nil || st.pip) {
			made = true
			b.WriteString(sp.toolText(st) + sp.environment())
		}
		if !st.build {
			b.WriteString(strings.Join(st.narrow, ""))
			continue
		}
		b.WriteString(sp.builderText(st))
	}
	b.WriteString("\n")
	return b.String()
}

func (st *splitStep) copies() (string, bool) {
	k := st.in.Keyword
	return k, k == "copy" || k == "add"
}

// comments are those right above a step, below the last blank line.
func (sp *split) comments(st *splitStep) transform.Span {
	span := transform.Span{Start: sp.above(st.in, true).Start, End: sp.above(st.in, false).Start}
	at := span.Start
	for line := range strings.Lines(sp.f.Text(span)) {
		if at += len(line); strings.TrimSpace(line) == "" {
			span.Start = at
		}
	}
	return span
}

// explainsBuilder reports that the comments above an installation speak of what is
// in the builder: the runtime has none of the packages that it names, only what
// stands for them there.
func (sp *split) explainsBuilder(st *splitStep) bool {
	return st.build && st.run && st.keeps == 0 && st != sp.steps[sp.takeAt] && st.has("install") && onlyPackages(st) &&
		sp.comments(st).Len() > 0 && !speaksToTool(sp.f, st.in)
}

// builderText is the text of a step for the builder, with the comments above it when
// it moves, or they do.
func (sp *split) builderText(st *splitStep) string {
	span := st.in.Body
	switch {
	case !st.run:
		span.Start = sp.above(st.in, true).Start
	case sp.explainsBuilder(st):
		span.Start = sp.comments(st).Start
	}
	edits := slices.Concat(st.buildEdits, st.swap)
	if _, isCopy := st.copies(); isCopy {
		edits = append(edits, sp.withoutOwner(st)...)
	}
	text := edited(sp.f.Src, span, edits)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// withoutOwner takes --chown off: the builder has not got the user.
func (sp *split) withoutOwner(st *splitStep) []transform.Edit {
	words := sp.f.Words(st.in)
	for i, w := range words {
		if strings.HasPrefix(w.Text, "--chown=") && i+1 < len(words) {
			return []transform.Edit{{Span: transform.Span{Start: w.Span.Start, End: words[i+1].Span.Start}}}
		}
	}
	return nil
}

// takeOver is what the runtime gets instead of pip's steps.
func (sp *split) takeOver() string {
	text := fmt.Sprintf("%s --from=%s %s %s\n%s", sp.keyword("COPY"), sp.builderName(), sp.venv, sp.venv, sp.startPath())
	if sp.endsFile(sp.takeAt) {
		return strings.TrimSuffix(text, "\n")
	}
	return text
}

// dropManifests leaves out of the runtime what was copied for pip alone and
// what a later COPY brings again.
func (sp *split) dropManifests() {
	for i, st := range sp.steps[:sp.last] {
		c := readCopy(sp.f, st.in)
		if !st.build || c == nil || c.add || c.from != "" || c.inline || !c.known || setsUp(c) {
			continue
		}
		if sp.broughtAgain(i, c) {
			st.run = false
		}
	}
}

// maxAhead bounds how many steps broughtAgain looks ahead.
const maxAhead = 50

// broughtAgain reports that every file that the i-th step copies is copied to
// the same place by one later step, and that no step between them looks at it.
func (sp *split) broughtAgain(i int, c *copied) bool {
	for j := i + 1; j < min(len(sp.steps), i+maxAhead); j++ {
		later := readCopy(sp.f, sp.steps[j].in)
		if later != nil && later.known && later.from == "" && len(later.sources) == 1 && !hasExclude(sp.steps[j].in) &&
			sameFiles(c, later) {
			return true
		}
		if st := sp.steps[j]; st.script != nil && st.run {
			text := sp.f.Text(st.in.Body)
			if slices.ContainsFunc(st.units, func(u *splitUnit) bool { return u.role == roleUnknown }) ||
				strings.Contains(text, c.dest) && c.dest != "/" ||
				slices.ContainsFunc(c.sources, func(s string) bool { return strings.Contains(text, path.Base(s)) }) {
				return false
			}
		}
	}
	return false
}

func hasExclude(in *transform.Instruction) bool {
	return slices.ContainsFunc(in.Node.Flags, func(f string) bool { return strings.HasPrefix(f, "--exclude") })
}

// sameFiles reports that copying the directory which later names also writes
// each file that c copies, to the same place.
func sameFiles(c, later *copied) bool {
	dir := path.Clean("/" + later.sources[0])
	for _, src := range c.sources {
		if strings.ContainsAny(src, "*?[") || isURL(src) {
			return false
		}
		file := path.Clean("/" + src)
		rel, ok := strings.CutPrefix(file, strings.TrimSuffix(dir, "/")+"/")
		if !ok || rel == "" || path.Ext(file) == "" && !managerFiles[path.Base(file)] {
			return false
		}
		dest := c.dest
		if c.into || path.Base(file) != path.Base(dest) {
			dest = path.Join(c.dest, path.Base(file))
		}
		if path.Join(later.dest, rel) != dest {
			return false
		}
	}
	return true
}
