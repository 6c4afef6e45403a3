package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// onlyState reports a unit of assignments, exports and the like, whose values may
// come from other commands: TOKEN=$(cat /run/secrets/token).
func (u *splitUnit) onlyState() bool {
	for _, c := range u.all {
		top := c.Parent == nil
		if top && (c.Kind != shell.Simple || roleOf(c) != roleShell) || !top && (!c.Subst || roleOf(c) != rolePlain && roleOf(c) != roleShell) {
			return false
		}
	}
	return true
}

// checkState declines a pip step of which the builder's copy would lack what it
// sets or reads before, or the runtime's what it writes beside what is installed.
func (sp *split) checkState(st *splitStep) *transform.Finding {
	last := lastPip(st)
	for j, u := range st.units {
		at := shell.In(st.in, u.top[0].Span)
		if u.role == rolePip {
			for _, c := range u.all {
				if file := sp.writesBeside(c); file != "" {
					return held(at, "unclear-step", "it writes %s, which the runtime would lack", file)
				}
			}
		}
		if !st.pip || j > last {
			continue
		}
		if u.role == rolePlain && slices.ContainsFunc(u.all, setsState) {
			return held(at, "unclear-step", "what it sets may matter to pip, and the rest of it stays in the runtime")
		}
		if u.role != rolePip && u.role != roleShell {
			continue
		}
		for _, c := range u.all {
			if !c.Subst {
				continue
			}
			if what := st.readsMore(c, sp.effects(st)); what != "" {
				return held(at, "unclear-step", "it reads %s, which the builder may not have", what)
			}
		}
	}
	return nil
}

// setsState reports a command that changes the shell in which pip runs later.
func setsState(c *shell.Command) bool {
	return !c.Subproc && !c.Subst && c.Kind == shell.Simple && (len(c.Words) == 0 && len(c.Assigns) > 0 || len(c.Words) > 0 && roleOf(c) == roleShell && c.Name() != "true" && c.Name() != ":")
}

// writesBeside names a file that a command in pip's own unit writes outside of the
// environment; "" if there is none.
func (sp *split) writesBeside(c *shell.Command) string {
	scratch := func(file string) bool {
		return within(file, "/tmp") || within(file, "/dev") || sp.exports(file)
	}
	for _, r := range c.Redirs {
		if strings.HasPrefix(r.Op, ">") && !strings.HasSuffix(r.Op, "&") && !scratch(r.Target.Text) {
			return r.Target.Text
		}
	}
	if p, ok := argv.Pip(c); ok {
		for _, o := range p.Options {
			if (o.Name == "--report" || o.Name == "--log") && !scratch(o.Value) && o.Value != "-" {
				return o.Value
			}
		}
		return ""
	}
	switch name := path.Base(c.Name()); {
	case len(c.Words) < 2 || c.Kind != shell.Simple || roleOf(c) != rolePlain:
	case toolUses[name] >= writesArgs || slices.Contains([]string{"mkdir", "chmod", "chown"}, name):
		if file := c.Words[len(c.Words)-1].Text; !scratch(file) {
			return file
		}
	}
	return ""
}

// exports reports a requirement file that a manager writes for pip.
func (sp *split) exports(file string) bool {
	if sp.own == nil {
		return false
	}
	for p := range sp.own.exported {
		if path.Base(p) == path.Base(file) {
			return true
		}
	}
	return false
}

// readsMore names what a substitution reads that a build of the same image may
// not have; "" if there is nothing.
func (st *splitStep) readsMore(c *shell.Command, each map[*shell.Command]effect) string {
	e, known := each[c]
	name := path.Base(c.Name())
	switch {
	case c.Kind != shell.Simple || len(c.Words) == 0:
		return ""
	case !known || e.unknown != "" && !plainReaders[name] && !isPythonName(name):
		return "what “" + name + "” finds"
	}
	for _, p := range e.touches {
		image := slices.ContainsFunc([]string{"/run/secrets", "/proc", "/sys", "/etc", "/dev", "/usr", "/tmp"}, func(dir string) bool { return within(p, dir) })
		if !image && !slices.ContainsFunc(st.needs, func(n pipNeed) bool { return n.path == p }) {
			return p
		}
	}
	if isPythonName(name) || plainReaders[name] {
		for _, w := range c.Words[1:] {
			if strings.HasSuffix(w.Text, ".py") || strings.Contains(w.Text, "open(") || plainReaders[name] && !strings.HasPrefix(w.Text, "-") && strings.Contains(path.Base(w.Text), ".") && !strings.ContainsAny(w.Text, " {}") {
				return w.Text
			}
		}
	}
	return ""
}
