package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

func (p *aptPlan) edit(start, end int, text string) {
	if p.l.f.Src[start:end] != text {
		p.edits = append(p.edits, transform.Edit{Span: transform.Span{Start: start, End: end}, New: text})
	}
}

func (p *aptPlan) note(at transform.Span, why string) {
	p.notes = append(p.notes, transform.Note{At: at, Why: why})
}

// in gives a word's span in the file.
func (s *planStep) in(w shell.Word) transform.Span { return shell.In(s.run.in, w.Span) }

// improve edits one call: its name, its options, its packages.
func (p *aptPlan) improve(s *planStep) {
	a := s.call
	if a == nil || a.Name == "aptitude" || !a.Known {
		return
	}
	if s.into == nil {
		p.rename(s)
		p.options(s)
	}
	for _, pkg := range a.Packages {
		for _, name := range s.rec.extra[pkg.Name] {
			if p.named[name] || p.l.installed[p.stage][name] || baseHas(p.stage, name) {
				continue
			}
			p.named[name] = true
			p.l.installed[p.stage][name] = true
			at := s.in(pkg.Word)
			p.edit(at.End, at.End, p.wordGlue(s, pkg.Word)+name)
			p.note(at, s.rec.why(pkg.Name, name))
		}
	}
}

// rename makes apt-get of apt where both mean the same.
func (p *aptPlan) rename(s *planStep) {
	if s.call.Name != "apt" || s.call.Program.Raw != "apt" {
		return
	}
	switch s.call.Subcommand.Text {
	case "update", "install", "remove", "purge", "autoremove", "clean", "autoclean":
	default:
		return
	}
	at := s.in(s.call.Program)
	p.edit(at.End, at.End, "-get")
	p.note(at, "apt's command line may change between versions, apt-get's does not")
}

