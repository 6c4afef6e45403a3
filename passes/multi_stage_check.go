package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// checkRuntime declines what would not find the environment when it runs: paths
// into the image's own Python, and programs that start others without PATH.
func (sp *split) checkRuntime() *transform.Finding {
	for i, st := range sp.steps {
		if no := sp.checkPaths(st); no != nil {
			return no
		}
		if no := sp.checkPathVariable(i, st); no != nil {
			return no
		}
		switch st.in.Keyword {
		case "run":
			if i < sp.first {
				continue
			}
		case "cmd", "entrypoint", "healthcheck":
		default:
			continue
		}
		s := shell.Of(sp.f, st.in)
		if no := sp.checkCommands(st, s); no != nil {
			return no
		}
		if no := sp.checkScripts(i, st, s); no != nil {
			return no
		}
	}
	return sp.checkContext()
}

var (
	ownBin    = lazyregexp.New(`/usr/local/bin/([A-Za-z0-9._-]+)`, "/usr/local/bin/")
	ownPython = lazyregexp.New(`/usr/local/lib/python|/usr/local/lib64/python|site-packages|/usr/local/bin/(?:python|pip|gunicorn|uwsgi|uvicorn|celery|flask|django-admin|supervisord|jupyter|daphne|hypercorn|airflow|streamlit|alembic|ipython|pytest|scrapy|ansible|aws)`, "/usr/local/lib", "site-packages", "/usr/local/bin/")
)

// checkPaths looks for paths into the image's own Python.
func (sp *split) checkPaths(st *splitStep) *transform.Finding {
	text := sp.f.Text(st.in.Body)
	if strings.Contains(text, "/usr/local/lib/python") || strings.Contains(text, "site-packages") {
		return held(st.in.Body, "absolute-path", "it names the directory of the image's own Python, where pip's packages are no more")
	}
	switch st.in.Keyword {
	case "run", "cmd", "entrypoint", "healthcheck", "env":
	default:
		return nil
	}
	for _, dir := range []string{"/usr/local/share/jupyter", "/usr/local/etc/jupyter"} {
		if strings.Contains(text, dir) {
			return held(st.in.Body, "absolute-path", "what packages put into %s will be in /opt/venv", dir)
		}
	}
	if !strings.Contains(text, "/usr/local/bin/") {
		return nil
	}
	for _, m := range ownBin.FindAllStringSubmatch(text, -1) {
		if ownPython.MatchString(m[0]) || !sp.makes(m[1]) {
			return held(st.in.Body, "absolute-path", "%s may be what pip installs, which will be in /opt/venv/bin", m[0])
		}
	}
	return nil
}

// makes reports whether a step other than pip's puts a program of this name into
// /usr/local/bin.
func (sp *split) makes(name string) bool {
	for _, st := range sp.steps {
		if c := readCopy(sp.f, st.in); c != nil {
			if path.Base(c.dest) == name || slices.ContainsFunc(c.sources, func(s string) bool { return path.Base(s) == name }) {
				return true
			}
		}
		if st.script == nil {
			continue
		}
		for _, c := range st.script.Commands() {
			writes := func(w shell.Word) bool { return strings.HasSuffix(w.Text, "/usr/local/bin/"+name) }
			switch c.Name() {
			case "curl", "wget", "mv", "cp", "ln", "install", "tar", "unzip":
				if slices.ContainsFunc(c.Words, writes) {
					return true
				}
			}
			if slices.ContainsFunc(c.Redirs, func(r shell.Redir) bool { return r.Target.Text == "/usr/local/bin/"+name }) {
				return true
			}
		}
	}
	return false
}

// checkPathVariable declines an ENV that puts another Python before the
// environment's.
func (sp *split) checkPathVariable(i int, st *splitStep) *transform.Finding {
	cmd, _ := st.in.Command()
	if sh, ok := cmd.(*instructions.ShellCommand); ok && slices.ContainsFunc(sh.Shell, isLogin) {
		return held(st.in.Body, "path-lost", "a login shell sets PATH anew, without the environment")
	}
	c, ok := cmd.(*instructions.EnvCommand)
	if !ok || i < sp.takeAt {
		return nil
	}
	for _, kv := range c.Env {
		if kv.Key == "PATH" && !keepsPath(sp.withoutOwnPath(kv.Value)) {
			return held(st.in.Body, "path-lost", "PATH is set to directories in which another Python comes first")
		}
	}
	return nil
}

