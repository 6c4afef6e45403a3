package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// apkHadolint are the rules that ask for what apk-layers does.
var apkHadolint = []string{"DL3019", "DL3059"}

var apkLayersPass = &transform.Pass{
	Name: "apk-layers",
	Doc: transform.Doc{
		Title: "install Alpine packages in one layer that keeps nothing else",
		Text: "Each run of adjacent apk steps becomes one RUN, and what they install is fetched by a fresh index that is not " +
			"kept: apk add --no-cache takes the place of apk update, apk add --update and the removal of /var/cache/apk, " +
			"so that packages are never installed by an index that the build cache kept for months. An upgrade stays an " +
			"upgrade. A step that only fetches the index goes where nothing reads it; where something may, it stays. " +
			"Virtual packages keep their call. A stage that keeps a package cache (a mount, /etc/apk/cache) is left alone.",
		Before: "FROM alpine:3.20\nRUN apk update\nRUN apk add git\nRUN apk add --update gcc musl-dev && rm -rf /var/cache/apk/*\n",
		After:  "FROM alpine:3.20\nRUN apk add --no-cache git gcc musl-dev\n",
		Sources: []string{
			"apk(8) and apk-add(8) of apk-tools 2.14: --no-cache, --update-cache; apk-world(5): one set of constraints",
			"Docker documentation, Building best practices",
			"hadolint DL3019, DL3059",
		},
	},
	Declines: []transform.Decline{
		{Key: "apart", When: "a variable is set between two steps that would become one, and packages may read it when they are installed"},
		{Key: "index-used", When: "another step reads the index that apk update fetched, or may do so"},
		{Key: "cache-kept", When: "the stage keeps a package cache: a mount, or /etc/apk/cache"},
		{Key: "deleted-later", When: "a package is deleted in another layer than the one that installed it, and steps stand between"},
		{Key: "form", When: "the step is a JSON array or a here-document, or its script cannot be read"},
	},
	Hadolint: apkHadolint,
	Run:      runApkLayers,
}

// runApkLayers rewrites each run of adjacent apk steps.
//
// A call with --no-cache reads the index of each repository from the network, in
// memory: what it installs is what it would install right behind an apk update.
// So an update goes when every call up to the next is such a one, and nothing
// else may read the index. Two adds are one because apk solves one set of
// constraints, /etc/apk/world: behind the second, both hold in either case.
// Joining RUNs by && is sound as in apt-layers.
func runApkLayers(f *transform.File) []transform.Finding {
	runs := readPkgRuns(f, apkFamily)
	if runs == nil {
		return nil
	}
	l := &apkLayers{
		f: f, runs: runs, image: &inImage{File: f, fetches: map[*shell.Command]bool{}},
		kept: map[*transform.Stage]bool{}, dirty: map[*transform.Stage]bool{}, installed: map[*transform.Stage]map[string]*pkgRun{},
	}
	l.prepare()
	l.lists = followLists(f, apkFamily, runs)
	var findings []transform.Finding
	for _, s := range f.Stages {
		findings = append(findings, l.stage(s)...)
	}
	return findings
}

type apkLayers struct {
	f         *transform.File
	runs      map[*transform.Instruction]*pkgRun
	image     *inImage
	lists     *listsUse
	kept      map[*transform.Stage]bool               // it keeps a package cache
	dirty     map[*transform.Stage]bool               // its last step so far may have left something in /var/cache/apk
	installed map[*transform.Stage]map[string]*pkgRun // by package, or virtual one: where it was installed
}

// prepare finds the stages that keep a cache, and takes back what readApk said of
// calls that the pass will not touch: those read the index that is there.
func (l *apkLayers) prepare() {
	for _, s := range l.f.Stages {
		l.kept[s] = s.Base.Stage != nil && l.kept[s.Base.Stage]
		for _, in := range s.Instructions {
			r := l.runs[in]
			text := l.f.Text(in.Body)
			l.kept[s] = l.kept[s] || r != nil && r.mounted() || containsAny(text, []string{"/etc/apk/cache", "setup-apkcache", "--cache-dir"})
		}
		for _, in := range s.Instructions {
			if r := l.runs[in]; r != nil {
				l.fetching(r, !l.kept[s] && r.script.Form == shell.ShellForm && !l.f.Skips(in, "apk-layers", apkHadolint...))
			}
		}
	}
}

