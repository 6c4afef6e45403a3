// Package pysource reads Python source as far as its tokens go: what a file imports, which names it uses, which
// strings it holds. It takes every version of the language, since the lexical grammar of Python 2.0 is still that of
// Python 3.14 but for the prefixes of strings, and it never fails: what is not Python gives odd tokens.
//
// Why not a library: of the parsers and lexers in Go, gpython reads Python 3.4 (no f-strings; 102 of 480 files of the
// standard library of 3.11 do not parse), chroma's lexer takes 1.6 seconds per megabyte, and tree-sitter needs cgo.
// That what is read here is what Python reads is held against Python's own parser by a test.
package pysource

import (
	"strings"
	"unicode/utf8"
)

type kind uint8

const (
	end     kind = iota
	newline      // of a logical line
	name
	number
	text // a string literal
	op   // one character
)

// token is a piece of source. The literal of an f-string includes its fields.
type token struct {
	kind  kind
	at    int // offset
	text  string
	value string // of a string: what stands between the quotes
	pre   string // of a string: its prefix, in lower case
}

// lexer goes through the tokens of a file.
type lexer struct {
	src   string
	pos   int
	depth int // of open brackets: newlines in them mean nothing

	nesting  int  // of fields in f-strings
	unclosed bool // a field was not closed
}

// next is the next token. A newline within brackets, a comment and a joined line are none.
func (l *lexer) next() token {
	for l.pos < len(l.src) {
		at := l.pos
		switch c := l.src[at]; {
		case c == ' ' || c == '\t' || c == '\f' || c == '\v':
			l.pos++
		case c == '#':
			l.comment()
		case c == '\\' && l.joined():
		case c == '\n' || c == '\r':
			l.pos++
			if c == '\r' && strings.HasPrefix(l.src[l.pos:], "\n") {
				l.pos++
			}
			if l.depth == 0 {
				return token{kind: newline, at: at}
			}
		case c == '"' || c == '\'':
			return l.str(at, 0)
		case isNameStart(c):
			return l.word(at)
		case '0' <= c && c <= '9':
			for l.pos < len(l.src) && (isNamePart(l.src[l.pos]) || l.src[l.pos] == '.') {
				l.pos++
			}
			return token{kind: number, at: at, text: l.src[at:l.pos]}
		default:
			l.pos++
			l.bracket(c)
			return token{kind: op, at: at, text: l.src[at:l.pos]}
		}
	}
	return token{kind: end, at: len(l.src)}
}

func (l *lexer) bracket(c byte) {
	switch c {
	case '(', '[', '{':
		l.depth++
	case ')', ']', '}':
		l.depth = max(0, l.depth-1)
	}
}

func (l *lexer) comment() {
	if i := strings.IndexAny(l.src[l.pos:], "\r\n"); i >= 0 {
		l.pos += i
	} else {
		l.pos = len(l.src)
	}
}

// joined passes a backslash and the line's end behind it.
func (l *lexer) joined() bool {
	rest := l.src[l.pos+1:]
	for _, eol := range []string{"\r\n", "\n", "\r"} {
		if strings.HasPrefix(rest, eol) {
			l.pos += 1 + len(eol)
			return true
		}
	}
	return false
}

// word reads a name, or the string whose prefix it is.
func (l *lexer) word(at int) token {
	for l.pos < len(l.src) && isNamePart(l.src[l.pos]) {
		l.pos++
	}
	if n := l.pos - at; n <= 3 && l.pos < len(l.src) && (l.src[l.pos] == '"' || l.src[l.pos] == '\'') && isPrefix(l.src[at:l.pos]) {
		return l.str(at, n)
	}
	return token{kind: name, at: at, text: l.src[at:l.pos]}
}

func isPrefix(s string) bool { return strings.Trim(strings.ToLower(s), "rbuft") == "" }

