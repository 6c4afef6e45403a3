package passes

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"

	"refit/transform"
)

// maintainer turns MAINTAINER, whose text BuildKit takes as it stands, into a
// label, whose value it reads like a word of the shell. Quotes around the whole
// name were meant as such and go; anything else is escaped.
func (w *syntaxWalk) maintainer(in *transform.Instruction) *transform.Finding {
	f := w.f
	cmd, _ := in.Command()
	c, ok := cmd.(*instructions.MaintainerCommand)
	if !ok {
		return nil
	}
	if w.labelled {
		return &transform.Finding{At: in.Body, Reason: "label-set",
			Why: "the stage has a maintainer label above, which a second one would replace"}
	}
	name := unquoted(c.Maintainer)
	text := w.spelling.of("label") + " maintainer=" + quote(name, f.Escape)
	pair, ok := parsePair(text, f.Escape)
	value, err := expand(pair.Value, f.Escape, unset)
	if !ok || err != nil || value != name || !utf8.ValidString(name) || hasComment(f.Text(in.Body)) {
		return &transform.Finding{At: in.Body, Reason: "value-differs",
			Why: "the name cannot be written as a label's value with every byte and comment kept"}
	}
	return &transform.Finding{
		At:    in.Body,
		Why:   "MAINTAINER is deprecated: the label says the same and can be read with docker inspect",
		Edits: []transform.Edit{{Span: in.Body, New: text}},
	}
}

// labels reports an instruction that sets a label of this name.
func labels(in *transform.Instruction, key string) bool {
	cmd, _ := in.Command()
	if c, ok := cmd.(*instructions.LabelCommand); ok {
		for _, kv := range c.Labels {
			if kv.Key == key {
				return true
			}
		}
	}
	return false
}

// unquoted takes one pair of quotes off that stands around the whole text.
func unquoted(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] || s[0] != '"' && s[0] != '\'' {
		return s
	}
	if inner := s[1 : len(s)-1]; strings.IndexByte(inner, s[0]) < 0 {
		return inner
	}
	return s
}

// quote writes a value between double quotes, as BuildKit's own reading of
// words takes it apart.
func quote(value string, escape rune) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range value {
		if r == '"' || r == '$' || r == escape {
			b.WriteRune(escape)
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// legacyPair turns "ENV key value" and "LABEL key value" into "key=value".
//
// In the old form the rest of the line is the value; in the new one it ends at
// a blank outside quotes. The value is written as it stands, else between double
// quotes, else with its quoting done anew, whichever is the first that the
// parser takes as one pair whose value comes out the same: with no variable set,
// with all empty, and with each holding its own name. BuildKit's expansion
// copies text and replaces variables, so that no other environment can tell two
// such values apart.
func legacyPair(f *transform.File, in *transform.Instruction) *transform.Finding {
	cmd, _ := in.Command()
	old, ok := onlyPair(cmd)
	if !ok || !old.NoDelim {
		return nil
	}
	words := f.Words(in)
	gap := transform.Span{Start: words[1].Span.End, End: words[1].Span.End}
	end := gap.End
	if len(words) > 2 {
		gap.End, end = words[2].Span.Start, words[len(words)-1].Span.End
	}
	value := transform.Span{Start: gap.End, End: end}
	for _, edits := range spellings(f, gap, value, old.Value) {
		text := edited(f.Src, in.Body, edits)
		if (isPlainPair(text, in.Node.Value, old) || samePair(text, old, f.Escape)) && !hasComment(f.Text(gap)) {
			return &transform.Finding{
				At:    in.Body,
				Why:   fmt.Sprintf("%s with a blank between key and value is deprecated; the value stays the same", strings.ToUpper(in.Keyword)),
				Edits: edits,
			}
		}
	}
	return &transform.Finding{At: in.Body, Reason: "value-differs",
		Why: "written with an equals sign the value would come out differently, or could not be read any more"}
}

// isPlainPair reports a text that sets the pair beyond doubt: "keyword key=value"
// of bytes that mean only themselves.
func isPlainPair(text, keyword string, pair instructions.KeyValuePair) bool {
	return isPlain(pair.Key) && isPlain(pair.Value) && text == keyword+" "+pair.Key+"="+pair.Value
}

// isPlain reports a word of letters, digits and the signs of paths.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && (c != '-' || i == 0) && strings.IndexByte("_./:", c) < 0 {
			return false
		}
	}
	return s != ""
}

