package passes

import (
	"slices"
	"strings"

	"refit/internal/facts"
	"refit/transform"
)

// A slimmer takes something out of the virtual environment that a builder stage
// makes, in a step of its own behind the builder's last one.
type slimmer struct {
	name, title, text string
	sources           []string
	comment           string                                  // stands above the step
	command           func(dir string) string                 // the step, in lines, for the environment in a directory
	why               string                                  // the reason of the change
	check             func(e *environment) *transform.Finding // declines; nil for none of its own
	declines          []transform.Decline                     // that check gives
}

// slimmers are all of them. A function, since the passes are made of them.
func slimmers() []*slimmer {
	return []*slimmer{headersOut, pipOut, testsOut, stripSymbols, bytecodeOut}
}

// Declines that several of them share.
var (
	declineNoEnvironment = transform.Decline{Key: "no-environment", When: "no builder stage makes the virtual environment that the final stage takes"}
	declineShared        = transform.Decline{Key: "builder-shared", When: "the builder serves other stages too, or does not end as root with a POSIX shell"}
	declineNoContext     = transform.Decline{Key: "no-context", When: "the build context, and so what the application uses, is not known"}
	declineNotDebian     = transform.Decline{Key: "not-debian", When: "the builder is not on an official Python image of Debian, whose tools are known"}
)

const (
	slimmingHead = "FROM python:3.12-bookworm AS builder\nCOPY requirements.txt .\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n" +
		"RUN pip install -r requirements.txt\n"
	slimmingTail = "\nFROM python:3.12-slim-bookworm\nCOPY --from=builder /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\n" +
		"COPY app.py .\nCMD [\"python\", \"app.py\"]\n"
)

// pass makes the pass that runs when it is asked for by name.
func (s *slimmer) pass() *transform.Pass {
	return &transform.Pass{
		Name:  s.name,
		OptIn: true,
		Doc: transform.Doc{
			Title:   s.title,
			Text:    s.text,
			Before:  slimmingHead + slimmingTail,
			After:   slimmingHead + s.step("RUN", "/opt/venv", `\`) + "\n" + slimmingTail,
			Files:   map[string]string{"requirements.txt": "flask==3.0.3\n", "app.py": "import flask\n"},
			Sources: s.sources,
		},
		Declines: append([]transform.Decline{declineNoEnvironment, declineShared}, s.declines...),
		Run:      s.run,
	}
}

// step is the comment and the instruction.
func (s *slimmer) step(keyword, dir, escape string) string {
	return "# " + s.comment + "\n" + keyword + " " + strings.ReplaceAll(s.command(dir), "\n", " "+escape+"\n    ")
}

// did reports an instruction that holds the command.
func (s *slimmer) did(e *environment, in *transform.Instruction) bool {
	text := e.f.Text(in.Body)
	return in.Keyword == "run" && !slices.ContainsFunc(strings.Split(s.command(e.dir), "\n"), func(line string) bool { return !strings.Contains(text, line) })
}

// run adds the step where the builder has no such step already.
func (s *slimmer) run(f *transform.File) []transform.Finding {
	e, no := findEnvironment(f)
	if no == nil && e != nil && s.check != nil {
		no = s.check(e)
	}
	switch {
	case no != nil:
		return []transform.Finding{*no}
	case e == nil || slices.ContainsFunc(e.builder.Instructions, func(in *transform.Instruction) bool { return s.did(e, in) }):
		return nil
	}
	last := e.builder.Instructions[len(e.builder.Instructions)-1]
	edit := insertBehind(last, "\n"+s.step(f.Cased("RUN"), e.dir, string(f.Escape)))
	return []transform.Finding{{At: last.Body, Why: s.why, Edits: []transform.Edit{edit}}}
}

// slimmingSteps are the steps of a file that slimmers wrote.
func slimmingSteps(f *transform.File) map[*transform.Instruction]bool {
	steps := map[*transform.Instruction]bool{}
	e, _ := findEnvironment(f)
	if e == nil {
		return steps
	}
	for _, in := range e.builder.Instructions {
		steps[in] = slices.ContainsFunc(slimmers(), func(s *slimmer) bool { return s.did(e, in) })
	}
	return steps
}

// onDebian asks for a builder whose tools take the options that are used.
func (e *environment) onDebian() *transform.Finding {
	img, ok := baseImage(e.builder.Root())
	if !ok || !img.Official || img.Name != "python" || !slices.Contains(facts.Suites(), img.distro()) {
		return held(e.builder.From.Body, "not-debian", "the builder does not start from an official Python image of a known release of Debian")
	}
	return nil
}
