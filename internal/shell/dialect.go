package shell

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"
)

// A dialect is the language that a script is written in.
type dialect struct {
	lang syntax.LangVariant
	why  string // not empty: a language that is not read, and why
}

// shellDialect is the language of a SHELL. Wrappers before the shell, as in
// ["conda", "run", "-n", "x", "/bin/bash", "-c"], do not change it.
func shellDialect(shell []string) dialect {
	if len(shell) == 0 {
		return dialect{lang: syntax.LangPOSIX}
	}
	for i := len(shell) - 1; i >= 0; i-- {
		if lang, ok := shellLang(shell[i]); ok && takesScript(shell[i+1:]) {
			return dialect{lang: lang}
		}
	}
	return dialect{why: fmt.Sprintf("its SHELL %q is not a POSIX shell", strings.Join(shell, " "))}
}

// takesScript reports whether a shell's arguments make it run the next one.
func takesScript(args []string) bool {
	for _, a := range args {
		if strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.Contains(a, "c") {
			return true
		}
	}
	return false
}

// shellLang returns the language that the shell at this path reads.
func shellLang(name string) (syntax.LangVariant, bool) {
	switch path.Base(name) {
	case "sh", "dash", "ash":
		return syntax.LangPOSIX, true
	case "bash", "rbash":
		return syntax.LangBash, true
	case "ksh", "mksh":
		return syntax.LangMirBSDKorn, true
	}
	return 0, false
}

// shebangDialect is the language of a script that starts with "#!".
func shebangDialect(text string) dialect {
	first, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(strings.TrimPrefix(first, "#!"))
	if len(fields) > 0 && path.Base(fields[0]) == "env" {
		fields = fields[1:]
		for len(fields) > 0 && (strings.HasPrefix(fields[0], "-") || strings.Contains(fields[0], "=")) {
			fields = fields[1:]
		}
	}
	if len(fields) == 0 {
		return dialect{why: "its first line names no interpreter"}
	}
	if lang, ok := shellLang(fields[0]); ok {
		return dialect{lang: lang}
	}
	return dialect{why: fmt.Sprintf("it is a script for %q", path.Base(fields[0]))}
}

// parseHeredoc reads a RUN with here-documents as BuildKit's dispatchRun does:
// a lone here-document is the script itself; otherwise the shell is given the
// command line followed by the documents. body is where they start in src.
func (s *Script) parseHeredoc(args textMap, body int, docs []parser.Heredoc, shell []string) {
	lone := parser.MustParseHeredoc(string(args.text)) != nil
	m := args
	m.text = bytes.Clone(args.text)
	if lone {
		m = textMap{}
	}
	for i, doc := range docs {
		end := body + len(doc.Content)
		if end > len(s.src) || s.src[body:end] != doc.Content {
			s.setText(args)
			s.opaque("its here-document cannot be mapped to the file")
			return
		}
		term, next := terminator(s.src, end, doc)
		switch {
		case !lone:
			m.add(s.src, body-1, end)
			m.add(s.src, term, term+len(doc.Name))
		case i == 0:
			addChomped(&m, s.src, body, end, doc.Chomp)
		}
		body = next
	}
	s.setText(m)
	s.Inline = !lone
	d := shellDialect(shell)
	if lone && strings.HasPrefix(s.Text, "#!") {
		d = shebangDialect(s.Text)
	}
	s.parseShell(HeredocForm, d)
}

// terminator returns where the word that ends doc stands in the line at pos,
// and where the line after it starts.
func terminator(src string, pos int, doc parser.Heredoc) (term, next int) {
	next = len(src)
	if i := strings.IndexByte(src[pos:], '\n'); i >= 0 {
		next = pos + i + 1
	}
	term = pos
	for doc.Chomp && term < next && src[term] == '\t' {
		term++
	}
	return term, next
}

