package argv

import (
	"path"
	"strings"

	"refit/internal/shell"
)

// Call is a program and its arguments, seen through wrappers (sudo, env, exec,
// nice, poetry run, …) and through "python -m".
type Call struct {
	Name     string       // the program's or module's name without a directory: "pip3.11", "gunicorn"
	Dir      string       // the directory it is called from, as written: "/opt/venv/bin"; "" when found by PATH
	Python   string       // the interpreter of "python -m", as written; "" otherwise
	Program  shell.Word   // the word that names the program, or the module
	Wrappers []shell.Word // all words before it that belong to other programs; not an interpreter's
	Words    []shell.Word // what follows it

	command *shell.Command
}

// Of reads a simple command. It reports false for commands that are not simple,
// whose name is expanded, or whose wrapper has options it does not know.
func Of(c *shell.Command) (Call, bool) {
	if c.Kind != shell.Simple || len(c.Words) == 0 {
		return Call{}, false
	}
	words := c.Effective()
	if words == nil && !c.Words[0].Static {
		words = c.Words // "$VENV/bin/pip"
	}
	words = skipRunner(words)
	if len(words) == 0 {
		return Call{}, false
	}
	call := Call{Program: words[0], Words: words[1:], Wrappers: c.Words[:len(c.Words)-len(words)], command: c}
	call.Dir, call.Name = split(words[0].Text)
	if isPython(call.Name) {
		if i := moduleIndex(call.Words); i >= 0 {
			call.Python = words[0].Text
			call.Program, call.Words = call.Words[i], call.Words[i+1:]
			call.Name = call.Program.Text
		}
	}
	return call, call.Name != "" && !strings.ContainsAny(call.Name, "$`(){}")
}

// Command is the command that the call was read from.
func (c *Call) Command() *shell.Command { return c.command }

// Environment is the directory of the virtual environment or prefix that the
// call names: "/opt/venv" for /opt/venv/bin/pip, as written. It is "" where the
// program is found by PATH.
func (c *Call) Environment() string {
	if path.Base(c.Dir) != "bin" {
		return ""
	}
	return path.Dir(c.Dir)
}

// Through reports whether a wrapper of this name stands before the program.
func (c *Call) Through(name string) bool {
	for _, w := range c.Wrappers {
		if path.Base(w.Text) == name {
			return true
		}
	}
	return false
}

// Env is the value that a variable is given for this call alone: X=1 before it
// or after env or sudo. ok is false where it is given none.
func (c *Call) Env(name string) (value shell.Word, ok bool) {
	for _, a := range c.command.Assigns {
		if a.Name == name {
			value, ok = a.Value, true
		}
	}
	for _, w := range c.Wrappers {
		if key, _, found := strings.Cut(w.Text, "="); found && key == name {
			value, ok = w, true
		}
	}
	return value, ok
}

// split takes a program's path apart. Variables in the directory stay as
// written.
func split(text string) (dir, name string) {
	i := strings.LastIndexByte(text, '/')
	if i < 0 {
		return "", text
	}
	return text[:max(i, 1)], text[i+1:]
}

// isPython reports whether name is an interpreter: python, python3, python3.11,
// pypy3.
func isPython(name string) bool {
	for _, p := range []string{"python", "pypy"} {
		if v, ok := strings.CutPrefix(name, p); ok && isVersion(v) {
			return true
		}
	}
	return false
}

// isVersion reports whether text is empty, or digits and dots.
func isVersion(text string) bool { return strings.Trim(text, "0123456789.") == "" }

// moduleIndex finds the module that "python -m" runs, -1 when a file or -c
// comes first. Options by python --help, 3.13: -W, -X and --check-hash-based-pycs
// take a value, -c ends the options.
func moduleIndex(args []shell.Word) int {
	for i := 0; i < len(args); i++ {
		text := args[i].Text
		if len(text) < 2 || text[0] != '-' {
			return -1
		}
		if text[1] == '-' {
			if text == "--check-hash-based-pycs" {
				i++
			}
			continue
		}
		switch j := strings.IndexAny(text, "mcWX"); {
		case j < 0:
		case text[j] == 'm' && j == len(text)-1:
			if i+1 < len(args) && args[i+1].Static {
				return i + 1
			}
			return -1
		case text[j] == 'W' || text[j] == 'X':
			if j == len(text)-1 {
				i++
			}
		default:
			return -1
		}
	}
	return -1
}

// skipRunner takes off programs of Python's own that run another program with
// the same arguments: "poetry run", "pipenv run", "uv run", "pdm run", "hatch
// run", "ddtrace-run", "newrelic-admin run-program", "opentelemetry-instrument",
// by their manuals. Those with options of their own are left.
func skipRunner(words []shell.Word) []shell.Word {
	for len(words) > 0 {
		_, name := split(words[0].Text)
		skip := 0
		switch name {
		case "poetry", "pipenv", "uv", "pdm", "hatch":
			if len(words) > 1 && words[1].Text == "run" {
				skip = 2
			}
		case "newrelic-admin":
			if len(words) > 1 && words[1].Text == "run-program" {
				skip = 2
			}
		case "ddtrace-run", "opentelemetry-instrument":
			skip = 1
		}
		if skip == 0 || len(words) > skip && strings.HasPrefix(words[skip].Text, "-") {
			return words
		}
		words = words[skip:]
	}
	return words
}