// fetching notes which of a RUN's calls will fetch the index themselves.
func (l *apkLayers) fetching(r *pkgRun, edited bool) {
	for _, s := range r.steps {
		if s.kind != stepFresh {
			continue
		}
		if !edited && !s.call.Has("--no-cache") {
			s.kind = stepInstall
			continue
		}
		l.image.fetches[s.cmd] = true
	}
}

// stage rewrites the steps of one stage.
func (l *apkLayers) stage(s *transform.Stage) []transform.Finding {
	l.installed[s] = map[string]*pkgRun{}
	if base := s.Base.Stage; base != nil {
		l.dirty[s] = l.dirty[base]
		for name, r := range l.installed[base] {
			l.installed[s][name] = r
		}
	} else {
		img, ok := baseImage(s)
		l.dirty[s] = !ok || !img.Official // official images are made with --no-cache
	}
	if l.kept[s] {
		return l.keeps(s)
	}
	joinable := func(g []*pkgRun, b *pkgRun) bool {
		a := g[len(g)-1]
		return neighbours(l.f, a, b) && a.pure && b.pure && a.script.Simple() && b.script.Simple() &&
			!l.f.Skips(a.in, "apk-layers", apkHadolint...)
	}
	return layered(s, l.runs, joinable, func(g []*pkgRun) []transform.Finding { return l.group(s, g) })
}

// keeps declines a stage that keeps a cache, where there is anything to do.
func (l *apkLayers) keeps(s *transform.Stage) []transform.Finding {
	for _, in := range s.Instructions {
		r := l.runs[in]
		if r == nil || !r.calls || !slices.ContainsFunc(r.steps, func(s *pkgStep) bool { return s.kind == stepInstall || s.kind == stepUpdate }) {
			continue
		}
		return []transform.Finding{{
			At: in.Body, Reason: "cache-kept",
			Why: "the stage keeps apk's packages and index for later builds or steps, which --no-cache would pass by",
		}}
	}
	return nil
}

// group makes the findings for RUNs that become one, or for a single RUN.
func (l *apkLayers) group(s *transform.Stage, g []*pkgRun) []transform.Finding {
	p := &apkPlan{layersPlan: newLayersPlan(l.f, g), l: l, stage: s}
	p.dropUpdates()
	p.dropRemovals()
	p.deletions()
	if why := p.missed(); why != "" {
		l.dirty[s] = true
		return []transform.Finding{{At: g[0].in.Body, Reason: "index-used", Why: why}}
	}
	if p.empty() {
		return append(p.removal(), p.declines...)
	}
	if len(g) > 1 {
		p.mergeInstalls(p.sameAdd)
	}
	for _, step := range p.steps {
		if !step.drop && step.into == nil && step.kind == stepFresh {
			p.fetch(step)
		}
	}
	if len(g) > 1 {
		p.join()
	} else {
		p.cut()
	}
	if len(p.edits) == 0 {
		return p.declines
	}
	return append([]transform.Finding{{At: g[0].in.Body, Why: p.why(), Edits: p.edits, Notes: p.notes}}, p.declines...)
}

// why sums the plan up in a sentence.
func (p *apkPlan) why() string {
	if len(p.runs) > 1 {
		return fmt.Sprintf("%d apk steps become one layer: packages are installed by a fresh index, which is not kept", len(p.runs))
	}
	if p.fetched {
		return "packages are installed by a fresh index, which is not kept in the layer"
	}
	return "with --no-cache no index is fetched beforehand, and none is left to remove"
}

// removal takes the RUNs of a plan out of which nothing stays.
func (p *apkPlan) removal() []transform.Finding {
	var gone []*transform.Instruction
	for _, r := range p.runs {
		gone = append(gone, r.in)
	}
	fd := removal(p.f, "nothing reads the index that this step fetches: what installs packages later fetches its own", gone...)
	return removable(p.f, []transform.Finding{fd})
}

// apkName is the name in a package that apk is given: without a version, a
// repository's tag or a mark of conflict.
func apkName(text string) string {
	if i := strings.IndexAny(text, "=<>~@"); i > 0 {
		text = text[:i]
	}
	return text
}
