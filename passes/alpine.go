package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// AlpineObstacles says, in sentences, what stands between a file and a base on
// Alpine, or is not known: packages that would be compiled against musl, and
// Debian's packages. It is empty where nothing does: pip installs nothing, and
// apt neither.
func AlpineObstacles(f *transform.File) []string {
	a := &alpineNeeds{f: f, image: &inImage{File: f}}
	for _, in := range f.Instructions {
		if in.Stage != nil && in.Keyword == "run" {
			a.run(in)
		}
	}
	return a.sentences()
}

// alpineNeeds is what the steps of a file install.
type alpineNeeds struct {
	f        *transform.File
	image    *inImage
	dists    []string // distributions that pip is asked for, normalised
	packages []string // of Debian
	unread   []string // what may name more
}

func (a *alpineNeeds) run(in *transform.Instruction) {
	dir := ""
	if w := a.image.dirAt(in); w.known {
		dir = w.path
	}
	sc := shell.Of(a.f, in)
	for _, tool := range sc.Tools() {
		switch tool {
		case "pipenv", "poetry", "pdm", "uv", "conda", "mamba", "micromamba", "pip-sync":
			a.unread = append(a.unread, "what "+tool+" installs")
		}
	}
	for _, c := range sc.Commands() {
		dir = changeDir(a.f.State(in), c, dir)
		if p, ok := argv.Pip(c); ok && p.IsInstall() {
			a.pip(in, p, dir)
		}
		if call, ok := argv.Apt(c); ok && call.Subcommand.Text == "install" {
			for _, pkg := range call.Packages {
				a.packages = append(a.packages, pkg.Word.Text)
			}
		}
	}
}

// pip notes the distributions that one call names.
func (a *alpineNeeds) pip(in *transform.Instruction, p *argv.PipCmd, dir string) {
	for _, w := range p.Operands {
		if r, err := buildctx.ParseRequirement(w.Text); err == nil && r.Name != "" && w.Literal() {
			a.dists = append(a.dists, r.Name)
		} else {
			a.unread = append(a.unread, "what "+w.Text+" stands for")
		}
	}
	for _, o := range p.All("--requirement") {
		abs := absolute(dir, o.Value)
		name, from := fileAt(a.image, in.Stage, abs)
		if file, ok := bindMounted(in, abs); ok {
			name, from = file, fromContext
		}
		reqs, err := contextOf(a.f).Requirements(name)
		if from != fromContext || err != nil || reqs.Problem != "" {
			a.unread = append(a.unread, "what "+o.Value+" holds")
			continue
		}
		for _, r := range reqs.Reqs {
			if r.Name == "" {
				a.unread = append(a.unread, "what "+r.Raw+" holds")
				continue
			}
			a.dists = append(a.dists, r.Name)
		}
	}
}

// sentences says it, worst first.
func (a *alpineNeeds) sentences() []string {
	var source, wheels, unknown []string
	for _, name := range distinct(a.dists) {
		sys, ok := facts.SystemPackagesFor(name)
		switch {
		case ownTools[name]:
		case !ok:
			unknown = append(unknown, name)
		case sys.Kind == facts.SourceOnly:
			source = append(source, name)
		case sys.Kind == facts.Wheel:
			wheels = append(wheels, name)
		}
	}
	var out []string
	add := func(names []string, format string) {
		if len(names) > 0 {
			out = append(out, fmt.Sprintf(format, strings.Join(names, ", ")))
		}
	}
	add(source, "without wheels for Linux, and so compiled on Alpine too: %s")
	add(wheels, "with compiled code, for which only wheels for glibc are known, and not whether there are some for musl: %s")
	add(unknown, "distributions of which nothing is known: %s")
	add(distinct(a.unread), "not known: %s")
	add(distinct(a.packages), "packages of Debian's, whose names on Alpine are not known: %s")
	if len(a.dists) > 0 {
		out = append(out, "plain requirements cannot tell which wheels there are of all that pip brings along, and the file names no lock that lists them")
	}
	return out
}

// distinct are the words of a list, sorted, each once.
func distinct(words []string) []string {
	sorted := slices.Sorted(slices.Values(words))
	return slices.Compact(sorted)
}
