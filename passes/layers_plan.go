package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// layersPlan is what becomes of a run of adjacent steps of a package manager, or
// of one RUN.
type layersPlan struct {
	f     *transform.File
	runs  []*pkgRun
	steps []*planStep
	style joinStyle

	edits    []transform.Edit
	notes    []transform.Note
	declines []transform.Finding
}

// planStep is a step and what becomes of it.
type planStep struct {
	*pkgStep
	drop bool      // it goes: another does the same, or nothing needs it
	into *planStep // its packages are added to this install's
	end  int       // where its text ends in the file
}

func newLayersPlan(f *transform.File, g []*pkgRun) *layersPlan {
	p := &layersPlan{f: f, runs: g}
	var ins []*transform.Instruction
	for _, r := range g {
		ins = append(ins, r.in)
		for _, step := range r.steps {
			p.steps = append(p.steps, &planStep{pkgStep: step, end: step.span().End})
		}
	}
	p.style = styleOf(f, ins)
	return p
}

// last is the last of the RUNs.
func (p *layersPlan) last() *pkgRun { return p.runs[len(p.runs)-1] }

func (p *layersPlan) edit(start, end int, text string) {
	if p.f.Src[start:end] != text {
		p.edits = append(p.edits, transform.Edit{Span: transform.Span{Start: start, End: end}, New: text})
	}
}

func (p *layersPlan) note(at transform.Span, why string) {
	p.notes = append(p.notes, transform.Note{At: at, Why: why})
}

// in gives a word's span in the file.
func (s *planStep) in(w shell.Word) transform.Span { return shell.In(s.run.in, w.Span) }

// addOptions writes options behind those that follow the subcommand.
func (p *layersPlan) addOptions(s *planStep, text string) {
	at := s.in(s.call.Subcommand).End
	first := len(p.f.Src)
	if len(s.call.Operands) > 0 {
		first = s.in(s.call.Operands[0]).Start
	}
	for _, o := range s.call.Options {
		for _, w := range []shell.Word{o.Word, o.Holder} {
			if span := s.in(w); span.Start > at && span.End < first {
				at = span.End
			}
		}
	}
	p.edit(at, at, text)
}

// wordGlue is what to put between a word and one added behind it: a new line
// where each stands on a line of its own.
func (p *layersPlan) wordGlue(s *planStep, w shell.Word) string {
	f := p.f
	at := s.in(w)
	line := f.Src[lineStart(f.Src, at.Start):at.Start]
	rest, _, _ := strings.Cut(f.Src[at.End:s.run.in.Body.End], "\n")
	rest = strings.TrimSpace(rest)
	if strings.TrimLeft(line, " \t") != "" || strings.TrimSuffix(rest, string(f.Escape)) != "" {
		return " "
	}
	return " " + string(f.Escape) + "\n" + line
}

// mergeInstalls adds the packages of an install to the one before it, where both
// are in different RUNs and same says that they differ in their packages only.
func (p *layersPlan) mergeInstalls(same func(a, b *planStep) bool) {
	var prev *planStep
	for _, s := range p.steps {
		switch {
		case s.drop || s.cmd.Nested:
		case s.kind != stepInstall && s.kind != stepFresh:
			prev = nil
		case prev != nil && prev.run != s.run && same(prev, s):
			s.into = prev
		default:
			prev = s
		}
	}
}

// join writes what stands between the steps that stay.
func (p *layersPlan) join() {
	last := p.last()
	var prev *planStep
	straight := true // nothing between prev and the step went
	for _, s := range p.steps {
		if s.cmd.Nested {
			continue
		}
		if s.drop {
			straight = false
			continue
		}
		switch {
		case prev != nil && (!straight || prev.run != s.run || s.into != nil):
			p.between(prev, s)
		case prev == nil && !straight:
			p.head(s)
		}
		prev, straight = s, true
	}
	if !straight || prev.run != last {
		text := ""
		for _, c := range p.comments(prev.end, last.in.Body.End) {
			text += "\n" + strings.TrimSuffix(c, "\n")
		}
		p.edit(prev.end, last.in.Body.End, text)
	}
	text := ""
	for _, r := range p.runs[1:] {
		if len(r.passed) == 0 {
			p.note(r.in.Body, "joined with the step above it")
			continue
		}
		p.note(r.in.Body, "joined with the step above "+strings.ToUpper(r.passed[0].Keyword)+", on which it does not depend")
		text += p.f.Src[r.passed[0].Span.Start:r.passedEnd()]
	}
	p.edit(last.in.Span.End, last.in.Span.End, text)
}

// head takes out what stands before the first step that stays.
func (p *layersPlan) head(s *planStep) {
	start, end := p.runs[0].top[0].span().Start, s.span().Start
	text := ""
	if comments := p.comments(start, end); len(comments) > 0 {
		text = p.style.escape + "\n" + strings.Join(comments, "") + p.style.indent
	}
	p.edit(start, end, text)
}

