package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// run looks at a step, and writes apt's and useradd's commands anew.
func (a *alpining) run(in *transform.Instruction) {
	sc := shell.Of(a.f, in)
	if sc.Form == shell.Opaque {
		a.decline(in.Body, "other-command", "the step cannot be read: %s", sc.Why)
		return
	}
	for _, m := range mountsOf(in) {
		if strings.HasPrefix(m.target, "/var/cache/apt") || strings.HasPrefix(m.target, "/var/lib/apt") {
			a.decline(in.Body, "system-packages", "the step keeps apt's files in a mount")
			return
		}
	}
	var apt, users []*shell.Command
	for _, c := range sc.Commands() {
		if call, ok := argv.Of(c); ok {
			switch call.Name {
			case "apt", "apt-get", "aptitude":
				apt = append(apt, c)
			case "useradd", "adduser", "groupadd", "addgroup", "usermod", "groupmod", "gpasswd", "passwd", "chpasswd":
				users = append(users, c)
			}
		}
	}
	a.commands(in, sc)
	if len(apt)+len(users) == 0 {
		return
	}
	if !sc.Simple() {
		key := "system-packages"
		if len(apt) == 0 {
			key = "makes-user"
		}
		a.decline(in.Body, key, "the step is more than a list of commands, so that it cannot be written for Alpine")
		return
	}
	for _, c := range users {
		commands, ok := busyboxUser(c, a.groups)
		if !ok {
			a.decline(shell.In(in, c.Span), "makes-user", "BusyBox has no counterpart for %s", clipCommand(a.f.Text(shell.In(in, c.Span))))
			continue
		}
		a.edits = append(a.edits, shell.Replace(in, c.Span, strings.Join(commands, " && ")))
	}
	if len(apt) > 0 {
		a.apt(in, sc, apt)
	}
}

