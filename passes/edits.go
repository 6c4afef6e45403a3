package passes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"refit/transform"
)

func insertAt(at int, text string) transform.Edit {
	return transform.Edit{Span: transform.Span{Start: at, End: at}, New: text}
}

func insertBehind(in *transform.Instruction, text string) transform.Edit {
	return insertAt(in.Body.End, text)
}

// edited is the text of a span with the edits that lie in it.
func edited(src string, span transform.Span, edits []transform.Edit) string {
	edits = slices.SortedStableFunc(slices.Values(edits), func(a, b transform.Edit) int {
		return cmp.Or(a.Span.Start-b.Span.Start, a.Span.End-b.Span.End) // an insertion before what it stands at
	})
	var b strings.Builder
	at := span.Start
	for _, e := range edits {
		b.WriteString(src[at:e.Span.Start])
		b.WriteString(e.New)
		at = e.Span.End
	}
	b.WriteString(src[at:span.End])
	return b.String()
}

// lineStart is where the line starts that holds an offset.
func lineStart(src string, at int) int { return strings.LastIndexByte(src[:at], '\n') + 1 }

// indentOf is the white space that a line starts with.
func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// commentsAbove is where the comment lines start that stand right above an
// instruction.
func commentsAbove(f *transform.File, in *transform.Instruction) int {
	at := lineStart(f.Src, in.Body.Start)
	for at > in.Span.Start {
		start := lineStart(f.Src, at-1)
		if start < in.Span.Start || !strings.HasPrefix(strings.TrimSpace(f.Src[start:at]), "#") {
			break
		}
		at = start
	}
	return at
}

// jsonArray writes an exec form.
func jsonArray(args ...string) string {
	var parts []string
	for _, a := range args {
		parts = append(parts, jsonString(a))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func jsonString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