// options adds what the call lacks, behind the options that follow the
// subcommand.
func (p *aptPlan) options(s *planStep) {
	text := ""
	if p.asks(s) {
		text += " -y"
		p.note(s.span(), "nobody can answer apt's question during a build: -y")
	}
	if s.flag {
		text += " --no-install-recommends"
		p.flagged = true
		p.note(s.span(), "packages that are only recommended are left out: --no-install-recommends")
	}
	if text == "" {
		return
	}
	at := s.in(s.call.Subcommand).End
	first := len(p.l.f.Src)
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

// asks reports a call that would wait for an answer.
func (p *aptPlan) asks(s *planStep) bool {
	switch s.call.Subcommand.Text {
	case "install", "remove", "purge", "autoremove":
	default:
		return false
	}
	if p.l.configured[p.stage].yes || s.cmd.Subproc || s.call.Fed || s.call.AssumesYes() ||
		s.call.Has("--assume-no", "--simulate", "--print-uris", "--trivial-only") {
		return false
	}
	return !slices.ContainsFunc(s.cmd.Redirs, func(r shell.Redir) bool { return strings.HasPrefix(r.Op, "<") })
}

// wordGlue is what to put between a word and one added behind it: a new line
// where each stands on a line of its own.
func (p *aptPlan) wordGlue(s *planStep, w shell.Word) string {
	f := p.l.f
	at := s.in(w)
	line := f.Src[lineStart(f.Src, at.Start):at.Start]
	rest, _, _ := strings.Cut(f.Src[at.End:s.run.in.Body.End], "\n")
	rest = strings.TrimSpace(rest)
	if strings.TrimLeft(line, " \t") != "" || strings.TrimSuffix(rest, string(f.Escape)) != "" {
		return " "
	}
	return " " + string(f.Escape) + "\n" + line
}

// join writes what stands between the steps that stay.
func (p *aptPlan) join() {
	last := p.runs[len(p.runs)-1]
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
		if prev != nil && (!straight || prev.run != s.run || s.into != nil) {
			p.between(prev, s)
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
	for _, r := range p.runs[1:] {
		p.note(r.in.Body, "joined with the step above it")
	}
}

// between replaces what stands between two steps.
func (p *aptPlan) between(a, b *planStep) {
	start := b.span().Start
	if b.into == nil {
		p.edit(a.end, start, p.style.glue(p.comments(a.end, start)))
		return
	}
	first := b.in(b.call.Packages[0].Word)
	p.edit(a.end, first.Start, p.packageGlue(a, b, p.comments(a.end, first.Start)))
	p.dropOptions(b)
}

// dropOptions removes the options behind the first package of an install whose
// packages go to another.
func (p *aptPlan) dropOptions(s *planStep) {
	end := 0
	isPackage := func(w shell.Word) bool {
		return slices.ContainsFunc(s.call.Packages, func(pkg argv.AptPackage) bool { return pkg.Word.Span == w.Span })
	}
	for _, w := range s.call.Words {
		switch span := s.in(w); {
		case isPackage(w):
			if end != 0 && p.l.f.Src[end:span.Start] != "" && s.end < 0 {
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
func (p *aptPlan) packageGlue(a, b *planStep, comments []string) string {
	indent, lines := p.packageIndent(a)
	if !lines {
		indent, lines = p.packageIndent(b)
	}
	if !lines && len(comments) == 0 && len(b.call.Packages) <= 8 {
		return " "
	}
	if !lines {
		indent = "    "
	}
	return " " + string(p.l.f.Escape) + "\n" + strings.Join(comments, "") + indent
}

// packageIndent is the indentation of an install's packages, where they stand
// on lines of their own.
func (p *aptPlan) packageIndent(s *planStep) (string, bool) {
	for _, pkg := range slices.Backward(s.call.Packages) {
		at := s.in(pkg.Word).Start
		line := p.l.f.Src[lineStart(p.l.f.Src, at):at]
		if line != "" && strings.TrimLeft(line, " \t") == "" {
			return line, true
		}
	}
	return "", false
}

// comments are the comment lines in a range of the file, each with its newline.
func (p *aptPlan) comments(start, end int) []string { return commentLines(p.l.f.Src, start, end) }

// clean adds the removal of the lists.
func (p *aptPlan) clean() {
	last := p.runs[len(p.runs)-1]
	if !leavesLists(p.runs) || mountsApt(last.in) {
		return
	}
	why := p.l.lists.used[last.in]
	installs := false
	for _, s := range p.steps {
		installs = installs || s.kind == aptInstall || s.kind == aptUses
		if s.call != nil && s.call.Has("--download-only") {
			why = "packages are only downloaded here, and whoever installs them needs the lists"
		}
	}
	if why == "" && !installs {
		return // nothing uses the lists: the whole step is dead
	}
	if why != "" {
		p.declines = append(p.declines, transform.Finding{At: p.runs[0].in.Body, Reason: "lists-used", Why: why})
		return
	}
	at, ok := p.cleanAt(last)
	if !ok {
		return
	}
	sudo := ""
	for _, s := range p.steps {
		if s.call != nil && len(s.call.Wrappers) > 0 && s.call.Wrappers[0].Text == "sudo" {
			sudo = "sudo "
		}
	}
	glue := " && "
	if len(p.runs) > 1 || last.in.StartLine != last.in.EndLine {
		glue = p.style.glue(nil)
	}
	p.edit(at, at, glue+sudo+"rm -rf /var/lib/apt/lists/*")
	p.cleaned = true
	p.note(transform.Span{Start: at, End: at}, "the package lists are removed in the layer that fetched them")
}

// cleanAt is where the removal goes: to the end of the script, or, where more
// cannot be added there, behind the last call of apt.
func (p *aptPlan) cleanAt(last *aptRun) (int, bool) {
	if len(p.runs) > 1 {
		for _, s := range slices.Backward(p.steps) {
			if !s.drop && !s.cmd.Nested {
				return s.end, true
			}
		}
	}
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
