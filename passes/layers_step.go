package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// pkgKind is what a command does to packages, and to the lists of them that a
// package manager fetches.
type pkgKind uint8

const (
	stepNothing   pkgKind = iota
	stepUpdate            // fetches the lists
	stepInstall           // installs or upgrades packages
	stepFresh             // the same, from lists that it fetches and does not keep
	stepUses              // reads the lists otherwise: build-dep, apt-cache, apk fetch, …
	stepTidies            // removes packages: needs no lists
	stepClean             // empties the cache by the manager's own command
	stepRemoves           // rm, of the lists alone
	stepRemovesTo         // rm, of the lists and other things
	stepRm                // rm, of something else
	stepSources           // changes where packages come from
	stepUnknown           // a program that may do any of these
)

// pkgFamily is a family of package managers, as the passes that put their steps
// into layers know it. What is the same for all stands in the layers files.
type pkgFamily struct {
	names []string // the managers; a text that calls one holds its name
	lists string   // the directory of the package lists
	// read takes a call of one of the managers apart; ok is false for others.
	read func(c *shell.Command) (s pkgStep, ok bool)
	// program is the kind of another program that has to do with the family.
	program func(c *shell.Command, name string, words []shell.Word) (kind pkgKind, ok bool)
	// named reports whether a text may call one, rather than name its files.
	named func(text string) bool
	// rm is what an rm removes.
	rm func(words []shell.Word) pkgKind
	// cached is whether a path is, or holds, what the managers keep for later.
	cached func(path string) bool
}

// pkgStep is a command of a RUN, seen with a package manager's eyes.
type pkgStep struct {
	run  *pkgRun
	cmd  *shell.Command
	call *argv.SystemCmd // nil for what is not the manager's
	apt  *argv.AptCmd    // the same call where it is apt's
	kind pkgKind
}

// span is where the step stands in the file.
func (s *pkgStep) span() transform.Span { return shell.In(s.run.in, s.cmd.Span) }

// text is the step as written.
func (s *pkgStep) text(f *transform.File) string { return f.Text(s.span()) }

// pkgRun is a RUN instruction, seen with a package manager's eyes.
type pkgRun struct {
	family *pkgFamily
	in     *transform.Instruction
	script *shell.Script
	steps  []*pkgStep // all its commands, nested ones too, in order
	top    []*pkgStep // those at top level
	pure   bool       // nothing but steps of the family and removals, in a row
	calls  bool       // one of the managers is among them
	signs  *textSigns // made when first asked for

	passed []*transform.Instruction // settings between it and the RUN that it joins
}

// textSigns are what a script's whole text tells of the programs that it runs.
type textSigns struct {
	updates bool // an installer that is known to fetch the lists before it uses them
	homely  bool // one that is known to install without the package manager
	fetched bool // a source that the step has fetched or configured
}

