package passes

import (
	"path"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// leavesNothing says why a RUN has no effect, "" if it may have one: every
// command of it only changes the shell that ends with it. A step that fails has
// the effect to stop the build; a failing cd or activation is no check that
// anyone means, but "${X:?}" is.
func leavesNothing(f *transform.File, in *transform.Instruction) string {
	if len(in.Node.Flags) > 0 || len(in.Node.Heredocs) > 0 {
		return ""
	}
	s := shell.Of(f, in)
	if s.Form != shell.ShellForm || len(s.Commands()) == 0 || len(s.Commands()) != len(s.Top()) {
		return ""
	}
	activates := false
	for _, c := range s.Commands() {
		if c.Negated || c.Background || c.Op != "" && c.Op != "&&" && c.Op != ";" && c.Op != "newline" || !ownShellOnly(c) {
			return ""
		}
		activates = activates || activation(c) != ""
	}
	if activates {
		return "a virtual environment is active only in the shell that activates it, and the next step starts a new one"
	}
	return "what " + name(s.Commands()[0]) + " changes ends with this step: the next one starts a new shell"
}

func name(c *shell.Command) string {
	if n := c.Name(); n != "" {
		return n
	}
	return "an assignment"
}

// ownShellOnly reports a command that can change nothing but the shell that runs
// it.
func ownShellOnly(c *shell.Command) bool {
	if c.Kind != shell.Simple || len(c.Redirs) > 0 {
		return false
	}
	for _, w := range c.Words {
		if w.HasCmdSubst || asserts(w.Raw) {
			return false
		}
	}
	for _, a := range c.Assigns {
		if a.Value.HasCmdSubst || asserts(a.Value.Raw) {
			return false
		}
	}
	switch c.Name() {
	case "cd", "pushd", "popd", "export", "unset", "readonly", "set", "shopt", "alias", "unalias", "umask", "ulimit",
		"declare", "typeset":
		return true
	case "":
		return len(c.Words) == 0
	}
	return activation(c) != "" || len(c.Words) == 2 && reads(c.Words[0]) && isProfile(c.Words[1].Text)
}

// asserts reports an expansion that stops the shell where a variable is unset.
func asserts(raw string) bool { return strings.Contains(raw, "${") && strings.Contains(raw, "?") }

// reads reports the command that runs a file in the same shell.
func reads(w shell.Word) bool { return w.Text == "." || w.Text == "source" }

// activation is the activate script of a virtual environment that a command
// runs or reads, as written; "" when it does something else.
func activation(c *shell.Command) string {
	if len(c.Words) == 0 {
		return ""
	}
	script := ""
	switch first := c.Words[0]; {
	case len(c.Words) == 1:
		script = first.Text
	case len(c.Words) == 2 && reads(first):
		script = c.Words[1].Text
	case len(c.Words) == 3 && path.Base(first.Text) == "bash" && c.Words[1].Text == "-c" && c.Words[2].Static:
		inner := strings.Fields(c.Words[2].Text)
		if len(inner) == 2 && (inner[0] == "." || inner[0] == "source") {
			script = inner[1]
		}
	}
	if strings.ContainsAny(script, ";&|<>()`") || path.Base(script) != "activate" || path.Base(path.Dir(script)) != "bin" {
		return ""
	}
	return script
}

// isProfile reports a file that shells read when they start, and that only
// prepares them.
func isProfile(file string) bool {
	switch path.Base(file) {
	case ".bashrc", ".bash_profile", ".bash_aliases", ".profile", ".zshrc":
		return true
	}
	return file == "/etc/profile" || file == "/etc/bashrc" || file == "/etc/bash.bashrc" || strings.HasSuffix(file, "/.cargo/env")
}
