package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// LeakKind names a way in which a script reaches into one joined after it.
type LeakKind string

// The kinds of leak.
const (
	LeakOpaque     LeakKind = "opaque"   // not understood: anything
	LeakDir        LeakKind = "cd"       // cd, pushd, popd
	LeakVar        LeakKind = "variable" // assignment, export, unset, read, for …
	LeakOption     LeakKind = "option"   // set, shopt
	LeakAlias      LeakKind = "alias"    // alias, unalias, hash, enable
	LeakUmask      LeakKind = "umask"
	LeakUlimit     LeakKind = "ulimit"
	LeakTrap       LeakKind = "trap"
	LeakSource     LeakKind = "source"           // ., source, eval: any of the others
	LeakExit       LeakKind = "exit"             // exit, return, exec, break: what follows may not run
	LeakFunc       LeakKind = "function"         // a function definition
	LeakJob        LeakKind = "job"              // a command left running
	LeakComment    LeakKind = "comment"          // the last line ends in a comment
	LeakBackslash  LeakKind = "backslash"        // the last character escapes what would follow
	LeakHeredoc    LeakKind = "heredoc"          // here-documents follow the command line
	LeakDynamic    LeakKind = "dynamic"          // a command whose name is expanded: any of the others
	LeakAssignment LeakKind = "assign-in-expand" // ${X:=…}, $((X=1))
)

// Leak is something in a script that would act on a script joined after it by
// && in the same shell.
type Leak struct {
	Kind LeakKind
	Span Span
}

// shellState is what the commands that change the shell they run in change.
// From POSIX.1-2024 XCU 2.15 (special built-in utilities) and 1.6 (built-in
// utilities), and the Bash Reference Manual, chapter 4.
func shellState(name string) (LeakKind, bool) {
	switch name {
	case "cd", "chdir", "pushd", "popd", "dirs":
		return LeakDir, true
	case "export", "unset", "readonly", "declare", "typeset", "local", "nameref", "read", "readarray",
		"mapfile", "getopts", "let", "shift":
		return LeakVar, true
	case "set", "shopt", "setopt":
		return LeakOption, true
	case "alias", "unalias", "hash", "enable":
		return LeakAlias, true
	case "umask":
		return LeakUmask, true
	case "ulimit":
		return LeakUlimit, true
	case "trap":
		return LeakTrap, true
	case ".", "source", "eval":
		return LeakSource, true
	case "exit", "return", "exec", "break", "continue", "logout", "suspend":
		return LeakExit, true
	}
	return "", false
}

// keepsAssigns reports whether "X=1 name" leaves X set in a POSIX shell.
func keepsAssigns(name string) bool {
	switch name {
	case ":", ".", "eval", "exec", "export", "readonly", "set", "unset", "trap", "shift", "times":
		return true
	}
	return false
}

// Leaks lists, in source order, what the script does to its own shell beyond
// its last command. A child of the shell, (…) or $(…) or a pipeline, leaks
// nothing but jobs.
func (s *Script) Leaks() []Leak {
	whole := s.span(0, len(s.Text))
	switch s.Form {
	case Opaque:
		return []Leak{{LeakOpaque, whole}}
	case ExecForm:
		return nil
	}
	var leaks []Leak
	for _, c := range s.commands {
		if c.Background { // in a child of the shell as well: it goes on running
			leaks = append(leaks, Leak{LeakJob, c.Span})
			continue
		}
		if !c.Subproc {
			leaks = append(leaks, s.leaksOf(c)...)
		}
	}
	if s.Inline {
		leaks = append(leaks, Leak{LeakHeredoc, whole})
	}
	if span, ok := s.Comment(); ok {
		leaks = append(leaks, Leak{LeakComment, span})
	}
	trimmed := strings.TrimRight(s.Text, "\\")
	if n := len(s.Text); (n-len(trimmed))%2 == 1 {
		leaks = append(leaks, Leak{LeakBackslash, s.span(n-1, n)})
	}
	return leaks
}

