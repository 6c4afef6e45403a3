package passes

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// scriptMark ends the here-document in which a script is read as a RUN's.
const scriptMark = "REFIT_END_OF_SCRIPT"

// openScript opens the gunicorn command of an entrypoint script: its plain
// options become the default of GUNICORN_ARGS, and so do options whose only
// content is a knob, an ENV that nothing but this command reads. ok is false
// where the script is not as plain as that takes.
func (st *starter) openScript(in *transform.Instruction, name string) (transform.Finding, bool) {
	ctx := contextOf(st.f)
	text, err := ctx.ReadFile(name)
	if err != nil || strings.Contains(string(text), "\r") || strings.Contains(string(text), scriptMark) || !strings.HasSuffix(string(text), "\n") {
		return transform.Finding{}, false
	}
	header := "FROM scratch\nRUN <<'" + scriptMark + "'\n"
	f, err := transform.Parse(name, header+string(text)+scriptMark+"\n", nil)
	if err != nil {
		return transform.Finding{}, false
	}
	run := f.Instructions[1]
	sc := shell.Of(f, run)
	g, at := findGunicorn(sc)
	if g == nil || !g.Known || len(g.Operands) > 0 {
		return transform.Finding{}, false
	}
	c := sc.Commands()[at]
	if c.Nested || c.Background || c.Negated || strings.HasPrefix(c.Op, "|") || st.feedsPipe(sc, c) {
		return transform.Finding{}, false
	}
	knobs := st.knobs(ctx, name, string(text), f.Text(shell.In(run, c.Span)))
	moved, value, opened := rewriteScript(f, run, sc, g, c, &knobs)
	opened = strings.TrimSuffix(strings.TrimPrefix(opened, header), scriptMark+"\n")
	note := name + " gives gunicorn $GUNICORN_ARGS"
	if other := namedElsewhere(ctx, st.f.Options.Dockerfile, name); other != "" {
		opened = strings.Replace(opened, "$GUNICORN_ARGS", "${GUNICORN_ARGS:-"+value+"}", 1)
		note += "; the options are also its default, since " + other + " names the script too"
	}
	fd := st.change(in, g, moved, nil, nil)
	if traps(sc) {
		fd.Why = strings.TrimSuffix(fd.Why, ", and exec makes gunicorn process 1")
	}
	fd.Edits = []transform.Edit{st.env(in, "GUNICORN_ARGS", value)}
	fd.Companions = append(fd.Companions, transform.Companion{Path: name, Content: opened})
	fd.Notes = append(fd.Notes, transform.Note{At: in.Body, Why: note})
	for _, k := range knobs {
		fd.Edits = append(fd.Edits, transform.Edit{Span: transform.Span{Start: k.env.Body.Start, End: k.env.Span.End}})
		fd.Notes = append(fd.Notes, transform.Note{At: k.env.Body, Why: k.name + " only fed gunicorn: it is part of GUNICORN_ARGS"})
	}
	return fd, true
}

// rewriteScript edits the command in the script's file. A knob of which some
// use cannot move is no knob, and is dropped from the list.
func rewriteScript(f *transform.File, run *transform.Instruction, sc *shell.Script, g *argv.GunicornCmd, c *shell.Command, knobs *[]knob) (moved []shell.Word, value, text string) {
	for {
		moved, value = withKnobs(g, *knobs)
		text = edited(f.Src, transform.Span{End: len(f.Src)}, inPlace(f, run, sc, c, moved))
		n := len(*knobs)
		*knobs = slices.DeleteFunc(*knobs, func(k knob) bool {
			return regexp.MustCompile(`\b` + regexp.QuoteMeta(k.name) + `\b`).MatchString(text)
		})
		if len(*knobs) == n {
			return moved, value, text
		}
	}
}

// withKnobs tells the words that move from those that stay, and what they make
// the variable.
func withKnobs(g *argv.GunicornCmd, knobs []knob) (moved []shell.Word, value string) {
	g = &argv.GunicornCmd{Call: g.Call, App: g.App, Args: g.Args}
	g.Options = slices.Clone(g.Options)
	replaced := map[shell.Span]string{}
	for i := range g.Options {
		o := &g.Options[i]
		if w := o.Holder; o.HasValue && !w.Static && !w.HasGlob && !w.HasCmdSubst && !w.HasTilde {
			if text, ok := replaceKnobs(w.Text, knobs); ok {
				replaced[w.Span] = text
				plain := shell.Word{Span: w.Span, Text: "x", Static: true}
				if o.Word.Span == w.Span {
					o.Word = plain
				}
				o.Holder = plain
			}
		}
	}
	moved, _ = splitOptions(g, false)
	var list []string
	for _, w := range moved {
		if text, ok := replaced[w.Span]; ok {
			list = append(list, text)
		} else {
			list = append(list, w.Text)
		}
	}
	return moved, strings.Join(list, " ")
}

