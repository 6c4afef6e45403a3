package passes

import (
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// improve edits one call: its name, its options, its packages.
func (p *aptPlan) improve(s *planStep) {
	a := s.apt
	if a == nil || a.Name == "aptitude" || !a.Known {
		return
	}
	if s.into == nil {
		p.rename(s)
		p.options(s)
	}
	for _, pkg := range a.Packages {
		for _, name := range p.rec[s].extra[pkg.Name] {
			if p.named[name] || p.l.installed[p.stage][name] || baseHas(p.stage, name) {
				continue
			}
			p.named[name] = true
			p.l.installed[p.stage][name] = true
			at := s.in(pkg.Word)
			p.edit(at.End, at.End, p.wordGlue(s, pkg.Word)+name)
			p.note(at, p.rec[s].why(pkg.Name, name))
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
	if p.rec[s].add {
		text += " --no-install-recommends"
		p.note(s.span(), "packages that are only recommended are left out: --no-install-recommends")
	}
	if text == "" {
		return
	}
	p.addOptions(s, text)
}

// asks reports a call that would wait for an answer.
func (p *aptPlan) asks(s *planStep) bool {
	switch s.call.Subcommand.Text {
	case "install", "remove", "purge", "autoremove":
	default:
		return false
	}
	if p.l.configured[p.stage].yes || s.cmd.Subproc || s.call.Fed || s.apt.AssumesYes() ||
		s.call.Has("--assume-no", "--simulate", "--print-uris", "--trivial-only") {
		return false
	}
	return !slices.ContainsFunc(s.cmd.Redirs, func(r shell.Redir) bool { return strings.HasPrefix(r.Op, "<") })
}

// clean adds the removal of the lists.
func (p *aptPlan) clean() {
	last := p.last()
	if !leavesLists(p.runs) || last.mounted() {
		return
	}
	why := p.l.lists.used[last.in]
	installs := false
	for _, s := range p.steps {
		installs = installs || s.kind == stepInstall || s.kind == stepUses
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
	at, ok := p.cleanAt()
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
