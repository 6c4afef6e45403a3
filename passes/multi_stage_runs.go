package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// stripRuns takes the manager's "run" off what the runtime starts: the environment
// comes first in PATH there, which is what "run" does, if it does nothing else.
func (sp *split) stripRuns() *transform.Finding {
	if sp.own == nil {
		return nil
	}
	for _, st := range sp.steps {
		switch {
		case !st.run:
			continue
		case st.in.Keyword == "run" && st.script != nil:
		case st.in.Keyword == "cmd" || st.in.Keyword == "entrypoint" || st.in.Keyword == "healthcheck":
		default:
			continue
		}
		if no := sp.stripRun(st, shell.Of(sp.f, st.in)); no != nil {
			return no
		}
	}
	return sp.checkManagerGone()
}

func (sp *split) stripRun(st *splitStep, s *shell.Script) *transform.Finding {
	for _, c := range s.Commands() {
		if st.script != nil && sp.goesToBuilder(st, c) {
			continue
		}
		words := c.Effective()
		if len(words) == 0 || path.Base(words[0].Text) != sp.own.manager.name {
			continue
		}
		at := shell.In(st.in, c.Span)
		m, r := readRun(c)
		switch {
		case r == nil:
			return held(at, "manager-at-run-time", "the runtime would have no %s", sp.own.manager.name)
		case words[0].Text != m.name || r.Words[0].HasVar:
			return held(at, "manager-at-run-time", "what %s starts is not known", m.name)
		}
		if why := sp.runsMore(r); why != "" {
			return held(at, "manager-at-run-time", "%s", why)
		}
		lead := ""
		if m == uvManager && strings.HasSuffix(r.Words[0].Text, ".py") {
			lead = "python "
			if s.Form == shell.ExecForm {
				lead = `python", "`
				if sp.f.Src[shell.In(st.in, r.Lead).Start] == '"' {
					lead = `"python", `
				}
			}
		}
		sp.own.strips = true
		st.runEdit = append(st.runEdit, shell.Replace(st.in, r.Lead, lead))
	}
	return nil
}

// goesToBuilder reports a command that the runtime's copy of a RUN has not.
func (sp *split) goesToBuilder(st *splitStep, c *shell.Command) bool {
	return slices.ContainsFunc(st.units, func(u *splitUnit) bool {
		return (u.role == rolePip || u.role == roleTool) && slices.Contains(u.all, c)
	})
}

// runsMore says what "run" does but to start a program in the environment; "" for
// nothing.
func (sp *split) runsMore(r *argv.Run) string {
	own := sp.own
	switch {
	case own.dir == nil || own.sync == nil:
		return "which environment " + own.manager.name + " runs it in is not known"
	case own.manager == uvManager:
		if why := sp.runsItself(r.Words[0].Text); why != "" {
			return why
		}
		return sp.syncsFirst(r)
	case len(r.Options) > 0:
		return "“run” is given options"
	case own.manager == poetryManager && own.dir.installs(own.sync.managerUse):
		return "" // a script of the manifest is installed
	}
	return own.manager.runsFirst(own.dir, r)
}

// runsItself says what "uv run" starts but a program of the environment or a plain file
// of Python: a file that names its own dependencies gets an environment of its own, and a
// directory with __main__.py and a file that is fetched are no programs.
func (sp *split) runsItself(name string) string {
	switch {
	case strings.Contains(name, "://"):
		return "“uv run” fetches " + name
	case !strings.HasSuffix(name, ".py"):
		if file, ok := contextFile(&inImage{File: sp.f}, sp.s, path.Join(name, "__main__.py")); ok {
			return "“uv run” starts the directory of " + file
		}
		return ""
	}
	files := sp.find(name)
	for _, file := range files {
		if text, err := sp.ctx.ReadFile(file); err != nil || inlineMetadata.MatchString(string(text)) {
			return "“uv run” may give " + file + " an environment of its own, with what the file names"
		}
	}
	if len(files) == 0 {
		return name + " is not known, and may name dependencies of its own, which “uv run” installs"
	}
	return ""
}

// inlineMetadata opens the block of a file of Python that names its dependencies.
var inlineMetadata = lazyregexp.New(`(?m)^# /// script\s*$`, "# /// script")

// syncsFirst says what "uv run" would install first: it syncs as "uv sync" does with
// the same options, which finds nothing to do where that has run with them.
func (sp *split) syncsFirst(r *argv.Run) string {
	state := sp.f.EndState(sp.s)
	for _, name := range []string{"UV_ENV_FILE", "UV_WITH"} {
		if state.HasEnv(name) {
			return name + " gives “uv run” more to do"
		}
	}
	run := optionSet(r.Options)
	if v, _ := state.Env("UV_NO_SYNC"); run["--no-sync"] || v != "" && v != "0" && v != "false" {
		delete(run, "--no-sync")
		if len(run) == 0 || len(run) == 1 && run["--frozen"] {
			return ""
		}
	}
	sync := optionSet(sp.own.sync.Words)
	if sync["--no-install-project"] && sp.own.dir.installs(managerUse{project: true}) {
		return "“uv run” installs the project when the container starts"
	}
	uv := tableAt(sp.own.dir.doc, "tool", "uv")
	if run["--no-dev"] || !sp.own.dir.hasDevelopment() {
		delete(sync, "--no-dev")
	}
	for _, name := range []string{"--frozen", "--locked", "--no-install-project", "--no-cache", "--compile-bytecode", "--quiet", "-q", "--no-progress"} {
		delete(run, name)
		delete(sync, name)
	}
	for name := range run {
		if !sync[name] && name != "--no-dev" {
			return "“uv run” is given “" + name + "”, and “uv sync” is not"
		}
	}
	for name := range sync {
		switch adds := onlyAdds[strings.Fields(name)[0]]; {
		case run[name], adds && uv["conflicts"] == nil:
		case adds:
			return "of what excludes each other, “uv run” without “" + name + "” may install the other when the container starts"
		default:
			return "“uv run” without “" + name + "” installs more when the container starts"
		}
	}
	return ""
}

