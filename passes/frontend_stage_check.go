package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/argv"
	"refit/internal/jsproject"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// shapes holds the RUNs to what can be taken apart: simple commands joined by &&
// in one directory. Others in the RUN that builds must come behind the build, or
// install packages.
func (fe *frontendBuild) shapes() *transform.Finding {
	if contextOf(fe.f) == nil {
		return fe.no(fe.build.in, "no-context", "without the build context it is not known what the front end is made of")
	}
	for _, r := range fe.runs {
		if r.in.Index > fe.build.in.Index {
			if slices.ContainsFunc(r.steps, func(s *frontStep) bool { return s.kind != frontTidy }) {
				return fe.no(r.in, "node-used", "behind the build, Node is used once more")
			}
			continue
		}
		if r.moved {
			return fe.no(r.in, "shape", "a command that is not the front end's runs in the directory that a cd changes to")
		}
		if !r.script.Simple() || slices.ContainsFunc(r.steps, func(s *frontStep) bool { return len(s.cmd.Redirs)+len(s.cmd.Assigns) > 0 }) {
			return fe.no(r.in, "shape", "only commands joined by && can be taken apart")
		}
		for _, s := range r.steps {
			switch {
			case s.kind == frontUnknown:
				return fe.no(r.in, "shape", "it is not known what %s does for the build", clipCommand(s.line))
			case s.kind == frontTool || s.kind == frontTidy && s.cmd.Name() != "rm":
			case s.dir == "" || fe.dir != "" && s.dir != fe.dir:
				return fe.no(r.in, "shape", "the commands of the front end do not run in one known directory")
			default:
				fe.dir = s.dir
			}
		}
		for _, c := range r.rest {
			if !installsOnly(c) && (r != fe.build || c.Span.Start < fe.lastBuild().cmd.Span.Start) {
				return fe.no(r.in, "shape", "%s stands between the commands of the front end", clipCommand(fe.f.Text(shell.In(r.in, c.Span))))
			}
		}
	}
	if !runsAsRoot(fe.f.State(fe.build.in).User) {
		return fe.no(fe.build.in, "shape", "the front end is built by another user than root, to whom the files belong then")
	}
	return nil
}

func (fe *frontendBuild) lastBuild() *frontStep {
	for _, s := range slices.Backward(fe.build.steps) {
		if s.kind == frontBuild {
			return s
		}
	}
	return fe.build.steps[0]
}

// installsOnly reports a command that installs packages of the system or of
// Python, or clears up behind that.
func installsOnly(c *shell.Command) bool {
	if _, ok := argv.Apt(c); ok {
		return true
	}
	if _, ok := argv.Apk(c); ok {
		return true
	}
	if p, ok := argv.Pip(c); ok {
		return p.IsInstall()
	}
	return c.Name() == "rm" && (aptRmKind(c.Words[1:]) == stepRemoves || apkFamily.rm(c.Words[1:]) == stepRemoves) || c.Name() == "set"
}

// findProject finds the project's directory in the build context, and holds
// every file of it to be in the image just as it is there.
func (fe *frontendBuild) findProject() *transform.Finding {
	at := fe.build.in
	name, from := fe.fileBefore(path.Join(fe.dir, "package.json"))
	if from != fromContext || path.Base(name) != "package.json" {
		return fe.no(at, "project", "no package.json of the build context is known to be in %s", fe.dir)
	}
	p, err := jsproject.Read(contextOf(fe.f), path.Dir(name))
	if err != nil {
		return fe.no(at, "project", "the project in %s: %v", path.Dir(name), err)
	}
	fe.project = p
	for _, file := range p.Files() {
		got, from := fe.fileBefore(path.Join(fe.dir, file))
		if want := path.Join(p.Dir, file); from != fromContext || got != want {
			return fe.no(at, "project", "%s is not copied to where the front end is built", want)
		}
	}
	if slices.ContainsFunc(fe.runs, func(r *frontRun) bool {
		return slices.ContainsFunc(r.steps, func(s *frontStep) bool { return s.kind == frontInstall && strings.Contains(s.line, "npm ci") })
	}) && !slices.ContainsFunc(p.Manifests, func(m string) bool { return m == "package-lock.json" || m == "npm-shrinkwrap.json" }) {
		return fe.no(at, "project", "npm ci needs a lock file, and the build context has none")
	}
	if file := fe.configAbove(); file != "" {
		return fe.no(at, "reads-outside", "%s is above the project, where its tools look for their configuration", file)
	}
	return nil
}