var shellVar = lazyregexp.New(`\$(\w+|\{\w+\})`, "$")

// replaceKnobs writes a word for an ENV of the Dockerfile; ok is false when
// something else than a knob expands in it.
func replaceKnobs(text string, knobs []knob) (string, bool) {
	ok := true
	text = shellVar.Regexp().ReplaceAllStringFunc(text, func(ref string) string {
		name := strings.Trim(ref, "${}")
		i := slices.IndexFunc(knobs, func(k knob) bool { return k.name == name })
		if i < 0 {
			ok = false
			return ref
		}
		return knobs[i].value
	})
	rest := shellVar.ReplaceAllString(text, "")
	return text, ok && plainWord(shell.Word{Text: "x" + rest, Static: true})
}

// knob is an environment variable that feeds gunicorn and nothing else.
type knob struct {
	name  string
	value string // what stands for it in another ENV: "4", or "${WORKERS}" for a build argument
	env   *transform.Instruction
}

// platform variables are set by whoever runs the container: Heroku, Cloud Run
// and App Engine set PORT, Heroku WEB_CONCURRENCY (their documentation).
var platformVars = []string{"PORT", "HOST", "WEB_CONCURRENCY"}

// knobs are the ENV instructions of the final stage, one variable each, whose
// name stands nowhere else in the Dockerfile, but for an ARG, nor in the build
// context, but for the command itself.
func (st *starter) knobs(ctx *buildctx.Context, script, text, command string) []knob {
	var knobs []knob
	for _, in := range st.stage.Instructions {
		cmd, _ := in.Command()
		env, ok := cmd.(*instructions.EnvCommand)
		if !ok || len(env.Env) != 1 || slices.Contains(platformVars, env.Env[0].Key) {
			continue
		}
		key, value := env.Env[0].Key, strings.Trim(env.Env[0].Value, `"`)
		switch {
		case value == "$"+key || value == "${"+key+"}":
			value = "${" + key + "}"
		case !plainWord(shell.Word{Text: value, Static: true}):
			continue
		}
		word := regexp.MustCompile(`\b` + regexp.QuoteMeta(key) + `\b`)
		inScript := len(word.FindAllString(text, -1)) - len(word.FindAllString(command, -1))
		if word.MatchString(command) && inScript == 0 && st.onlyDeclared(word, in) {
			knobs = append(knobs, knob{key, value, in})
		}
	}
	if len(knobs) == 0 {
		return nil
	}
	return notElsewhere(ctx, st.f.Options.Dockerfile, script, knobs)
}

// onlyDeclared reports whether the name stands in no instruction but env and
// ARGs.
func (st *starter) onlyDeclared(word *regexp.Regexp, env *transform.Instruction) bool {
	for _, in := range st.f.Instructions {
		if in != env && in.Keyword != "arg" && word.MatchString(st.f.Text(in.Body)) {
			return false
		}
	}
	return true
}

// maxKnobText bounds how much of the context is read to see whether a variable
// is used there.
const maxKnobText = 8 << 20

// notElsewhere drops the knobs that another file of the context names. All go
// when not every file can be read.
func notElsewhere(ctx *buildctx.Context, dockerfile, script string, knobs []knob) []knob {
	entries, complete := ctx.Files()
	total := int64(0)
	for _, e := range entries {
		if e.Path == script || e.Path == dockerfile || e.Dir {
			continue
		}
		total += e.Size
		text, err := ctx.ReadFile(e.Path)
		if err != nil || total > maxKnobText {
			complete = false
			break
		}
		knobs = slices.DeleteFunc(knobs, func(k knob) bool { return strings.Contains(string(text), k.name) })
	}
	if !complete {
		return nil
	}
	return knobs
}

// namedElsewhere finds a file of the context, beside documentation, that names
// the script: what runs it there may not set the variable.
func namedElsewhere(ctx *buildctx.Context, dockerfile, script string) string {
	entries, _ := ctx.Files()
	total := int64(0)
	for _, e := range entries {
		if e.Path == script || e.Path == dockerfile || !e.Regular || path.Ext(e.Path) == ".md" || path.Ext(e.Path) == ".rst" {
			continue
		}
		if total += e.Size; total > maxKnobText {
			break
		}
		if text, err := ctx.ReadFile(e.Path); err == nil && strings.Contains(string(text), path.Base(script)) {
			return e.Path
		}
	}
	return ""
}

// started says what to do where a script starts gunicorn.
func (st *starter) started(in *transform.Instruction, program, name string) transform.Finding {
	if in.Stage == st.stage {
		if fd, ok := st.openScript(in, name); ok {
			return fd
		}
	}
	return st.decline(in, "started-by-script", "%s", fmt.Sprintf("%s starts gunicorn; let it pass $GUNICORN_ARGS", program))
}
