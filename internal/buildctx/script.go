package buildctx

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// The shell parser recurses with the nesting of its input, up to 5 kB of stack for a bracket in arithmetic, and Go ends
// the program at 1 GB. These limits keep any input far from that.
const (
	maxScript   = 128 << 10 // bytes
	maxBrackets = 10_000    // opening brackets of all kinds
)

// Script is what a script of the context does when it runs, as far as its text says.
type Script struct {
	Path        string
	Interpreter string   // base name from the shebang, "" without one
	Flags       []string // the interpreter's flags in the shebang
	Shell       bool     // a shell script; when false only the fields above and Problem are set
	CRLF        bool     // lines end in CRLF: the kernel will not find "sh\r"
	Problem     string   // why it is not known what the script does, "" if it is

	Calls    []Call   // every command, in order, inside functions and substitutions too; wrappers and what they run
	Commands []string // names of Calls that are neither built into the shell nor functions, sorted
	ExecArgs bool     // exec "$@", directly or through a wrapper: exec gosu app "$@"
	RunsArgs bool     // "$@" as a command without exec
	Handled  []string // first arguments for which it runs what it says itself, and nothing after that
	Dynamic  bool     // something runs that the text does not say: $CMD, eval, sh -c "$x"
	Sources  []string // files read by ".", source or `sh FILE`, as written

	Root     []string // commands that need root or change user, sorted
	Installs []string // package managers and compilers that run when the container starts, sorted
	Gunicorn []Call   // every start of gunicorn, by `python -m` too; Args[0] is gunicorn
	Writes   []Arg    // where redirects, mkdir, touch, tee, cp, mv and ln write
	Vars     []string // variables that are expanded, sorted
	Assigned []string // variables that are assigned, sorted
}

// Call is one simple command.
type Call struct {
	Name string // base name; "" when the text does not say it
	Args []Arg  // with the command itself
	Exec bool   // it replaces the shell
	Via  string // the wrapper that runs it: gosu, env, sh -c…; "" when direct
	Line int
	Fed  bool   // its input is a here-document or a file
	Here string // that here-document, as written
}

// Arg is one word of a command.
type Arg struct {
	Text   string // its value; as written when it is not Static
	Static bool
}

// Script reads a script as the build sees it.
func (c *Context) Script(name string) (*Script, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	name = clean(name)
	return c.scripts.get(name, func() (*Script, error) {
		b, err := c.readVisible(name, MaxText)
		if err != nil {
			return nil, fmt.Errorf("script: %w", err)
		}
		return ParseScript(name, b), nil
	})
}

// ParseScript reads the text of a script.
func ParseScript(name string, src []byte) *Script {
	s := &Script{Path: name}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	s.shebang(src)
	if s.Problem = s.notShell(src); s.Problem != "" {
		return s
	}
	s.Shell = true
	s.CRLF = bytes.Contains(src, []byte("\r\n"))
	if n := bytes.Count(src, []byte("(")) + bytes.Count(src, []byte("[")) + bytes.Count(src, []byte("{")); len(src) > maxScript || n > maxBrackets {
		s.Problem = fmt.Sprintf("%d bytes with %d brackets is too much to parse", len(src), n)
		return s
	}
	r := &scriptReader{out: s, funcs: map[string]bool{}}
	if err := r.parse(strings.ReplaceAll(string(src), "\r\n", "\n"), "", 0); err != nil {
		s.Problem = err.Error()
	}
	r.finish()
	return s
}

func (s *Script) shebang(src []byte) {
	line, ok := bytes.CutPrefix(src, []byte("#!"))
	if !ok {
		return
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) > 0 && path.Base(words[0]) == "env" {
		words = words[1:]
		for len(words) > 0 && (strings.HasPrefix(words[0], "-") || strings.Contains(words[0], "=")) {
			words = words[1:]
		}
	}
	if len(words) > 0 {
		s.Interpreter, s.Flags = path.Base(words[0]), words[1:]
	}
}

// notShell says why the file is no shell script, "" if it is one.
func (s *Script) notShell(src []byte) string {
	if s.Interpreter != "" {
		switch s.Interpreter {
		case "sh", "bash", "dash", "ash", "ksh", "mksh":
			return ""
		}
		return "not shell: interpreter " + s.Interpreter
	}
	if bytes.IndexByte(src, 0) >= 0 {
		return "not shell: binary"
	}
	switch ext := path.Ext(s.Path); ext {
	case "", ".sh", ".bash", ".ash", ".ksh":
		return ""
	default:
		return "not shell: " + ext
	}
}

