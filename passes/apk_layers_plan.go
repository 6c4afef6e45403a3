package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// apkFamily is Alpine's.
var apkFamily = &pkgFamily{
	names: []string{"apk"}, lists: "/var/cache/apk",
	read: func(c *shell.Command) (pkgStep, bool) {
		a, ok := argv.Apk(c)
		if !ok {
			return pkgStep{}, false
		}
		return pkgStep{call: a, kind: apkKindOf(a)}, true
	},
	program: func(c *shell.Command, name string, words []shell.Word) (pkgKind, bool) {
		switch name {
		case "lbu", "setup-apkrepos", "setup-apkcache", "abuild":
			return stepUses, true
		}
		return stepSources, setsSources(c, name, words, "/etc/apk/")
	},
	named: func(text string) bool { return strings.Contains(text, "apk ") },
	rm: func(words []shell.Word) pkgKind {
		lists, others := false, false
		for _, w := range words {
			switch cached := strings.HasPrefix(w.Text, "/var/cache/apk"); {
			case strings.HasPrefix(w.Text, "-"):
			case cached && !w.HasVar && !w.HasCmdSubst:
				lists = true
			default:
				others = true
			}
		}
		return rmKind(lists, others)
	},
	cached: func(p string) bool {
		return strings.HasPrefix(p, "/var/cache/apk") || strings.HasPrefix(p, "/etc/apk") || p == "/var/cache"
	},
}

// apkKindOf says what a call does. Calls on another root, or that say more on
// the cache and the network, read what is there.
func apkKindOf(a *argv.SystemCmd) pkgKind {
	switch a.Subcommand.Text {
	case "update":
		return stepUpdate
	case "add", "upgrade":
		if !a.Known || a.Has("--root", "--no-network", "--cache-dir", "--cache-max-age", "--simulate") {
			return stepInstall
		}
		return stepFresh
	case "del":
		return stepTidies
	case "", "info", "verify", "audit", "manifest", "stats":
		return stepNothing // of what is installed
	}
	return stepUses
}

// setsSources reports a command that writes a file below a directory of a package
// manager's: echo, printf and cat by a redirection, sed -i, curl and wget.
func setsSources(c *shell.Command, name string, words []shell.Word, dir string) bool {
	below := func(w shell.Word) bool { return w.Static && strings.Contains(w.Text, dir) }
	switch name {
	case "echo", "printf", "cat":
		return len(c.Redirs) == 1 && strings.HasPrefix(c.Redirs[0].Op, ">") && !c.Redirs[0].Heredoc && below(c.Redirs[0].Target)
	case "sed", "curl", "wget":
		return len(c.Redirs) == 0 && slices.ContainsFunc(words, below)
	}
	return false
}

// apkPlan is what becomes of a run of adjacent apk steps, or of one RUN.
type apkPlan struct {
	*layersPlan
	l     *apkLayers
	stage *transform.Stage
	kept  *planStep // the update that stays, for those behind it

	fetched bool // --no-cache is added to a call
}

// dropUpdates marks the updates whose index nothing reads.
func (p *apkPlan) dropUpdates() {
	for i, s := range p.steps {
		if s.kind != stepUpdate {
			continue
		}
		why := p.reader(p.steps[i+1:])
		switch {
		case s.cmd.Nested || !plainApk(s.call) || len(s.cmd.Redirs) > 0:
		case why == "" && p.cuttable(s):
			s.drop = true
			p.note(s.span(), "what follows fetches the index itself")
		case why != "":
			p.declines = append(p.declines, transform.Finding{At: s.span(), Reason: "index-used", Why: why})
		}
		if !s.drop {
			p.l.dirty[p.stage] = true
			p.kept = s
		}
	}
}

// reader says what reads the index that an update leaves, of the plan's steps
// behind it and of what follows; "" when nothing does.
func (p *apkPlan) reader(behind []*planStep) string {
	for _, s := range behind {
		switch s.kind {
		case stepInstall, stepUses, stepUnknown:
			return "the index is read, or may be, by " + clipCommand(s.text(p.f))
		case stepUpdate, stepRemoves, stepRemovesTo:
			if !s.cmd.Nested && (!s.cmd.Maybe || s.cmd.Op == "&&") {
				return ""
			}
		}
	}
	last := p.last().in
	switch listsUsed(p.l.image, p.stage, last.Index-p.stage.From.Index) {
	case unused:
		return ""
	case used:
		return "a later step, or what the container starts, installs packages by this index"
	}
	return p.l.lists.used[last]
}

// plainApk reports a call whose options only say how much it prints.
func plainApk(a *argv.SystemCmd) bool {
	for _, o := range a.Options {
		switch o.Name {
		case "--quiet", "--verbose", "--no-progress", "--progress", "--no-cache", "--update-cache":
		default:
			return false
		}
	}
	return a.Known && len(a.Operands) == 0 && len(a.Wrappers) == 0 || a.Known && a.Through("sudo")
}

// dropRemovals marks the removals of an index that is not there.
func (p *apkPlan) dropRemovals() {
	for _, s := range p.steps {
		switch {
		case s.drop:
		case s.kind == stepInstall, s.kind == stepUses, s.kind == stepUnknown:
			p.l.dirty[p.stage] = true
		case s.kind == stepRemoves && !s.cmd.Nested && !p.l.dirty[p.stage] && len(s.cmd.Redirs) == 0 && s.cmd.Name() == "rm" && p.cuttable(s):
			s.drop = true
			p.note(s.span(), "with --no-cache nothing is left to remove")
		}
	}
}

