package smoke

import (
	"context"
	_ "embed" // the program that reads scripts
	"path"
	"slices"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"

	"refit/internal/verify/builder"
)

// checkConfig has gunicorn load its configuration and the application and end
// with status 0, or 1 when that fails. From version 19.7 on it reads options from
// GUNICORN_CMD_ARGS too; those of the command line are read after them, and
// nothing there takes the flag back (gunicorn.app.base of 19.7 to 23.0).
const checkConfig = "--check-config"

// gunicorn runs the image's command so that gunicorn only checks its
// configuration, when the command starts gunicorn.
func (r *runner) gunicorn(ctx context.Context, f *Findings) error {
	command := r.command()
	if len(command) == 0 {
		f.Gunicorn = &Ending{Trouble: noCommand}
		return nil
	}
	starts, err := r.startsGunicorn(ctx, command)
	if err != nil || !starts {
		return err
	}
	args := checkConfig
	if had, ok := r.variable("GUNICORN_CMD_ARGS"); ok {
		args = had + " " + checkConfig
	}
	f.Gunicorn, _, err = r.once(ctx, builder.Command{Args: command, Env: r.environment("GUNICORN_CMD_ARGS=" + args)}, r.plan.Timeout)
	return err
}

// startsGunicorn looks for gunicorn in the words of a command, and in the shell
// scripts that the command names.
func (r *runner) startsGunicorn(ctx context.Context, command []string) (bool, error) {
	var list []string
	for _, arg := range command {
		list = append(list, words(arg)...)
	}
	if slices.ContainsFunc(list, isGunicorn) {
		return true, nil
	}
	texts, err := r.scripts(ctx, list)
	for _, text := range texts {
		if slices.ContainsFunc(words(text), isGunicorn) {
			return true, err
		}
	}
	return false, err
}

func isGunicorn(word string) bool {
	switch path.Base(word) {
	case "gunicorn", "gunicorn3", "gunicorn.app.wsgiapp":
		return true
	}
	return false
}

// words are the literal words of the commands of a shell script. What is no
// script is one word.
func words(script string) []string {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
	if err != nil {
		return []string{script}
	}
	var list []string
	syntax.Walk(file, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok {
			return true
		}
		for _, w := range call.Args {
			list = append(list, literal(w))
		}
		return true
	})
	return list
}

// literal is a word's text as far as it is known, without its quotes.
func literal(w *syntax.Word) string {
	var b strings.Builder
	syntax.Walk(w, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Lit:
			b.WriteString(n.Value)
		case *syntax.SglQuoted:
			b.WriteString(n.Value)
		case *syntax.CmdSubst, *syntax.ParamExp, *syntax.ArithmExp, *syntax.ProcSubst:
			return false
		}
		return true
	})
	return b.String()
}

//go:embed scripts.py
var scriptsProgram string

// scripts are the texts of the shell scripts among the named files of the image.
func (r *runner) scripts(ctx context.Context, names []string) ([]string, error) {
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" || strings.HasPrefix(n, "-") })
	if r.plan.Python == "" || len(names) == 0 {
		return nil, nil
	}
	cmd, err := r.program(scriptsProgram, names[:min(len(names), 50)])
	if err != nil {
		return nil, err
	}
	_, out, err := r.once(ctx, cmd, 30*time.Second)
	if err != nil {
		return nil, err
	}
	return values[string](out), nil
}