// configAbove finds a file of the build context in a directory above the project that
// package managers and build tools may look for there: most of them go upwards until
// they find one.
func (fe *frontendBuild) configAbove() string {
	entries, _ := contextOf(fe.f).Files()
	for _, e := range entries {
		base := path.Base(e.Path)
		if e.Dir || !jsproject.IsConfig(base) {
			continue
		}
		for dir := fe.dir; dir != "/"; {
			dir = path.Dir(dir)
			if file, from := fe.fileBefore(path.Join(dir, base)); from == fromContext {
				return file
			}
		}
	}
	return ""
}

// fileBefore finds the file of the build context that stands at a path when the
// front end is built.
func (fe *frontendBuild) fileBefore(p string) (string, origin) {
	for _, in := range slices.Backward(fe.s.Instructions) {
		if in.Index > fe.build.in.Index {
			continue
		}
		if name, from := copiedTo(fe.image, in, p); from != notContext {
			return name, from
		}
	}
	return "", notContext
}

// findOutputs finds out what the build writes.
func (fe *frontendBuild) findOutputs() *transform.Finding {
	for _, r := range fe.runs {
		for _, s := range r.steps {
			if s.kind != frontBuild {
				continue
			}
			words := strings.Fields(s.line)
			out, err := fe.project.CommandOutputs(strings.Join(words, " "))
			if name := path.Base(words[0]); err == nil || name == "npx" {
			} else if operands := slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "-") }); len(operands) == 2 && (operands[0] == "run" || operands[0] == "run-script") {
				out, err = fe.project.Outputs(operands[1])
			} else if len(operands) == 1 {
				out, err = fe.project.Outputs(operands[0])
			}
			if err != nil {
				return fe.no(r.in, "output-unknown", "where %s writes: %v", clipCommand(s.line), err)
			}
			fe.outputs = append(fe.outputs, out...)
		}
	}
	if len(fe.outputs) == 0 {
		return fe.no(fe.build.in, "output-unknown", "the build is not known to write anything")
	}
	for _, o := range fe.outputs {
		abs := path.Join(fe.dir, o.Path)
		if abs == fe.dir || within(fe.dir, abs) || systemPath(abs) {
			return fe.no(fe.build.in, "output-unknown", "the build writes to %s, where other things are", abs)
		}
		_, from := fe.fileBefore(abs)
		if o.File && from != notContext || !o.File && fe.standsAt(abs) {
			return fe.no(fe.build.in, "output-unknown", "%s has files of the build context, and what the build leaves of them is not known", abs)
		}
	}
	if why := fe.project.Outside(); why != "" {
		return fe.no(fe.build.in, "reads-outside", "%s, which is outside the project", why)
	}
	return nil
}

// standsAt reports whether a COPY of the stage brings files of the build context
// to a directory.
func (fe *frontendBuild) standsAt(dir string) bool {
	for _, in := range fe.s.Instructions {
		c, ok := copyingOf(in)
		if !ok {
			continue
		}
		dest, known := absAt(fe.image, in, c.dest)
		if !known || within(dest, dir) || !c.plain() && relatedPaths(dest, dir) {
			return true
		}
		if !within(dir, dest) {
			continue
		}
		name, from := copiedTo(fe.image, in, dir)
		if from == maybeContext || from == fromContext && name != "" {
			return true
		}
		for _, source := range c.sources {
			inside := path.Join(source, strings.TrimPrefix(dir, dest))
			if isDir, known := contextOf(fe.f).IsDir(inside); isDir || !known {
				return true
			}
		}
	}
	return false
}

