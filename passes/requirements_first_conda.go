package passes

import (
	"path"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
)

// conda is the effect of conda, mamba and micromamba: what they read are
// environment files, whose pip section is a requirement file, and lists of
// packages; what they write are environments in their own prefix, which no source
// may be copied to (systemDirs), or in the one that an option names.
func (r *effectReader) conda(c *argv.CondaCmd) effect {
	if c.Fed || c.Verb != "run" && !c.Known {
		return doubt(c.Name + "'s arguments are not known")
	}
	e := effect{system: true}
	switch {
	case c.Fetches():
		e.installs, e.pip = true, true
	case c.Verb == "run":
		if inner := c.Inner(); inner != nil && !c.Has("--cwd") {
			return r.simple(inner)
		}
		return doubt("what conda runs is not known")
	}
	switch c.Verb {
	case "remove", "uninstall", "clean", "env remove":
		e.cleans = true
		return e
	case "config", "init", "info", "list", "activate", "deactivate", "env list", "":
		return e
	}
	if !e.installs {
		return doubt(c.Name + " " + c.Verb + " is not known")
	}
	if c.Has("--offline", "--use-local", "--clone") {
		return doubt(c.Name + " takes packages from what is there")
	}
	for _, o := range c.Options {
		r.condaOption(&e, c, &o)
	}
	if strings.HasPrefix(c.Verb, "env ") && !c.Has("--file") {
		r.condaFile(&e, c, shell.Word{Text: "environment.yml"})
	}
	for _, w := range c.Operands {
		if strings.ContainsAny(w.Text, "/$`") && !strings.Contains(w.Text, "://") && !strings.Contains(w.Text, "::") {
			e.merge(doubt("what “" + w.Text + "” names is not known"))
		}
	}
	return e
}

func (r *effectReader) condaOption(e *effect, c *argv.CondaCmd, o *argv.Option) {
	if !o.HasValue {
		return
	}
	w := o.Holder
	w.Text = o.Value
	switch o.Name {
	case "--file":
		r.condaFile(e, c, w)
	case "--channel":
		if strings.HasPrefix(o.Value, ".") || strings.HasPrefix(o.Value, "/") || strings.HasPrefix(o.Value, "file:") {
			e.merge(installsSource(o.Value))
		}
	case "--prefix":
		if p, ok := r.path(w, e); ok {
			e.local = append(e.local, p)
		} else {
			e.merge(effect{key: "unknown-path", unknown: "what “" + o.Value + "” names is not known"})
		}
	case "--rc-file":
		e.path(r, w)
	}
}

// condaInstalls reports whether a script may install by conda: by a call that
// downloads, or by one that is not read.
func condaInstalls(s *shell.Script, name string) bool {
	if !condaTools[name] {
		return false
	}
	read := false
	for _, c := range s.Commands() {
		call, ok := argv.Conda(c)
		if ok && (call.Fetches() || call.Verb == "run") {
			return true
		}
		read = read || ok
	}
	return !read
}

// condaTools manage conda's environments.
var condaTools = setOf("conda mamba micromamba")

// condaFile adds a file that says what to install.
func (r *effectReader) condaFile(e *effect, c *argv.CondaCmd, w shell.Word) {
	if strings.Contains(w.Text, "://") {
		return
	}
	p, ok := r.path(w, e)
	switch {
	case !ok || w.HasGlob:
		e.merge(effect{key: "unknown-path", unknown: "what “" + w.Text + "” names is not known"})
	case buildctx.IsCondaEnvironment(p):
		e.needs = append(e.needs, p)
	case path.Ext(p) == ".txt" || path.Ext(p) == ".lock":
		e.whole = append(e.whole, p)
	default:
		e.merge(doubt("what " + path.Base(p) + " holds is not known"))
	}
}
