package shell

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// Kind says what sort of command a Command is.
type Kind uint8

// The kinds. A Simple command has Words; all others contain commands.
const (
	Simple   Kind = iota // cmd arg…, X=1, export X=1, >file
	Subshell             // ( … )
	Group                // { … }
	If
	Loop  // for, while, until, select
	Case  // case … esac
	Func  // f() { … }
	Test  // [[ … ]]
	Other // (( … )), let, time, coproc
)

// Command is one command of a script.
type Command struct {
	Kind    Kind
	Node    *syntax.Stmt // nil for an exec form
	Span    Span         // from its first word to its last redirection
	Words   []Word       // for Simple: the command's name and arguments
	Assigns []Assign
	Redirs  []Redir

	Op         string // how it is joined to the command before it: "" for the first of a list, "&&", "||", ";", "&", "|", "|&" or "newline"
	OpSpan     Span   // the operator, empty for "" and "newline"
	Negated    bool   // it starts a pipeline with "!" before it
	Background bool   // it is in a list that ends with "&"

	Parent  *Command // the command that contains it; nil at top level
	Subst   bool     // it is in a command or process substitution of Parent
	Nested  bool     // it is not at top level
	Subproc bool     // it runs in a child of the script's shell: (…), $(…), a pipeline, a job
	Maybe   bool     // whether it runs depends on another command's status or on a loop, case or function
}

// Name is the command's name when it is a simple command whose name is static,
// otherwise "".
func (c *Command) Name() string {
	if len(c.Words) == 0 || !c.Words[0].Static {
		return ""
	}
	return c.Words[0].Text
}

// Assign is an assignment before a command, or alone.
type Assign struct {
	Name   string
	Append bool // +=
	Value  Word // the zero Word for "X=" and for arrays
	Span   Span
	Node   *syntax.Assign
}

// Redir is a redirection.
type Redir struct {
	Op      string // ">", ">>", "<", "<<", "2>&1"'s ">&", …
	Fd      string // the number before the operator, "" without one
	Target  Word   // for a here-document the word that ends it
	Heredoc bool
	Span    Span // without a here-document's body
	Node    *syntax.Redirect
}

// Commands lists all commands of the script in source order, containers before
// what they contain. It is empty for an Opaque script; an exec form is one
// command.
func (s *Script) Commands() []*Command { return s.commands }

// Top lists the commands at top level: the elements of its lists and pipelines.
func (s *Script) Top() []*Command { return s.top }

// A place is what a command inherits from where it stands.
type place struct {
	parent         *Command
	subst          bool
	subproc, maybe bool
	background     bool
}

// flatten derives the commands of the parsed script.
func (s *Script) flatten() {
	s.list(s.File.Stmts, place{})
	s.note(s.File.Last)
	slices.Sort(s.hashes)
	s.separate()
}

// list adds the commands of statements that follow each other.
func (s *Script) list(stmts []*syntax.Stmt, at place) {
	var prev *syntax.Stmt
	for _, stmt := range stmts {
		op, span := "", Span{}
		if prev != nil {
			op, span = s.terminator(prev)
		}
		in := at
		in.background = stmt.Background || stmt.Coprocess || stmt.Disown
		in.subproc = in.subproc || in.background
		s.andOr(stmt, op, span, in)
		prev = stmt
	}
}

// terminator is what separates stmt from the statement after it.
func (s *Script) terminator(stmt *syntax.Stmt) (string, Span) {
	if !stmt.Semicolon.IsValid() {
		return "newline", Span{}
	}
	pos := int(stmt.Semicolon.Offset())
	end := pos + 1
	op := ";"
	switch {
	case stmt.Coprocess || stmt.Disown:
		op, end = "&", pos+2
	case stmt.Background:
		op = "&"
	}
	return op, s.span(pos, end)
}

// andOr adds the commands of a list such as "a && b | c || d". The parser's
// tree leans to the left, one level for each operator, so it is walked by a
// loop; only the right side of && and || can be another list, a pipeline.
func (s *Script) andOr(stmt *syntax.Stmt, op string, opSpan Span, at place) {
	var spine []*syntax.Stmt
	first := stmt
	for {
		s.note(first.Comments)
		b, ok := first.Cmd.(*syntax.BinaryCmd)
		if !ok {
			break
		}
		spine = append(spine, first)
		first = b.X
	}
	in := at
	negated := first.Negated
	for _, st := range spine {
		negated = negated || st.Negated
		in.subproc = in.subproc || isPipe(st)
	}
	s.command(first, op, opSpan, in, negated)
	for i := len(spine) - 1; i >= 0; i-- {
		b := spine[i].Cmd.(*syntax.BinaryCmd)
		pos := int(b.OpPos.Offset())
		op := b.Op.String()
		in := at
		if isPipe(spine[i]) {
			in.subproc = true
		} else {
			in.maybe = true
		}
		s.andOr(b.Y, op, s.span(pos, pos+len(op)), in)
	}
}

func isPipe(stmt *syntax.Stmt) bool {
	b, ok := stmt.Cmd.(*syntax.BinaryCmd)
	return ok && (b.Op == syntax.Pipe || b.Op == syntax.PipeAll)
}

// command adds one element of a pipeline, and what it contains.
func (s *Script) command(stmt *syntax.Stmt, op string, opSpan Span, at place, negated bool) {
	c := &Command{
		Node: stmt, Span: s.Span(stmt), Op: op, OpSpan: opSpan, Negated: negated,
		Background: at.background, Parent: at.parent, Subst: at.subst,
		Nested: at.parent != nil, Subproc: at.subproc, Maybe: at.maybe,
	}
	s.commands = append(s.commands, c)
	for _, r := range stmt.Redirs {
		c.Redirs = append(c.Redirs, s.redir(r))
	}
	body := place{parent: c, subproc: at.subproc, maybe: at.maybe}
	s.inside(c, stmt.Cmd, body)
	for _, r := range stmt.Redirs {
		s.substituted(c, r.Word)
		if r.Hdoc != nil {
			s.substituted(c, r.Hdoc)
		}
	}
}

