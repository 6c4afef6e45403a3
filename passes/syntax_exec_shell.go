package passes

import (
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// throughShell writes a shell form that needs its shell as the list that BuildKit
// makes of it, /bin/sh -c and the command, and has the shell replace itself by
// its last command. It returns nil where it does not know that to be the same.
//
// It is sound because the list is what the shell form stands for, so whatever
// receives it is given the same; and exec in front of the last command of a list
// changes only which process runs it. The command must be a program's, since
// exec runs no function or command of the shell's own; a script without #! is
// run by exec as it is without (dash, bash and BusyBox's ash each hand it to
// themselves). A command over several lines keeps its shell form and its lines.
func throughShell(f *transform.File, in *transform.Instruction, s *shell.Script) *transform.Finding {
	keyword := f.Words(in)[0]
	rest := transform.Span{Start: keyword.Span.End, End: in.Body.End}
	top := s.Top()
	if s.Form != shell.ShellForm || s.Bashism || len(top) == 0 || strings.TrimSpace(f.Text(rest)) != s.Text {
		return nil
	}
	last := top[len(top)-1]
	for _, c := range top {
		if c.Background || strings.HasPrefix(c.Op, "|") || c != last && c.Name() == "trap" {
			return nil
		}
	}
	words := last.Effective()
	if last.Kind != shell.Simple || last.Negated || len(last.Assigns) > 0 || len(words) == 0 || !words[0].Static ||
		shellOwn(words) || isGunicorn(last.Words) || strings.Contains(s.Text, "#") {
		return nil
	}
	why := "the list is what the shell form stands for"
	text := s.Text
	if last.Words[0].Text != "exec" {
		at := last.Words[0].Span.Start - s.Offset(0)
		text = text[:at] + "exec " + text[at:]
		why += "; exec makes the program process 1, which gets the signals that stop a container"
	}
	return &transform.Finding{
		At: in.Body, Why: why,
		Edits: []transform.Edit{{Span: rest, New: " " + jsonArray("/bin/sh", "-c", text)}},
	}
}
