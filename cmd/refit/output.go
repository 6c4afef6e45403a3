package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"refit/internal/plural"
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
	render report.Renderer // nil when no report was asked for
	write  writer

	inputs   []*input
	root     *diffBase // of what the report names
	notes    []string
	progress *progress

	changed, stayed, failed, refused int
	local                            int // of those that changed: what a clone would not change
	unmade                           report.Tally
	wrote                            []string
	outErr                           error
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
		opt: opt, stdin: stdin, out: bufio.NewWriterSize(stdout, 64<<10), errs: opt.messages(stderr), write: onDisk(),
		outSty: report.Style{Color: colored(opt.color, stdout)},
		errSty: report.Style{Color: colored(opt.color, stderr)},
		inputs: found.inputs, notes: found.notes,
	}
	if !opt.quiet && len(a.inputs) > 1 && term.IsTerminal(int(stderr.Fd())) {
		a.progress = &progress{w: stderr, total: len(a.inputs)}
	}
	if opt.proof.command == "" {
		a.root = reportRoot(a.inputs)
		a.render = newRenderer(a)
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
	a.sayNotes()
	inOrder(a.inputs, a.opt.jobs, a.process, a.finish)
	code := a.exitCode()
	if a.render != nil && a.outErr == nil {
		a.check(a.render.Close(&report.Summary{
			ExitCode: code, Changed: a.changed, Stayed: a.stayed, Failed: a.failed, Unmade: a.unmade,
		}))
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
	return code, nil
}

// sayNotes says what was noted when the inputs were looked for.
func (a *app) sayNotes() {
	if a.opt.quiet {
		return
	}
	for _, n := range a.notes {
		a.errs.printf("%s\n", report.Clean(n))
	}
}

// exitCode is the exit status, once all inputs are done.
func (a *app) exitCode() int {
	switch {
	case a.failed > 0, a.opt.resolver != nil && len(a.opt.resolver.Failures()) > 0:
		return exitBad
	case a.opt.check && a.changed-a.local+a.refused > 0:
		return exitChanges
	}
	return exitDone
}

func (a *app) check(err error) {
	if a.outErr == nil {
		a.outErr = err
	}
}

// finish does with an outcome what was asked for. It is called in the order of
// the inputs, from one goroutine.
func (a *app) finish(oc *outcome) {
	defer oc.in.done()
	if a.outErr != nil { // nobody listens: write nothing more
		return
	}
	if oc.in.version() != oc.version {
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
	a.checked(oc)
	a.sayUnwritten(oc)
	a.progress.step(oc.in.path)
}

// store writes the files that --write or --output ask for.
func (a *app) store(oc *outcome) error {
	switch {
	case a.opt.write && oc.changed():
		if err := a.write.rewrite(oc); err != nil {
			return err
		}
		files := pendingOf(oc)
		for i := range files { // the Dockerfile is the last one there
			a.wrote = append(a.wrote, files[(i+len(files)-1)%len(files)].shown)
		}
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
	a.unmade.Add(oc.report.Tally())
	a.refused += len(oc.result.Refused)
}

func (a *app) print(oc *outcome) {
	if a.render != nil {
		a.check(a.render.Add(oc.entry(a.root)))
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
		report.Messages(a.errs.w, oc.report)
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

// mostNamed is how many written files are named.
const mostNamed = 8

// sayWritten says which files --write wrote, companions too.
func (a *app) sayWritten() {
	switch n := len(a.wrote); {
	case n > mostNamed:
		a.errs.printf("refit: wrote %s\n", plural.Of(n, "file"))
	case n > 0:
		a.errs.printf("refit: wrote %s\n", report.Clean(strings.Join(a.wrote, ", ")))
	}
}

// summary is the last line.
func (a *app) summary() {
	none := 0
	for _, in := range a.inputs {
		if in.isNone() {
			none++
		}
	}
	if none > 0 && none == len(a.inputs) { // it is said already
		return
	}
	a.sayWritten()
	verb := "would change"
	if a.opt.write || a.opt.output != "" {
		verb = "changed"
	}
	hint := ""
	if (a.changed > 0 || a.unmade != report.Tally{}) && !a.opt.verbose && (a.opt.format == formatNone || a.opt.format == formatDiff) {
		hint = " (-v says why)"
	}
	a.errs.printf("refit: %s: %d %s, %d stayed, %d failed; %s held back%s%s\n",
		plural.Of(len(a.inputs)-none, "file"), a.changed, verb, a.stayed, a.failed-none, plural.Of(a.unmade.Held, "change"), a.unmade.Rest(), hint)
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
