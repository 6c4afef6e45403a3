package passes

import (
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// joinStyle is how a script of several lines joins its commands.
type joinStyle struct {
	escape   string
	trailing bool   // && at the end of a line, not at the start
	indent   string // of the next line
	after    string // the blanks behind a leading &&
}

// styleOf takes the style from the first of the RUNs that shows one.
func styleOf(f *transform.File, runs []*transform.Instruction) joinStyle {
	for _, in := range runs {
		if style, ok := scriptStyle(f, in, shell.Of(f, in)); ok {
			return style
		}
	}
	return joinStyle{escape: string(f.Escape), indent: " ", after: " "}
}

// scriptStyle reads the style off the last separator with a line break; a ";"
// tells as much as an &&.
func scriptStyle(f *transform.File, in *transform.Instruction, s *shell.Script) (joinStyle, bool) {
	style := joinStyle{escape: string(f.Escape), after: " "}
	seps := s.Separators()
	for i := len(seps) - 1; i >= 0; i-- {
		sep := seps[i]
		gap := f.Text(shell.In(in, sep.Gap))
		if sep.Op != "&&" && sep.Op != ";" || !strings.Contains(gap, "\n") {
			continue
		}
		at := sep.Span.Start - sep.Gap.Start
		style.indent = indentOf(gap[lineStart(gap, len(gap)):])
		if style.trailing = at < strings.IndexByte(gap, '\n'); !style.trailing {
			if rest := gap[at+len(sep.Op):]; strings.Trim(rest, " \t") == "" && rest != "" {
				style.after = rest
			}
		}
		return style, true
	}
	return style, false
}

// glue is the text between two commands, with comment lines.
func (s joinStyle) glue(comments []string) string {
	if s.trailing {
		return " && " + s.escape + "\n" + strings.Join(comments, "") + s.indent
	}
	return " " + s.escape + "\n" + strings.Join(comments, "") + s.indent + "&&" + s.after
}

// speaksToTool reports a comment above an instruction that a linter or scanner
// only finds right above it.
func speaksToTool(f *transform.File, in *transform.Instruction) bool {
	lead := f.Text(in.Leading())
	for _, directive := range []string{"hadolint", "refit:", "checkov:", "trivy:", "kics-scan", "dockerfile_lint", "nosemgrep"} {
		if strings.Contains(lead, directive) {
			return true
		}
	}
	return false
}

// sameFlags reports whether two instructions have the same flags.
func sameFlags(a, b *transform.Instruction) bool {
	return strings.Join(a.Node.Flags, " ") == strings.Join(b.Node.Flags, " ")
}

// commentLines are the lines that lie wholly in a range of src and hold nothing
// but a comment, each with its newline.
func commentLines(src string, start, end int) []string {
	var lines []string
	at := start + strings.IndexByte(src[start:end], '\n') + 1
	for at > start && at < end {
		next := strings.IndexByte(src[at:end], '\n') + 1
		if next == 0 {
			break
		}
		line := strings.TrimRight(src[at:at+next], "\r\n")
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
			lines = append(lines, line+"\n")
		}
		at += next
	}
	return lines
}