// inside fills in c from cmd and adds the commands that cmd contains.
func (s *Script) inside(c *Command, cmd syntax.Command, body place) {
	depends := body
	depends.maybe = true
	switch n := cmd.(type) {
	case nil:
	case *syntax.CallExpr:
		s.call(c, n)
	case *syntax.DeclClause:
		s.declaration(c, n)
	case *syntax.Subshell:
		c.Kind = Subshell
		body.subproc = true
		s.list(n.Stmts, body)
		s.note(n.Last)
	case *syntax.Block:
		c.Kind = Group
		s.list(n.Stmts, body)
		s.note(n.Last)
	case *syntax.IfClause:
		c.Kind = If
		s.list(n.Cond, body)
		s.list(n.Then, depends)
		s.note(n.CondLast, n.ThenLast, n.Last)
		for e := n.Else; e != nil; e = e.Else {
			s.list(e.Cond, depends)
			s.list(e.Then, depends)
			s.note(e.CondLast, e.ThenLast, e.Last)
		}
	case *syntax.WhileClause:
		c.Kind = Loop
		s.list(n.Cond, body)
		s.list(n.Do, depends)
		s.note(n.CondLast, n.DoLast)
	case *syntax.ForClause:
		c.Kind = Loop
		s.substituted(c, n.Loop)
		s.list(n.Do, depends)
		s.note(n.DoLast)
	case *syntax.CaseClause:
		c.Kind = Case
		s.substituted(c, n.Word)
		for _, item := range n.Items {
			for _, p := range item.Patterns {
				s.substituted(c, p)
			}
			s.list(item.Stmts, depends)
			s.note(item.Comments, item.Last)
		}
		s.note(n.Last)
	case *syntax.FuncDecl:
		c.Kind = Func
		s.list([]*syntax.Stmt{n.Body}, depends)
	case *syntax.TestClause:
		c.Kind = Test
		s.substituted(c, n)
	case *syntax.TimeClause:
		c.Kind = Other
		if n.Stmt != nil {
			s.list([]*syntax.Stmt{n.Stmt}, body)
		}
	case *syntax.CoprocClause:
		c.Kind = Other
		body.subproc = true
		s.list([]*syntax.Stmt{n.Stmt}, body)
	default: // (( … )) and let
		c.Kind = Other
		s.substituted(c, n)
	}
}

// call fills in a simple command.
func (s *Script) call(c *Command, n *syntax.CallExpr) {
	for _, a := range n.Assigns {
		c.Assigns = append(c.Assigns, s.assign(a))
	}
	if len(n.Args) > 0 {
		c.Words = make([]Word, len(n.Args))
	}
	for i, w := range n.Args {
		c.Words[i] = s.word(w)
	}
	for _, a := range n.Assigns {
		s.substituted(c, a)
	}
	for i, w := range n.Args {
		if c.Words[i].HasCmdSubst {
			s.substituted(c, w)
		}
	}
}

// declaration fills in bash's export, declare and the like, which the parser
// keeps apart from other simple commands.
func (s *Script) declaration(c *Command, n *syntax.DeclClause) {
	c.Words = append(c.Words, Word{
		Span: s.Span(n.Variant), Text: n.Variant.Value, Raw: n.Variant.Value, Static: true,
	})
	for _, a := range n.Args {
		c.Words = append(c.Words, s.declared(a))
	}
	for _, a := range n.Args {
		s.substituted(c, a)
	}
}

// declared describes an argument of a declaration as the word it would be in
// any other command.
func (s *Script) declared(a *syntax.Assign) Word {
	if a.Name == nil && a.Value != nil {
		return s.word(a.Value)
	}
	start, end := textRange(a)
	w := Word{Span: s.span(start, end), Raw: s.Text[start:end]}
	w.Text = w.Raw
	switch {
	case a.Array != nil || a.Index != nil:
		w.HasVar = true
	case a.Value != nil:
		v := s.word(a.Value)
		w.Text = w.Raw[:len(w.Raw)-len(v.Raw)] + v.Text
		w.Static, w.Quoted, w.HasGlob, w.HasBrace = v.Static, v.Quoted, v.HasGlob, v.HasBrace
		w.HasTilde, w.HasVar, w.HasCmdSubst = v.HasTilde, v.HasVar, v.HasCmdSubst
	default:
		w.Static = true
	}
	return w
}

// note remembers where comments start.
func (s *Script) note(lists ...[]syntax.Comment) {
	for _, list := range lists {
		for _, c := range list {
			s.hashes = append(s.hashes, int(c.Hash.Offset()))
		}
	}
}

func (s *Script) assign(a *syntax.Assign) Assign {
	out := Assign{Name: a.Name.Value, Append: a.Append, Span: s.Span(a), Node: a}
	if a.Value != nil {
		out.Value = s.word(a.Value)
	}
	return out
}

func (s *Script) redir(r *syntax.Redirect) Redir {
	out := Redir{Op: r.Op.String(), Target: s.word(r.Word), Span: s.Span(r), Node: r}
	out.Heredoc = r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc
	if r.N != nil {
		out.Fd = r.N.Value
	}
	return out
}

// substituted adds the commands in the substitutions of node, a part of c.
func (s *Script) substituted(c *Command, node syntax.Node) {
	substitutions(node, func(stmts []*syntax.Stmt) {
		s.list(stmts, place{parent: c, subst: true, subproc: true, maybe: c.Maybe})
	})
}