// leaksOf lists what one command that runs in the script's shell leaves behind.
func (s *Script) leaksOf(c *Command) []Leak {
	var leaks []Leak
	add := func(kind LeakKind, span Span) { leaks = append(leaks, Leak{kind, span}) }
	switch {
	case c.Kind == Func:
		add(LeakFunc, c.Span)
	case c.Kind == Loop && setsVar(c.Node.Cmd), c.Kind == Other && isArith(c.Node.Cmd):
		add(LeakVar, c.Span)
	}
	words := stripBuiltin(c.Words)
	switch {
	case len(words) == 0:
		for _, a := range c.Assigns {
			add(LeakVar, a.Span)
		}
	case !words[0].Static:
		add(LeakDynamic, c.Span)
	default:
		name := words[0].Text
		if kind, ok := shellState(name); ok && !onlyAsks(words) {
			add(kind, c.Span)
		}
		if name == "printf" && len(words) > 1 && strings.HasPrefix(words[1].Text, "-v") {
			add(LeakVar, c.Span)
		}
		for _, a := range c.Assigns {
			if keepsAssigns(name) {
				add(LeakVar, a.Span)
			}
		}
	}
	if assignsInExpansion(c) {
		add(LeakAssignment, c.Span)
	}
	return leaks
}

// stripBuiltin takes off "command" and "builtin", which run the rest in the
// same shell.
func stripBuiltin(words []Word) []Word {
	for len(words) > 1 && (words[0].Text == "command" || words[0].Text == "builtin") && words[0].Static {
		words = words[1:]
		for len(words) > 1 && words[0].Text == "-p" {
			words = words[1:]
		}
	}
	return words
}

// onlyAsks reports whether a builtin that can change state only prints it here.
func onlyAsks(words []Word) bool {
	switch words[0].Text {
	case "export", "readonly", "set", "umask", "alias", "trap", "hash", "dirs":
		return len(words) == 1
	case "ulimit":
		return len(words) == 1 || len(words) == 2 && strings.HasPrefix(words[1].Text, "-")
	}
	return false
}

// setsVar reports whether a loop has a variable.
func setsVar(cmd syntax.Command) bool {
	_, ok := cmd.(*syntax.ForClause)
	return ok
}

func isArith(cmd syntax.Command) bool {
	switch cmd.(type) {
	case *syntax.ArithmCmd, *syntax.LetClause:
		return true
	}
	return false
}

// assignsInExpansion reports whether an expansion in c's words assigns.
func assignsInExpansion(c *Command) bool {
	for _, node := range c.ownNodes() {
		found := false
		syntax.Walk(node, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.CmdSubst, *syntax.ProcSubst:
				return false
			case *syntax.ParamExp:
				found = found || n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull)
			case *syntax.BinaryArithm:
				found = found || strings.HasSuffix(n.Op.String(), "=") && isAssignOp(n.Op)
			case *syntax.UnaryArithm:
				found = found || n.Op == syntax.Inc || n.Op == syntax.Dec
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

func isAssignOp(op syntax.BinAritOperator) bool {
	return !slices.Contains([]syntax.BinAritOperator{syntax.Eql, syntax.Neq, syntax.Leq, syntax.Geq}, op)
}

// ownNodes are the parts of a command that the shell expands for it: its words,
// assignments and redirections, and the header of a compound command.
func (c *Command) ownNodes() []syntax.Node {
	if c.Node == nil {
		return nil
	}
	var nodes []syntax.Node
	switch n := c.Node.Cmd.(type) {
	case *syntax.CallExpr, *syntax.DeclClause, *syntax.TestClause, *syntax.ArithmCmd, *syntax.LetClause:
		nodes = append(nodes, n)
	case *syntax.ForClause:
		nodes = append(nodes, n.Loop)
	case *syntax.CaseClause:
		nodes = append(nodes, n.Word)
		for _, item := range n.Items {
			for _, p := range item.Patterns {
				nodes = append(nodes, p)
			}
		}
	}
	for _, r := range c.Node.Redirs {
		nodes = append(nodes, r.Word)
		if r.Hdoc != nil {
			nodes = append(nodes, r.Hdoc)
		}
	}
	return nodes
}

// Comment returns the bytes of a comment at the end of the script, which would
// swallow whatever is joined after it.
func (s *Script) Comment() (Span, bool) {
	if len(s.hashes) == 0 {
		return Span{}, false
	}
	last := s.hashes[len(s.hashes)-1]
	if strings.Contains(strings.TrimRight(s.Text[last:], " \t\n"), "\n") {
		return Span{}, false
	}
	return s.span(last, last+len(strings.TrimRight(s.Text[last:], " \t\n"))), true
}

// NeedsBraces reports whether the script must be put in { …; } to be joined to
// another by &&: it is a list of several statements, ends in a separator, or
// has an ||.
func (s *Script) NeedsBraces() bool {
	if s.File == nil {
		return false
	}
	if len(s.File.Stmts) != 1 || s.File.Stmts[0].Semicolon.IsValid() {
		return true
	}
	return slices.ContainsFunc(s.commands, func(c *Command) bool { return !c.Nested && c.Op == "||" })
}
