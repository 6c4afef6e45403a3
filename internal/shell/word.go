package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Word is one word of a command.
type Word struct {
	Span Span
	// Text is the word without its quotes. When Static is false, what the shell
	// would expand stands in it as it is written.
	Text string
	Raw  string       // the word as the shell sees it, quotes included
	Node *syntax.Word // nil for an exec form's argument and for "name=value" of export and its like

	Static      bool // nothing expands: Text is exactly what the command is given
	Quoted      bool // some of it is quoted or escaped
	HasGlob     bool // unquoted *, ? or [...]
	HasBrace    bool // {a,b}: one word in a POSIX shell, several in bash
	HasTilde    bool // ~ where the shell expands it
	HasVar      bool // $X, ${X…} or $((…))
	HasCmdSubst bool // $(…), `…` or <(…)
}

// Literal reports whether Text is what the command is given unless a file
// happens to match: the word may hold glob characters, as pip's extras do
// ("uvicorn[standard]"), but nothing else that expands.
func (w Word) Literal() bool {
	return !w.HasVar && !w.HasCmdSubst && !w.HasTilde && !w.HasBrace
}

// word describes w.
func (s *Script) word(w *syntax.Word) Word {
	start, end := textRange(w)
	out := Word{Span: s.span(start, end), Raw: s.Text[start:end], Node: w}
	if lit, ok := oneLit(w.Parts); ok && !strings.ContainsAny(lit, "\\*?[{~") {
		out.Text, out.Static = lit, true
		out.Quoted = lit != out.Raw // escapes that backquotes or a split line need
		return out
	}
	b := wordBuilder{s: s, w: &out, bracket: strings.Contains(out.Raw, "]"), brace: isBraceExpansion(out.Raw)}
	for i, part := range w.Parts {
		b.part(part, i == 0)
	}
	out.Text = b.text.String()
	if out.HasCmdSubst {
		out.Text = out.Raw // so that nested substitutions are not copied at each level
	}
	out.Static = !out.HasGlob && out.Literal()
	out.Quoted = out.Quoted || out.Static && out.Text != out.Raw
	return out
}

func oneLit(parts []syntax.WordPart) (string, bool) {
	if len(parts) != 1 {
		return "", false
	}
	lit, ok := parts[0].(*syntax.Lit)
	if !ok {
		return "", false
	}
	return lit.Value, true
}

// A wordBuilder gathers the text and the properties of a word from its parts.
type wordBuilder struct {
	s       *Script
	w       *Word
	text    strings.Builder
	bracket bool // a [ may be closed
	brace   bool // a { may start an expansion
}

func (b *wordBuilder) part(part syntax.WordPart, first bool) {
	switch p := part.(type) {
	case *syntax.Lit:
		b.bare(p.Value, first)
	case *syntax.SglQuoted:
		b.w.Quoted = true
		if p.Dollar && strings.Contains(p.Value, `\`) {
			b.expansion(part, &b.w.HasVar) // escapes of $'…' are not undone
			return
		}
		b.text.WriteString(p.Value)
	case *syntax.DblQuoted:
		b.w.Quoted = true
		for _, inner := range p.Parts {
			if lit, ok := inner.(*syntax.Lit); ok {
				b.text.WriteString(unescapeQuoted(lit.Value))
				continue
			}
			b.part(inner, false)
		}
		if p.Dollar {
			b.w.HasVar = true // $"…" is translated
		}
	case *syntax.ParamExp, *syntax.ArithmExp:
		b.expansion(part, &b.w.HasVar)
		if containsSubst(part) {
			b.w.HasCmdSubst = true
		}
	case *syntax.ExtGlob:
		b.expansion(part, &b.w.HasGlob)
	default: // command and process substitution
		b.w.HasCmdSubst = true
	}
}

// expansion writes a part as it stands and marks what it is.
func (b *wordBuilder) expansion(part syntax.WordPart, mark *bool) {
	*mark = true
	start, end := textRange(part)
	b.text.WriteString(b.s.Text[start:end])
}

// bare reads text outside quotes.
func (b *wordBuilder) bare(text string, first bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '\\':
			b.w.Quoted = true
			if i++; i < len(text) {
				b.text.WriteByte(text[i])
			} else {
				b.text.WriteByte('\\')
			}
			continue
		case '*', '?':
			b.w.HasGlob = true
		case '[':
			b.w.HasGlob = b.w.HasGlob || b.bracket
		case '{':
			b.w.HasBrace = b.w.HasBrace || b.brace
		case '~':
			if first && i == 0 || i > 0 && (text[i-1] == ':' || text[i-1] == '=') {
				b.w.HasTilde = true
			}
		case '$':
			// A lone dollar before a quote: $'…' in shells that know it.
			if i == len(text)-1 && len(b.w.Raw) > b.text.Len()+1 {
				b.w.HasVar = true
			}
		}
		b.text.WriteByte(c)
	}
}

// isBraceExpansion reports whether bash may take the braces in text apart.
func isBraceExpansion(text string) bool {
	open := strings.IndexByte(text, '{')
	end := strings.LastIndexByte(text, '}')
	return open >= 0 && end > open && (strings.Contains(text[open:end], ",") || strings.Contains(text[open:end], ".."))
}

// unescapeQuoted undoes the escapes of a double-quoted string.
func unescapeQuoted(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("$`\"\\", text[i+1]) >= 0 {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// substitutions calls f with the statements of every command and process
// substitution in node, without looking into them.
func substitutions(node syntax.Node, f func([]*syntax.Stmt)) {
	syntax.Walk(node, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			f(n.Stmts)
			return false
		case *syntax.ProcSubst:
			f(n.Stmts)
			return false
		}
		return true
	})
}

func containsSubst(node syntax.Node) (found bool) {
	substitutions(node, func([]*syntax.Stmt) { found = true })
	return found
}
