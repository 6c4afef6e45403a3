package passes

import (
	"fmt"
	"strings"

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
			"Debian's package indexes, for what build-essential depends on",
			"hadolint DL3009, DL3014, DL3015, DL3027, DL3059",
		},
	},
	Declines: []transform.Decline{
		{Key: "apart", When: "a variable is set between two steps that would become one, and packages may read it when they are installed"},
		{Key: "unknown-recommends", When: "it is not known what a package is worth without its Recommends"},
		{Key: "lists-used", When: "a later step reads the package lists and does not fetch its own"},
		{Key: "desk-tools", When: "the image that is shipped has an editor or a tool to debug with, and nothing that is known calls it"},
		{Key: "named-twice", When: "a package is named beside one that depends on it: gcc beside build-essential"},
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
	runs := readPkgRuns(f, aptFamily)
	if runs == nil {
		return nil
	}
	l := &aptLayers{
		f: f, runs: runs, lists: followLists(f, aptFamily, runs),
		uses: map[*transform.Stage]*stageUse{}, installed: map[*transform.Stage]map[string]bool{},
		configured: map[*transform.Stage]aptConfig{},
	}
	var findings []transform.Finding
	for _, s := range f.Stages {
		findings = append(findings, l.stage(s)...)
	}
	return append(findings, l.advise()...)
}

type aptLayers struct {
	f          *transform.File
	runs       map[*transform.Instruction]*pkgRun
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
	return layered(s, l.runs, l.joinable, func(g []*pkgRun) []transform.Finding { return l.group(s, g) })
}

// joinable reports whether b, right behind the RUNs of g, can become a part of
// them: all are nothing but apt's steps, or b installs from the lists that g has
// fetched. A comment for a linter must stay right above its instruction.
func (l *aptLayers) joinable(g []*pkgRun, b *pkgRun) bool {
	a := g[len(g)-1]
	return neighbours(l.f, a, b) &&
		(a.pure && b.pure && b.script.Simple() || leavesLists(g) && b.top[0].kind == stepInstall && a.chain() && b.script.Simple())
}

// group makes the findings for RUNs that become one, or for a single RUN.
func (l *aptLayers) group(s *transform.Stage, g []*pkgRun) []transform.Finding {
	p := &aptPlan{layersPlan: newLayersPlan(l.f, g), l: l, stage: s, rec: map[*planStep]recommends{}}
	p.name()
	p.recommend()
	if len(g) > 1 {
		p.dropRepeated()
		p.mergeInstalls(p.sameCall)
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
	case p.flagged():
		return "recommended packages that nothing here needs are left out"
	}
	return "apt-get is called as a script should: by its stable command line, and without a question that nobody can answer"
}
