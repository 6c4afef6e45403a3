package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

var dnfLayersPass = &transform.Pass{
	Name: "dnf-layers",
	Doc: transform.Doc{
		Title: "install RPM packages in one layer that keeps nothing else",
		Text: "Each run of adjacent dnf, yum or microdnf steps becomes one RUN, which ends by emptying the cache that it " +
			"filled; what removes the cache in between goes. -y is added where it is missing. Every call stays a transaction " +
			"of its own, in its place: a package that brings repositories (epel-release) is there before what comes from them. " +
			"Weak dependencies and documentation stay, since nobody knows for all packages what they are worth without. A " +
			"cache stays where a mount keeps it or something reads it.",
		Before: "FROM fedora:40\nRUN dnf install git\nRUN dnf install -y make && dnf clean all\nRUN dnf install -y gcc\n",
		After: "FROM fedora:40\nRUN dnf install -y git \\\n && dnf install -y make \\\n && dnf install -y gcc \\\n" +
			" && dnf clean all \\\n && rm -rf /var/cache/dnf\n",
		Sources: []string{
			"dnf(8): Clean Command, --assumeyes; yum(8); microdnf(8)",
			"Red Hat documentation, Building, running, and managing containers: UBI images",
			"hadolint DL3030, DL3032, DL3038, DL3040, DL3059",
		},
	},
	Declines: []transform.Decline{
		{Key: "apart", When: "a variable is set between two steps that would become one, and packages may read it when they are installed"},
		{Key: "cache-used", When: "a step reads packages or metadata that an earlier one has left in the cache"},
		{Key: "eol-mirrors", When: "the base is a CentOS release whose mirrors are gone, and nothing changes its repositories"},
		{Key: "form", When: "the step is a JSON array or a here-document, or its script cannot be read"},
	},
	Hadolint: []string{"DL3030", "DL3032", "DL3038", "DL3040", "DL3059"},
	Run:      runDnfLayers,
}

// runDnfLayers rewrites each run of adjacent steps of dnf or yum.
//
// Emptying the cache is sound unless something reads it without leave to fetch:
// dnf and yum fetch what they miss. Calls are not made one, because a transaction
// knows only the repositories that were there when it began. Joining RUNs by &&
// is sound as in apt-layers.
func runDnfLayers(f *transform.File) []transform.Finding {
	runs := readPkgRuns(f, rpmFamily)
	if runs == nil {
		return nil
	}
	l := &dnfLayers{f: f, runs: runs}
	var findings []transform.Finding
	for _, s := range f.Stages {
		findings = append(findings, l.stage(s)...)
	}
	return findings
}

type dnfLayers struct {
	f    *transform.File
	runs map[*transform.Instruction]*pkgRun
}

// stage rewrites the steps of one stage.
func (l *dnfLayers) stage(s *transform.Stage) []transform.Finding {
	reader := l.reader(s)
	yes := l.says(s, "assumeyes", "defaultyes")
	joinable := func(g []*pkgRun, b *pkgRun) bool {
		a := g[len(g)-1]
		return neighbours(l.f, a, b) && a.pure && b.pure && a.script.Simple() && b.script.Simple()
	}
	findings := layered(s, l.runs, joinable, func(g []*pkgRun) []transform.Finding {
		p := &dnfPlan{layersPlan: newLayersPlan(l.f, g), reader: reader, yes: yes}
		return p.findings()
	})
	if l.mirrorsGone(s) {
		findings = append(findings, transform.Finding{
			At: s.From.Body, Reason: "eol-mirrors",
			Why: "the mirrors of this CentOS release were switched off at its end of life: its packages can only be installed where the repositories are changed to its archive, which no step here does",
		})
	}
	return findings
}

// says reports whether an instruction of the stage, or of those it starts from,
// has one of the words.
func (l *dnfLayers) says(s *transform.Stage, words ...string) bool {
	return slices.ContainsFunc(withBases(s), func(in *transform.Instruction) bool {
		return containsAny(l.f.Text(in.Body), words)
	})
}