// quietSteps are commands that make no files, or where they say; writers are those
// of them that may do so in their working directory.
var (
	quietSteps = setOf("mkdir groupadd useradd addgroup adduser usermod chmod chown ln curl wget tar echo printf rm set export cd true locale-gen virtualenv uv poetry pipenv pdm bash sh gpg apt-key tee install")
	writers    = setOf("mkdir ln curl wget tar rm tee install gpg")
)

// before holds the steps above the build to such as make nothing that it reads.
func (fe *frontendBuild) before() *transform.Finding {
	for _, in := range fe.s.Instructions {
		if in.Keyword != "run" || in.Index >= fe.build.in.Index {
			continue
		}
		sc := shell.Of(fe.f, in)
		front := slices.ContainsFunc(fe.runs, func(r *frontRun) bool { return r.in == in })
		for _, c := range sc.Commands() {
			call, known := argv.Of(c)
			text := fe.f.Text(shell.In(in, c.Span))
			switch {
			case c.Kind != shell.Simple && !front:
				return fe.no(in, "reads-outside", "a step above the build is not read, and may make something that it uses")
			case frontKindOf(c) != frontNothing, installsOnly(c), known && call.Python != "" && (call.Name == "venv" || call.Name == "pip"):
			case front && c.Name() == "cd":
			case !known || !quietSteps[path.Base(call.Name)], (path.Base(call.Name) == "sh" || path.Base(call.Name) == "bash") && c.Op != "|":
				return fe.no(in, "reads-outside", "%s stands above the build, and may make something that it uses", clipCommand(text))
			case fe.writesNear(in, c, path.Base(call.Name)), namesConfig(text):
				return fe.no(in, "reads-outside", "%s may make something that the build uses", clipCommand(text))
			case strings.Contains(text, fe.dir), fe.project.Dir != "." && strings.Contains(text, fe.project.Dir):
				return fe.no(in, "reads-outside", "%s changes what the front end is built from", clipCommand(text))
			}
		}
		if sc.Form != shell.ShellForm {
			return fe.no(in, "reads-outside", "a step above the build is not read, and may make something that it uses")
		}
	}
	return nil
}

// writesNear reports a command that may write into the project by a relative path.
func (fe *frontendBuild) writesNear(in *transform.Instruction, c *shell.Command, name string) bool {
	if w := fe.image.dirAt(in); w.known && !relatedPaths(w.path, fe.dir) {
		return false
	}
	far := func(w shell.Word) bool {
		return w.Static && (path.IsAbs(w.Text) && !within(w.Text, fe.dir) || isURL(w.Text) || strings.HasPrefix(w.Text, "-"))
	}
	for _, r := range c.Redirs {
		if strings.HasPrefix(r.Op, ">") && !strings.HasSuffix(r.Op, "&") && !far(r.Target) {
			return true
		}
	}
	return writers[name] && slices.ContainsFunc(c.Words[1:], func(w shell.Word) bool { return !far(w) || w.Text == "-O" || w.Text == "--remote-name" }) ||
		name == "wget" && !strings.Contains(fe.f.Text(shell.In(in, c.Span)), "-O")
}

// namesConfig reports a text that names the configuration of a package manager:
// a registry, a token or certificates.
func namesConfig(text string) bool {
	return containsAny(text, []string{"npmrc", "yarnrc", "ca-certificates/", "node_modules"})
}

// configures holds that no file outside the project tells the package manager
// where to fetch from, and no variable names such a file.
func (fe *frontendBuild) configures() *transform.Finding {
	for _, in := range fe.s.Instructions {
		if in.Index > fe.build.in.Index {
			break
		}
		if c, ok := copyingOf(in); ok && namesConfig(fe.f.Text(in.Body)) {
			if dest, known := absAt(fe.image, in, c.dest); !known || !within(dest, fe.dir) {
				return fe.no(in, "project", "the package manager's configuration, or a certificate, is copied outside the project")
			}
		}
		cmd, _ := in.Command()
		env, ok := cmd.(*instructions.EnvCommand)
		if !ok {
			continue
		}
		for _, kv := range env.Env {
			if strings.HasPrefix(kv.Value, "/") && containsAny(strings.ToUpper(kv.Key), []string{"NODE_", "NPM_", "YARN_", "PNPM_"}) {
				return fe.no(in, "project", "%s names a file or directory that the stage would not have", kv.Key)
			}
		}
	}
	return nil
}

