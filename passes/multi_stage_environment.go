package passes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// findEnvironment decides where the environment is.
func (sp *split) findEnvironment() *transform.Finding {
	own := sp.own
	at := sp.steps[sp.first].in
	state := sp.f.State(at)
	if why := sp.otherInterpreter(state); why != "" {
		return held(at.Body, "other-python", "%s", why)
	}
	if own.sync == nil { // uv pip, or an exported file that pip reads
		return nil
	}
	if mode, _ := state.Env("UV_LINK_MODE"); own.manager == uvManager && (mode == "symlink" || strings.Contains(sp.f.Text(at.Body), "symlink")) {
		return held(at.Body, "package-manager", "what uv installs is links into its cache, which the runtime would not have")
	}
	place, _ := defaultText(state, "$"+own.manager.place)
	env := own.manager.environment(place, own.at)
	if env == "" && sp.asksForPlace() {
		env = path.Join(own.at, ".venv")
	}
	if own.inPlace = env != "" && !own.sync.system && !slices.Contains(mixedDirs, env) && (!systemPath(env) || env == "/opt/venv"); own.inPlace {
		sp.venv = env
	}
	if own.inPlace {
		rel, _ := strings.CutPrefix(env, own.at+"/")
		if exists, known := sp.ctx.Exists(path.Join(own.dir.dir, rel)); rel != env && (exists || !known) {
			return held(at.Body, "own-venv", "the source brings an environment of its own")
		}
	}
	return nil
}

// asksForPlace reports Poetry's setting virtualenvs.in-project, by a command or in
// poetry.toml.
func (sp *split) asksForPlace() bool {
	if sp.own.manager != poetryManager {
		return false
	}
	if doc, err := sp.ctx.Toml(path.Join(sp.own.dir.dir, "poetry.toml")); err == nil && tableAt(doc, "virtualenvs")["in-project"] == true {
		return true
	}
	for _, st := range sp.steps {
		for _, u := range st.units {
			if u.role == roleTool && strings.Contains(sp.f.Text(shell.In(st.in, u.top[0].Span)), "virtualenvs.in-project true") {
				return true
			}
		}
	}
	return false
}

// otherInterpreter says why a manager may take another Python than the image's: uv and
// PDM download one where the image's does not fit.
func (sp *split) otherInterpreter(state *transform.State) string {
	m := sp.own.manager
	if !m.fetchesPython || sp.own.dir == nil {
		return ""
	}
	for _, name := range []string{"UV_PYTHON", "UV_MANAGED_PYTHON", "UV_PYTHON_PREFERENCE"} {
		if state.HasEnv(name) || state.HasArg(name) {
			return name + " may choose another Python than the image's"
		}
	}
	if sp.own.sync != nil && sp.own.sync.Has("--python", "--managed-python") {
		return "it is told which Python to take"
	}
	return sp.own.dir.unfit(sp.python)
}

// unfit says why a project wants another Python than the image's; "" where it does not.
func (d *managedDir) unfit(python pyVersion) string {
	if python.major != 3 || python.minor < 0 {
		return "which Python the image has is not known"
	}
	have := fmt.Sprintf("3.%d", python.minor)
	if b, err := d.ctx.ReadFile(path.Join(d.dir, ".python-version")); err == nil {
		if want := strings.TrimSpace(string(b)); want != have && want != "3" {
			return ".python-version asks for " + want + ", and the image has " + have
		}
	}
	asked, _ := tableAt(d.doc, "project")["requires-python"].(string)
	var clauses []string
	for _, c := range strings.Split(asked, ",") {
		version := strings.TrimLeft(c, " <>=!~")
		if op := strings.TrimSpace(c[:len(c)-len(version)]); op != "" {
			clauses = append(clauses, "python_full_version "+op+` "`+strings.TrimSpace(version)+`"`)
		}
	}
	if len(clauses) == 0 {
		return ""
	}
	if ok, known := buildctx.EvalMarker(strings.Join(clauses, " and "), buildctx.LinuxEnv(python.full())); !ok || !known {
		return "requires-python is “" + asked + "”, and the image has " + have
	}
	return ""
}