// reader says what reads the cache of a stage; "" when nothing does.
func (l *dnfLayers) reader(s *transform.Stage) string {
	for _, e := range l.f.Users(s) {
		if e.Kind != transform.EdgeFrom && containsAny(l.f.Text(e.At.Body), rpmCaches) {
			return "another stage copies what is in the cache"
		}
	}
	stages := []*transform.Stage{s}
	for i := 0; i < len(stages); i++ {
		for _, in := range stages[i].Instructions {
			if r := l.runs[in]; r != nil && slices.ContainsFunc(r.steps, readsCache) {
				return "a step installs from the cache, or keeps packages there: " + clipCommand(l.f.Text(in.Body))
			}
			if in.Keyword == "run" && slices.ContainsFunc(shell.Of(l.f, in).Commands(), missesCache) {
				return "a step fails where there is no cache to remove: " + clipCommand(l.f.Text(in.Body))
			}
		}
		for _, e := range l.f.Users(stages[i]) {
			if e.Kind == transform.EdgeFrom {
				stages = append(stages, e.At.Stage)
			}
		}
	}
	if l.says(s, "keepcache") {
		return "packages are kept in the cache on purpose: keepcache"
	}
	return ""
}

// missesCache reports an rm of the cache that fails where there is none.
func missesCache(c *shell.Command) bool {
	return c.Name() == "rm" && !removesQuietly(c) && slices.ContainsFunc(c.Words, func(w shell.Word) bool { return containsAny(w.Text, rpmCaches) })
}

// readsCache reports a call that may not fetch, or that fetches for another.
func readsCache(s *pkgStep) bool {
	return s.call != nil && (s.call.Has("--cacheonly") || s.call.Has("--downloadonly") && !s.call.Has("--downloaddir"))
}

// mirrorsGone reports a stage with steps on a CentOS whose repositories answer no
// more. By the CentOS project: CentOS Linux 6 ended in November 2020, 8 in December
// 2021, 7 in June 2024, and Stream 8 in May 2024. Docker Hub's official image has
// no other releases.
func (l *dnfLayers) mirrorsGone(s *transform.Stage) bool {
	if s.Base.Stage != nil || l.says(s, "vault", ".repo", "yum.repos.d") {
		return false
	}
	img, ok := baseImage(s)
	old := ok && img.Official && img.Name == "centos"
	if ok && img.Name == "quay.io/centos/centos" {
		old = slices.ContainsFunc([]string{"5", "6", "7", "8", "centos", "stream8"}, func(p string) bool { return strings.HasPrefix(img.Tag, p) })
	}
	return old && slices.ContainsFunc(s.Instructions, func(in *transform.Instruction) bool {
		r := l.runs[in]
		return r != nil && slices.ContainsFunc(r.steps, func(s *pkgStep) bool { return s.kind == stepInstall })
	})
}

// findings are what becomes of the plan's RUNs.
func (p *dnfPlan) findings() []transform.Finding {
	if len(p.runs) > 1 {
		p.dropCleans()
	}
	for _, s := range p.steps {
		if !s.drop {
			p.assumeYes(s)
		}
	}
	if len(p.runs) > 1 {
		p.join()
	}
	p.clean()
	if len(p.edits) == 0 {
		return p.declines
	}
	return append([]transform.Finding{{At: p.runs[0].in.Body, Why: p.why(), Edits: p.edits, Notes: p.notes}}, p.declines...)
}

// why sums the plan up in a sentence.
func (p *dnfPlan) why() string {
	switch {
	case len(p.runs) > 1:
		return fmt.Sprintf("%d steps of the package manager become one layer, in which nothing stays of its cache", len(p.runs))
	case p.cleaned:
		return "the package manager's cache would stay in this layer, where nothing reads it"
	}
	return "nobody can answer a question during a build"
}
