package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/transform"
)

// refPiece is a part of a resolved reference and where its bytes stand in the
// file. A piece may be empty: then it is a place where text can be inserted.
type refPiece struct {
	text string
	at   int
	args []string // the ARGs whose defaults it came through; nil in FROM itself
	vars []string // the same, and those whose ${NAME:-text} it is
}

// maxArgDepth is how deep ARGs whose defaults name other ARGs are followed.
const maxArgDepth = 8

// expandWord replaces ARGs by their defaults and keeps where each byte came
// from. It is nil where the word has anything but plain text, quotes and
// $NAME, ${NAME} or ${NAME:-text}.
func (p *pinner) expandWord(w transform.Span, raw string) []refPiece {
	e := expander{f: p.f}
	if p.f.Text(w) != raw || !e.expand(raw, refPiece{at: w.Start}, len(p.f.Instructions)) {
		return nil
	}
	return e.pieces
}

type expander struct {
	f      *transform.File
	pieces []refPiece
}

// expand adds the pieces of a text that starts at in.at and has come through
// in.args; only ARGs above the instruction of that index count.
func (e *expander) expand(text string, in refPiece, before int) bool {
	if len(in.args) > maxArgDepth {
		return false
	}
	add := func(from, to int) {
		e.pieces = append(e.pieces, refPiece{text[from:to], in.at + from, in.args, in.vars})
	}
	for i := 0; i < len(text); {
		n := strings.IndexAny(text[i:], "$\"'\\`")
		if n < 0 {
			n = len(text) - i
		}
		add(i, i+n)
		if i += n; i == len(text) {
			break
		}
		switch text[i] {
		case '"', '\'':
			i++
		case '$':
			n := e.variable(text[i:], refPiece{"", in.at + i, in.args, in.vars}, before)
			if n == 0 {
				return false
			}
			if i += n; i == len(text) {
				add(i, i)
			}
		default:
			return false
		}
	}
	return true
}

// variable expands the variable that text starts with and returns its length,
// 0 where it cannot.
func (e *expander) variable(text string, in refPiece, before int) int {
	name := text[1:]
	var n int
	fallback := ""
	if inner, ok := strings.CutPrefix(name, "{"); ok {
		end := strings.IndexByte(inner, '}')
		if end < 0 {
			return 0
		}
		n = end + 2
		name, fallback, _ = strings.Cut(inner[:end], ":-")
	} else {
		n = len(name) - len(strings.TrimLeft(name, wordBytes))
		name = name[:n]
	}
	if name == "" || strings.Trim(name, wordBytes) != "" {
		return 0
	}
	value, from, i := metaArg(e.f, name, before)
	vars := append(slices.Clone(in.vars), name)
	switch {
	case value != "":
		if !e.expand(value, refPiece{"", from, append(slices.Clone(in.args), name), vars}, i) {
			return 0
		}
	case !e.expand(fallback, refPiece{"", in.at + n - len(fallback), in.args, vars}, before):
		return 0
	}
	return 1 + n
}

// metaArg finds the default that an ARG before the first FROM gives name: the
// last one above the instruction of that index, as written.
func metaArg(f *transform.File, name string, before int) (value string, at, index int) {
	for _, in := range f.Instructions[:before] {
		if in.Stage != nil {
			break
		}
		if in.Keyword != "arg" {
			continue
		}
		for _, w := range f.Words(in)[1:] {
			if key, v, _ := strings.Cut(w.Text, "="); key == name {
				value, at, index = v, w.Span.End-len(v), in.Index
			}
		}
	}
	return value, at, index
}

const wordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// findings turns the references into changes and declines: one for each place
// that is edited.
func (p *pinner) findings() []transform.Finding {
	var findings []transform.Finding
	places := map[transform.Span]int{}
	for _, r := range p.refs {
		if r.want == "" {
			if r.declined != "" {
				findings = append(findings, transform.Finding{At: r.at, Reason: r.declined, Why: r.because})
			}
			continue
		}
		edit, ok := p.where(r)
		if !ok {
			findings = append(findings, transform.Finding{At: r.at, Reason: "not-one-place",
				Why: fmt.Sprintf(p.noPlace, r.text)})
			continue
		}
		if i, ok := places[edit.Span]; ok {
			findings[i].Notes = append(findings[i].Notes, transform.Note{At: r.at, Why: r.why})
			continue
		}
		places[edit.Span] = len(findings)
		fd := transform.Finding{At: r.at, Why: r.why, Edits: []transform.Edit{edit}}
		if p.argNote != "" && r.at.Contains(edit.Span) && r.variable {
			fd.Notes = append(fd.Notes, transform.Note{At: r.at, Why: p.argNote})
		}
		findings = append(findings, fd)
	}
	return findings
}

