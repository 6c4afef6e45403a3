package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// checkStart makes the commands that run in the container do without a shell.
func (d *distroless) checkStart() *transform.Finding {
	entry, cmd := startedBy(d.s)
	if entry == nil && cmd == nil {
		return held(d.s.From.Body, "no-command", "the file does not say what the container runs")
	}
	for _, in := range []*transform.Instruction{entry, cmd} {
		if in == nil {
			continue
		}
		if no := d.start(in, in == cmd && entry != nil); no != nil {
			return no
		}
	}
	if check := lastIn(d.s, "healthcheck"); check != nil {
		if c, _ := check.Command(); !isNoCheck(c) {
			if no := d.health(check); no != nil {
				return no
			}
		}
	}
	for _, name := range []string{"curl", "wget"} {
		if at, unused := d.fetchers[name]; unused {
			return held(at, "system-packages", "nothing in the file uses %s, so that something outside may: a health check of Compose, for one", name)
		}
	}
	return nil
}

func isNoCheck(cmd any) bool {
	c, ok := cmd.(*instructions.HealthCheckCommand)
	return ok && (c.Health == nil || len(c.Health.Test) == 0 || c.Health.Test[0] == "NONE")
}

// start looks at a command. Those of a CMD behind an ENTRYPOINT may be nothing
// but arguments.
func (d *distroless) start(in *transform.Instruction, behind bool) *transform.Finding {
	sc := shell.Of(d.f, in)
	if sc.Form != shell.ExecForm {
		return held(in.Body, "shell-form", "a shell runs this command, and distroless has none")
	}
	if len(sc.Args) == 0 {
		return held(in.Body, "no-command", "the file does not say what the container runs")
	}
	words := make([]string, len(sc.Args))
	for i, w := range sc.Args {
		words[i] = w.Text
	}
	if isShell(path.Base(words[0])) {
		inner, no := d.withoutShell(in, words)
		if no != nil {
			return no
		}
		words = inner
		d.edits = append(d.edits, transform.Edit{Span: arraySpan(d.f, in, sc), New: jsonArray(words...)})
	}
	if behind && strings.HasPrefix(words[0], "-") {
		return nil
	}
	return d.program(in, words[0])
}

// arraySpan is where the list of an exec form stands.
func arraySpan(f *transform.File, in *transform.Instruction, sc *shell.Script) transform.Span {
	first, last := shell.In(in, sc.Args[0].Span), shell.In(in, sc.Args[len(sc.Args)-1].Span)
	return transform.Span{Start: strings.LastIndexByte(f.Src[:first.Start], '['), End: last.End + strings.IndexByte(f.Src[last.End:], ']') + 1}
}

// withoutShell takes a command out of ["sh", "-c", "exec …"], where it is plain
// words and at most gunicorn's options in a variable.
func (d *distroless) withoutShell(in *transform.Instruction, words []string) ([]string, *transform.Finding) {
	no := held(in.Body, "shell-form", "a shell runs this command, and distroless has none")
	if len(words) != 3 || words[1] != "-c" || hasComment(d.f.Text(in.Body)) || strings.ContainsAny(words[2], "\r\n") || strings.HasPrefix(words[2], "[") {
		return nil, no
	}
	sc := scriptOf(words[2])
	if sc == nil || len(sc.Commands()) != 1 {
		return nil, no
	}
	c := sc.Commands()[0]
	if c.Kind != shell.Simple || len(c.Assigns)+len(c.Redirs) > 0 || c.Background || c.Negated {
		return nil, no
	}
	_, gunicorn := argv.Gunicorn(c)
	var plain []string
	for i, w := range c.Words {
		switch {
		case i == 0 && w.Text == "exec":
		case w.Static:
			plain = append(plain, w.Text)
		case gunicorn && (w.Raw == "$GUNICORN_ARGS" || w.Raw == "${GUNICORN_ARGS}"):
			if !d.renameOptions() {
				return nil, no
			}
		default:
			return nil, no
		}
	}
	if len(plain) == 0 {
		return nil, no
	}
	return plain, nil
}

// scriptOf reads what a shell is given behind -c, nil where it is not sure to be
// one script.
func scriptOf(text string) *shell.Script {
	f, err := transform.Parse("Dockerfile", "FROM scratch\nCMD "+text+"\n", nil)
	if err != nil {
		return nil
	}
	sc := shell.Of(f, f.Instructions[len(f.Instructions)-1])
	if sc.Form != shell.ShellForm || sc.Text != strings.TrimSpace(text) {
		return nil
	}
	return sc
}

