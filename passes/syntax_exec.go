package passes

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/shell"
	"refit/transform"
)

// execForm writes the shell form of CMD and ENTRYPOINT as a list, where the
// shell does nothing but split words: one simple command whose every word is
// known, whose name is not the shell's own, and that starts without a shell. The
// words stay where they are, with the lines and comments between them, and the
// result is parsed to hold the same words.
//
// What receives the command matters too. A CMD goes to the ENTRYPOINT, if there
// is one, which would see the program instead of /bin/sh -c; so there must be
// none, or one that runs whatever it is given. An ENTRYPOINT for the shell
// ignores the CMD and the arguments of docker run, which in a list are appended:
// there must be no CMD, and the change says what becomes of arguments. A command
// of gunicorn is left to gunicorn-args, which gives it another form, and one that
// a later one replaces to dead-steps.
func execForm(image *inImage, in *transform.Instruction) *transform.Finding {
	f := image.File
	if in.Node.Attributes["json"] || f.State(in).Shell != nil || lastOf(in.Stage, in.Keyword) != in {
		return nil
	}
	decline := func(reason, why string) *transform.Finding {
		return &transform.Finding{At: in.Body, Reason: reason, Why: why}
	}
	s := shell.Of(f, in)
	if list := strings.TrimLeft(strings.TrimPrefix(s.Text, "["), " \t"); list != s.Text && strings.IndexAny(list, `"'`) == 0 {
		return decline("not-json", "the line starts like a list but is no JSON, or goes on behind it: the shell gets all of it as a command")
	}
	words, why := plainWords(s)
	if why != "" {
		if fd := throughShell(f, in, s); fd != nil {
			return fd
		}
		return decline("shell-needed", why)
	}
	if isGunicorn(words) {
		return nil
	}
	name := words[0].Text
	if !startsAlone(image, in, name) {
		if fd := throughShell(f, in, s); fd != nil {
			return fd
		}
		return decline("no-shebang", "without a shell "+name+" starts only if it is a program or begins with #!, which cannot be seen here")
	}
	fd := transform.Finding{At: in.Body, Edits: listEdits(in, s, words)}
	if in.Keyword == "cmd" {
		if why := receiver(f, in.Stage); why != "" {
			return decline("entrypoint-takes-cmd", why)
		}
		fd.Why = "in a list the program itself is process 1 and gets the signals that stop a container, not a shell"
	} else {
		if cmdCounts(f, in.Stage) {
			return decline("cmd-would-count", "the shell ignores the CMD; in a list the CMD would become arguments of the ENTRYPOINT")
		}
		fd.Why = "in a list the program itself is process 1 and gets the signals that stop a container; arguments of docker run, " +
			"which the shell form dropped, now reach it"
	}
	if !listHolds(edited(f.Src, in.Body, fd.Edits), f.Escape, words) {
		return decline("shell-needed", "the command cannot be written as a list with every byte around it kept")
	}
	return &fd
}

// plainWords are the words of a script that is one simple command and leaves
// nothing to the shell; otherwise why says what it leaves.
func plainWords(s *shell.Script) (words []shell.Word, why string) {
	all := s.Commands()
	switch {
	case s.Form != shell.ShellForm:
		return nil, "the shell has to read it: " + s.Why
	case len(all) != 1 || all[0].Kind != shell.Simple || len(s.Separators()) > 0:
		return nil, "it is more than one command"
	}
	c := all[0]
	switch {
	case len(c.Assigns) > 0:
		return nil, "it sets a variable for the command"
	case len(c.Redirs) > 0:
		return nil, "it redirects input or output"
	case c.Negated || c.Background || len(c.Words) == 0:
		return nil, "it uses an operator of the shell"
	}
	for _, w := range c.Words {
		if !w.Static {
			return nil, "the shell expands " + w.Raw
		}
	}
	words = c.Words
	if len(words) > 1 && words[0].Text == "exec" && !strings.HasPrefix(words[1].Text, "-") {
		words = words[1:] // what exec does, a list does by itself
	}
	if strings.ContainsAny(words[0].Text, " \t") {
		return nil, "its quotes make one word of the program and what belongs behind it"
	}
	if shellOwn(words) {
		return nil, words[0].Text + " is a command of the shell itself"
	}
	return words, ""
}

