package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"refit/internal/report"
	"refit/internal/verify"
	"refit/internal/verify/builder"
	"refit/internal/verify/render"
)

// report prints what was found and returns the exit status.
func (p *prover) report(results []proven) (int, error) {
	var outcomes []*verify.Outcome
	var files []*report.File
	code := exitDone
	if slices.ContainsFunc(results, func(r proven) bool { return errors.Is(r.err, errInterrupted) }) {
		return 0, interrupted(results)
	}
	for _, r := range results {
		outcomes, files = append(outcomes, r.outcome), append(files, r.changes())
		switch {
		case r.err != nil:
			code = exitBad
			p.errs.printf("%s\n", report.Clean(r.err.Error()))
		case !r.outcome.Good && code == exitDone:
			code = exitChanges
		}
	}
	return code, p.emit(func(w io.Writer, color bool) error {
		switch p.opt.format {
		case formatJSON:
			return render.JSON(w, outcomes)
		case formatMarkdown:
			return render.Markdown(w, outcomes, p.commandLine(), p.builderNames(), files)
		}
		return render.Text(w, outcomes, color)
	})
}

// emit writes a report to --output or standard output.
func (p *prover) emit(render func(w io.Writer, color bool) error) error {
	if p.opt.output == "" || p.opt.output == "-" {
		if err := render(p.out, p.outSty.Color); err != nil {
			return err
		}
		if err := p.out.Flush(); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
		return nil
	}
	var b strings.Builder
	if err := render(&b, false); err != nil {
		return err
	}
	return p.app.write.output(p.opt.output, b.String())
}

// builderNames tells what built.
func (p *prover) builderNames() string {
	var versions []string
	for _, b := range p.pool.Builders() {
		v := "BuildKit " + b.Version
		if b.Docker != "" { // which tells more than the version of the BuildKit in it
			v = "Docker " + b.Docker
		}
		if !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	return strings.Join(versions, ", ")
}

// commandLine is the command as it can be given again, but for what is not to be shown.
func (p *prover) commandLine() string { return commandLine(p.opt) }

func commandLine(opt *options) string {
	words := make([]string, len(opt.args))
	for i, arg := range opt.args {
		words[i] = shellQuote(arg)
	}
	return builder.MaskOf(opt.proof.args()).Text("refit " + strings.Join(words, " "))
}

// shellQuote writes a word for a shell, or as it is where that cannot be.
func shellQuote(word string) string {
	quoted, err := syntax.Quote(word, syntax.LangPOSIX)
	if err != nil {
		return word
	}
	return quoted
}