// renameOptions makes GUNICORN_CMD_ARGS of the variable, if that is set once, in
// the final stage, to words that a shell and gunicorn split alike.
func (d *distroless) renameOptions() bool {
	end := d.f.EndState(d.s)
	value, ok := end.Env("GUNICORN_ARGS")
	if !ok || end.HasEnv("GUNICORN_CMD_ARGS") || strings.ContainsAny(value, "\"'\\$`*?[~") {
		return false
	}
	const old = "GUNICORN_ARGS"
	count := 0
	for _, in := range d.f.Instructions {
		if in.Stage == d.s && in.Keyword == "env" {
			for _, w := range d.f.Words(in) {
				if strings.HasPrefix(w.Text, old+"=") {
					count++
					d.edits = append(d.edits, transform.Edit{Span: transform.Span{Start: w.Span.Start, End: w.Span.Start + len(old)}, New: "GUNICORN_CMD_ARGS"})
				}
			}
		}
	}
	if count == 1 {
		d.renameInConfig()
		d.notes = append(d.notes, transform.Note{At: d.s.From.Body, Why: "gunicorn reads GUNICORN_CMD_ARGS itself, where no shell expands GUNICORN_ARGS; docker run -e replaces it as before"})
	}
	return count == 1
}

// renameInConfig names the variable in gunicorn's configuration, where that is what
// refit wrote.
func (d *distroless) renameInConfig() {
	ctx := contextOf(d.f)
	entries, _ := ctx.Files()
	for _, e := range entries {
		if path.Base(e.Path) != "gunicorn.conf.py" {
			continue
		}
		if text, err := ctx.ReadFile(e.Path); err == nil && string(text) == gunicornConf {
			d.companions = append(d.companions, transform.Companion{Path: e.Path, Content: nativeConf()})
		}
	}
}

// shellPrograms are Python's own, and start what they are told by a shell or by
// files that are not read here.
var shellPrograms = setOf("supervisord circusd honcho watchmedo nodeenv invoke fab")

// program looks for a command in the environment and in distroless.
func (d *distroless) program(in *transform.Instruction, name string) *transform.Finding {
	base, dir := path.Base(name), path.Dir(name)
	switch {
	case shellPrograms[base]:
		return held(in.Body, "runs-programs", "%s starts programs that may need a shell", base)
	case base == "python" || base == "python3" || base == "python"+d.base.Python:
		if base == name || dir == "/usr/bin" || dir == d.venv+"/bin" {
			return nil
		}
	case dir == d.venv+"/bin":
		return nil
	case strings.Contains(name, "/") || name == "":
	case facts.SlimHasCommand("bookworm", name) || isLacked(name) || d.brings(name):
	default:
		return nil // what pip installed
	}
	return held(in.Body, "not-in-image", "%s is not known to be in the environment, and distroless has nothing but Python", name)
}

func isLacked(name string) bool {
	_, lacks := facts.SlimLacksCommand("bookworm", name)
	return lacks
}

// brings reports a COPY or ADD that may bring a program of this name.
func (d *distroless) brings(name string) bool {
	return slices.ContainsFunc(d.s.Instructions, func(in *transform.Instruction) bool {
		c, ok := copyingOf(in)
		return ok && (path.Base(c.dest) == name || isBin(path.Clean(c.dest)) ||
			slices.ContainsFunc(c.sources, func(s string) bool { return path.Base(s) == name }))
	})
}

// checkApplication reads the sources that the runtime gets.
func (d *distroless) checkApplication() *transform.Finding {
	var sources []string
	for _, in := range d.s.Instructions {
		if c, ok := copyingOf(in); ok && c.from != "" && !slices.Equal(c.sources, []string{d.venv}) {
			sources = append(sources, ".") // what a stage has may be any of the context
		}
		for _, src := range contextSources(in) {
			text, ok := d.f.State(in).Expand(src)
			if !ok {
				text = "."
			}
			sources = append(sources, text)
		}
	}
	if len(sources) == 0 {
		return nil
	}
	at := d.s.From.Body
	uses, err := contextOf(d.f).PythonUses()
	if err != nil || !uses.Complete {
		return held(at, "no-context", "the final stage has files of the build context, which is not known as a whole")
	}
	first := func(list []buildctx.Use) *buildctx.Use {
		for i, u := range list {
			if slices.ContainsFunc(sources, func(s string) bool { _, ok := buildctx.Covers(s, u.File); return ok }) {
				return &list[i]
			}
		}
		return nil
	}
	if u := first(append(slices.Clone(uses.Commands), uses.Unknown...)); u != nil {
		return held(at, "runs-programs", "%s:%d runs %s, and distroless has no programs", u.File, u.Line, u.What)
	}
	if u := first(uses.Libraries); u != nil {
		return held(at, "loads-library", "%s:%d looks for %s, which distroless does not support", u.File, u.Line, u.What)
	}
	if u := first(uses.Prefix); u != nil {
		return held(at, "absolute-path", "%s:%d names %s, which distroless has not", u.File, u.Line, u.What)
	}
	return nil
}