// between replaces what stands between two steps.
func (p *layersPlan) between(a, b *planStep) {
	start := b.span().Start
	if b.into == nil {
		p.edit(a.end, start, p.style.glue(p.comments(a.end, start)))
		return
	}
	first := b.in(b.call.Operands[0])
	p.edit(a.end, first.Start, p.packageGlue(a, b, p.comments(a.end, first.Start)))
	p.dropOptions(b)
}

// dropOptions removes the options behind the first package of an install whose
// packages go to another.
func (p *layersPlan) dropOptions(s *planStep) {
	end := 0
	isPackage := func(w shell.Word) bool {
		return slices.ContainsFunc(s.call.Operands, func(pkg shell.Word) bool { return pkg.Span == w.Span })
	}
	for _, w := range s.call.Words {
		switch span := s.in(w); {
		case isPackage(w):
			if end != 0 && p.f.Src[end:span.Start] != "" && s.end < 0 {
				p.edit(end, span.Start, " ")
			}
			end, s.end = span.End, span.End
		case end != 0:
			s.end = -1
		}
	}
	if s.end < 0 {
		p.edit(end, s.span().End, "")
		s.end = s.span().End
	}
}

// packageGlue stands between the packages of two installs that become one.
func (p *layersPlan) packageGlue(a, b *planStep, comments []string) string {
	indent, lines := p.packageIndent(a)
	if !lines {
		indent, lines = p.packageIndent(b)
	}
	if !lines && len(comments) == 0 && len(b.call.Operands) <= 8 {
		return " "
	}
	if !lines {
		indent = "    "
	}
	return " " + string(p.f.Escape) + "\n" + strings.Join(comments, "") + indent
}

// packageIndent is the indentation of an install's packages, where they stand
// on lines of their own.
func (p *layersPlan) packageIndent(s *planStep) (string, bool) {
	for _, pkg := range slices.Backward(s.call.Operands) {
		at := s.in(pkg).Start
		line := p.f.Src[lineStart(p.f.Src, at):at]
		if line != "" && strings.TrimLeft(line, " \t") == "" {
			return line, true
		}
	}
	return "", false
}

// comments are the comment lines in a range of the file, each with its newline.
func (p *layersPlan) comments(start, end int) []string {
	var lines []string
	for _, r := range p.runs {
		if len(r.passed) == 0 || r.passed[0].Span.Start < start || r.passedEnd() > end {
			continue
		}
		lines = append(lines, commentLines(p.f.Src, start, r.passed[0].Span.Start)...)
		start = r.passedEnd() - 1 // its newline
	}
	return append(lines, commentLines(p.f.Src, start, end)...)
}

// passedEnd is where the settings end that the RUN passes.
func (r *pkgRun) passedEnd() int { return r.passed[len(r.passed)-1].Span.End }

// callPrefix is what stands before the program: assignments and wrappers.
func callPrefix(s *planStep) string {
	var b strings.Builder
	for _, a := range s.cmd.Assigns {
		b.WriteString(a.Name + "=" + a.Value.Raw + " ")
	}
	for _, w := range s.call.Wrappers {
		b.WriteString(w.Raw + " ")
	}
	return b.String()
}

func rawWords(a *argv.SystemCmd) []string {
	var all []string
	for _, w := range a.Words {
		all = append(all, w.Text)
	}
	return all
}

// canAppend reports whether " && command" can be put behind a script: what
// follows runs, in the same shell, exactly when the script has succeeded.
func canAppend(s *shell.Script) bool {
	n := len(s.File.Stmts)
	if n == 0 || s.File.Stmts[n-1].Semicolon.IsValid() || s.File.Stmts[n-1].Background {
		return false
	}
	for _, leak := range s.Leaks() {
		switch leak.Kind {
		case shell.LeakExit, shell.LeakComment, shell.LeakBackslash, shell.LeakHeredoc, shell.LeakJob, shell.LeakFunc, shell.LeakTrap:
			return false
		}
	}
	return true
}

// cleanAt is where the removal goes: to the end of the script, or, where more
// cannot be added there, behind the last call of apt.
func (p *layersPlan) cleanAt() (int, bool) {
	if len(p.runs) > 1 {
		for _, s := range slices.Backward(p.steps) {
			if !s.drop && !s.cmd.Nested {
				return s.end, true
			}
		}
	}
	last := p.last()
	top := last.top
	if canAppend(last.script) {
		return top[len(top)-1].span().End, true
	}
	for i, s := range slices.Backward(top) {
		joined := i+1 == len(top) || top[i+1].cmd.Op != "|" && top[i+1].cmd.Op != "|&"
		if s.call != nil && !s.cmd.Subproc && joined {
			return s.span().End, true
		}
	}
	return 0, false
}
