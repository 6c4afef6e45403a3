package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// checkWritten declines when a step that stays in the runtime may write what pip
// reads, after the COPY that brought it: the builder would read what was copied.
func (sp *split) checkWritten(from, i int, n pipNeed) *transform.Finding {
	for k := from; k <= i; k++ {
		st := sp.steps[k]
		if st.script == nil {
			continue
		}
		for _, u := range st.units {
			at := shell.In(st.in, u.top[0].Span)
			if at.Start >= n.at.Start {
				break
			}
			if u.role != rolePlain && u.role != roleShell {
				continue
			}
			for _, c := range u.all {
				e, known := sp.effects(st)[c]
				if !known {
					e = doubt("")
				}
				if n.dir && sp.mayFill(c, e, n) || !n.dir && sp.mayWrite(c, e, n.path) {
					return held(at, "made-by-step", "%s may write what pip installs from, %s, and stays in the runtime", describePlain(u), n.path)
				}
			}
		}
	}
	return nil
}

// effects are what the commands of a step do, read once.
func (sp *split) effects(st *splitStep) map[*shell.Command]effect {
	if st.effects == nil {
		state := sp.f.State(st.in)
		if _, st.effects = readEffects(st.script, state, pythonDir(state)); st.effects == nil {
			st.effects = map[*shell.Command]effect{}
		}
	}
	return st.effects
}

// describePlain names a unit by its first program.
func describePlain(u *splitUnit) string {
	if i := slices.IndexFunc(u.all, func(c *shell.Command) bool { return c.Name() != "" }); i >= 0 {
		return "“" + path.Base(u.all[i].Name()) + "”"
	}
	return "a redirection"
}

// plainReaders write nothing but what they print, by their manuals; find is one
// of them as long as it runs and deletes nothing.
var plainReaders = setOf(`egrep cut sort tr wc awk diff file sha256sum sha512sum md5sum basename dirname readlink realpath
	df du tree getent`)

// changesFiles reports a command that may change the content of files.
func changesFiles(c *shell.Command) bool {
	if slices.ContainsFunc(c.Redirs, func(r shell.Redir) bool {
		return strings.HasPrefix(r.Op, ">") && !strings.HasSuffix(r.Op, "&") && !strings.HasPrefix(r.Target.Text, "/dev/")
	}) {
		return true
	}
	name := path.Base(c.Name())
	switch use := toolUses[name]; {
	case c.Kind != shell.Simple || name == "." || name == "cd" || plainReaders[name]:
		return false
	case name == "find":
		return slices.ContainsFunc(c.Words, func(w shell.Word) bool { return strings.HasPrefix(w.Text, "-exec") || w.Text == "-delete" })
	default:
		return use != touchesNothing && use != touchesArgs && use != changesSystem
	}
}

// mayWrite reports a command that may write a file: one that names it, or a
// pattern that it is of, or a directory above it that it fills.
func (sp *split) mayWrite(c *shell.Command, e effect, file string) bool {
	if !changesFiles(c) {
		return false
	}
	base := path.Base(file)
	names := func(w shell.Word) bool {
		ok, err := path.Match(path.Base(w.Text), base)
		return strings.Contains(w.Text, base) || w.HasGlob && ok && err == nil
	}
	writes := func(r shell.Redir) bool { return names(r.Target) || r.Target.HasVar || r.Target.HasCmdSubst }
	fills := toolUses[path.Base(c.Name())] != spillsHere && slices.ContainsFunc(e.spills, func(d string) bool { return within(file, d) })
	if fills || slices.ContainsFunc(c.Words, names) || slices.ContainsFunc(c.Redirs, writes) {
		return true
	}
	switch name := path.Base(c.Name()); {
	case name == "find" || name == "xargs":
		return true
	case isPythonName(name):
		return sp.programNames(c, base)
	}
	return false
}

// programNames reports a program of Python that names a file, or that is not known.
func (sp *split) programNames(c *shell.Command, base string) bool {
	for _, w := range c.Words[1:] {
		if !strings.HasSuffix(w.Text, ".py") {
			continue
		}
		if sp.ctx == nil || len(sp.find(w.Text)) == 0 {
			return true
		}
		for _, p := range sp.find(w.Text) {
			if b, err := sp.ctx.ReadFile(p); err != nil || strings.Contains(string(b), base) {
				return true
			}
		}
	}
	return false
}

// mayFill reports a command that may write something into a directory. An
// editable installation is a link to it, which only the manifests change.
func (sp *split) mayFill(c *shell.Command, e effect, n pipNeed) bool {
	if n.editable {
		return slices.ContainsFunc([]string{"setup.py", "setup.cfg", "pyproject.toml"}, func(name string) bool {
			return sp.mayWrite(c, e, path.Join(n.path, name))
		})
	}
	return changesFiles(c) && (e.unknown != "" || slices.ContainsFunc(slices.Concat(e.touches, e.spills), func(p string) bool {
		return within(p, n.path) || within(n.path, p)
	}))
}
