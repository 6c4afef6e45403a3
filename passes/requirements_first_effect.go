package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// An effect is what a RUN, or a command of it, has to do with files.
type effect struct {
	installs bool      // packages, by pip or the distribution's manager, and not pip itself alone
	pip      bool      // by pip
	node     bool      // by npm, yarn or pnpm
	cleans   bool      // it removes packages, or files of the system
	system   bool      // it changes or reads the system beyond the paths it names
	needs    []string  // requirement files
	whole    []string  // other files that say what to install, and include none
	mayNeed  []string  // more of them, which it reads where they are there
	uvPip    bool      // by uv's own pip, which reads its settings in pyproject.toml
	pipSync  bool      // by pip-sync, which reads its settings there too
	outputs  []string  // requirement files that it writes
	managed  []managed // calls of managers that install
	nodes    []nodeInstall
	sources  []string // projects and archives on disk that pip installs
	touches  []string // other paths that it names, to read or to write
	spills   []string // where it writes or removes files that it does not name, and what it removes
	dirs     []string // directories that must be there
	makes    []string // directories that it makes
	local    []string // directories that an installation fills: venv, --target
	usesCwd  bool     // it depends on the working directory

	key, unknown string // why nothing of this is certain; "" if it is
}

// merge adds the effect of what runs next.
func (e *effect) merge(n effect) {
	e.installs = e.installs || n.installs
	e.pip = e.pip || n.pip
	e.node = e.node || n.node
	e.cleans = e.cleans || n.cleans
	e.system = e.system || n.system
	e.usesCwd = e.usesCwd || n.usesCwd
	e.needs = append(e.needs, n.needs...)
	e.whole = append(e.whole, n.whole...)
	e.mayNeed = append(e.mayNeed, n.mayNeed...)
	e.uvPip = e.uvPip || n.uvPip
	e.outputs = append(e.outputs, n.outputs...)
	e.managed = append(e.managed, n.managed...)
	e.nodes = append(e.nodes, n.nodes...)
	e.pipSync = e.pipSync || n.pipSync
	e.sources = append(e.sources, n.sources...)
	e.touches = append(e.touches, n.touches...)
	e.spills = append(e.spills, n.spills...)
	e.dirs = append(e.dirs, n.dirs...)
	e.makes = append(e.makes, n.makes...)
	e.local = append(e.local, n.local...)
	if e.unknown == "" || rankOf(n.key) > rankOf(e.key) {
		if n.unknown != "" {
			e.key, e.unknown = n.key, n.unknown
		}
	}
}

// rankOf orders the keys: the one that says most is reported.
func rankOf(key string) int {
	return slices.Index([]string{"", "needs-source", "unknown-path", "made-by-step", "package-manager", "installs-source"}, key)
}

// An effectReader reads the commands of a RUN one after the other.
type effectReader struct {
	st  *transform.State
	dir string          // where the next command runs; "" when not known
	own map[string]bool // variables that the script sets itself
}

// readEffects reads all commands of a script that starts in cwd.
func readEffects(s *shell.Script, st *transform.State, cwd string) (whole effect, each map[*shell.Command]effect) {
	if s.Form == shell.Opaque {
		return effect{key: "needs-source", unknown: "it is not understood: " + s.Why}, nil
	}
	r := &effectReader{st: st, dir: cwd, own: map[string]bool{}}
	for _, c := range s.Commands() {
		if c.Kind == shell.Loop || c.Kind == shell.Func || c.Kind == shell.Other {
			return effect{key: "needs-source", unknown: "it has a loop, a function or arithmetic"}, nil
		}
		for _, a := range c.Assigns {
			r.own[a.Name] = true
		}
		if name := c.Name(); name == "export" || name == "read" {
			for _, w := range c.Words[1:] {
				name, _, _ := strings.Cut(w.Text, "=")
				r.own[name] = true
			}
		}
	}
	each = map[*shell.Command]effect{}
	for _, c := range s.Commands() {
		e := r.command(c)
		each[c] = e
		whole.merge(e)
	}
	return whole, each
}

func (r *effectReader) command(c *shell.Command) effect {
	e := r.simple(c)
	for _, d := range c.Redirs {
		switch {
		case d.Heredoc:
			e.merge(doubt("it has a here-document"))
		case strings.HasSuffix(d.Op, "&") || d.Target.Text == "/dev/null":
		default:
			e.path(r, d.Target)
		}
	}
	if name := c.Name(); c.Subproc && (name == "cd" || name == "pushd") {
		r.dir = ""
		e.merge(doubt("a subshell changes the directory"))
	}
	if c.Background {
		e.merge(doubt("it leaves a job running"))
	}
	return e
}

