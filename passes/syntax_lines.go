package passes

import (
	"strings"

	"refit/transform"
)

// emptyContinuations removes the blank lines inside a continued instruction,
// which BuildKit skips with a warning. Lines that another change writes anew
// are left to it.
func emptyContinuations(f *transform.File, in *transform.Instruction, others []transform.Finding) []transform.Finding {
	if in.EndLine == in.StartLine {
		return nil
	}
	var edits []transform.Edit
	for _, line := range blankContinuations(f.Src[in.Body.Start:in.Span.End], f.Escape) {
		span := transform.Span{Start: in.Body.Start + line.Start, End: in.Body.Start + line.End}
		if !inEdit(span, others) {
			edits = append(edits, transform.Edit{Span: span})
		}
	}
	if len(edits) == 0 {
		return nil
	}
	return []transform.Finding{{
		At:    edits[0].Span,
		Why:   "BuildKit skips a blank line inside a continued instruction now and will refuse it one day",
		Edits: edits,
	}}
}

func inEdit(span transform.Span, found []transform.Finding) bool {
	for _, fd := range found {
		for _, e := range fd.Edits {
			if e.Span.Contains(span) {
				return true
			}
		}
	}
	return false
}

// blankContinuations lists the blank lines of an instruction's logical line,
// newline included, as BuildKit's parser meets them. What follows the logical
// line, the text of here-documents, is not looked at.
func blankContinuations(body string, escape rune) []transform.Span {
	var blank []transform.Span
	at := 0
	for line := range strings.Lines(body) {
		start := at
		at += len(line)
		text := strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(text)
		switch {
		case start > 0 && trimmed == "" && len(text) == len(line):
			// the file's end, which keeps its form
		case start > 0 && trimmed == "":
			blank = append(blank, transform.Span{Start: start, End: at})
		case start > 0 && trimmed[0] == '#':
		case !continues(text, escape):
			return blank
		}
	}
	return blank
}

// continues reports whether a line ends in the escape character, and not in two
// of them.
func continues(line string, escape rune) bool {
	line = strings.TrimRight(line, " \t")
	before, ok := strings.CutSuffix(line, string(escape))
	return ok && !strings.HasSuffix(before, string(escape))
}
