package transform

import (
	"bufio"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// File is a parsed Dockerfile. It is read-only: passes change text by edits,
// which make a new File.
type File struct {
	Name         string // as named in messages
	Src          string
	Instructions []*Instruction
	Tail         Span   // what follows the last instruction: blank lines and comments
	Newline      string // "\r\n" if the first line ends so, else "\n"
	Escape       rune   // the escape character, '\\' or '`'
	Stages       []*Stage
	Options      *Options

	lines  []int    // offset of each line's first byte
	states []*State // before each instruction; nil until one is asked for
	ends   []*State // behind each stage

	otherArgs bool // build arguments have other values than their defaults
}

// WithOtherArgs is the same file as it is built with --build-arg: every build argument that has a default has
// another value, and with it all that depends on one. What differs between the two is not the same in every build.
func (f *File) WithOtherArgs() *File {
	g := *f
	g.states, g.ends, g.otherArgs = nil, nil, true
	return &g
}

// Instruction is one instruction of a File with the comments and blank lines
// above it.
type Instruction struct {
	Index     int    // position in File.Instructions
	Span      Span   // leading comments and blank lines, text, and its newline
	Body      Span   // from the first byte of the text to its last, without the newline
	StartLine int    // 1-based line of Body.Start, in this version of the file
	EndLine   int    // 1-based line of the last byte, heredocs included
	Stage     *Stage // nil before the first FROM

	*syntax
}

// syntax is what does not depend on the instruction's place in the file. It is
// shared between the versions of a file in which the text is the same.
type syntax struct {
	Keyword string       // in lower case
	Node    *parser.Node // BuildKit's; its line numbers are not those of the file

	escape  rune
	command any
	cmdErr  error
	parsed  bool
	memo    map[any]any
}

// SyntaxError is a Dockerfile that BuildKit does not take.
type SyntaxError struct {
	File string
	Line int // 1-based; 0 when unknown
	Err  error
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	text := strings.TrimPrefix(e.Err.Error(), fmt.Sprintf("dockerfile parse error on line %d: ", e.Line))
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, text)
}

// Unwrap returns BuildKit's error.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads a Dockerfile. A nil opt stands for the zero Options. The error is
// a *SyntaxError.
func Parse(name, src string, opt *Options) (*File, error) {
	if opt == nil {
		opt = &Options{}
	}
	f := &File{Name: name, Src: src, Newline: newlineOf(src), Escape: '\\', Options: opt, lines: lineStarts(src)}
	nodes, escape, err := parseNodes(src)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	f.Escape = escape
	at := 0
	for _, n := range nodes {
		in := &Instruction{syntax: newSyntax(n, escape)}
		at = f.place(in, at, n.StartLine, n.EndLine)
	}
	f.Tail = Span{at, len(src)}
	if err := f.checkSize(); err != nil {
		return nil, err
	}
	f.link()
	return f, nil
}

func parseNodes(src string) ([]*parser.Node, rune, error) {
	if i := strings.IndexByte(src, 0); i >= 0 {
		line := 1 + strings.Count(src[:i], "\n")
		return nil, 0, parser.WithLocation(errors.New("the file has a NUL byte: not a text file"),
			[]parser.Range{{Start: parser.Position{Line: line}}})
	}
	res, err := parser.Parse(strings.NewReader(src))
	if err != nil {
		return nil, 0, locateLongLine(src, err)
	}
	return res.AST.Children, res.EscapeToken, nil
}

// locateLongLine names the line that is too long for BuildKit, which does not
// say which one it is.
func locateLongLine(src string, err error) error {
	if !strings.Contains(err.Error(), "greater than max allowed size") {
		return err
	}
	n := 0
	for line := range strings.Lines(src) {
		if n++; len(line) >= bufio.MaxScanTokenSize {
			return parser.WithLocation(errors.New(err.Error()), []parser.Range{{Start: parser.Position{Line: n}}})
		}
	}
	return err
}

func newSyntax(n *parser.Node, escape rune) *syntax {
	n.PrevComment = nil // BuildKit obeys "check=" in them by a linter that is not there
	return &syntax{Keyword: strings.ToLower(n.Value), Node: n, escape: escape}
}