// onlyPair is the pair that an ENV or LABEL sets; ok is false when it sets more.
func onlyPair(cmd any) (instructions.KeyValuePair, bool) {
	switch c := cmd.(type) {
	case *instructions.EnvCommand:
		if len(c.Env) == 1 {
			return c.Env[0], true
		}
	case *instructions.LabelCommand:
		if len(c.Labels) == 1 {
			return c.Labels[0], true
		}
	}
	return instructions.KeyValuePair{}, false
}

// spellings lists the ways to write the pair, the one that changes least first.
func spellings(f *transform.File, gap, value transform.Span, text string) [][]transform.Edit {
	equals := transform.Edit{Span: gap, New: "="}
	open := transform.Edit{Span: gap, New: "=\""}
	shut := insertAt(value.End, "\"")
	ways := [][]transform.Edit{{equals}}
	if !strings.Contains(text, `"`) {
		ways = append(ways, []transform.Edit{open, shut})
	}
	if again, ok := requote(text, f.Escape); ok && !strings.Contains(f.Text(value), "\n") {
		ways = append(ways, []transform.Edit{equals, {Span: value, New: again}})
	}
	return ways
}

// samePair reports whether text sets one pair that means what old does.
func samePair(text string, old instructions.KeyValuePair, escape rune) bool {
	pair, ok := parsePair(text, escape)
	if !ok || pair.NoDelim || pair.Key != old.Key {
		return false
	}
	if pair.Value == old.Value {
		return true
	}
	for _, env := range []shell.EnvGetter{unset, empty, named} {
		a, errA := expand(old.Value, escape, env)
		b, errB := expand(pair.Value, escape, env)
		if errA != nil || errB != nil || a != b {
			return false
		}
	}
	return true
}

// parsePair reads the text of an ENV or LABEL that sets one pair.
func parsePair(text string, escape rune) (instructions.KeyValuePair, bool) {
	in, ok := parseInstruction(text, escape)
	if !ok {
		return instructions.KeyValuePair{}, false
	}
	return onlyPair(in)
}

// parseInstruction is BuildKit's reading of one instruction's text.
func parseInstruction(text string, escape rune) (any, bool) {
	text += "\n"
	if escape != parser.DefaultEscapeToken {
		text = "# escape=" + string(escape) + "\n" + text
	}
	res, err := parser.Parse(strings.NewReader(text))
	if err != nil || len(res.AST.Children) != 1 {
		return nil, false
	}
	cmd, err := instructions.ParseInstruction(res.AST.Children[0])
	return cmd, err == nil
}

// expand is BuildKit's expansion of a value.
func expand(value string, escape rune, env shell.EnvGetter) (string, error) {
	text, _, err := shell.NewLex(escape).ProcessWord(value, env)
	return text, err
}

// An everywhere environment has the same answer for every variable, given its
// name.
type everywhere func(name string) (string, bool)

// Get implements shell.EnvGetter.
func (e everywhere) Get(name string) (string, bool) { return e(name) }

// Keys implements shell.EnvGetter.
func (everywhere) Keys() []string { return nil }

var (
	unset everywhere = func(string) (string, bool) { return "", false }
	empty everywhere = func(string) (string, bool) { return "", true }
	named everywhere = func(name string) (string, bool) { return "\x01" + name + "\x02", true }
)

// requote writes a value between double quotes that has quotes of its own. ok is
// false for an expansion with an operator, whose word has rules of its own.
func requote(value string, escape rune) (string, bool) {
	var b strings.Builder
	b.WriteByte('"')
	literal := func(r rune) {
		if r == '"' || r == '$' || r == escape {
			b.WriteRune(escape)
		}
		b.WriteRune(r)
	}
	var quoted rune
	for rs := []rune(value); len(rs) > 0; rs = rs[1:] {
		r := rs[0]
		more := len(rs) > 1
		switch {
		case r == quoted:
			quoted = 0
		case quoted == '\'':
			literal(r)
		case r == escape && more && (quoted == 0 || rs[1] == '"' || rs[1] == '$' || rs[1] == escape):
			rs = rs[1:]
			literal(rs[0])
		case quoted == 0 && (r == '"' || r == '\''):
			quoted = r
		case r == '$' && more && rs[1] == '{' && strings.ContainsAny(string(rs), ":+-?#%/"):
			return "", false
		case r == '$':
			b.WriteRune(r)
		default:
			literal(r)
		}
	}
	b.WriteByte('"')
	return b.String(), true
}
