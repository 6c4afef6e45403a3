package shell

import (
	"encoding/json"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// parseExec reads the JSON array in Text, which BuildKit has accepted as an
// array of strings whose values are the list at node.
func (s *Script) parseExec(node *parser.Node) {
	s.Form = ExecForm
	for pos := 0; pos < len(s.Text); {
		if s.Text[pos] != '"' {
			pos++
			continue
		}
		end := stringEnd(s.Text, pos)
		raw := s.Text[pos:end]
		var value string
		if err := json.Unmarshal([]byte(raw), &value); err != nil || node == nil || node.Value != value {
			s.Args = nil
			s.opaque("its JSON array cannot be mapped to the file")
			return
		}
		s.Args = append(s.Args, Word{Span: s.span(pos, end), Text: value, Raw: raw, Static: true, Quoted: true})
		node, pos = node.Next, end
	}
	if len(s.Args) == 0 {
		return
	}
	s.commands = []*Command{{
		Words: s.Args,
		Span:  between(s.Args[0].Span.Start, s.Args[len(s.Args)-1].Span.End),
	}}
	s.top = s.commands
}

// stringEnd returns the position after the JSON string that starts at pos.
func stringEnd(text string, pos int) int {
	for pos++; pos < len(text); pos++ {
		switch text[pos] {
		case '\\':
			pos++
		case '"':
			return pos + 1
		}
	}
	return len(text)
}