// place appends in, whose text stands on the given lines, and returns where the
// next instruction's span starts.
func (f *File) place(in *Instruction, at, startLine, endLine int) int {
	in.Index = len(f.Instructions)
	in.StartLine, in.EndLine = startLine, endLine
	end := f.lineEnd(endLine)
	in.Span = Span{at, end}
	in.Body.Start = f.lines[startLine-1]
	if startLine == 1 && strings.HasPrefix(f.Src, "\ufeff") {
		in.Body.Start += len("\ufeff")
	}
	in.Body.Start += leadingSpace(f.Src[in.Body.Start:end])
	in.Body.End = end - newlineLen(f.Src[:end])
	f.Instructions = append(f.Instructions, in)
	return end
}

func leadingSpace(s string) int { return len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace)) }

func newlineLen(s string) int {
	switch {
	case strings.HasSuffix(s, "\r\n"):
		return 2
	case strings.HasSuffix(s, "\n"):
		return 1
	}
	return 0
}

func newlineOf(src string) string {
	if i := strings.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// lineStarts holds the offset of each line, and the end of the text.
func lineStarts(src string) []int {
	starts := make([]int, 1, 2+strings.Count(src, "\n"))
	for i := 0; ; {
		j := strings.IndexByte(src[i:], '\n')
		if j < 0 {
			break
		}
		i += j + 1
		starts = append(starts, i)
	}
	if starts[len(starts)-1] != len(src) {
		starts = append(starts, len(src))
	}
	return starts
}

// lineEnd is the offset behind the 1-based line, its newline included.
func (f *File) lineEnd(line int) int {
	if line >= len(f.lines) {
		return len(f.Src)
	}
	return f.lines[line]
}

// Line is the 1-based line of a byte offset.
func (f *File) Line(offset int) int {
	n := sort.SearchInts(f.lines, offset+1)
	if n == len(f.lines) && n > 1 && offset >= len(f.Src) && strings.HasSuffix(f.Src, "\n") {
		return n - 1
	}
	return max(n, 1)
}

// withOptions is the same file with other options.
func (f *File) withOptions(opt *Options) *File {
	g := *f
	g.Options = opt
	return &g
}

// Text is the text of a span.
func (f *File) Text(s Span) string { return f.Src[s.Start:s.End] }

// Cased spells a keyword as most of the file's instructions are spelt. It counts
// as BuildKit does, which warns of a mixture: not the ARGs before the first FROM,
// nor a keyword of both cases.
func (f *File) Cased(keyword string) string {
	lower, upper := 0, 0
	for _, in := range f.Instructions {
		switch {
		case in.Stage == nil:
		case in.Node.Value == in.Keyword:
			lower++
		case in.Node.Value == strings.ToUpper(in.Keyword):
			upper++
		}
	}
	if lower > upper {
		return strings.ToLower(keyword)
	}
	return strings.ToUpper(keyword)
}

// Command is BuildKit's reading of the instruction: a *instructions.Stage for
// FROM, else an instructions.Command. Each File version shares it: do not
// change it.
func (in *Instruction) Command() (any, error) {
	s := in.syntax
	if !s.parsed {
		s.parsed = true
		if s.command, s.cmdErr = instructions.ParseInstruction(s.Node); s.cmdErr != nil {
			s.command = nil // BuildKit returns typed nil pointers
		}
	}
	return s.command, s.cmdErr
}

// Memo returns what make returned for this key the first time; it is kept as
// long as the instruction's text stays the same, so it must depend on nothing
// else.
func (in *Instruction) Memo(key any, make func() any) any {
	s := in.syntax
	if v, ok := s.memo[key]; ok {
		return v
	}
	if s.memo == nil {
		s.memo = map[any]any{}
	}
	v := make()
	s.memo[key] = v
	return v
}

// Leading is the span of the comments and blank lines above the instruction.
func (in *Instruction) Leading() Span { return Span{in.Span.Start, in.Body.Start} }

// Valid reports whether the text is UTF-8 throughout.
func (f *File) Valid() bool { return utf8.ValidString(f.Src) }

func syntaxError(name string, err error) *SyntaxError {
	e := &SyntaxError{File: name, Err: err}
	var loc *parser.LocationError
	if errors.As(err, &loc) && len(loc.Locations) > 0 && len(loc.Locations[0]) > 0 {
		e.Line = max(1, loc.Locations[0][0].Start.Line)
	}
	return e
}
