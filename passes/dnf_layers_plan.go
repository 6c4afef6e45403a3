package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// rpmCaches is where yum, dnf 4 and dnf 5 keep metadata and packages.
var rpmCaches = []string{"/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"}

// rpmFamily is that of Fedora, Red Hat, CentOS, their kin and Amazon Linux.
var rpmFamily = &pkgFamily{
	names: []string{"dnf", "yum"}, lists: "/var/cache",
	read: func(c *shell.Command) (pkgStep, bool) {
		a, ok := argv.Dnf(c)
		if !ok || a.Name == "tdnf" { // Photon's and Azure Linux's has other habits
			return pkgStep{}, false
		}
		return pkgStep{call: a, kind: dnfKindOf(a)}, true
	},
	program: func(c *shell.Command, name string, words []shell.Word) (pkgKind, bool) {
		switch name {
		case "yum-builddep", "yumdownloader", "repoquery", "reposync":
			return stepUses, true
		case "rpm", "yum-config-manager":
			return stepSources, true
		}
		below := slices.ContainsFunc([]string{"/etc/yum", "/etc/dnf", "/etc/pki/rpm-gpg"}, func(dir string) bool { return setsSources(c, name, words, dir) })
		return stepSources, below
	},
	named: func(text string) bool { return containsAny(text, []string{"dnf ", "yum "}) },
	rm: func(words []shell.Word) pkgKind {
		lists, others := false, false
		for _, w := range words {
			switch {
			case strings.HasPrefix(w.Text, "-"):
			case inRpmCache(w.Text):
				lists = true
			default:
				others = true
			}
		}
		return rmKind(lists, others)
	},
	cached: func(p string) bool { return inRpmCache(p) || p == "/var/cache" },
}

func inRpmCache(p string) bool {
	return slices.ContainsFunc(rpmCaches, func(c string) bool { return strings.HasPrefix(p, c) })
}

// dnfKindOf says what a call does. One on another root fills a cache there.
func dnfKindOf(a *argv.SystemCmd) pkgKind {
	switch a.Subcommand.Text {
	case "install", "localinstall", "install-n", "install-na", "install-nevra", "reinstall", "update", "upgrade", "update-minimal",
		"upgrade-minimal", "update-to", "upgrade-to", "downgrade", "distro-sync", "distribution-synchronization", "swap", "builddep", "build-dep",
		"groupinstall", "groupupdate", "group", "groups", "module", "downloadonly":
		if a.Has("--installroot") {
			return stepTidies
		}
		return stepInstall
	case "makecache":
		return stepUpdate
	case "clean":
		if len(a.Operands) == 1 && a.Operands[0].Text == "all" && !a.Has("--installroot") {
			return stepClean
		}
		return stepTidies
	case "remove", "erase", "autoremove", "groupremove", "history", "mark":
		return stepTidies
	case "config-manager", "copr":
		return stepSources
	case "":
		return stepNothing
	}
	return stepUses
}

// dnfPlan is what becomes of a run of adjacent steps, or of one RUN.
type dnfPlan struct {
	*layersPlan
	reader  string // what reads the stage's cache, in words
	yes     bool   // the configuration answers all questions
	cleaned bool
}

// fills reports a step that leaves something in the cache.
func (s *planStep) fills() bool {
	return s.kind == stepInstall || s.kind == stepUpdate || s.kind == stepUses
}

// empties reports a step that leaves nothing there.
func (s *planStep) empties() bool { return s.kind == stepClean || s.kind == stepRemoves }

// dropCleans marks what empties the cache at the end of a RUN, where a later one
// fills it again. Behind a change of the sources the old metadata must not be
// read: there it stays.
func (p *dnfPlan) dropCleans() {
	if p.reader != "" || p.last().mounted() {
		return
	}
	refilled := false
	tail := true // only what empties the cache stands between the step and the end of its RUN
	for i, s := range slices.Backward(p.steps) {
		if i+1 < len(p.steps) && p.steps[i+1].run != s.run {
			tail = true
		}
		switch {
		case s.kind == stepSources:
			return
		case s.fills():
			refilled, tail = true, false
		case !s.empties():
			tail = false
		case tail && refilled && len(s.cmd.Redirs) == 0 && p.filledBefore(i):
			s.drop = true
			p.note(s.span(), "the cache is emptied once, at the end of the layer")
		}
	}
}