// keepsPath reports whether a new PATH still finds the environment's programs
// first.
func keepsPath(val string) bool {
	for _, dir := range strings.Split(strings.Trim(val, `"'`), ":") {
		switch strings.TrimSuffix(dir, "/") {
		case "$PATH", "${PATH}":
			return true
		case "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "":
			return false
		}
		if strings.Contains(dir, "conda") || strings.Contains(dir, "venv") || strings.Contains(dir, "python") {
			return false
		}
	}
	return false
}

// emptyEnv starts a program with other variables than the image's.
var emptyEnv = lazyregexp.New(`\benv["',\s]+(?:-i\b|-\s|--ignore-environment|(?:-\S+\s+)*PATH=)`, "env")

func isLogin(arg string) bool {
	return arg == "--login" || len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.Contains(arg, "l")
}

// pathLosers start programs with a PATH of their own: the manual pages of sudo
// (secure_path), su (ENV_PATH), cron, sshd, systemd.
var pathLosers = setOf("sudo su runuser cron crond crontab anacron sshd systemctl systemd init doas ssh atd")

// jobPackages are installed to start programs at a time, or from afar.
var jobPackages = setOf("cron anacron cronie dcron at openssh-server dropbear systemd systemd-sysv")

// checkJobs declines what only serves to start programs without the image's
// PATH.
func (sp *split) checkJobs(st *splitStep) *transform.Finding {
	if c := readCopy(sp.f, st.in); c != nil && (strings.HasPrefix(c.dest, "/etc/cron") || strings.HasPrefix(c.dest, "/var/spool/cron")) {
		return held(st.in.Body, "path-lost", "cron starts programs with a PATH of its own, without the environment")
	}
	for _, u := range st.units {
		if p := st.calls[u]; p != nil && p.verb == "install" {
			for _, name := range p.names() {
				if jobPackages[name] {
					return held(shell.In(st.in, u.top[0].Span), "path-lost", "%s starts programs with a PATH of its own, without the environment", name)
				}
			}
		}
		for _, c := range u.all {
			if c.Name() == "crontab" || c.Name() == "cron" {
				return held(st.in.Body, "path-lost", "cron starts programs with a PATH of its own, without the environment")
			}
		}
	}
	return nil
}

// checkCommands looks at what a step runs.
func (sp *split) checkCommands(st *splitStep, s *shell.Script) *transform.Finding {
	if s.Form == shell.Opaque {
		if st.in.Keyword == "run" && !st.run {
			return nil
		}
		return held(st.in.Body, "unclear-step", "it cannot be read: %s", s.Why)
	}
	if emptyEnv.MatchString(sp.f.Text(st.in.Body)) {
		return held(st.in.Body, "path-lost", "it starts a program with an environment of its own")
	}
	tools := s.Toolset()
	for _, name := range tools.Names {
		base := path.Base(name)
		switch {
		case pathLosers[base]:
			return held(st.in.Body, "path-lost", "%s starts programs with a PATH of its own, without the environment", base)
		case sp.python.lacks(base):
			return held(st.in.Body, "absolute-path", "the environment has no %s, so that the image's own would be used", base)
		case base == "supervisord" && sp.ctx == nil:
			return held(st.in.Body, "unknown-script", "the programs that supervisord starts are not known without the build context")
		}
	}
	for _, c := range s.Commands() {
		switch path.Base(c.Name()) {
		case "bash", "sh", "dash":
			if slices.ContainsFunc(c.Words[1:], func(w shell.Word) bool { return isLogin(w.Text) }) {
				return held(st.in.Body, "path-lost", "a login shell sets PATH anew, without the environment")
			}
		case "rm":
			installs := slices.ContainsFunc(st.units, func(u *splitUnit) bool { return u.role == rolePip || u.role == roleTool })
			if st.run && !installs && namesCacheIn(c) && !removesQuietly(c) {
				return held(shell.In(st.in, c.Span), "cache-removed", "rm fails where there is no cache, which stays in the builder")
			}
		case "service":
			if slices.ContainsFunc(c.Words, func(w shell.Word) bool { return pathLosers[w.Text] }) {
				return held(st.in.Body, "path-lost", "the service starts programs with a PATH of its own, without the environment")
			}
		}
		for _, a := range c.Assigns {
			if a.Name == "PATH" && !keepsPath(a.Value.Text) && st.run {
				return held(st.in.Body, "path-lost", "PATH is set to directories in which another Python comes first")
			}
		}
	}
	return nil
}