// str reads a string literal whose prefix has n bytes. One that is not closed ends with its line, or with the file.
func (l *lexer) str(at, n int) token {
	t := token{kind: text, at: at, pre: strings.ToLower(l.src[at : at+n])}
	l.pos = at + n
	quote := l.src[l.pos : l.pos+1]
	if strings.HasPrefix(l.src[l.pos:], strings.Repeat(quote, 3)) {
		quote = l.src[l.pos : l.pos+3]
	}
	l.pos += len(quote)
	from := l.pos
	if strings.ContainsAny(t.pre, "ft") {
		l.formatted(quote, strings.Contains(t.pre, "r"))
	} else {
		l.plain(quote)
	}
	t.value = l.src[from:l.pos]
	if strings.HasPrefix(l.src[l.pos:], quote) {
		l.pos += len(quote)
	}
	t.text = l.src[at:l.pos]
	return t
}

// plain goes to the quotes that close a string. In a raw string too a quote behind a backslash closes nothing.
func (l *lexer) plain(quote string) {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case strings.HasPrefix(l.src[l.pos:], quote), c == '\n' && len(quote) == 1:
			return
		case c == '\\':
			l.escape()
		default:
			l.pos++
		}
	}
}

// escape passes a backslash and what it escapes; a line's end may be two bytes.
func (l *lexer) escape() {
	if strings.HasPrefix(l.src[l.pos+1:], "\r\n") {
		l.pos++
	}
	l.pos = min(l.pos+2, len(l.src))
}

// maxNesting is how deep f-strings nest; Python stops at 150.
const maxNesting = 150

// formatted goes to the quotes that close an f-string. Since Python 3.12 its fields may hold anything, the same quotes
// too; before, that was no valid Python. Where a field is not closed in the whole file, braces are taken for text from
// then on.
func (l *lexer) formatted(quote string, raw bool) {
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		switch c := rest[0]; {
		case strings.HasPrefix(rest, quote), c == '\n' && len(quote) == 1:
			return
		case strings.HasPrefix(rest, "{{"):
			l.pos += 2
		case c == '{':
			l.pos++
			l.replacement(quote, raw)
		case !raw && strings.HasPrefix(rest, `\N{`):
			l.pos += 3
		case strings.HasPrefix(rest, `\{`):
			l.pos++ // the backslash stays, and the brace opens a field
		case c == '\\':
			l.escape()
		default:
			l.pos++
		}
	}
}

// replacement passes a field of an f-string, or nothing where what looks like one is not closed.
func (l *lexer) replacement(quote string, raw bool) {
	if l.unclosed {
		return
	}
	start := l.pos
	if l.nesting++; l.nesting > maxNesting || !l.field(quote, raw) {
		l.pos, l.unclosed = start, true
	}
	l.nesting--
}

// field goes behind the brace that closes a field.
func (l *lexer) field(quote string, raw bool) (closed bool) {
	for depth := 1; l.pos < len(l.src); {
		switch c := l.src[l.pos]; {
		case c == ':' && depth == 1:
			l.pos++
			return l.spec(quote, raw)
		case c == '{' || c == '(' || c == '[':
			depth++
			l.pos++
		case c == '}' || c == ')' || c == ']':
			l.pos++
			if depth--; depth == 0 {
				return true
			}
		case c == '#':
			l.comment()
		case c == '"' || c == '\'':
			l.str(l.pos, 0)
		case isNameStart(c):
			l.word(l.pos)
		default:
			l.pos++
		}
	}
	return false
}

// spec goes behind the brace that closes a field, from its format on, in which only fields mean something.
func (l *lexer) spec(quote string, raw bool) (closed bool) {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '}':
			l.pos++
			return true
		case c == '{':
			l.pos++
			l.replacement(quote, raw)
		case strings.HasPrefix(l.src[l.pos:], quote), c == '\n' && len(quote) == 1:
			return false
		case c == '\\' && !raw:
			l.escape()
		default:
			l.pos++
		}
	}
	return false
}

func isNameStart(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}

func isNamePart(c byte) bool { return isNameStart(c) || '0' <= c && c <= '9' }