func doubt(why string) effect { return effect{key: "needs-source", unknown: why} }

// simple is the effect of a command without its redirections.
func (r *effectReader) simple(c *shell.Command) effect {
	switch {
	case c.Kind == shell.Test:
		return doubt("it tests something")
	case c.Kind != shell.Simple || len(c.Words) == 0:
		return effect{}
	}
	if p, ok := argv.Pip(c); ok {
		return r.pip(p)
	}
	if p, ok := argv.PipSync(c); ok {
		return r.pipSync(p)
	}
	if a, ok := argv.Apt(c); ok {
		return r.packages(a.Args, a.Subcommand.Text)
	}
	if a, ok := argv.Apk(c); ok {
		return r.packages(a.Args, a.Subcommand.Text)
	}
	if d, ok := argv.Dnf(c); ok {
		return r.packages(d.Args, d.Subcommand.Text)
	}
	if v, ok := argv.Venv(c); ok {
		return r.venv(v)
	}
	if conda, ok := argv.Conda(c); ok {
		return r.conda(conda)
	}
	if e, ok := r.node(c); ok {
		return e
	}
	call, ok := argv.Of(c)
	if !ok {
		return doubt("a command in it is not known")
	}
	return r.tool(&call)
}

// packages are those of the distribution.
func (r *effectReader) packages(a argv.Args, sub string) effect {
	e := effect{installs: len(a.Operands) > 0 && (sub == "install" || sub == "add"), system: true}
	e.cleans = !e.installs && sub != "update"
	if a.Fed {
		return doubt("packages are read from a pipe")
	}
	for _, w := range a.Operands {
		if strings.Contains(w.Text, "/") && !w.HasCmdSubst || strings.HasSuffix(w.Text, ".deb") || strings.HasSuffix(w.Text, ".rpm") {
			e.path(r, w)
		}
	}
	return e
}

func (r *effectReader) venv(v *argv.VenvCmd) effect {
	e := effect{system: true}
	if v.Name == "uv" {
		r.uvFiles(&e)
		if v.Dir.Text == "" {
			v.Dir = shell.Word{Text: ".venv", Static: true}
		}
	}
	if v.Dir.Text == "" {
		return doubt("where the virtual environment is made is not said")
	}
	if p, ok := r.path(v.Dir, &e); ok {
		e.local = append(e.local, p)
	} else {
		e.merge(doubt("where the virtual environment is made is not known"))
	}
	return e
}

// path resolves a word that names a file; a pattern stands for its directory.
func (r *effectReader) path(w shell.Word, e *effect) (string, bool) {
	text := w.Text
	switch {
	case w.HasCmdSubst || w.HasBrace:
		return "", false
	case w.HasTilde:
		rest, ok := strings.CutPrefix(text, "~/")
		if !ok || r.st.User != "" && r.st.User != "root" {
			return "", false
		}
		text = "/root/" + rest
	}
	if w.HasVar {
		var ok bool
		if text, ok = r.expand(text); !ok {
			return "", false
		}
	}
	if w.HasGlob {
		if i := strings.IndexAny(text, "*?["); i >= 0 {
			text = text[:strings.LastIndexByte(text[:i], '/')+1]
		}
	}
	if !path.IsAbs(text) {
		e.usesCwd = true
		if r.dir == "" {
			return "", false
		}
	}
	return absolute(r.dir, text), true
}

// expand replaces variables that the Dockerfile sets and the script does not.
func (r *effectReader) expand(text string) (string, bool) {
	for name := range r.own {
		if strings.Contains(text, "$"+name) || strings.Contains(text, "${"+name) {
			return "", false
		}
	}
	return defaultText(r.st, text)
}

// path adds a path that a command names.
func (e *effect) path(r *effectReader, w shell.Word) (string, bool) {
	p, ok := r.path(w, e)
	if !ok {
		e.merge(effect{key: "unknown-path", unknown: "what “" + w.Text + "” names is not known"})
		return "", false
	}
	e.touches = append(e.touches, p)
	e.system = e.system || systemPath(p) || slices.Contains(mixedDirs, p)
	return p, true
}