// scriptNames are the scripts, as the image sees them, that a step runs.
func scriptNames(s *shell.Script) []string {
	var names []string
	for _, c := range s.Commands() {
		words := c.Effective()
		if len(words) == 0 || !words[0].Static {
			continue
		}
		name := words[0].Text
		switch path.Base(name) {
		case "sh", "bash", "dash", "source", ".":
			name = ""
			for _, w := range words[1:] {
				if strings.HasPrefix(w.Text, "-") && strings.Contains(w.Text, "c") {
					break
				}
				if !strings.HasPrefix(w.Text, "-") {
					name = w.Text
					break
				}
			}
		default:
			if _, ok := argv.Pip(c); ok || systemProgram(name) {
				name = ""
			}
		}
		if strings.Contains(name, "/") || strings.HasSuffix(name, ".sh") || strings.Contains(name, "entrypoint") {
			names = append(names, name)
		}
	}
	return names
}

// scriptNames leaves out what the manager installs, named by its path in the
// environment, which stays where it is.
func (sp *split) scriptNames(st *splitStep, s *shell.Script) []string {
	state := sp.f.State(st.in)
	if st.script == nil {
		state = sp.f.EndState(sp.s)
	}
	return slices.DeleteFunc(scriptNames(s), func(name string) bool {
		return strings.Contains(name, "/") && sp.keepsPlace(strings.TrimSuffix(path.Dir(absolute(pythonDir(state), name)), "/bin"))
	})
}

// systemProgram reports a path that belongs to the distribution.
func systemProgram(name string) bool {
	for _, dir := range []string{"/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/etc/init.d/"} {
		if strings.HasPrefix(name, dir) {
			return true
		}
	}
	return false
}

// find looks a script up in the context: the file that a COPY brings to where it
// is, and those of its name, of which several may be meant.
func (sp *split) find(name string) []string {
	var found []string
	if file, ok := contextFile(&inImage{File: sp.f}, sp.s, name); ok && path.Base(file) != path.Base(name) {
		found = append(found, file)
	}
	entries, _ := sp.ctx.Files()
	for _, e := range entries {
		if e.Regular && path.Base(e.Path) == path.Base(name) {
			found = append(found, e.Path)
		}
	}
	return found
}

// scriptsOf are the shell scripts of the context that a step runs, and those that
// they run in turn.
func (sp *split) scriptsOf(st *splitStep) []*buildctx.Script {
	var scripts []*buildctx.Script
	s := shell.Of(sp.f, st.in)
	if sp.ctx == nil || s == nil {
		return nil
	}
	seen := map[string]bool{}
	names := sp.scriptNames(st, s)
	for i := 0; i < len(names); i++ {
		for _, p := range sp.find(names[i]) {
			if s, err := sp.ctx.Script(p); err == nil && !seen[p] {
				seen[p] = true
				scripts = append(scripts, s)
				names = append(names, startedIn(s)...)
			}
		}
	}
	return scripts
}

// startedIn are the scripts that a script runs or reads itself.
func startedIn(s *buildctx.Script) []string {
	names := slices.Clone(s.Sources)
	for _, c := range s.Calls {
		if name := c.Args[0].Text; strings.Contains(name, "/") && !systemProgram(name) || strings.HasSuffix(name, ".sh") {
			names = append(names, name)
		}
	}
	return names
}

