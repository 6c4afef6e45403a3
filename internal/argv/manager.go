package argv

import (
	"strings"

	"refit/internal/shell"
)

// A Program is one with subcommands, whose options may stand before and behind
// the subcommand.
type Program struct {
	name   string
	syntax syntax
}

// NewProgram makes a Program of its options: those that take a value, and those
// that take none, separated by blanks. An option's other spellings follow it behind
// commas: "--extras,-E".
func NewProgram(name, values, flags string) *Program {
	p := &Program{name: name}
	for i, list := range []string{values, flags} {
		for _, field := range strings.Fields(list) {
			long, also, _ := strings.Cut(field, ",")
			p.syntax.options = append(p.syntax.options, option{long, strings.ReplaceAll(also, ",", " "), []takes{value, nothing}[i]})
		}
	}
	return p
}

// ProgramCall is a call of a Program.
type ProgramCall struct {
	Call
	Args
	Subcommand string // "" when there is none
}

// Read reads a call of the program, or of the module of its name.
func (p *Program) Read(c *shell.Command) (*ProgramCall, bool) {
	call, ok := Of(c)
	if !ok || call.Name != p.name {
		return nil, false
	}
	pc := &ProgramCall{Call: call, Args: read(&call, &p.syntax)}
	if len(pc.Operands) > 0 {
		pc.Subcommand = pc.Operands[0].Text
		pc.Operands = pc.Operands[1:]
	}
	return pc, true
}

// A Run is a program that a manager of Python packages starts in the project's
// environment: "poetry run", "uv run", "pipenv run", "pdm run".
type Run struct {
	Manager string
	Options []shell.Word // of the manager and of "run", without the two names
	Words   []shell.Word // the program and its arguments
	Lead    shell.Span   // from the manager's name up to the program's
}

// Runs reads a call of a manager's run. It is false where an option is not known.
func (p *Program) Runs(c *shell.Command) (*Run, bool) {
	words := c.Effective()
	if c.Kind != shell.Simple || len(words) < 2 {
		return nil, false
	}
	if _, name := split(words[0].Text); name != p.name {
		return nil, false
	}
	ordered := p.syntax
	ordered.ordered = true
	first, rest := ordered.scan(words[1:])
	if !first.Known || len(first.Operands) == 0 || first.Operands[0].Text != "run" || len(rest) == 0 {
		return nil, false
	}
	second, tail := ordered.scan(rest)
	if !second.Known || len(second.Operands) == 0 {
		return nil, false
	}
	program := second.Operands[0]
	r := &Run{Manager: p.name, Words: append([]shell.Word{program}, tail...)}
	if len(second.Operands) > 1 { // behind "--"
		r.Words = second.Operands
	}
	for _, w := range words[1:] {
		if w.Span.Start < program.Span.Start && w.Span != first.Operands[0].Span {
			r.Options = append(r.Options, w)
		}
	}
	r.Lead = shell.Span{Start: words[0].Span.Start, End: program.Span.Start}
	return r, true
}