// checkLocked notes what the lock file names, and declines where the application may
// use what only the manager brought into the Python that both were installed for.
func (sp *split) checkLocked() *transform.Finding {
	own := sp.own
	if own == nil || own.dir == nil {
		return nil
	}
	at := sp.steps[sp.first].in
	names, locked := own.dir.locked()
	sp.known = sp.known && locked
	for _, name := range names {
		sp.name(buildctx.NormalizeName(name))
	}
	sp.vcs = sp.vcs || !locked || own.dir.usesGit()
	if own.inPlace {
		return nil
	}
	uses, err := sp.ctx.PythonUses()
	if err != nil {
		return nil
	}
	for _, pair := range own.manager.brings {
		dist, module, _ := strings.Cut(pair, "=")
		if module == "" {
			module = strings.ReplaceAll(dist, "-", "_")
		}
		if uses.Imported(module) && !slices.ContainsFunc(names, func(n string) bool { return buildctx.NormalizeName(n) == dist }) {
			return held(at.Body, "package-manager", "the application imports %s, which may only have come with %s", module, own.manager.name)
		}
	}
	return nil
}

// usesGit reports a lock file with distributions from version control.
func (d *managedDir) usesGit() bool {
	for _, name := range append([]string{d.manager.manifest}, d.manager.reads...) {
		if b, err := d.ctx.ReadFile(path.Join(d.dir, name)); err == nil && strings.Contains(string(b), "git") {
			return true
		}
	}
	return false
}

// keepsPlace reports an environment that stays where it is.
func (sp *split) keepsPlace(dir string) bool {
	return sp.own != nil && sp.own.inPlace && dir == sp.venv
}

// withoutOwnPath takes the environment's programs out of a PATH.
func (sp *split) withoutOwnPath(val string) string {
	if sp.own == nil || !sp.own.inPlace {
		return val
	}
	return strings.Replace(val, sp.venv+"/bin:", "", 1)
}

// uvSettings make uv install as pip does: files of the environment's own, from which a
// cache mount can go, and compiled modules.
const (
	uvCopies   = "UV_LINK_MODE=copy"
	uvCompiles = "UV_COMPILE_BYTECODE=1"
	uvSettings = uvCopies + " " + uvCompiles
)

// ownSettings are those that the file does not make itself.
func (sp *split) ownSettings() []string {
	if sp.own == nil || sp.own.manager != uvManager {
		return nil
	}
	state := sp.f.State(sp.steps[sp.first].in)
	return slices.DeleteFunc(strings.Fields(uvSettings), func(set string) bool {
		name, _, _ := strings.Cut(set, "=")
		return state.HasEnv(name)
	})
}

// noteSettings gives the reason of the variables that uv is told by.
func (sp *split) noteSettings() {
	var why []string
	set := sp.ownSettings()
	if slices.Contains(set, uvCopies) {
		why = append(why, "UV_LINK_MODE=copy: uv copies files out of its cache, to which there is no link from another file system")
	}
	if slices.Contains(set, uvCompiles) {
		why = append(why, "UV_COMPILE_BYTECODE=1: it compiles modules, as pip does unasked")
	}
	if sp.own != nil && sp.own.manager == uvManager && !sp.own.inPlace {
		why = append(why, "the other variables lead it to "+sp.venv)
	}
	if len(why) > 0 {
		sp.notes = append(sp.notes, transform.Note{At: sp.steps[sp.first].in.Body, Why: strings.Join(why, "; ")})
	}
}

// leaveSettings keeps the variables that only the manager reads in the builder.
func (sp *split) leaveSettings() {
	if sp.own == nil {
		return
	}
	mentions, err := sp.ctx.Mentions()
	if err != nil {
		return
	}
	sp.leavePath()
	prefix := strings.ToUpper(sp.own.manager.name) + "_"
	for _, texts := range []map[string]buildctx.Place{mentions.Names, mentions.Strings, mentions.Commands} {
		for word, at := range texts {
			if (strings.Contains(word, prefix) || strings.EqualFold(word, prefix)) && !at.Hidden { // or a prefix of settings
				return
			}
		}
	}
	for _, st := range sp.steps[:sp.last] {
		names, _ := valuesOf(st.in)
		if st.in.Keyword != "env" || !st.build || len(st.buildEdits) > 0 || slices.ContainsFunc(names, func(n string) bool {
			return !strings.HasPrefix(n, prefix) || sp.runtimeNames(st, n)
		}) {
			continue
		}
		st.run = false
		sp.notes = append(sp.notes, transform.Note{At: st.in.Body, Why: "nothing but " + sp.own.manager.name + " reads " + strings.Join(names, ", ")})
	}
}