// onlyAdds are options of "uv sync" that ask for more packages: "uv run" without them
// leaves those where they are (uv's reference, "uv run --exact").
var onlyAdds = setOf("--extra --all-extras --group --all-groups --dev --inexact")

// hasDevelopment reports a manifest with groups that uv installs unasked.
func (d *managedDir) hasDevelopment() bool {
	uv := tableAt(d.doc, "tool", "uv")
	return tableAt(d.doc, "dependency-groups")["dev"] != nil || uv["dev-dependencies"] != nil || uv["default-groups"] != nil
}

// optionSet are the options among words, each with its value where that is a word of
// its own.
func optionSet(words []shell.Word) map[string]bool {
	set := map[string]bool{}
	for i, w := range words {
		switch valued := i > 0 && (words[i-1].Text == "--extra" || words[i-1].Text == "--group"); {
		case valued:
			delete(set, words[i-1].Text)
			set[words[i-1].Text+" "+w.Text] = true
		case strings.HasPrefix(w.Text, "-"):
			set[w.Text] = true
		}
	}
	return set
}

// checkManagerGone declines where something else that the image runs may call the
// manager: a word of a step that is left, a script, a program's settings, a task runner.
func (sp *split) checkManagerGone() *transform.Finding {
	name, programs := sp.own.manager.name, sp.own.manager.programs()
	scripts := false
	for _, st := range sp.steps {
		if !st.run {
			continue
		}
		switch st.in.Keyword {
		case "run", "cmd", "entrypoint", "healthcheck":
		default:
			continue
		}
		if namesAny(edited(sp.f.Src, st.in.Body, st.runEdit), programs) {
			return held(st.in.Body, "manager-at-run-time", "it names %s in a way that is not understood, and the runtime would have none", name)
		}
		if i := slices.IndexFunc(shell.Of(sp.f, st.in).Tools(), func(t string) bool { return taskRunners[path.Base(t)] }); i >= 0 && st.in.Keyword != "run" {
			return held(st.in.Body, "manager-at-run-time", "what %s starts may call %s", shell.Of(sp.f, st.in).Tools()[i], name)
		}
		for _, s := range sp.scriptsOf(st) {
			scripts = true
			if i := slices.IndexFunc(programs, func(p string) bool { return slices.Contains(s.Commands, p) }); i >= 0 {
				return held(st.in.Body, "manager-at-run-time", "%s runs %s", s.Path, programs[i])
			}
		}
	}
	if uses, err := sp.ctx.PythonUses(); err == nil {
		for _, u := range uses.Commands {
			if program := path.Base(u.What); slices.Contains(programs, program) {
				return held(sp.s.From.Body, "manager-at-run-time", "%s:%d runs %s", u.File, u.Line, program)
			}
		}
	}
	return sp.checkStartFiles(scripts)
}

// taskRunners start what a file of the context says.
var taskRunners = setOf("make just task invoke inv nox tox honcho foreman supervisord circusd poe doit npm")

// checkStartFiles declines where a file that starts programs, or gives containers other
// commands, calls the manager. Shell scripts count where the image runs any.
func (sp *split) checkStartFiles(scripts bool) *transform.Finding {
	name, programs := sp.own.manager.name, sp.own.manager.programs()
	starts := []string{"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "Procfile"} // hidden from the build or not
	entries, _ := sp.ctx.Files()
	for _, e := range entries {
		if e.Regular && e.Size < maxScannedSize && startsPrograms(e.Path, scripts) {
			starts = append(starts, e.Path)
		}
	}
	for _, file := range starts {
		b, err := sp.ctx.ReadFile(file)
		if err == nil && (strings.Contains(string(b), name+" run ") || (shellFile(file) || givesCommands(file)) && namesAny(string(b), programs)) {
			return held(sp.s.From.Body, "manager-at-run-time", "%s may start programs by %s", file, name)
		}
	}
	return nil
}

// givesCommands reports a file of compose or a Procfile.
func givesCommands(file string) bool {
	base := path.Base(file)
	return base == "Procfile" || strings.Contains(base, "compose") && (path.Ext(base) == ".yml" || path.Ext(base) == ".yaml")
}

// startsPrograms reports a file that gives containers other commands (of compose, or a
// Procfile), a program's settings, or a shell script.
func startsPrograms(name string, scripts bool) bool {
	switch path.Ext(name) {
	case ".conf", ".ini", ".cfg":
		return true
	}
	return givesCommands(name) || scripts && shellFile(name)
}

func shellFile(name string) bool { return path.Ext(name) == ".sh" || path.Ext(name) == ".bash" }

// programs are what the manager is called by.
func (m *manager) programs() []string {
	if m == uvManager {
		return []string{"uv", "uvx"}
	}
	return []string{m.name}
}

// namesAny reports whether a text names one of the programs.
func namesAny(text string, programs []string) bool {
	return slices.ContainsFunc(programs, func(p string) bool { return names(text, p) })
}

// names reports whether a text has a program's name as a word; a directory of its cache
// is none.
func names(text, program string) bool {
	for rest := text; ; {
		i := strings.Index(rest, program)
		if i < 0 {
			return false
		}
		before, after := rest[:i], rest[i+len(program):]
		if !endsInWord(before) && !strings.HasSuffix(before, ".cache/") && (after == "" || !wordByte(after[0])) {
			return true
		}
		rest = after
	}
}

func endsInWord(text string) bool { return text != "" && wordByte(text[len(text)-1]) }

func wordByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
