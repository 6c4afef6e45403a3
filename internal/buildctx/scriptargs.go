package buildctx

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// handled collects the first arguments for which the script runs what it says itself:
// branches of a case or an if about $1, at the top of the script, that end by exec or
// exit. What stands there is among the Calls like all else.
func handled(f *syntax.File) []string {
	var words []string
	for _, stmt := range f.Stmts {
		switch cmd := stmt.Cmd.(type) {
		case *syntax.CaseClause:
			if isFirstArg(cmd.Word) {
				words = append(words, handledCases(cmd)...)
			}
		case *syntax.IfClause:
			for branch := cmd; branch != nil; branch = branch.Else {
				if word, ok := firstArgIs(branch.Cond); ok && leaves(branch.Then) {
					words = append(words, word)
				}
			}
		}
		if movesArgs(stmt) {
			break
		}
	}
	return words
}

// handledCases are the words of a case, up to a pattern that may match more.
func handledCases(c *syntax.CaseClause) []string {
	var words []string
	for _, item := range c.Items {
		for _, p := range item.Patterns {
			word, ok := staticWord(p)
			if !ok || strings.ContainsAny(word, `*?[\`) {
				return words
			}
			if item.Op == syntax.Break && leaves(item.Stmts) {
				words = append(words, word)
			}
		}
	}
	return words
}

// leaves reports statements that end by exec of a program that they name, or exit.
func leaves(stmts []*syntax.Stmt) bool {
	if len(stmts) == 0 {
		return false
	}
	last := stmts[len(stmts)-1]
	call, ok := last.Cmd.(*syntax.CallExpr)
	if !ok || last.Background || last.Negated || last.Coprocess || len(call.Args) == 0 {
		return false
	}
	name, _ := staticWord(call.Args[0])
	if name != "exec" || len(call.Args) == 1 {
		return name == "exit"
	}
	_, ok = staticWord(call.Args[1])
	return ok
}

// firstArgIs reads a condition such as [ "$1" = "web" ].
func firstArgIs(cond []*syntax.Stmt) (word string, ok bool) {
	if len(cond) != 1 || cond[0].Negated {
		return "", false
	}
	switch c := cond[0].Cmd.(type) {
	case *syntax.CallExpr:
		if len(c.Args) < 4 || !isFirstArg(c.Args[1]) {
			return "", false
		}
		name, _ := staticWord(c.Args[0])
		op, _ := staticWord(c.Args[2])
		if (op != "=" && op != "==") || !(name == "[" && len(c.Args) == 5 || name == "test" && len(c.Args) == 4) {
			return "", false
		}
		return staticWord(c.Args[3])
	case *syntax.TestClause:
		b, ok := c.X.(*syntax.BinaryTest)
		if !ok || b.Op != syntax.TsMatch && b.Op != syntax.TsMatchShort {
			return "", false
		}
		x, ok := b.X.(*syntax.Word)
		y, isWord := b.Y.(*syntax.Word)
		if !ok || !isWord || !isFirstArg(x) {
			return "", false
		}
		return staticWord(y)
	}
	return "", false
}

// isFirstArg reports $1, quoted or not, with a default or without.
func isFirstArg(w *syntax.Word) bool {
	if w == nil || len(w.Parts) != 1 {
		return false
	}
	part := w.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	if !ok || p.Param == nil || p.Param.Value != "1" || p.Excl || p.Length || p.Width || p.Index != nil || p.Slice != nil || p.Repl != nil {
		return false
	}
	return p.Exp == nil || p.Exp.Op == syntax.DefaultUnset || p.Exp.Op == syntax.DefaultUnsetOrNull
}

// movesArgs reports a statement behind which $1 may be another word.
func movesArgs(stmt *syntax.Stmt) bool {
	moves := false
	syntax.Walk(stmt, func(n syntax.Node) bool {
		c, ok := n.(*syntax.CallExpr)
		if !ok || len(c.Args) == 0 {
			return true
		}
		switch name, ok := staticWord(c.Args[0]); {
		case name == "shift", name == "eval", name == "source", name == ".", !ok:
			moves = true
		case name == "set":
			for _, w := range c.Args[1:] {
				word, ok := staticWord(w)
				moves = moves || !ok || word == "--" || !strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "+") && word != "pipefail" && word != "errexit" && word != "nounset" && word != "xtrace"
			}
		}
		return true
	})
	return moves
}

func staticWord(w *syntax.Word) (string, bool) {
	var b strings.Builder
	if w == nil || !staticParts(&b, w.Parts, false) {
		return "", false
	}
	return b.String(), true
}
