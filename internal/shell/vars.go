package shell

import (
	"mvdan.cc/sh/v3/syntax"
)

// Var is one use of a variable's value.
type Var struct {
	Name     string
	Assigned bool // the script has certainly given it a value before
	Span     Span // the expansion; for a use in a script given to sh -c, that script's word
}

// Vars lists the uses of variables in source order, those in scripts given to
// sh -c included. Names that are no variables ($1, $?, $@) are left out.
func (s *Script) Vars() []Var {
	var v varFinder
	return v.uses(s)
}

func (v *varFinder) uses(s *Script) []Var {
	for _, c := range s.commands {
		v.command(s, c)
	}
	return v.vars
}

// Uses reports whether the script may use the value that the variable has when
// the script starts.
func (s *Script) Uses(name string) bool {
	for _, v := range s.Vars() {
		if v.Name == name && !v.Assigned {
			return true
		}
	}
	return false
}

// A varFinder goes through commands in order. What a command assigns counts for
// those after it only when it surely ran in the same shell before them: at top
// level, either first in its list or, for the rest of that list, after &&.
type varFinder struct {
	vars     []Var
	depth    int             // of scripts within scripts
	assigned map[string]bool // for the rest of the script
	listed   map[string]bool // for the rest of the list, unless it has an ||
}

func (v *varFinder) command(s *Script, c *Command) {
	if !c.Nested {
		switch c.Op {
		case "", ";", "newline", "&", "||":
			v.listed = nil
		}
	}
	for _, node := range c.ownNodes() {
		v.node(s, node)
	}
	v.inner(c)
	if c.Nested || c.Subproc || c.Kind != Simple || c.Negated {
		return
	}
	set := &v.assigned
	if c.Op == "&&" {
		set = &v.listed
	}
	if c.Op == "||" {
		return
	}
	for _, name := range assigns(c) {
		if *set == nil {
			*set = map[string]bool{}
		}
		(*set)[name] = true
	}
}

// assigns lists the variables that a command without a name, or export and its
// like, gives a value to.
func assigns(c *Command) []string {
	var names []string
	if len(c.Words) == 0 {
		for _, a := range c.Assigns {
			if !a.Append {
				names = append(names, a.Name)
			}
		}
		return names
	}
	switch c.Name() {
	case "export", "readonly", "declare", "typeset":
		for _, w := range c.Words[1:] {
			if name, _, ok := cutAssignment(w.Raw); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// cutAssignment splits "name=value".
func cutAssignment(text string) (name, value string, ok bool) {
	i := 0
	for i < len(text) && (isNameByte(text[i]) && (i > 0 || text[i] < '0' || text[i] > '9')) {
		i++
	}
	if i == 0 || i >= len(text) || text[i] != '=' {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}

func isNameByte(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// node adds the variables that node uses, those of substitutions left to the
// commands in them.
func (v *varFinder) node(s *Script, node syntax.Node) {
	arithm := 0
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst:
			return false
		case *syntax.ParamExp:
			if n.Param != nil && syntax.ValidName(n.Param.Value) {
				v.add(n.Param.Value, s.Span(n))
			}
		case *syntax.ArithmExp, *syntax.ArithmCmd:
			arithm++
		case *syntax.Word:
			// Inside $((…)) a bare name is a variable. Words there hold one
			// literal each; words outside are no names after arithmetic began
			// only in the same node, which costs nothing but caution.
			if lit, ok := oneLit(n.Parts); ok && arithm > 0 && syntax.ValidName(lit) {
				v.add(lit, s.Span(n))
			}
		}
		return true
	})
}

func (v *varFinder) add(name string, span Span) {
	v.vars = append(v.vars, Var{Name: name, Assigned: v.assigned[name] || v.listed[name], Span: span})
}

// inner adds the variables that a script given to sh -c uses. The script sees
// the environment only, so that plain assignments before do not count; to be
// careful none do.
func (v *varFinder) inner(c *Command) {
	if v.depth > maxInner {
		return
	}
	unwrap(c.Words, func(_ string, r ran) {
		for _, w := range r.scripts {
			inner := innerScript(w)
			if inner == nil {
				continue
			}
			in := varFinder{depth: v.depth + 1}
			for _, use := range in.uses(inner) {
				v.vars = append(v.vars, Var{Name: use.Name, Assigned: use.Assigned, Span: w.Span})
			}
		}
	})
}
