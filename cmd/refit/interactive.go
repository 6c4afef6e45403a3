package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/term"

	"refit/internal/choose"
	"refit/internal/report"
	"refit/transform"
)

// settleInteractive checks what --interactive goes with; it writes.
func (o *options) settleInteractive() error {
	switch {
	case o.proof.command != "":
		return usageError("--interactive is for rewriting, without builds: not for refit " + o.proof.command)
	case o.check || o.given["output"] || o.given["format"]:
		return usageError("--interactive shows its changes and writes what is accepted: no --check, --output or --format")
	case o.quiet:
		return usageError("--interactive and --quiet exclude each other")
	case slices.Contains(o.paths, "-"):
		return usageError("--interactive reads answers from standard input, which can be no Dockerfile then")
	}
	o.write = true
	return nil
}

// interact asks about every change on the terminal, and writes those that are
// accepted.
func (a *app) interact(stdin io.Reader, stdout *os.File) (int, error) {
	in, ok := stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(stdout.Fd())) {
		return 0, usageError("--interactive needs a terminal to show the changes on and to read the answers from")
	}
	ctx, stop := interruptible()
	defer stop()
	return a.choose(choose.New(in, stdout, a.outSty, ctx.Done()))
}

// choose goes through the inputs one by one: what was chosen for one is what the
// next one sees.
func (a *app) choose(s *choose.Session) (int, error) {
	a.sayNotes()
	a.progress = nil
	for i, in := range a.inputs {
		if s.Quit() {
			a.errs.printf("refit: %s and what comes after it: not looked at\n", report.Clean(in.path))
			break
		}
		oc, err := a.chooseIn(s, in, fmt.Sprintf("(%d of %d)", i+1, len(a.inputs)))
		if err != nil {
			in.done()
			return 0, fmt.Errorf("%w: %s and what comes after it are as they were", errInterrupted, in.path)
		}
		a.finish(oc)
	}
	a.summary()
	return a.exitCode(), nil
}

// chooseIn asks about one input. The error is choose.ErrEnd; all others are the
// outcome's.
func (a *app) chooseIn(s *choose.Session, in *input, note string) (*outcome, error) {
	var oc *outcome
	err := s.Choose(&choose.File{
		Path: in.path, Note: note,
		Run: func(vetoes []transform.Veto, marks []choose.Mark) (*transform.Result, error) {
			in.vetoes, in.marks = vetoes, marks
			oc = a.process(in)
			return oc.result, oc.err
		},
		Old: func(path string) (string, bool) {
			for _, c := range oc.companions {
				if c.name == path {
					return c.old, c.exists
				}
			}
			return "", false
		},
	})
	if errors.Is(err, choose.ErrEnd) {
		return nil, err
	}
	return oc, nil
}