// scriptReader collects facts; nested scripts (sh -c '…') go through the same one.
type scriptReader struct {
	out   *Script
	src   string
	via   string
	funcs map[string]bool
	input *syntax.Redirect // of the statement that is read; nil for none
	depth int              // nested scripts
	chain int              // nested wrappers
}

const maxScriptDepth = 4

func (r *scriptReader) parse(src, via string, line int) error {
	if r.depth++; r.depth > maxScriptDepth {
		return fmt.Errorf("line %d: too many nested scripts", line)
	}
	oldSrc, oldVia := r.src, r.via
	r.src, r.via = src, via
	defer func() {
		r.src, r.via = oldSrc, oldVia
		r.depth--
	}()
	f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(src), "")
	if err != nil {
		return err
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		if f, ok := n.(*syntax.FuncDecl); ok && f.Name != nil {
			r.funcs[f.Name.Value] = true
		}
		return true
	})
	if r.depth == 1 {
		r.out.Handled = handled(f)
	}
	syntax.Walk(f, func(n syntax.Node) bool {
		r.node(n, line)
		return true
	})
	return nil
}

// node takes the facts of one node; nested is the line of the command a nested script belongs to, 0 for none.
func (r *scriptReader) node(n syntax.Node, nested int) {
	out := r.out
	switch n := n.(type) {
	case *syntax.ParamExp:
		if n.Param != nil && syntax.ValidName(n.Param.Value) {
			out.Vars = append(out.Vars, n.Param.Value)
			if n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) {
				out.Assigned = append(out.Assigned, n.Param.Value)
			}
		}
	case *syntax.Assign:
		if n.Name != nil && !n.Naked {
			out.Assigned = append(out.Assigned, n.Name.Value)
		}
	case *syntax.WordIter:
		if n.Name != nil {
			out.Assigned = append(out.Assigned, n.Name.Value)
		}
	case *syntax.Stmt:
		r.input = nil
		for _, redir := range n.Redirs {
			switch redir.Op {
			case syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc, syntax.RdrIn:
				r.input = redir
			}
		}
	case *syntax.Redirect:
		switch n.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrInOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
			r.write(r.arg(n.Word))
		}
	case *syntax.CallExpr:
		if len(n.Args) == 0 {
			return
		}
		args := make([]Arg, len(n.Args))
		for i, w := range n.Args {
			args[i] = r.arg(w)
		}
		line := nested
		if line == 0 {
			line = int(n.Pos().Line())
		}
		c := Call{Args: args, Via: r.via, Line: line, Fed: r.input != nil}
		if c.Fed && r.input.Hdoc != nil {
			c.Here = r.text(r.input.Hdoc)
		}
		r.call(c)
	}
}

func (r *scriptReader) arg(w *syntax.Word) Arg {
	if w == nil {
		return Arg{}
	}
	var b strings.Builder
	if staticParts(&b, w.Parts, false) {
		return Arg{b.String(), true}
	}
	return Arg{Text: r.text(w)}
}

// text is a word as written.
func (r *scriptReader) text(w *syntax.Word) string {
	lo, hi := int(w.Pos().Offset()), int(w.End().Offset())
	if lo > hi || hi > len(r.src) {
		return ""
	}
	return r.src[lo:hi]
}

func staticParts(b *strings.Builder, parts []syntax.WordPart, quoted bool) bool {
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			unescape(b, p.Value, quoted)
		case *syntax.SglQuoted:
			if p.Dollar {
				return false
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			if p.Dollar || !staticParts(b, p.Parts, true) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// unescape takes the backslashes off that the shell would.
func unescape(b *strings.Builder, s string, quoted bool) {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case s[i] == '\n':
		case quoted && strings.IndexByte("$`\"\\", s[i]) < 0:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
}

func (r *scriptReader) write(a Arg) {
	if a.Text != "" && !strings.HasPrefix(a.Text, "/dev/") && !slices.Contains(r.out.Writes, a) {
		r.out.Writes = append(r.out.Writes, a)
	}
}

// finish sorts, and makes the sets that are known only at the end.
func (r *scriptReader) finish() {
	s := r.out
	for _, c := range s.Calls {
		switch {
		case c.Name == "" || r.funcs[c.Name] || builtins[c.Name]:
			continue
		case rootCommands[c.Name]:
			s.Root = append(s.Root, c.Name)
		case installers[c.Name]:
			s.Installs = append(s.Installs, c.Name)
		}
		s.Commands = append(s.Commands, c.Name)
	}
	for _, set := range []*[]string{&s.Commands, &s.Root, &s.Installs, &s.Vars, &s.Assigned, &s.Sources} {
		slices.Sort(*set)
		*set = slices.Compact(*set)
	}
}