// place chooses where the change of a reference is made: in the literal text of
// the reference if part of the tag stands there, else in the default of an ARG
// that all its uses want changed alike, else behind the variable.
func (p *pinner) place(r *pinRef) (transform.Edit, bool) {
	own, inArgs := p.candidates(r)
	if len(own) > 0 && (len(inArgs) == 0 || literalTag(r)) {
		return own[0].edit, true
	}
	for _, c := range inArgs {
		if p.agreed(c) {
			return c.edit, true
		}
	}
	if len(own) > 0 {
		return own[0].edit, true
	}
	return transform.Edit{}, false
}

// literalTag reports whether a part of the tag is written in the reference
// itself.
func literalTag(r *pinRef) bool {
	at := 0
	tag := strings.LastIndexByte(r.text, ':')
	for _, piece := range r.pieces {
		if end := at + len(piece.text); len(piece.args) == 0 && end > max(at, tag+1) {
			return true
		}
		at += len(piece.text)
	}
	return false
}

// candidate is an edit that makes the wanted reference, and the ARGs whose
// values it changes.
type candidate struct {
	edit       transform.Edit
	args, vars []string // of the piece that is changed
}

// candidates lists the places for r's change, those in the reference itself and
// those in defaults.
func (p *pinner) candidates(r *pinRef) (own, inArgs []candidate) {
	var whole strings.Builder
	for _, piece := range r.pieces {
		whole.WriteString(piece.text)
	}
	if whole.String() != r.text {
		return nil, nil
	}
	from, to, text := difference(r.text, r.want)
	at := 0
	for i, piece := range r.pieces {
		end := at + len(piece.text)
		glued := i > 0 && from == to && from == at && text != "" && text[0] != '-' && text[0] != ':' // ${VERSION}.17
		if at <= from && to <= end && !glued {
			c := candidate{transform.Edit{Span: transform.Span{Start: piece.at + from - at, End: piece.at + to - at}, New: text}, piece.args, piece.vars}
			if len(piece.args) == 0 {
				own = append(own, c)
			} else {
				inArgs = append(inArgs, c)
			}
		}
		at = end
	}
	return own, inArgs
}

// difference is the smallest replacement that makes b of a.
func difference(a, b string) (from, to int, text string) {
	for from < len(a) && from < len(b) && a[from] == b[from] {
		from++
	}
	tail := 0
	for tail < len(a)-from && tail < len(b)-from && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return from, len(a) - tail, b[from : len(b)-tail]
}

// agreed reports whether every use of the ARGs that the candidate changes is a
// reference that asks for the same change.
func (p *pinner) agreed(c candidate) bool {
	for _, name := range c.args {
		if !p.onlyReferences(name, c.edit) {
			return false
		}
	}
	return true
}

func (p *pinner) onlyReferences(name string, edit transform.Edit) bool {
	wanting := 0
	for _, r := range p.refs {
		_, inArgs := p.candidates(r)
		if slices.ContainsFunc(inArgs, func(c candidate) bool { return c.edit == edit && slices.Contains(c.args, name) }) {
			wanting++
		} else if slices.ContainsFunc(r.pieces, func(x refPiece) bool { return slices.Contains(x.args, name) }) {
			return false
		}
	}
	uses := 0
	for _, in := range p.f.Instructions {
		words := p.f.Words(in)
		switch {
		case in.Keyword == "from":
			for _, w := range words[1:] {
				uses += strings.Count(strings.ReplaceAll(w.Text, "{", ""), "$"+name)
			}
		case in.Keyword == "arg" && in.Stage != nil:
			for _, w := range words[1:] {
				if w.Text == name {
					return false
				}
			}
		case in.Keyword == "arg":
			for _, w := range words[1:] {
				if strings.Contains(strings.ReplaceAll(w.Text, "{", ""), "$"+name) {
					return false
				}
			}
		}
	}
	return uses <= wanting
}
