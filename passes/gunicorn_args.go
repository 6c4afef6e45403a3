package passes

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

var gunicornArgsPass = &transform.Pass{
	Name: "gunicorn-args",
	Doc: transform.Doc{
		Title: "make gunicorn's options one variable that docker run can change",
		Text: "Options that stand in CMD can only be changed by a new build or by repeating the whole command. They " +
			"become the default of one variable, GUNICORN_ARGS: `docker run -e GUNICORN_ARGS=\"-w 8\"` replaces them. " +
			"The command is started by exec, so that gunicorn is process 1 and gets the signal that stops the container. " +
			"An option that holds a variable, such as --bind 0.0.0.0:$PORT, stays where it is, because it is expanded " +
			"when the container starts. Where an ENTRYPOINT is in play, whose arguments must still be able to follow, " +
			"the options go to GUNICORN_CMD_ARGS, which gunicorn reads itself and which needs no shell. Where the build " +
			"context has no gunicorn.conf.py in gunicorn's directory, one is made in which everything is a comment. Where a " +
			"script of the context starts gunicorn, the script is rewritten likewise, and each ENV that only fed its " +
			"options becomes part of the variable; its ARG stays.",
		Before: "FROM python:3.12-slim-bookworm\nCMD gunicorn main:app -b 0.0.0.0:5000 -w 2\n",
		After: "FROM python:3.12-slim-bookworm\nENV GUNICORN_ARGS=\"-b 0.0.0.0:5000 -w 2\"\n" +
			"CMD [\"/bin/sh\", \"-c\", \"exec gunicorn main:app $GUNICORN_ARGS\"]\n",
		Sources: []string{
			"gunicorn documentation, settings: order of precedence, GUNICORN_CMD_ARGS (since 19.7)",
			"Docker documentation, ENTRYPOINT: shell form and signals",
		},
	},
	Alters: []string{"env:*", "cmd", "entrypoint"}, // any variable may be a knob of a script's
	Declines: []transform.Decline{
		{Key: "open-already", When: "the command or the file uses GUNICORN_ARGS or GUNICORN_CMD_ARGS", Already: true},
		{Key: "started-by-script", When: "a script starts gunicorn in a way that cannot be rewritten: in a function or an if, more than once, …"},
		{Key: "script-not-in-context", When: "the command is a script that the build context does not show, and gunicorn is installed"},
		{Key: "unknown-option", When: "gunicorn is given an option that it does not document, so that its arguments cannot be told apart"},
		{Key: "not-plain", When: "gunicorn runs inside a construct, in the background or in a pipeline, or SHELL is not a POSIX shell"},
		{Key: "gunicorn-too-old", When: "GUNICORN_CMD_ARGS would be needed and the gunicorn that is installed is older than 19.7, or not known"},
	},
	Run: runGunicornArgs,
}

// runGunicornArgs looks at the CMD and ENTRYPOINT that count, the last of each.
//
// It is sound because the words that move are plain: the shell splits the
// variable's value at blanks into the same words again, nothing in them
// expands, and they come to stand behind the options that stay, none of which
// has the same name. What expands when the container starts stays in place.
func runGunicornArgs(f *transform.File) []transform.Finding {
	s := f.Final()
	start := &starter{f: f, image: &inImage{File: f}, stage: s}
	start.entrypoint, start.cmd = startedBy(s)
	for _, in := range []*transform.Instruction{start.entrypoint, start.cmd} {
		if in == nil {
			continue
		}
		sc := shell.Of(f, in)
		if sc.Form == shell.Opaque && strings.Contains(sc.Text, "gunicorn") {
			return []transform.Finding{start.decline(in, "not-plain", "the command cannot be read: %s", sc.Why)}
		}
		if g, at := findGunicorn(sc); g != nil {
			return []transform.Finding{start.open(in, sc, g, at)}
		}
		if fd, ok := start.inShellArg(in, sc); ok {
			return []transform.Finding{fd}
		}
		if fd, ok := start.script(in, sc); ok {
			return []transform.Finding{fd}
		}
	}
	return nil
}

// starter is what starts the container.
type starter struct {
	f               *transform.File
	image           *inImage
	stage           *transform.Stage
	entrypoint, cmd *transform.Instruction
}