// cuttable reports a step that the plan can leave out: joined RUNs are written
// anew, and a single one must be such that a command can go without a trace. What
// is left when all steps go is the RUN itself.
func (p *apkPlan) cuttable(s *planStep) bool {
	if len(p.runs) > 1 {
		return true
	}
	if len(s.run.top) == 1 {
		return s.run.script.Simple()
	}
	gone := []*shell.Command{s.cmd}
	for _, other := range p.steps {
		if other.drop {
			gone = append(gone, other.cmd)
		}
	}
	if len(gone) == len(s.run.top) {
		return s.run.script.Simple()
	}
	if !s.run.script.Simple() && !staysLoose(s.run.script.Top(), gone) {
		return false
	}
	_, ok := s.run.script.Remove(gone...)
	return ok
}

// stopsAtFailure reports "set -e" as a script's first command.
func stopsAtFailure(c *shell.Command) bool {
	return c.Name() == "set" && len(c.Words) > 1 && strings.HasPrefix(c.Words[1].Text, "-") && strings.Contains(c.Words[1].Text, "e")
}

// staysLoose reports a script that is more than a row of && without the commands
// too, and ends as it did: the last one's status is the step's, and what becomes a
// plain row could be joined with its neighbours, which a second run would do.
func staysLoose(top, gone []*shell.Command) bool {
	left := slices.DeleteFunc(slices.Clone(top), func(c *shell.Command) bool { return slices.Contains(gone, c) })
	if len(left) == 0 || left[len(left)-1] != top[len(top)-1] && !stopsAtFailure(top[0]) {
		return false
	}
	return slices.ContainsFunc(left[1:], func(c *shell.Command) bool { return c.Op != "&&" })
}

// missed says which removal of the index, here or in a later step, would fail without it.
func (p *apkPlan) missed() string {
	for _, s := range p.steps {
		if (s.kind == stepRemoves || s.kind == stepRemovesTo) && !s.drop && s.cmd.Name() == "rm" && !removesQuietly(s.cmd) {
			return "it fails where there is no index to remove: " + clipCommand(s.text(p.f))
		}
	}
	for _, in := range p.stage.Instructions {
		if in.Index <= p.last().in.Index || in.Keyword != "run" {
			continue
		}
		if slices.ContainsFunc(shell.Of(p.f, in).Commands(), missesLists) {
			return "a later step fails where there is no index to remove: " + clipCommand(p.f.Text(in.Body))
		}
	}
	return ""
}

// empty reports a plan of which nothing stays.
func (p *apkPlan) empty() bool {
	return !slices.ContainsFunc(p.steps, func(s *planStep) bool { return !s.drop })
}

// cut takes the steps that go out of a single RUN.
func (p *apkPlan) cut() {
	var gone []*shell.Command
	for _, s := range p.steps {
		if s.drop {
			gone = append(gone, s.cmd)
		}
	}
	if len(gone) == 0 {
		return
	}
	if spans, ok := p.runs[0].script.Remove(gone...); ok {
		p.edits = append(p.edits, shell.Delete(p.runs[0].in, spans)...)
	}
}

// fetch has a call fetch the index itself.
func (p *apkPlan) fetch(s *planStep) {
	if p.kept != nil && s.cmd.Span.Start > p.kept.cmd.Span.Start && s.run == p.kept.run || s.call.Has("--no-cache") {
		return
	}
	p.fetched = true
	p.note(s.span(), "the index is fetched, used and not kept: --no-cache")
	for _, o := range s.call.All("--update-cache") {
		if at := s.in(o.Word); o.Word.Text == p.f.Text(at) && (o.Word.Text == "-U" || strings.HasPrefix(o.Word.Text, "--")) {
			p.edit(at.Start, at.End, "--no-cache")
			return
		}
	}
	at := s.in(s.call.Subcommand).End
	p.edit(at, at, " --no-cache")
}

// sameAdd reports whether two adds differ in their packages only.
func (p *apkPlan) sameAdd(a, b *planStep) bool {
	for _, s := range []*planStep{a, b} {
		if s.kind != stepFresh || s.call.Subcommand.Text != "add" || s.call.Fed || len(s.cmd.Redirs) > 0 || len(s.call.Operands) == 0 ||
			s.call.Has("--virtual", "--initdb") {
			return false
		}
		for _, w := range s.call.Operands {
			if !w.Literal() || strings.Contains(w.Text, "/") || strings.HasSuffix(w.Text, ".apk") {
				return false
			}
		}
	}
	return callPrefix(a) == callPrefix(b) && slices.Equal(apkSettings(a.call), apkSettings(b.call)) &&
		!slices.Contains(rawWords(b.call), "--") && !strings.Contains(b.text(p.f), "#")
}

// apkSettings are the options that matter for the result, sorted.
func apkSettings(a *argv.SystemCmd) []string {
	var all []string
	for _, o := range a.Options {
		switch o.Name {
		case "--no-cache", "--update-cache", "--quiet", "--verbose", "--progress", "--no-progress":
		default:
			all = append(all, o.Name+"="+o.Value)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// deletions says which packages are deleted in another layer than their own.
func (p *apkPlan) deletions() {
	have := p.l.installed[p.stage]
	for _, s := range p.steps {
		if s.call == nil {
			continue
		}
		if v, ok := s.call.Option("--virtual"); ok && s.kind == stepFresh {
			have[v.Value] = p.last()
		}
		for _, w := range s.call.Operands {
			name := apkName(w.Text)
			switch r := have[name]; {
			case s.kind == stepFresh || s.kind == stepInstall:
				have[name] = p.last()
			case s.kind == stepTidies && r != nil && r != p.last():
				delete(have, name)
				p.declines = append(p.declines, transform.Finding{
					At: s.span(), Reason: "deleted-later",
					Why: name + " stays in the layer that installed it, and this one only hides it: what needs it in between belongs into one RUN with both",
				})
			}
		}
	}
}