// leavePath keeps the directory of the manager's own program, where its installer puts
// that, in the builder's PATH.
func (sp *split) leavePath() {
	if slices.ContainsFunc(sp.steps, func(st *splitStep) bool {
		return st.run && slices.ContainsFunc(st.units, func(u *splitUnit) bool { return u.role == roleUnknown || u.role == roleMixed })
	}) {
		return // what else may put programs there
	}
	for _, st := range sp.steps[:sp.last] {
		cmd, _ := st.in.Command()
		c, ok := cmd.(*instructions.EnvCommand)
		if !ok || !st.build || len(c.Env) != 1 || c.Env[0].Key != "PATH" {
			continue
		}
		if installerBin.MatchString(c.Env[0].Value) {
			st.run = false
			sp.notes = append(sp.notes, transform.Note{At: st.in.Body, Why: "that directory holds nothing but " + sp.own.manager.name})
		}
	}
}

// installerBin is a PATH to which the directory is added that the installers of uv and
// Poetry put programs into.
var installerBin = lazyregexp.New(`^"?(?:/root|\$HOME|\$\{HOME\})/\.local/bin/?:(?:\$PATH|\$\{PATH\})"?$`, ".local/bin")

// runtimeNames reports whether another step of the runtime names a variable.
func (sp *split) runtimeNames(but *splitStep, name string) bool {
	return slices.ContainsFunc(sp.steps, func(st *splitStep) bool {
		return st != but && st.run && strings.Contains(edited(sp.f.Src, st.in.Body, st.runEdit), name)
	})
}

// environment makes the environment in the builder.
func (sp *split) environment() string {
	run, env := sp.keyword("RUN"), sp.keyword("ENV")
	if sp.own == nil {
		return fmt.Sprintf("%s %s\n%s PATH=/opt/venv/bin:$PATH\n", run, sp.python.makeVenv(sp.f), env)
	}
	text := strings.Join(append([]string{env}, sp.ownSettings()...), " ")
	if sp.own.inPlace {
		return strings.TrimPrefix(text+"\n", env+"\n")
	}
	state := sp.f.State(sp.steps[sp.first].in)
	if sp.own.sync != nil && sp.own.manager == uvManager {
		text += " UV_PROJECT_ENVIRONMENT=" + sp.venv
	}
	if state.HasEnv("UV_SYSTEM_PYTHON") {
		text += " UV_SYSTEM_PYTHON=0"
	}
	return fmt.Sprintf("%s python -m venv %s\n%s VIRTUAL_ENV=%s PATH=%s/bin:$PATH\n", run, sp.venv, text, sp.venv, sp.venv)
}

// startPath puts the environment first in the runtime's PATH, where something starts by
// that.
func (sp *split) startPath() string {
	env := sp.keyword("ENV")
	switch {
	case sp.own == nil || !sp.own.strips && !sp.own.inPlace:
		return fmt.Sprintf("%s PATH=%s/bin:$PATH\n", env, sp.venv)
	case sp.own.strips && sp.setsPath():
		return fmt.Sprintf("%s VIRTUAL_ENV=%s\n", env, sp.venv)
	case sp.own.strips:
		return fmt.Sprintf("%s VIRTUAL_ENV=%s PATH=%s/bin:$PATH\n", env, sp.venv, sp.venv)
	}
	return ""
}

// setsPath reports that the file puts the environment that stays in place into PATH.
func (sp *split) setsPath() bool {
	return slices.ContainsFunc(sp.steps, func(st *splitStep) bool {
		return st.in.Keyword == "env" && sp.keepsPlace(sp.venv) && strings.Contains(sp.f.Text(st.in.Body), sp.venv+"/bin:")
	})
}

// full is the whole version, by a late patch release where the tag leaves it open.
func (v pyVersion) full() string {
	patch := v.patch
	if patch < 0 {
		patch = 99
	}
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, patch)
}