// findGunicorn finds the command that starts gunicorn, and its index among the
// script's commands.
func findGunicorn(sc *shell.Script) (*argv.GunicornCmd, int) {
	for i, c := range sc.Commands() {
		if g, ok := argv.Gunicorn(c); ok {
			return g, i
		}
	}
	return nil, 0
}

func (st *starter) decline(in *transform.Instruction, key, format string, args ...any) transform.Finding {
	return transform.Finding{At: in.Body, Reason: key, Why: fmt.Sprintf(format, args...)}
}

// open makes the change, or says why not.
func (st *starter) open(in *transform.Instruction, sc *shell.Script, g *argv.GunicornCmd, at int) transform.Finding {
	c := sc.Commands()[at]
	if key, why := st.unfit(in, sc, g, c); key != "" {
		return st.decline(in, key, "%s", why)
	}
	moved, kept := splitOptions(g, sc.Form == shell.ExecForm)
	if sc.Form == shell.ExecForm && (in.Keyword == "entrypoint" || st.entrypoint != nil || !st.plainBase()) {
		return st.openNative(in, sc, g, moved)
	}
	if sc.Form == shell.ExecForm {
		return st.change(in, g, moved, kept, st.execToShell(sc, moved))
	}
	return st.change(in, g, moved, kept, st.shellEdits(in, sc, c, moved))
}

// feedsPipe reports whether the command after c reads its output.
func (st *starter) feedsPipe(sc *shell.Script, c *shell.Command) bool {
	top := sc.Top()
	i := slices.Index(top, c)
	return i >= 0 && i+1 < len(top) && strings.HasPrefix(top[i+1].Op, "|")
}

// shellOf is the program that runs shell forms, "" where it is not a POSIX
// shell.
func shellOf(state *transform.State) string {
	if len(state.Shell) == 0 {
		return "/bin/sh"
	}
	if posixShell(state.Shell) && len(state.Shell) == 2 && state.Shell[1] == "-c" {
		return state.Shell[0]
	}
	return ""
}

// plainBase reports a base that is known to have no ENTRYPOINT.
func (st *starter) plainBase() bool {
	img, ok := baseImage(st.stage.Root())
	return ok && img.Official && slices.Contains([]string{"python", "debian", "ubuntu", "alpine"}, img.Name)
}

// splitOptions tells the words that can move into a variable from the options
// that stay. raw is true for the words of an exec form, which no shell reads.
func splitOptions(g *argv.GunicornCmd, raw bool) (moved []shell.Word, kept []string) {
	stays := map[string]bool{}
	for i, o := range g.Options {
		shared := i > 0 && g.Options[i-1].Word.Span == o.Word.Span
		if !plainWord(o.Word) || o.HasValue && !plainWord(o.Holder) || shared {
			stays[o.Name] = true
			if shared {
				stays[g.Options[i-1].Name] = true
			}
		}
	}
	for _, o := range g.Options {
		switch {
		case stays[o.Name]:
			kept = append(kept, o.Name)
		case o.HasValue && !o.Attached:
			moved = append(moved, o.Word, o.Holder)
		default:
			moved = append(moved, o.Word)
		}
	}
	return moved, kept
}