// shellOwn reports a command that only a shell has, or that it does differently
// from the program of the same name (POSIX.1-2024, XCU 2.15 and 1.6; Bash
// Reference Manual, chapter 4).
func shellOwn(words []shell.Word) bool {
	switch words[0].Text {
	case ".", ":", "alias", "bg", "break", "builtin", "cd", "command", "continue", "coproc", "declare", "disown",
		"dirs", "enable", "eval", "exec", "exit", "export", "fc", "fg", "function", "getopts", "hash", "help", "history",
		"jobs", "kill", "let", "local", "logout", "mapfile", "popd", "printf", "pushd", "read", "readarray", "readonly",
		"return", "set", "shift", "shopt", "source", "suspend", "test", "[", "time", "times", "trap", "type", "typeset",
		"ulimit", "umask", "unalias", "unset", "wait", "":
		return true
	case "echo": // dash's own undoes escapes, coreutils' does not; options differ
		return slices.ContainsFunc(words[1:], func(w shell.Word) bool {
			return strings.HasPrefix(w.Text, "-") || strings.Contains(w.Text, `\`)
		})
	}
	return false
}

func isGunicorn(words []shell.Word) bool {
	return slices.ContainsFunc(words, func(w shell.Word) bool {
		return w.Text == "gunicorn" || strings.HasSuffix(w.Text, "/gunicorn")
	})
}

// listEdits writes each word as a JSON string.
func listEdits(in *transform.Instruction, s *shell.Script, words []shell.Word) []transform.Edit {
	var edits []transform.Edit
	for i, w := range words {
		span := w.Span
		text := jsonString(w.Text)
		if i == 0 {
			text = "[" + text
			span.Start = s.Offset(0) // with an exec before it
		}
		if i == len(words)-1 {
			text += "]"
		} else {
			text += ","
		}
		edits = append(edits, shell.Replace(in, span, text))
	}
	return edits
}

// listHolds reports whether BuildKit reads the text as a list of the words.
func listHolds(text string, escape rune, words []shell.Word) bool {
	var list []string
	switch c, _ := parseInstruction(text, escape); c := c.(type) {
	case *instructions.CmdCommand:
		if !c.PrependShell {
			list = c.CmdLine
		}
	case *instructions.EntrypointCommand:
		if !c.PrependShell {
			list = c.CmdLine
		}
	}
	return slices.EqualFunc(list, words, func(s string, w shell.Word) bool { return s == w.Text })
}

// receiver says why the CMD of a stage must stay as it is: something that may
// look at it receives it. "" is nothing, or something that runs any command.
func receiver(f *transform.File, s *transform.Stage) string {
	switch in := lastOf(s, "entrypoint"); {
	case in == nil:
	case runsAnything(f, in):
		return ""
	default:
		return "the ENTRYPOINT receives it, and may look at it"
	}
	s = s.Root()
	if fact, ok := baseFactOf(s); ok && fact.runsCmd || strings.EqualFold(s.Base.Ref, "scratch") {
		return ""
	}
	return "an ENTRYPOINT of the base image may receive it, and look at it"
}

// runsAnything reports an ENTRYPOINT that is empty, or that is an init which
// runs the command behind it (the README files of tini and dumb-init).
func runsAnything(f *transform.File, in *transform.Instruction) bool {
	s := shell.Of(f, in)
	if s.Form != shell.ExecForm {
		return false
	}
	if len(s.Args) == 0 {
		return true
	}
	for _, init := range []string{"tini", "tini-static", "dumb-init", "catatonit"} {
		name := s.Args[0].Text
		if name == init || strings.HasSuffix(name, "/"+init) {
			return !slices.ContainsFunc(s.Args[1:], func(w shell.Word) bool { return !strings.HasPrefix(w.Text, "-") })
		}
	}
	return false
}

// cmdCounts reports a CMD in the stage, or in one that starts from it.
func cmdCounts(f *transform.File, s *transform.Stage) bool {
	for _, in := range s.Instructions {
		if in.Keyword == "cmd" {
			return true
		}
	}
	for _, use := range f.Users(s) {
		if use.Kind == transform.EdgeFrom && cmdCounts(f, use.At.Stage) {
			return true
		}
	}
	return false
}
