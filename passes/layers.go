package passes

import (
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// layered goes through the RUNs of a stage that call a package manager. What
// group makes of those that are to become one, and of a single one, are the
// findings, with a decline for what is called in a form that is left alone.
func layered(s *transform.Stage, runs map[*transform.Instruction]*pkgRun, joinable func(g []*pkgRun, b *pkgRun) bool, group func(g []*pkgRun) []transform.Finding) []transform.Finding {
	var findings []transform.Finding
	for i := 0; i < len(s.Instructions); i++ {
		r := runs[s.Instructions[i]]
		switch {
		case r == nil:
			continue
		case r.script.Form != shell.ShellForm:
			findings = append(findings, r.unread()...)
			continue
		case !r.calls && !r.configures():
			continue
		}
		g := []*pkgRun{r}
		for i+1 < len(s.Instructions) {
			next := settingsEnd(s.Instructions, i+1)
			if next == len(s.Instructions) || !joinable(g, runs[s.Instructions[next]]) {
				break
			}
			b := runs[s.Instructions[next]]
			if b.passed = s.Instructions[i+1 : next]; len(b.passed) > 0 {
				why, apart := b.overtakes(g[len(g)-1])
				if why != "" {
					findings = append(findings, transform.Finding{At: b.in.Body, Reason: "apart", Why: why})
				}
				if apart {
					b.passed = nil
					break
				}
			}
			g, i = append(g, b), next
		}
		if slices.ContainsFunc(g, func(r *pkgRun) bool { return r.calls }) {
			findings = append(findings, group(g)...)
		}
	}
	return findings
}

// settingsEnd is where the instructions that only set something end, from i on.
func settingsEnd(list []*transform.Instruction, i int) int {
	for ; i < len(list); i++ {
		switch list[i].Keyword {
		case "workdir", "env", "arg", "label", "expose", "maintainer", "stopsignal", "cmd", "entrypoint", "healthcheck":
		default:
			return i
		}
	}
	return i
}

// overtakes finds out whether the RUN may stand above the settings before it, right behind
// a. It may where it does nothing but install packages by their names, which asks
// neither for the working directory nor for the application's own variables. why is
// worth reporting.
func (r *pkgRun) overtakes(a *pkgRun) (why string, apart bool) {
	if !a.pure || !r.pure || r.in.Span.End == r.in.Body.End {
		return "", true
	}
	for _, s := range r.steps {
		switch s.kind {
		case stepUpdate, stepInstall, stepFresh, stepTidies, stepClean, stepRemoves:
		default:
			return "", true
		}
		if len(s.cmd.Redirs) > 0 || slices.ContainsFunc(s.cmd.Words[1:], func(w shell.Word) bool {
			return w.HasVar || strings.Contains(w.Text, "/") && !strings.HasPrefix(w.Text, "/") && !strings.HasPrefix(w.Text, "-") || strings.HasSuffix(w.Text, ".deb")
		}) {
			return "", true
		}
	}
	for _, in := range r.passed {
		names, _ := valuesOf(in)
		if in.Keyword != "env" && in.Keyword != "arg" {
			continue
		}
		for _, name := range names {
			if !applicationVariable(name) {
				return "it stays a layer of its own: " + name + " is set above it, which what installs packages may read", true
			}
		}
	}
	return "", false
}

// configures reports a RUN that does no more than to say where packages come
// from, and to install some: it changes with the RUN that installs more.
func (r *pkgRun) configures() bool {
	return r.pure && slices.ContainsFunc(r.top, func(s *pkgStep) bool { return s.kind == stepSources })
}

// unread declines a RUN that calls the manager in a form that is left alone.
func (r *pkgRun) unread() []transform.Finding {
	if !r.calls && (r.script.Form != shell.Opaque || !r.family.named(r.script.Text)) {
		return nil
	}
	return []transform.Finding{{
		At: r.in.Body, Reason: "form",
		Why: r.family.names[0] + " is called in a JSON array or a here-document, or in a script that cannot be read",
	}}
}

// neighbours reports whether b, right behind a, can become a part of it as far as
// what stands between them goes: their flags are the same, and a comment for a
// linter stays right above its instruction.
func neighbours(f *transform.File, a, b *pkgRun) bool {
	if b == nil || len(b.top) == 0 || !sameFlags(a.in, b.in) || speaksToTool(f, b.in) {
		return false
	}
	head := f.Text(transform.Span{Start: b.in.Body.Start, End: b.top[0].span().Start})
	return !strings.Contains(head, "#")
}

// chain reports a script that another may follow behind an &&: simple commands
// in a row that leave nothing behind in their shell.
func (r *pkgRun) chain() bool { return r.script.Simple() && len(r.script.Leaks()) == 0 }
