package shell

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"

	"refit/transform"
)

// Span is a half-open range of bytes of the instruction, relative to its start.
type Span = transform.Span

// Form is how an instruction gives its command.
type Form uint8

// The forms. Everything but Opaque has been understood completely.
const (
	Opaque      Form = iota // not understood; Why says why
	ShellForm               // one logical line for the shell
	ExecForm                // a JSON array
	HeredocForm             // the script is, or contains, here-documents
)

// Options is what a script depends on outside its own bytes.
type Options struct {
	Escape rune     // the file's escape character; 0 means backslash
	Shell  []string // the SHELL in force; nil means ["/bin/sh", "-c"]
}

// Script is the command of one instruction. It is read-only.
type Script struct {
	Form    Form
	Why     string       // for Opaque: a clause that says why
	Text    string       // what BuildKit hands to the shell; for ExecForm the JSON array
	Args    []Word       // for ExecForm: the array's strings
	File    *syntax.File // the parsed Text, nil for ExecForm and Opaque
	Bashism bool         // the shell is a plain sh, but Text reads only as bash
	Inline  bool         // for HeredocForm: Text is a command line with its here-documents, not the body of one

	src      string
	escape   byte
	tm       textMap
	comments []Span // comment lines that BuildKit drops
	hashes   []int  // where the shell's comments start in Text
	commands []*Command
	top      []*Command // those that are not nested
	seps     []Separator
}

// Parse reads the command of the instruction whose bytes are src, from its
// keyword to its last byte, here-documents included. node is what BuildKit
// made of the same bytes. It never fails: what it cannot read is Opaque.
func Parse(src string, node *parser.Node, opt Options) *Script {
	escape := byte('\\')
	if opt.Escape == '`' {
		escape = '`'
	}
	s := &Script{src: src, escape: escape}
	line := join(src, escape)
	s.comments = line.comments

	cmd, pos := operand(node, string(line.text), escape)
	args := trimSpace(line.textMap, pos)
	switch {
	case cmd.json:
		s.setText(args)
		s.parseExec(cmd.node)
	case cmd.node == nil:
		s.setText(args)
		s.opaque("it has no command")
	case string(args.text) != cmd.node.Value:
		s.setText(args)
		s.opaque("its text cannot be mapped to the file")
	case len(node.Heredocs) > 0:
		s.parseHeredoc(args, line.next, node.Heredocs, opt.Shell)
	default:
		s.setText(args)
		s.parseShell(ShellForm, shellDialect(opt.Shell))
	}
	return s
}

// command is where BuildKit's tree holds an instruction's command.
type command struct {
	node *parser.Node // the first argument; nil without any
	json bool
}

// operand finds the command of an instruction in BuildKit's tree, and where it
// starts in the logical line.
func operand(node *parser.Node, line string, escape byte) (command, int) {
	pos := skipFlags(line, skipWord(line, 0), escape)
	for strings.EqualFold(node.Value, "ONBUILD") && node.Next != nil && len(node.Next.Children) > 0 {
		node = node.Next.Children[0]
		pos = skipFlags(line, skipWord(line, pos), escape)
	}
	cmd := command{node.Next, node.Attributes["json"]}
	if strings.EqualFold(node.Value, "HEALTHCHECK") {
		if cmd.node != nil {
			cmd.node = cmd.node.Next
		}
		for pos < len(line) && !isSpace(line[pos]) {
			pos++
		}
	}
	return cmd, pos
}

// trimSpace returns the text from pos on without white space around it.
func trimSpace(m textMap, pos int) textMap {
	rest := m.text[min(pos, len(m.text)):]
	start := len(m.text) - len(bytes.TrimLeftFunc(rest, unicode.IsSpace))
	return m.slice(start, max(start, len(bytes.TrimRightFunc(m.text, unicode.IsSpace))))
}

func (s *Script) setText(m textMap) {
	s.tm = m
	s.Text = string(m.text)
}

func (s *Script) opaque(why string) {
	s.Form, s.Why, s.File = Opaque, why, nil
}

// Offset returns where the byte at position pos of Text stands in the
// instruction. For the end of Text it is the position after the last byte.
func (s *Script) Offset(pos int) int { return s.tm.offset(pos) }

// Span returns the bytes that node came from, without a terminating ";" or "&"
// and without the bodies of here-documents.
func (s *Script) Span(node syntax.Node) Span {
	start, end := textRange(node)
	return s.span(start, end)
}

// span maps the range [start,end) of Text to the instruction.
func (s *Script) span(start, end int) Span {
	if start >= end {
		at := s.tm.offset(start)
		return between(at, at)
	}
	return between(s.tm.offset(start), s.tm.offset(end-1)+1)
}

// textRange is node's range in Text.
func textRange(node syntax.Node) (start, end int) {
	start, end = int(node.Pos().Offset()), int(node.End().Offset())
	switch n := node.(type) {
	case *syntax.Redirect:
		end = int(n.Word.End().Offset())
	case *syntax.Stmt:
		end = start
		if n.Cmd != nil {
			_, end = textRange(n.Cmd)
		} else if n.Negated {
			end++
		}
		for _, r := range n.Redirs {
			_, e := textRange(r)
			end = max(end, e)
		}
	case *syntax.BinaryCmd:
		_, end = textRange(n.Y)
	case *syntax.FuncDecl:
		_, end = textRange(n.Body)
	case *syntax.TimeClause:
		if n.Stmt != nil {
			_, end = textRange(n.Stmt)
		}
	case *syntax.CoprocClause:
		_, end = textRange(n.Stmt)
	}
	return start, end
}
