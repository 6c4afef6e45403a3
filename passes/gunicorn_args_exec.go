package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// inShellArg opens the gunicorn command of a list that gives a shell its script,
// ["sh", "-c", "… gunicorn …"]. ok is false where the list is not that, or the
// script cannot be read as one line.
func (st *starter) inShellArg(in *transform.Instruction, sc *shell.Script) (transform.Finding, bool) {
	if sc.Form != shell.ExecForm || len(sc.Args) != 3 || sc.Args[1].Text != "-c" ||
		!isPOSIXShell(path.Base(sc.Args[0].Text)) {
		return transform.Finding{}, false
	}
	text := sc.Args[2].Text
	if strings.ContainsAny(text, "\r\n") || strings.HasPrefix(strings.TrimSpace(text), "[") || strings.HasSuffix(text, `\`) {
		return transform.Finding{}, false
	}
	f, err := transform.Parse(st.f.Name, "FROM scratch\nCMD "+text+"\n", nil)
	if err != nil {
		return transform.Finding{}, false
	}
	cmd := f.Instructions[len(f.Instructions)-1]
	inner := shell.Of(f, cmd)
	g, at := findGunicorn(inner)
	if g == nil || inner.Form != shell.ShellForm || inner.Text != strings.TrimSpace(text) {
		return transform.Finding{}, false
	}
	c := inner.Commands()[at]
	if key, why := st.unfit(in, inner, g, c); key != "" {
		return st.decline(in, key, "%s", why), true
	}
	moved, kept := splitOptions(g, false)
	edits := inPlace(f, cmd, inner, c, moved)
	script := edited(f.Src, transform.Span{End: len(f.Src)}, edits)
	script = strings.TrimSuffix(strings.TrimPrefix(script, "FROM scratch\nCMD "), "\n")
	return st.change(in, g, moved, kept, []transform.Edit{shell.Replace(in, sc.Args[2].Span, jsonString(script))}), true
}

// unfit says why a gunicorn command cannot be opened: the key of a decline and a
// sentence, both "" when it can.
func (st *starter) unfit(in *transform.Instruction, sc *shell.Script, g *argv.GunicornCmd, c *shell.Command) (key, why string) {
	state := st.f.EndState(st.stage)
	switch {
	case strings.Contains(st.f.Text(in.Body), "GUNICORN_") || state.HasEnv("GUNICORN_ARGS") || state.HasEnv("GUNICORN_CMD_ARGS"):
		return "open-already", "the command's options already come from a GUNICORN_ variable"
	case !g.Known || len(g.Operands) > 0:
		return "unknown-option", "gunicorn is given options that it does not document"
	case in.Stage != st.stage:
		return "not-plain", "the command stands in another stage"
	case sc.Form == shell.HeredocForm || c.Nested || c.Background || strings.HasPrefix(c.Op, "|") || st.feedsPipe(sc, c) || shellOf(state) == "":
		return "not-plain", "gunicorn is not a plain command of a POSIX shell's list here"
	}
	return "", ""
}

// keepComments puts the comment lines of an instruction that edits delete above
// it. The last edit is the ENV's.
func (st *starter) keepComments(in *transform.Instruction, edits []transform.Edit) []transform.Edit {
	var kept strings.Builder
	at := in.Body.Start
	for line := range strings.Lines(st.f.Text(in.Body)) {
		bare := strings.TrimSpace(line)
		deleted := func(e transform.Edit) bool {
			return e.Span.Start <= at && at < e.Span.End && !strings.Contains(e.New, bare)
		}
		if at > in.Body.Start && strings.HasPrefix(bare, "#") && slices.ContainsFunc(edits, deleted) {
			kept.WriteString(bare + "\n")
		}
		at += len(line)
	}
	if kept.Len() == 0 {
		return edits
	}
	env := &edits[len(edits)-1]
	if env.Span.Start == in.Body.Start {
		env.New += kept.String()
		return edits
	}
	return append(edits, transform.Edit{Span: transform.Span{Start: in.Body.Start, End: in.Body.Start}, New: kept.String()})
}