// apt writes a step that installs packages: "apk add --no-cache" fetches the lists
// itself and keeps nothing.
func (a *alpining) apt(in *transform.Instruction, sc *shell.Script, calls []*shell.Command) {
	var gone []*shell.Command
	var install *shell.Command
	var names []string
	for _, c := range sc.Top() {
		at := shell.In(in, c.Span)
		call, ok := argv.Apt(c)
		switch {
		case c.Name() == "rm" && aptRmKind(c.Words[1:]) == stepRemoves:
			gone = append(gone, c)
		case !ok:
		case call.Subcommand.Text == "update", call.Subcommand.Text == "clean", call.Subcommand.Text == "autoclean":
			gone = append(gone, c)
		case call.Subcommand.Text != "install" || !call.Known || call.Fed || call.Has("--target-release"):
			a.decline(at, "system-packages", "%s does more with packages than to install them", clipCommand(a.f.Text(at)))
			return
		default:
			names = append(names, a.packages(in, call)...)
			if install != nil {
				gone = append(gone, c)
			} else {
				install = c
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(gone)+len(calls) == 0 || len(a.no) > 0:
	case install == nil || len(names) == 0:
		a.decline(in.Body, "system-packages", "%s installs nothing", clipCommand(a.f.Text(in.Body)))
	case len(gone)+1 == len(sc.Top()):
		e := " " + string(a.f.Escape) + "\n        "
		body := transform.Span{Start: in.Body.Start + sc.Offset(0), End: in.Body.End}
		a.edits = append(a.edits, transform.Edit{Span: body, New: "apk add --no-cache" + e + strings.Join(names, e)})
	default:
		a.edits = append(a.edits, shell.Replace(in, install.Span, "apk add --no-cache "+strings.Join(names, " ")))
		if len(gone) == 0 {
			return
		}
		spans, ok := sc.Remove(gone...)
		if !ok {
			a.decline(in.Body, "system-packages", "apt's commands cannot be told apart from the rest of the step")
			return
		}
		a.edits = append(a.edits, shell.Delete(in, spans)...)
	}
}

// packages finds Alpine's names.
func (a *alpining) packages(in *transform.Instruction, call *argv.AptCmd) []string {
	var names []string
	for _, p := range call.Packages {
		apk, ok := facts.AlpinePackages(p.Name)
		if !ok || !p.Plain || p.Remove || p.Version != "" || p.Suite != "" || p.Arch != "" {
			a.decline(shell.In(in, p.Word.Span), "system-packages", "what Alpine has for Debian's package %s is not known", p.Word.Text)
			continue
		}
		names = append(names, apk...)
	}
	return names
}

// commands looks at all commands of a script.
func (a *alpining) commands(in *transform.Instruction, sc *shell.Script) {
	if !sc.Toolset().Known {
		a.decline(in.Body, "other-command", "the name of a command here is only known when it runs")
		return
	}
	for _, c := range sc.Commands() {
		words := c.Effective()
		if len(words) == 0 {
			continue
		}
		var args []string
		for _, w := range words[1:] {
			args = append(args, w.Text)
		}
		a.command(in, in.Body, words[0].Text, args)
	}
}

// command looks at one call: of BusyBox, of a package that is installed by its
// name on Alpine, of Python, of what pip installed, or of a script.
func (a *alpining) command(in *transform.Instruction, at transform.Span, program string, args []string) {
	name := path.Base(program)
	switch {
	case hasKey(applets, name):
		if why := appletOptions(name, args); why != "" {
			a.decline(at, "other-command", "%s", why)
		}
	case isPythonName(name), isPipName(name), name == "apt-get" || name == "apt" || name == "aptitude",
		name == "useradd", name == "adduser", name == "groupadd", name == "addgroup":
	case name == "sh" && len(args) == 2 && args[0] == "-c":
		if sc := scriptOf(args[1]); sc != nil {
			a.commands(in, sc)
		} else {
			a.decline(at, "other-command", "what the shell is given cannot be read")
		}
	case name == "sh" && len(args) > 0 && !strings.HasPrefix(args[0], "-"):
		a.script(in, at, args[0])
	case strings.Contains(program, "/") && !isBin(path.Dir(program)) && path.Base(path.Dir(program)) != "bin", strings.HasSuffix(name, ".sh"):
		a.script(in, at, program)
	case a.installs(name):
	case facts.SlimHasCommand(a.suite, name) || debianCommand(a.suite, name):
		a.decline(at, "other-command", "BusyBox may not have %s, or have another one", name)
	}
}

func hasKey(m map[string]string, key string) bool { _, ok := m[key]; return ok }

// debianCommand reports a command of the full image.
func debianCommand(suite, name string) bool {
	_, lacks := facts.SlimLacksCommand(suite, name)
	return lacks
}

// isPipName reports pip and the tools that pip installs to install more.
func isPipName(name string) bool {
	switch strings.TrimRight(name, "0123456789.") {
	case "pip", "uv", "uvx", "poetry", "pdm", "pipenv":
		return true
	}
	return false
}

// installs reports a program that is installed by a package of the same name, which
// Alpine has too.
func (a *alpining) installs(name string) bool {
	if _, ok := facts.AlpinePackages(name); !ok {
		return false
	}
	for _, s := range a.stages {
		for _, in := range s.Instructions {
			for _, call := range packageCalls(a.f, in) {
				if call.verb == "install" && slices.Contains(call.names(), name) {
					return true
				}
			}
		}
	}
	return false
}

// script looks at a script of the build context.
func (a *alpining) script(in *transform.Instruction, at transform.Span, name string) {
	dir := ""
	if w := a.image.dirAt(in); w.known {
		dir = w.path
	}
	file, from := fileAt(a.image, in.Stage, absolute(dir, name))
	if path.Ext(name) == ".py" {
		return // read with the other sources
	}
	if from != fromContext {
		a.decline(at, "other-command", "%s cannot be read", name)
		return
	}
	sc, err := contextOf(a.f).Script(file)
	switch {
	case err != nil:
		a.decline(at, "no-context", "%v", err)
	case !sc.Shell || sc.Problem != "" || sc.Dynamic || len(sc.Sources) > 0:
		a.decline(at, "other-command", "what %s runs is not known as a whole", file)
	case sc.Interpreter != "sh":
		a.decline(at, "other-command", "%s is run by %s, and Alpine has BusyBox' sh", file, sc.Interpreter)
	default:
		for _, c := range sc.Calls {
			a.scriptCall(in, at, file, c)
		}
	}
}

func (a *alpining) scriptCall(in *transform.Instruction, at transform.Span, file string, c buildctx.Call) {
	if c.Name == "" || len(c.Args) == 0 {
		return
	}
	switch c.Name {
	case "useradd", "adduser", "groupadd", "addgroup":
		a.decline(at, "makes-user", "%s makes users with %s, which is another command on Alpine", file, c.Name)
		return
	}
	if installs(c) || isPipName(c.Name) {
		a.decline(at, "other-command", "%s runs %s, and what that installs is not known", file, c.Name)
		return
	}
	var args []string
	for _, w := range c.Args[1:] {
		args = append(args, w.Text)
	}
	before := len(a.no)
	a.command(in, at, c.Args[0].Text, args)
	for i := before; i < len(a.no); i++ {
		a.no[i].Why = file + ": " + a.no[i].Why
	}
}
