package passes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"refit/internal/shell"
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

// addFlags puts flags, each with a blank before it, in front of what the
// instruction has: on a line of their own where its first line goes on.
func addFlags(f *transform.File, in *transform.Instruction, flags string) transform.Edit {
	words := f.Words(in)
	keyword := words[0].Span.End
	edit := insertAt(keyword, flags)
	if len(words) < 2 || in.StartLine == in.EndLine || len(in.Node.Heredocs) > 0 || f.Line(words[1].Span.Start) != in.StartLine {
		return edit
	}
	_, next, _ := strings.Cut(f.Text(in.Body), "\n")
	indent := indentOf(next)
	if indent == "" {
		indent = "    "
	}
	edit.Span.End = words[1].Span.Start
	edit.New = flags + " " + string(f.Escape) + "\n" + indent
	return edit
}

// appendCommand joins a command to the end of a RUN.
func appendCommand(f *transform.File, in *transform.Instruction, s *shell.Script, command string) transform.Edit {
	at := in.Body.Start + s.Offset(len(s.Text))
	sep := " && "
	if in.StartLine != in.EndLine {
		indent := indentOf(f.Src[lineStart(f.Src, in.Body.End):in.Body.End])
		if indent == "" {
			indent = "    "
		}
		sep = " " + string(f.Escape) + "\n" + indent + "&& "
	}
	return insertAt(at, sep+command)
}

// hasComment reports a comment line inside an instruction's text.
func hasComment(text string) bool {
	for i, line := range strings.Split(text, "\n") {
		if i > 0 && strings.HasPrefix(strings.TrimSpace(line), "#") {
			return true
		}
	}
	return false
}
