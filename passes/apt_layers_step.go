package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// aptKind is what a command does to apt's packages and lists.
type aptKind uint8

const (
	aptNothing   aptKind = iota
	aptUpdate            // fetches the lists
	aptInstall           // installs named packages
	aptUses              // reads the lists otherwise: upgrade, build-dep, apt-cache, …
	aptTidies            // remove, purge, autoremove: needs no lists
	aptClean             // empties the archive cache
	aptRemoves           // rm, of the lists alone
	aptRemovesTo         // rm, of the lists and other things
	aptRm                // rm, of something else
	aptUnknown           // a program that may do any of these
)

// aptStep is a command of a RUN, seen with apt's eyes.
type aptStep struct {
	run  *aptRun
	cmd  *shell.Command
	call *argv.AptCmd // nil for what is not apt's
	kind aptKind
}

// span is where the step stands in the file.
func (s *aptStep) span() transform.Span { return shell.In(s.run.in, s.cmd.Span) }

// aptRun is a RUN instruction, seen with apt's eyes.
type aptRun struct {
	in     *transform.Instruction
	script *shell.Script
	steps  []*aptStep // all its commands, nested ones too, in order
	top    []*aptStep // those at top level
	pure   bool       // nothing but apt's steps and removals, in a row
	calls  bool       // apt or apt-get is among them
	signs  *textSigns // made when first asked for
}

// textSigns are what a script's whole text tells of the programs that it runs.
type textSigns struct {
	updates bool // an installer that is known to fetch the lists before it uses them
	homely  bool // one that is known to install without apt
	fetched bool // a source that the step has fetched or configured
}

func (r *aptRun) text() *textSigns {
	if r.signs != nil {
		return r.signs
	}
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(r.script.Text, w) })
	}
	r.signs = &textSigns{
		// Both scripts run apt-get update before they install anything, and after
		// they have written their source.
		updates: has("deb.nodesource.com/setup", "get.docker.com"),
		// These unpack into the user's home or a folder of their own.
		homely:  has("sh.rustup.rs", "astral.sh/uv", "nvm-sh/nvm") || has("conda") && has("-x86_64.sh"),
		fetched: has("configure", "cmake", "git clone", "tar ", "unzip "),
	}
	return r.signs
}

// readAptRun reads a RUN; nil for other instructions.
func readAptRun(f *transform.File, in *transform.Instruction) *aptRun {
	if in.Keyword != "run" {
		return nil
	}
	r := &aptRun{in: in, script: shell.Of(f, in)}
	for _, c := range r.script.Commands() {
		step := &aptStep{run: r, cmd: c}
		step.call, _ = argv.Apt(c)
		step.kind = r.kindOf(c, step.call)
		r.calls = r.calls || step.call != nil && step.call.Name != "aptitude"
		r.steps = append(r.steps, step)
		if !c.Nested {
			r.top = append(r.top, step)
		}
	}
	r.pure = len(r.top) > 0 && inARow(r.script)
	for _, s := range r.top {
		switch s.kind {
		case aptUpdate, aptInstall, aptTidies, aptClean, aptRemoves, aptRemovesTo, aptRm:
		case aptUses:
			r.pure = r.pure && s.call != nil
		default:
			r.pure = false
		}
	}
	return r
}

// inARow reports a script of simple commands joined by && or ";" that may go on
// behind an &&: what fails without effect in it does so still, and what stops it
// stops what follows.
func inARow(s *shell.Script) bool {
	if s.Form != shell.ShellForm || !canAppend(s) {
		return false
	}
	for _, c := range s.Top() {
		if c.Kind != shell.Simple || c.Negated || c.Op != "" && c.Op != "&&" && c.Op != ";" {
			return false
		}
	}
	return true
}