// plainWord reports a word that is the same in and out of a variable that the
// shell expands without quotes.
func plainWord(w shell.Word) bool {
	return w.Static && w.Text != "" && strings.Trim(w.Text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-") == ""
}

func texts(words []shell.Word) string {
	var list []string
	for _, w := range words {
		list = append(list, w.Text)
	}
	return strings.Join(list, " ")
}

// change is the finding for GUNICORN_ARGS.
func (st *starter) change(in *transform.Instruction, g *argv.GunicornCmd, moved []shell.Word, kept []string, edits []transform.Edit) transform.Finding {
	why := "gunicorn's options are the default of GUNICORN_ARGS, which docker run -e can replace, and exec makes gunicorn process 1"
	if len(moved) == 0 {
		why = "GUNICORN_ARGS adds options when the container starts, and exec makes gunicorn process 1"
	}
	if len(kept) > 0 {
		why += fmt.Sprintf(" (%s stays: it is expanded or quoted when the container starts)", strings.Join(kept, ", "))
	}
	return transform.Finding{
		At: in.Body, Why: why,
		Edits:      st.keepComments(in, append(edits, st.env(in, "GUNICORN_ARGS", texts(moved)))),
		Companions: st.config(g),
	}
}

// env inserts an ENV above an instruction and the comments that belong to it,
// and above an ENTRYPOINT that stands right before.
func (st *starter) env(in *transform.Instruction, key, value string) transform.Edit {
	if prev := st.f.Instructions[in.Index-1]; prev.Keyword == "entrypoint" {
		in = prev
	}
	return insertAt(commentsAbove(st.f, in), fmt.Sprintf("%s %s=%q\n", st.f.Cased("ENV"), key, value))
}

// shellEdits rewrites a shell form: in place where it goes over several lines,
// else as the exec form of the same shell.
func (st *starter) shellEdits(in *transform.Instruction, sc *shell.Script, c *shell.Command, moved []shell.Word) []transform.Edit {
	edits := inPlace(st.f, in, sc, c, moved)
	body := st.f.Text(in.Body)
	if strings.Contains(body, "\n") || st.f.Escape != '\\' && strings.ContainsRune(body, st.f.Escape) {
		return edits
	}
	text := edited(st.f.Src, in.Body, edits)
	keyword := st.f.Words(in)[0]
	script := strings.TrimSpace(text[len(keyword.Text):])
	return []transform.Edit{{
		Span: transform.Span{Start: keyword.Span.End, End: in.Body.End},
		New:  " " + jsonArray(shellOf(st.f.EndState(st.stage)), "-c", script),
	}}
}

// inPlace deletes the moved words, appends the variable and puts exec before a
// command that ends its list. The edits are sorted.
func inPlace(f *transform.File, in *transform.Instruction, sc *shell.Script, c *shell.Command, moved []shell.Word) []transform.Edit {
	var edits []transform.Edit
	top := sc.Top()
	first := c.Words[0]
	if top[len(top)-1] == c && len(c.Assigns) == 0 && !c.Negated && first.Text != "exec" && !traps(sc) {
		edits = append(edits, shell.Replace(in, shell.Span{Start: first.Span.Start, End: first.Span.Start}, "exec "))
	}
	isMoved := func(w shell.Word) bool {
		return slices.ContainsFunc(moved, func(m shell.Word) bool { return m.Span == w.Span })
	}
	end := len(c.Words) - 1
	for i, w := range c.Words[:end] {
		if i > 0 && isMoved(w) {
			edits = append(edits, shell.Replace(in, wordAndGap(f, in, c.Words[i-1], w, c.Words[i+1]), ""))
		}
	}
	if last := c.Words[end]; isMoved(last) {
		return append(edits, shell.Replace(in, last.Span, "$GUNICORN_ARGS"))
	}
	at := c.Words[end].Span.End
	return append(edits, shell.Replace(in, shell.Span{Start: at, End: at}, " $GUNICORN_ARGS"))
}

// traps reports a script that has something to do when it is told to stop, or
// when gunicorn has ended: exec would take that away.
func traps(sc *shell.Script) bool {
	return slices.ContainsFunc(sc.Commands(), func(c *shell.Command) bool { return c.Name() == "trap" })
}

// wordAndGap is a word to delete with the blanks and continuations before it,
// or, where a comment line stands there, with the blanks behind it.
func wordAndGap(f *transform.File, in *transform.Instruction, prev, w, next shell.Word) shell.Span {
	between := func(from, to int) string { return f.Text(shell.In(in, shell.Span{Start: from, End: to})) }
	switch {
	case !strings.Contains(between(prev.Span.End, w.Span.Start), "#"):
		return shell.Span{Start: prev.Span.End, End: w.Span.End}
	case !strings.Contains(between(w.Span.End, next.Span.Start), "\n"):
		return shell.Span{Start: w.Span.Start, End: next.Span.Start}
	}
	return w.Span
}

// execToShell writes an exec form as a shell's, for the variable to expand.
func (st *starter) execToShell(sc *shell.Script, moved []shell.Word) []transform.Edit {
	in := st.cmd
	script := "exec"
	for _, w := range sc.Args {
		if slices.ContainsFunc(moved, func(m shell.Word) bool { return m.Span == w.Span }) {
			continue
		}
		quoted, err := syntax.Quote(w.Text, syntax.LangPOSIX)
		if err != nil {
			quoted = w.Text // a NUL byte, which no argument has
		}
		script += " " + quoted
	}
	keyword := st.f.Words(in)[0]
	return []transform.Edit{{
		Span: transform.Span{Start: keyword.Span.End, End: in.Body.End},
		New:  " " + jsonArray("/bin/sh", "-c", script+" $GUNICORN_ARGS"),
	}}
}