// checkScripts looks into the scripts that a step runs.
func (sp *split) checkScripts(i int, st *splitStep, s *shell.Script) *transform.Finding {
	if !st.run {
		return nil
	}
	for _, name := range sp.scriptNames(st, s) {
		if sp.ctx == nil || len(sp.find(name)) == 0 {
			if st.in.Keyword == "run" && i <= sp.last {
				continue
			}
			return held(st.in.Body, "unknown-script", "%s is not in a known build context, so that what it runs is not known", path.Base(name))
		}
	}
	for _, script := range sp.scriptsOf(st) {
		if !script.Shell {
			if b, err := sp.ctx.ReadFile(script.Path); err == nil && strings.HasPrefix(string(b), "#!/usr/local/bin/python") {
				return held(st.in.Body, "absolute-path", "%s asks for the image's own Python by its path", script.Path)
			}
			continue
		}
		if script.Problem != "" || script.Dynamic && !script.ExecArgs {
			return held(st.in.Body, "unknown-script", "what %s runs cannot be read", script.Path)
		}
		for _, c := range script.Commands {
			if pathLosers[c] {
				return held(st.in.Body, "path-lost", "%s runs %s, which starts programs with a PATH of its own", script.Path, c)
			}
			if sp.python.lacks(c) {
				return held(st.in.Body, "absolute-path", "%s runs %s, which the environment does not have", script.Path, c)
			}
		}
		if b, err := sp.ctx.ReadFile(script.Path); err == nil && emptyEnv.Regexp().Match(b) {
			return held(st.in.Body, "path-lost", "%s starts a program with an environment of its own", script.Path)
		}
		if slices.Contains(script.Assigned, "PATH") {
			return held(st.in.Body, "path-lost", "%s sets PATH", script.Path)
		}
	}
	return nil
}

// maxScanned bounds the files of the context that are searched for paths, and
// maxScannedSize their size.
const (
	maxScanned     = 300
	maxScannedSize = 64 << 10
)

// checkContext searches scripts and settings of the context for paths into the
// image's own Python.
func (sp *split) checkContext() *transform.Finding {
	if uses, err := sp.ctx.PythonUses(); err == nil {
		for _, u := range uses.Prefix {
			if m := ownPython.FindString(u.What); m != "" {
				return held(sp.s.From.Body, "absolute-path", "%s:%d names %s, where pip's programs are no more", u.File, u.Line, m)
			}
		}
	}
	for _, p := range podFiles(sp.ctx) {
		for _, words := range p.commands() {
			if m := ownPython.FindString(strings.Join(words, " ")); m != "" {
				return held(sp.s.From.Body, "absolute-path", "%s names %s, where pip's programs are no more", p.name, m)
			}
		}
	}
	for _, name := range composeNames {
		b, err := sp.ctx.ReadFile(name)
		if err != nil {
			continue
		}
		for _, service := range ownServices(string(b)) {
			for _, m := range composeVariable.FindAllStringSubmatch(service, -1) {
				if m[1] == "PATH" || m[1] == "VIRTUAL_ENV" || m[1] == "PYTHONHOME" {
					return held(sp.s.From.Body, "path-lost", "%s sets %s for the container", name, m[1])
				}
			}
		}
	}
	entries, _ := sp.ctx.Files()
	left := maxScanned
	for _, e := range entries {
		if !e.Regular || e.Size > maxScannedSize || !settings(e.Path) {
			continue
		}
		if left--; left < 0 {
			return nil
		}
		b, err := sp.ctx.ReadFile(e.Path)
		if err != nil {
			continue
		}
		if m := ownPython.Regexp().Find(b); m != nil && path.Ext(e.Path) != ".py" {
			return held(sp.s.From.Body, "absolute-path", "%s names %s, where pip's programs are no more", e.Path, m)
		}
	}
	return nil
}

// settings reports a file that may name programs by their paths.
func settings(name string) bool {
	switch path.Ext(name) {
	case ".sh", ".bash", ".conf", ".ini", ".cfg", ".service", ".cron":
		return true
	}
	switch base := path.Base(name); {
	case base == "Procfile", strings.HasPrefix(base, "crontab"), strings.Contains(base, "entrypoint"), strings.HasPrefix(base, "run"), strings.HasPrefix(base, "start"):
		return true
	}
	return false
}
