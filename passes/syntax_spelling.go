package passes

import (
	"fmt"
	"strings"

	"refit/transform"
)

// spelling is how the keywords of a file are spelt: in upper case, or in lower
// case where most of them are.
type spelling struct{ lower bool }

func spellingOf(f *transform.File) spelling { return spelling{f.Cased("from") == "from"} }

func (s spelling) of(keyword string) string {
	if s.lower {
		return strings.ToLower(keyword)
	}
	return strings.ToUpper(keyword)
}

// keyword respells an instruction's keyword like the majority. BuildKit does not
// look at the case, and it does not warn before the first FROM.
func (s spelling) keyword(f *transform.File, in *transform.Instruction) *transform.Finding {
	word := transform.Span{Start: in.Body.Start, End: in.Body.Start + len(in.Node.Value)}
	want := s.of(in.Keyword)
	if in.Stage == nil || in.Node.Value == want || f.Text(word) != in.Node.Value {
		return nil
	}
	return &transform.Finding{
		At:    word,
		Why:   fmt.Sprintf("most keywords of the file are in %s case", map[bool]string{true: "lower", false: "upper"}[s.lower]),
		Edits: []transform.Edit{{Span: word, New: want}},
	}
}

// as spells the AS of a FROM like the keywords.
func (s spelling) as(f *transform.File, in *transform.Instruction) *transform.Finding {
	words := f.Words(in)
	if len(words) < 4 || in.Stage.Name == "" {
		return nil
	}
	as := words[len(words)-2]
	want := s.of("as")
	if !strings.EqualFold(as.Text, "as") || as.Text == want || as.Span.Len() != len("as") {
		return nil
	}
	return &transform.Finding{
		At:    as.Span,
		Why:   fmt.Sprintf("%s is spelt like FROM", want),
		Edits: []transform.Edit{{Span: as.Span, New: want}},
	}
}

// redundantPlatform takes off the platform that is BuildKit's default. A stage
// that starts from another one has that one's platform by default, and an ARG
// before the first FROM may give the variable another value.
func redundantPlatform(f *transform.File, in *transform.Instruction) *transform.Finding {
	if in.Stage.Base.Stage != nil || len(in.Stage.Base.Args) > 0 || f.State(in).HasArg("TARGETPLATFORM") {
		return nil
	}
	words := f.Words(in)
	for i, w := range words[:len(words)-1] {
		if w.Text != "--platform=$TARGETPLATFORM" && w.Text != "--platform=${TARGETPLATFORM}" {
			continue
		}
		span := transform.Span{Start: w.Span.Start, End: words[i+1].Span.Start}
		if strings.Contains(f.Text(span), "#") {
			return nil
		}
		return &transform.Finding{
			At:    w.Span,
			Why:   "a stage is built for TARGETPLATFORM unless told otherwise",
			Edits: []transform.Edit{{Span: span}},
		}
	}
	return nil
}

// stageNames writes the names of stages in lower case, and where they are used.
// BuildKit looks names up without regard to case, in --target too, so that a use
// that is not found here still works.
func stageNames(f *transform.File) []transform.Finding {
	var found []transform.Finding
	for _, s := range f.Stages {
		words := f.Words(s.From)
		name := words[len(words)-1]
		lower := strings.ToLower(name.Text)
		if s.Name == "" || name.Text == lower || lower != s.Name || name.Span.Len() != len(name.Text) {
			continue
		}
		fd := transform.Finding{At: name.Span, Why: "names of stages are written in lower case",
			Edits: []transform.Edit{{Span: name.Span, New: lower}}}
		for _, use := range f.Users(s) {
			fd.Edits = append(fd.Edits, respellUse(f, use, s.Name)...)
		}
		found = append(found, fd)
	}
	return found
}

// respellUse is the edit that writes a stage's name in lower case where it is
// used, if it stands there in other letters.
func respellUse(f *transform.File, use transform.Edge, lower string) []transform.Edit {
	if use.Index {
		return nil
	}
	for _, w := range f.Words(use.At)[1:] {
		before := ""
		switch {
		case use.Kind == transform.EdgeFrom && w.Span == use.At.Stage.Base.Word:
		case use.Kind == transform.EdgeCopy && strings.HasPrefix(w.Text, "--from="):
			before = "--from="
		case use.Kind == transform.EdgeMount && strings.HasPrefix(w.Text, "--mount="):
			i := strings.Index(w.Text, "from=")
			if i < 0 {
				continue
			}
			before = w.Text[:i] + "from="
		default:
			continue
		}
		name, _, _ := strings.Cut(w.Text[len(before):], ",")
		if w.Span.Len() != len(w.Text) || name == lower || !strings.EqualFold(name, lower) {
			continue
		}
		at := w.Span.Start + len(before)
		return []transform.Edit{{Span: transform.Span{Start: at, End: at + len(name)}, New: lower}}
	}
	return nil
}
