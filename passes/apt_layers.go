package passes

import (
	"fmt"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

var aptLayersPass = &transform.Pass{
	Name: "apt-layers",
	Doc: transform.Doc{
		Title: "install Debian packages in one layer that keeps nothing else",
		Text: "Each run of adjacent apt steps becomes one RUN that fetches the package lists, installs, and removes the " +
			"lists again: packages are never installed from lists that the build cache kept for months, and what one " +
			"step removes does not stay in the layer of an earlier one. In every RUN apt becomes apt-get, whose command " +
			"line is stable; -y is added where it is missing; and --no-install-recommends, where it is known that " +
			"nothing that matters is lost. Recommended packages that the others are of little use without (libc6-dev " +
			"for gcc, ca-certificates for curl) are named. Lists stay where a later step reads them.",
		Before: "FROM debian:12\nRUN apt update\nRUN apt install git gcc\nRUN apt install -y make\n",
		After: "FROM debian:12\nRUN apt-get update \\\n" +
			" && apt-get install -y --no-install-recommends git ca-certificates gcc libc6-dev make \\\n" +
			" && rm -rf /var/lib/apt/lists/*\n",
		Sources: []string{
			"Docker documentation, Building best practices, apt-get",
			"apt(8), section Script usage",
			"hadolint DL3009, DL3014, DL3015, DL3027, DL3059",
		},
	},
	Declines: []transform.Decline{
		{Key: "unknown-recommends", When: "it is not known what a package is worth without its Recommends"},
		{Key: "lists-used", When: "a later step reads the package lists and does not fetch its own"},
		{Key: "form", When: "the step is a JSON array or a here-document, or its script cannot be read"},
	},
	Hadolint: []string{"DL3009", "DL3014", "DL3015", "DL3027", "DL3059"},
	Run:      runAptLayers,
}

// runAptLayers rewrites each run of adjacent apt steps.
//
// Joining RUNs by && is sound because only scripts are joined that are simple
// commands joined by && themselves: nothing of the one's shell can reach into
// the other, and a build goes on only when each has succeeded. A second update
// is dropped only when nothing between could have changed the sources; two
// installs become one only when neither package list is known to conflict with
// anything. Removing lists is sound unless something reads them before they are
// fetched again; a program that cannot be read may do so. Leaving out
// recommended packages is sound as far as the table of them goes, which is why
// it is held back for every package that is not in it.
func runAptLayers(f *transform.File) []transform.Finding {
	if !strings.Contains(f.Src, "apt") {
		return nil
	}
	l := &aptLayers{
		f: f, runs: map[*transform.Instruction]*aptRun{},
		uses: map[*transform.Stage]*stageUse{}, installed: map[*transform.Stage]map[string]bool{},
		configured: map[*transform.Stage]aptConfig{},
	}
	calls := false
	for _, in := range f.Instructions {
		if in.Stage == nil {
			continue
		}
		if r := readAptRun(f, in); r != nil {
			l.runs[in] = r
			calls = calls || r.calls
		}
	}
	if !calls {
		return nil
	}
	l.lists = followLists(f, l.runs)
	var findings []transform.Finding
	for _, s := range f.Stages {
		findings = append(findings, l.stage(s)...)
	}
	return findings
}

type aptLayers struct {
	f          *transform.File
	runs       map[*transform.Instruction]*aptRun
	lists      *listsUse
	uses       map[*transform.Stage]*stageUse
	installed  map[*transform.Stage]map[string]bool // packages named so far
	configured map[*transform.Stage]aptConfig
}

// aptConfig is what a stage's steps write into apt's configuration.
type aptConfig struct {
	recommends bool // whether Recommends are installed
	yes        bool // that nothing is asked
}

func (l *aptLayers) config(s *transform.Stage) aptConfig {
	var c aptConfig
	if s.Base.Stage != nil {
		c = l.configured[s.Base.Stage]
	}
	for _, in := range s.Instructions {
		if text := l.f.Text(in.Body); strings.Contains(text, "::") && strings.Contains(text, "apt.conf") {
			text = strings.ToLower(text)
			c.recommends = c.recommends || strings.Contains(text, "apt::install-recommends")
			c.yes = c.yes || strings.Contains(text, "apt::get::assume-yes")
		}
	}
	return c
}

// stage rewrites the steps of one stage.
func (l *aptLayers) stage(s *transform.Stage) []transform.Finding {
	have := map[string]bool{}
	if base := s.Base.Stage; base != nil {
		for name := range l.installed[base] {
			have[name] = true
		}
	}
	l.installed[s] = have
	l.configured[s] = l.config(s)
	var findings []transform.Finding
	for i := 0; i < len(s.Instructions); i++ {
		r := l.runs[s.Instructions[i]]
		switch {
		case r == nil:
			continue
		case r.script.Form != shell.ShellForm:
			findings = append(findings, l.unread(r)...)
			continue
		case !r.calls:
			continue
		}
		g := []*aptRun{r}
		for i+1 < len(s.Instructions) && l.joinable(g, l.runs[s.Instructions[i+1]]) {
			i++
			g = append(g, l.runs[s.Instructions[i]])
		}
		findings = append(findings, l.group(s, g)...)
	}
	return findings
}

// unread declines a RUN that calls apt in a form that is left alone.
func (l *aptLayers) unread(r *aptRun) []transform.Finding {
	if !r.calls && (r.script.Form != shell.Opaque || !strings.Contains(r.script.Text, "apt-get install")) {
		return nil
	}
	return []transform.Finding{{
		At: r.in.Body, Reason: "form",
		Why: "apt is called in a JSON array or a here-document, or in a script that cannot be read",
	}}
}

// joinable reports whether b, right behind the RUNs of g, can become a part of
// them: all are nothing but apt's steps, or b installs from the lists that g has
// fetched. A comment for a linter must stay right above its instruction.
func (l *aptLayers) joinable(g []*aptRun, b *aptRun) bool {
	a := g[len(g)-1]
	if b == nil || len(b.top) == 0 || !sameFlags(a.in, b.in) || speaksToTool(l.f, b.in) {
		return false
	}
	if !(a.pure && b.pure && b.script.Simple()) && !(leavesLists(g) && b.top[0].kind == aptInstall && a.chain() && b.script.Simple()) {
		return false
	}
	head := l.f.Text(transform.Span{Start: b.in.Body.Start, End: b.top[0].span().Start})
	return !strings.Contains(head, "#")
}

// chain reports a script that another may follow behind an &&: simple commands
// in a row that leave nothing behind in their shell.
func (r *aptRun) chain() bool { return r.script.Simple() && len(r.script.Leaks()) == 0 }

// group makes the findings for RUNs that become one, or for a single RUN.
func (l *aptLayers) group(s *transform.Stage, g []*aptRun) []transform.Finding {
	p := &aptPlan{l: l, stage: s, runs: g}
	var ins []*transform.Instruction
	for _, r := range g {
		ins = append(ins, r.in)
		for _, step := range r.steps {
			p.steps = append(p.steps, &planStep{aptStep: step, end: step.span().End})
		}
	}
	p.style = styleOf(l.f, ins)
	p.name()
	p.recommend()
	if len(g) > 1 {
		p.dropRepeated()
		p.mergeInstalls()
	}
	for _, step := range p.steps {
		if !step.drop {
			p.improve(step)
		}
	}
	if len(g) > 1 {
		p.join()
	}
	p.clean()
	if len(p.edits) == 0 {
		return p.declines
	}
	return append([]transform.Finding{{At: g[0].in.Body, Why: p.why(), Edits: p.edits, Notes: p.notes}}, p.declines...)
}

// why sums the plan up in a sentence.
func (p *aptPlan) why() string {
	switch {
	case len(p.runs) > 1:
		return fmt.Sprintf("%d apt steps become one layer: packages are installed from fresh lists, and nothing that a step removes stays behind", len(p.runs))
	case p.cleaned:
		return "the package lists that apt-get update fetched would stay in this layer, where nothing reads them"
	case p.flagged:
		return "recommended packages that nothing here needs are left out"
	}
	return "apt-get is called as a script should: by its stable command line, and without a question that nobody can answer"
}