// addChomped adds the lines of src[start:end], without leading tabs when chomp
// is set.
func addChomped(m *textMap, src string, start, end int, chomp bool) {
	for start < end {
		for chomp && start < end && src[start] == '\t' {
			start++
		}
		next := end
		if i := strings.IndexByte(src[start:end], '\n'); i >= 0 {
			next = start + i + 1
		}
		m.add(src, start, next)
		start = next
	}
}

// parseShell parses Text as d and derives the commands.
func (s *Script) parseShell(form Form, d dialect) {
	if d.why != "" {
		s.opaque(d.why)
		return
	}
	dense := d.lang != syntax.LangPOSIX || strings.Contains(s.Text, "((")
	if why := unreadable(s.Text, dense); why != "" {
		s.opaque(why)
		return
	}
	file, err := parseText(s.Text, d.lang)
	// In a plain sh "[[ a && b ]]" would be two commands. An image where such a
	// script works has bash or busybox there, and both read it as bash does.
	if d.lang == syntax.LangPOSIX && len(s.Text) <= maxDense && (err != nil || strings.Contains(s.Text, "[[")) {
		if bash, bashErr := parseText(s.Text, syntax.LangBash); bashErr == nil && (err != nil || hasTest(bash)) {
			file, err = bash, nil
			s.Bashism = true
		}
	}
	if err != nil {
		s.opaque("the shell's grammar does not accept it: " + err.Error())
		return
	}
	s.Form, s.File = form, file
	s.flatten()
}

func parseText(text string, lang syntax.LangVariant) (*syntax.File, error) {
	return syntax.NewParser(syntax.KeepComments(true), syntax.Variant(lang)).Parse(strings.NewReader(text), "")
}

// Limits on hostile input. The parser recurses, and running out of stack cannot
// be recovered from.
const (
	maxText    = 2 << 20  // bytes of one script
	maxDense   = 64 << 10 // bytes of one with arithmetic or tests, whose operators nest
	maxLines   = 200_000  // beyond, the parser's positions lose their lines
	maxNesting = 500      // brackets and compound commands inside each other
	maxOpen    = 100_000  // brackets in all, in case quotes hide closing ones
	maxPrefix  = 1000     // function headers, time and coproc, which nest without closing
)

// unreadable says why text must not be given to the parser, or "".
func unreadable(text string, dense bool) string {
	switch {
	case len(text) > maxText || dense && len(text) > maxDense || strings.Count(text, "\n") > maxLines:
		return "it is too large"
	case strings.IndexByte(text, 0) >= 0:
		return "it contains a NUL byte"
	case strings.IndexByte(text, '\r') >= 0:
		return "it contains a carriage return"
	case !utf8.ValidString(text):
		return "it is not valid UTF-8"
	case tooDeep(text):
		return "it is too deeply nested"
	}
	return ""
}

// tooDeep reports whether brackets or compound commands nest, or seem to nest,
// more deeply than in any real script.
func tooDeep(text string) bool {
	depth, open, prefix := 0, 0, 0
	for i := 0; i < len(text); i++ {
		step := 0
		switch c := text[i]; {
		case c == '(' || c == '{':
			step = 1
			if strings.HasPrefix(text[i:], "()") {
				prefix++
			}
		case c == ')' || c == '}':
			step = -1
		case c == '`':
			open++
		case isWordByte(c):
			end := i
			for end < len(text) && isWordByte(text[end]) {
				end++
			}
			switch text[i:end] {
			case "if", "while", "until", "case":
				step = 1
			case "fi", "done", "esac":
				step = -1
			case "time", "coproc", "function":
				prefix++
			}
			i = end - 1
		}
		depth = max(depth+step, 0)
		open += max(step, 0)
		if depth > maxNesting || open > maxOpen || prefix > maxPrefix {
			return true
		}
	}
	return false
}

func isWordByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c == '/' ||
		'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// hasTest reports whether a script contains [[ … ]].
func hasTest(file *syntax.File) (found bool) {
	syntax.Walk(file, func(n syntax.Node) bool {
		_, ok := n.(*syntax.TestClause)
		found = found || ok
		return !found
	})
	return found
}