var (
	nodeWords   = lazyregexp.New(`["'\s/(\[](npm|npx|yarn|pnpm|nodejs)["'\s,]|["']node["']|\bexec node\b|^\s*node\s`, "npm", "npx", "yarn", "node")
	nodeLibrary = lazyregexp.New(`(?im)^\s*["']?(pyexecjs2?|django-tailwind|django-npm|javascript|reflex|nodeenv|nodejs-bin)\b`)
)

// nodeTools are the programs that come with Node, and its package managers.
var nodeTools = setOf("node nodejs npm npx yarn yarnpkg pnpm pnpx corepack")

// nobodyElse holds that neither a step, nor the container's command, nor a source
// of the application uses Node or node_modules.
func (fe *frontendBuild) nobodyElse() *transform.Finding {
	for _, in := range fe.s.Instructions {
		script := shell.Of(fe.f, in)
		if script == nil || slices.ContainsFunc(fe.runs, func(r *frontRun) bool { return r.in == in }) {
			continue
		}
		if slices.ContainsFunc(script.Tools(), func(t string) bool { return nodeTools[path.Base(t)] }) || strings.Contains(script.Text, "node_modules") {
			return fe.no(in, "node-used", "%s uses Node too", strings.ToUpper(in.Keyword))
		}
		if in.Keyword == "run" && slices.ContainsFunc(script.Commands(), func(c *shell.Command) bool {
			return namesNodeCache(fe.f.Text(shell.In(in, c.Span))) && !removesQuietly(c)
		}) {
			return fe.no(in, "node-used", "a step uses or removes the package manager's cache, which would not be in the image")
		}
	}
	ctx := contextOf(fe.f)
	uses, err := ctx.PythonUses()
	if err != nil {
		return fe.no(fe.build.in, "node-used", "the application's source is not read: %v", err)
	}
	for _, u := range uses.Commands {
		if nodeTools[path.Base(u.What)] {
			return fe.no(fe.build.in, "node-used", "%s:%d runs %s", u.File, u.Line, u.What)
		}
	}
	entries, _ := ctx.Files()
	for _, e := range entries {
		if !e.Regular || !fe.mayRun(e.Path) {
			continue
		}
		if ignored, known := ctx.Ignored(e.Path); ignored && known {
			continue
		}
		text, err := ctx.ReadFile(e.Path)
		switch {
		case err != nil:
			return fe.no(fe.build.in, "node-used", "%s cannot be read, and may use Node", e.Path)
		case strings.Contains(string(text), "node_modules"):
			return fe.no(fe.build.in, "node-used", "%s names node_modules, which would not be in the image", e.Path)
		case nodeWords.MatchString(string(text)), nodeLibrary.MatchString(string(text)):
			return fe.no(fe.build.in, "node-used", "%s may use Node when the application runs", e.Path)
		}
	}
	return nil
}

// mayRun reports a file of the application, and not of the front end, that runs,
// or says what runs.
func (fe *frontendBuild) mayRun(name string) bool {
	if rel, ok := strings.CutPrefix(name, fe.project.Dir+"/"); ok && rel != "" || isTest(name) {
		return false
	}
	switch base := path.Base(name); path.Ext(base) {
	case ".py", ".sh", ".cfg", ".ini", ".conf", ".toml":
		return true
	case ".txt":
		return strings.Contains(base, "requirements")
	default:
		return base == "Procfile" || base == "Pipfile" || base == "entrypoint" || base == "Makefile" && strings.Contains(fe.f.Src, "make")
	}
}