func (r *pkgRun) text() *textSigns {
	if r.signs != nil {
		return r.signs
	}
	has := func(words ...string) bool { return containsAny(r.script.Text, words) }
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

// readPkgRun reads a RUN; nil for other instructions.
func readPkgRun(f *transform.File, in *transform.Instruction, family *pkgFamily) *pkgRun {
	if in.Keyword != "run" {
		return nil
	}
	r := &pkgRun{family: family, in: in, script: shell.Of(f, in)}
	for _, c := range r.script.Commands() {
		step := r.step(c)
		r.calls = r.calls || step.call != nil && step.call.Name != "aptitude"
		r.steps = append(r.steps, step)
		if !c.Nested {
			r.top = append(r.top, step)
		}
	}
	r.pure = len(r.top) > 0 && inARow(r.script)
	for _, s := range r.top {
		switch s.kind {
		case stepUpdate, stepInstall, stepFresh, stepTidies, stepClean, stepRemoves, stepRemovesTo, stepRm, stepSources:
		case stepUses:
			r.pure = r.pure && s.call != nil
		default:
			r.pure = false
		}
	}
	return r
}

// readPkgRuns reads the RUNs of a file; none where none calls the family.
func readPkgRuns(f *transform.File, family *pkgFamily) map[*transform.Instruction]*pkgRun {
	if !containsAny(f.Src, family.names) {
		return nil
	}
	runs := map[*transform.Instruction]*pkgRun{}
	calls := false
	for _, in := range f.Instructions {
		if in.Stage == nil {
			continue
		}
		if r := readPkgRun(f, in, family); r != nil {
			runs[in] = r
			calls = calls || r.calls
		}
	}
	if !calls {
		return nil
	}
	return runs
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

// step says what a command does. Programs that are known to leave the package
// manager alone, or that fetch the lists before they need them, do nothing here.
func (r *pkgRun) step(c *shell.Command) *pkgStep {
	if c.Kind == shell.Simple && len(c.Words) > 0 {
		if s, ok := r.family.read(c); ok {
			s.run, s.cmd = r, c
			return &s
		}
	}
	return &pkgStep{run: r, cmd: c, kind: r.kindOf(c)}
}

// kindOf is the kind of what is not a call of the manager.
func (r *pkgRun) kindOf(c *shell.Command) pkgKind {
	if c.Kind != shell.Simple || len(c.Words) == 0 {
		return stepNothing
	}
	name, words := path.Base(c.Words[0].Text), c.Words[1:]
	if !c.Words[0].Static {
		return stepUnknown
	}
	if inner, ok := argv.Of(c); ok {
		name, words = path.Base(inner.Name), inner.Words
	}
	if kind, ok := r.family.program(c, name, words); ok {
		return kind
	}
	switch name {
	case "rm":
		return r.family.rm(words)
	case "find":
		if slices.ContainsFunc(words, func(w shell.Word) bool { return r.family.rm([]shell.Word{w}) == stepRemoves }) {
			return stepRemoves
		}
	case "ansible", "ansible-playbook", "ansible-pull", "puppet", "chef-solo", "chef-client", "salt-call":
		return stepUses
	case "make":
		// The makefile of a library that the step has just fetched leaves the
		// system's packages alone. That of the application may not.
		if r.text().fetched {
			return stepNothing
		}
		return stepUnknown
	case "source", ".":
		if len(words) > 0 && (strings.HasPrefix(words[0].Text, "/etc/") || strings.HasSuffix(words[0].Text, "activate") || strings.Contains(words[0].Text, "/.")) {
			return stepNothing // settings of the system, a virtual environment or a shell
		}
		return stepUnknown
	case "eval":
		return stepUnknown
	case "autogen.sh", "bootstrap.sh", "configure", "config", "Configure", "bootstrap", "buildconf", "b2", "waf", "gradlew", "mvnw",
		"manage.py", "setup.py":
		return stepNothing // the usual names of what configures or builds a source
	case "sh", "bash", "dash", "ash":
		return r.shellKind(words)
	}
	if strings.HasSuffix(name, ".sh") || strings.Contains(c.Words[0].Text, "/") && !strings.Contains(c.Words[0].Text, "bin/") &&
		!strings.HasPrefix(c.Words[0].Text, "/etc/init.d/") {
		return stepUnknown
	}
	return stepNothing
}

// shellKind is what a shell does that runs a script: one given in the command
// does what can be read there, one from an installer that is known to fetch the
// lists itself counts as an update.
func (r *pkgRun) shellKind(words []shell.Word) pkgKind {
	for i, w := range words {
		if strings.HasPrefix(w.Text, "-") && strings.HasSuffix(w.Text, "c") && i+1 < len(words) {
			if words[i+1].Static && !r.family.named(words[i+1].Text) && !strings.Contains(words[i+1].Text, ".sh") {
				return stepNothing
			}
			return stepUnknown
		}
	}
	switch {
	case r.text().updates:
		return stepUpdate
	case r.text().homely, len(words) > 0 && strings.HasSuffix(words[0].Text, "conda.sh"):
		return stepNothing
	}
	return stepUnknown
}

// rmKind is the kind of an rm that removes lists, other things, or both.
func rmKind(lists, others bool) pkgKind {
	switch {
	case lists && others:
		return stepRemovesTo
	case lists:
		return stepRemoves
	}
	return stepRm
}

// mounted reports a mount over what the managers keep for later.
func (r *pkgRun) mounted() bool {
	return slices.ContainsFunc(mountsOf(r.in), func(m mount) bool { return r.family.cached(strings.TrimSuffix(m.target, "/")) })
}