// filledBefore reports whether one of the plan's steps before the i-th fills the
// cache; otherwise it empties the base's.
func (p *dnfPlan) filledBefore(i int) bool {
	return slices.ContainsFunc(p.steps[:i], (*planStep).fills)
}

// assumeYes adds -y to a call that would wait for an answer.
func (p *dnfPlan) assumeYes(s *planStep) {
	if s.call == nil || p.yes || !s.call.Known || s.cmd.Subproc || s.call.Fed || s.call.Has("--assumeyes", "--assumeno") ||
		slices.ContainsFunc(s.cmd.Redirs, func(r shell.Redir) bool { return strings.HasPrefix(r.Op, "<") }) ||
		slices.ContainsFunc(s.call.All("--setopt"), func(o argv.Option) bool { return strings.Contains(o.Value, "yes") }) {
		return
	}
	switch s.call.Subcommand.Text {
	case "install", "localinstall", "reinstall", "update", "upgrade", "downgrade", "distro-sync", "remove", "erase", "autoremove",
		"groupinstall", "groupupdate", "groupremove", "swap", "builddep":
		p.addOptions(s, " -y")
	case "group", "groups", "module":
		if len(s.call.Operands) == 0 || !slices.Contains([]string{"install", "update", "upgrade", "remove", "enable", "disable", "reset", "switch-to"}, s.call.Operands[0].Text) {
			return
		}
		at := s.in(s.call.Subcommand).Start
		p.edit(at, at, "-y ")
	default:
		return
	}
	p.note(s.span(), "nobody can answer "+s.call.Name+"'s question during a build: -y")
}

// clean adds the emptying of the cache.
func (p *dnfPlan) clean() {
	var programs []string // that have filled the cache since it was last emptied
	installs := false
	sudo := ""
	for _, s := range p.steps {
		switch {
		case s.drop:
		case (s.empties() || s.kind == stepRemovesTo) && !s.cmd.Nested:
			programs, installs = nil, false
		case s.fills():
			name := "yum"
			if s.call != nil {
				name = s.call.Name
				if s.call.Through("sudo") {
					sudo = "sudo "
				}
			}
			programs = append(slices.DeleteFunc(programs, func(o string) bool { return o == name }), name)
			installs = installs || s.kind == stepInstall
		}
	}
	if !installs || p.last().mounted() {
		return
	}
	if p.reader != "" {
		p.declines = append(p.declines, transform.Finding{At: p.runs[0].in.Body, Reason: "cache-used", Why: p.reader})
		return
	}
	at, ok := p.cleanAt()
	if !ok || p.removes(programs) {
		return
	}
	glue := " && "
	if len(p.runs) > 1 || p.last().in.StartLine != p.last().in.EndLine {
		glue = p.style.glue(nil)
	}
	var text strings.Builder
	for _, name := range programs {
		text.WriteString(glue + sudo + name + " clean all")
		if name != "microdnf" { // which leaves nothing behind
			text.WriteString(glue + sudo + "rm -rf /var/cache/" + name)
		}
	}
	p.edit(at, at, text.String())
	p.cleaned = true
	p.note(transform.Span{Start: at, End: at}, "the cache is emptied in the layer that filled it")
}

// removes reports whether a step removes one of the managers themselves.
func (p *dnfPlan) removes(programs []string) bool {
	return slices.ContainsFunc(p.steps, func(s *planStep) bool {
		return (s.kind == stepTidies || s.kind == stepSources) && slices.ContainsFunc(s.cmd.Words, func(w shell.Word) bool {
			return slices.Contains(programs, w.Text) && w.Span != s.cmd.Words[0].Span && (s.call == nil || w.Span != s.call.Program.Span)
		})
	})
}
