package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"refit/internal/report"
)

// app is one run over some inputs.
type app struct {
	opt    *options
	stdin  io.Reader
	out    *bufio.Writer
	errs   *messages
	outSty report.Style
	errSty report.Style
	json   *report.JSON
	write  writer

	inputs   []*input
	notes    []string
	progress *progress

	changed, stayed, failed, held, refused int
	outErr                                 error
}

func newApp(opt *options, stdin io.Reader, stdout, stderr *os.File) (*app, error) {
	found, err := find(opt)
	if err != nil {
		return nil, err
	}
	if opt.proof.command == "" && opt.output != "" && len(found.inputs) != 1 {
		return nil, usageError(fmt.Sprintf("--output takes one Dockerfile; there are %d", len(found.inputs)))
	}
	a := &app{
		opt: opt, stdin: stdin, out: bufio.NewWriterSize(stdout, 64<<10), errs: &messages{w: stderr}, write: onDisk(),
		outSty: report.Style{Color: colored(opt.color, stdout)},
		errSty: report.Style{Color: colored(opt.color, stderr)},
		inputs: found.inputs, notes: found.notes,
	}
	if !opt.quiet && len(a.inputs) > 1 && term.IsTerminal(int(stderr.Fd())) {
		a.progress = &progress{w: stderr, total: len(a.inputs)}
	}
	if opt.format == formatJSON {
		a.json = report.NewJSON(a.out)
	}
	return a, nil
}

// colored decides on colours: the flag, then the environment, then whether the
// file is a terminal.
func colored(when string, f *os.File) bool {
	switch {
	case when != "auto":
		return when == "always"
	case os.Getenv("NO_COLOR") != "":
		return false
	case os.Getenv("FORCE_COLOR") != "" && os.Getenv("FORCE_COLOR") != "0":
		return true
	}
	return os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// run works on all inputs and returns the exit status. The error is one of
// standard output.
func (a *app) run() (int, error) {
	if !a.opt.quiet {
		for _, n := range a.notes {
			a.errs.printf("%s\n", report.Clean(n))
		}
	}
	inOrder(a.inputs, a.opt.jobs, a.process, a.finish)
	if a.json != nil {
		a.check(a.json.Close())
	}
	a.check(a.out.Flush())
	a.progress.clear()
	if a.outErr != nil {
		return 0, fmt.Errorf("standard output: %w", a.outErr)
	}
	if !a.opt.quiet {
		a.sayDiffRoot()
		a.summary()
	}
	switch {
	case a.failed > 0:
		return exitBad, nil
	case a.opt.check && a.changed+a.refused > 0:
		return exitChanges, nil
	}
	return exitDone, nil
}

func (a *app) check(err error) {
	if a.outErr == nil {
		a.outErr = err
	}
}

// finish does with an outcome what was asked for. It is called in the order of
// the inputs, from one goroutine.
func (a *app) finish(oc *outcome) {
	defer oc.in.context.done()
	if a.outErr != nil { // nobody listens: write nothing more
		return
	}
	if oc.in.context.stale(oc.version) {
		oc = a.process(oc.in)
	}
	if oc.err == nil {
		if err := a.store(oc); err != nil {
			oc.fail(err)
		}
	}
	if oc.err == nil {
		oc.in.context.add(oc.companions)
	}
	a.count(oc)
	a.print(oc)
	a.sayUnwritten(oc)
	a.progress.step(oc.in.path)
}

// store writes the files that --write or --output ask for.
func (a *app) store(oc *outcome) error {
	switch {
	case a.opt.write && oc.changed():
		return a.write.rewrite(oc)
	case a.opt.output == "-":
		_, err := a.out.WriteString(oc.result.After)
		a.check(err)
	case a.opt.output != "":
		return a.write.output(a.opt.output, oc.result.After)
	}
	return nil
}

func (a *app) count(oc *outcome) {
	switch {
	case oc.err != nil:
		a.failed++
		return
	case oc.changed():
		a.changed++
	default:
		a.stayed++
	}
	a.held += oc.report.Held()
	a.refused += len(oc.result.Refused)
}

func (a *app) print(oc *outcome) {
	switch a.opt.format {
	case formatDiff:
		if oc.err == nil {
			a.check(report.Diff(a.out, oc.report.Diff, a.outSty))
		}
	case formatText:
		a.check(report.Text(a.out, oc.report, a.outSty))
	case formatJSON:
		a.check(a.json.Add(oc.report))
	}
	quiet := a.opt.quiet || len(oc.report.Warnings) == 0
	if oc.err == nil && !a.opt.verbose && quiet {
		return
	}
	a.check(a.out.Flush()) // so that both streams come in order
	a.progress.clear()
	if !quiet {
		report.Warnings(a.errs.w, oc.report)
	}
	if oc.err != nil {
		a.errs.printf("%s\n", report.Clean(oc.err.Error()))
		if a.opt.verbose && oc.stack != nil {
			a.errs.printf("%s", oc.stack)
		}
		return
	}
	if a.opt.verbose {
		report.Lines(a.errs.w, oc.report)
	}
}

// sayUnwritten names the files that belong to the change and that --output, which
// is for the Dockerfile alone, leaves out.
func (a *app) sayUnwritten(oc *outcome) {
	if a.opt.output == "" || a.opt.quiet || oc.err != nil {
		return
	}
	for _, c := range oc.companions {
		a.errs.printf("%s: the new Dockerfile wants the new %s, which --write writes and --output does not\n",
			report.Clean(oc.in.path), report.Clean(c.path))
	}
}

// sayDiffRoot says where a diff can be applied, unless it is here.
func (a *app) sayDiffRoot() {
	if a.changed == 0 || a.opt.format != formatDiff {
		return
	}
	if base := a.inputs[0].diffs; !base.here {
		a.errs.printf("refit: the diff is relative to %s: apply it by git -C %[1]s apply\n", report.Clean(shellQuote(base.dir)))
	}
}

// summary is the last line.
func (a *app) summary() {
	verb := "would change"
	if a.opt.write || a.opt.output != "" {
		verb = "changed"
	}
	files := "files"
	if len(a.inputs) == 1 {
		files = "file"
	}
	hint := ""
	if a.held+a.changed > 0 && !a.opt.verbose && a.opt.format != formatText && a.opt.format != formatJSON {
		hint = " (-v says why)"
	}
	held := "changes"
	if a.held == 1 {
		held = "change"
	}
	a.errs.printf("refit: %d %s: %d %s, %d stayed, %d failed; %d %s held back%s\n",
		len(a.inputs), files, a.changed, verb, a.stayed, a.failed, a.held, held, hint)
}

// progress is a line on a terminal that says how far the work is. A nil
// *progress says nothing.
type progress struct {
	w     io.Writer
	total int
	done  int
	shown time.Time
}

func (p *progress) step(path string) {
	if p == nil {
		return
	}
	p.done++
	if now := time.Now(); now.Sub(p.shown) > 100*time.Millisecond {
		p.shown = now
		_, _ = fmt.Fprintf(p.w, "\r\x1b[K%d of %d: %s", p.done, p.total, report.Clean(path))
	}
}

func (p *progress) clear() {
	if p != nil && !p.shown.IsZero() {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
		p.shown = time.Time{}
	}
}