// kindOf says what a command does. Programs that are known to leave apt alone,
// or that fetch the lists before they need them, do nothing here.
func (r *aptRun) kindOf(c *shell.Command, call *argv.AptCmd) aptKind {
	if c.Kind != shell.Simple || len(c.Words) == 0 {
		return aptNothing
	}
	if call != nil {
		return aptKindOf(call)
	}
	name, words := path.Base(c.Words[0].Text), c.Words[1:]
	if !c.Words[0].Static {
		return aptUnknown
	}
	if inner, ok := argv.Of(c); ok {
		name, words = path.Base(inner.Name), inner.Words
	}
	switch name {
	case "rm":
		return rmKind(words)
	case "find":
		if slices.ContainsFunc(words, func(w shell.Word) bool { return strings.HasPrefix(w.Text, "/var/lib/apt") }) {
			return aptRemoves
		}
	case "apt-cache", "apt-file", "tasksel", "gdebi", "mk-build-deps", "rosdep", "ubuntu-drivers", "unattended-upgrade",
		"ansible", "ansible-playbook", "ansible-pull", "puppet", "chef-solo", "chef-client", "salt-call":
		return aptUses
	case "add-apt-repository", "apt-add-repository":
		if slices.ContainsFunc(words, func(w shell.Word) bool { return w.Text == "-n" || w.Text == "--no-update" }) {
			return aptUses
		}
	case "make":
		// The makefile of a library that the step has just fetched leaves the
		// system's packages alone. That of the application may not.
		if r.text().fetched {
			return aptNothing
		}
		return aptUnknown
	case "source", ".":
		if len(words) > 0 && (strings.HasPrefix(words[0].Text, "/etc/") || strings.HasSuffix(words[0].Text, "activate") || strings.Contains(words[0].Text, "/.")) {
			return aptNothing // settings of the system, a virtual environment or a shell
		}
		return aptUnknown
	case "eval":
		return aptUnknown
	case "autogen.sh", "bootstrap.sh", "configure", "config", "Configure", "bootstrap", "buildconf", "b2", "waf", "gradlew", "mvnw",
		"manage.py", "setup.py":
		return aptNothing // the usual names of what configures or builds a source
	case "sh", "bash", "dash", "ash":
		return r.shellKind(words)
	}
	if strings.HasSuffix(name, ".sh") || strings.Contains(c.Words[0].Text, "/") && !strings.Contains(c.Words[0].Text, "bin/") &&
		!strings.HasPrefix(c.Words[0].Text, "/etc/init.d/") {
		return aptUnknown
	}
	return aptNothing
}

// shellKind is what a shell does that runs a script: one given in the command
// does what can be read there, one from an installer that is known to fetch the
// lists itself counts as an update.
func (r *aptRun) shellKind(words []shell.Word) aptKind {
	for i, w := range words {
		if strings.HasPrefix(w.Text, "-") && strings.HasSuffix(w.Text, "c") && i+1 < len(words) {
			if words[i+1].Static && !namesApt(words[i+1].Text) && !strings.Contains(words[i+1].Text, ".sh") {
				return aptNothing
			}
			return aptUnknown
		}
	}
	switch {
	case r.text().updates:
		return aptUpdate
	case r.text().homely, len(words) > 0 && strings.HasSuffix(words[0].Text, "conda.sh"):
		return aptNothing
	}
	return aptUnknown
}

// namesApt reports whether a text may call apt, rather than name its files.
func namesApt(text string) bool {
	for _, call := range []string{"apt-get", "apt install", "apt update", "apt -", "aptitude"} {
		if strings.Contains(text, call) {
			return true
		}
	}
	return false
}

func aptKindOf(a *argv.AptCmd) aptKind {
	switch a.Subcommand.Text {
	case "update":
		return aptUpdate
	case "install":
		if a.Name == "aptitude" {
			return aptUses
		}
		return aptInstall
	case "clean", "autoclean":
		return aptClean
	case "remove", "purge", "autoremove", "autopurge":
		return aptTidies
	case "", "moo":
		return aptNothing
	}
	return aptUses
}

// rmKind tells what an rm removes. The caches beside the lists are apt's too.
func rmKind(words []shell.Word) aptKind {
	lists, others := false, false
	for _, w := range words {
		text := w.Text
		switch {
		case strings.HasPrefix(text, "-"):
		case strings.HasPrefix(text, "/var/lib/apt/lists"), text == "/var/lib/apt", text == "/var/lib/apt/", text == "/var/lib/apt/*":
			lists = true
		case strings.HasPrefix(text, "/var/cache/apt"):
		case w.HasBrace && strings.HasPrefix(text, "/var/lib/{"), w.HasBrace && strings.HasPrefix(text, "/var/{"):
			lists = lists || strings.Contains(text, "apt")
			others = true
		default:
			others = true
		}
	}
	switch {
	case lists && others:
		return aptRemovesTo
	case lists:
		return aptRemoves
	}
	return aptRm
}
