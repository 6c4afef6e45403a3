package passes

import (
	"slices"
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

var condaLayersPass = &transform.Pass{
	Name: "conda-layers",
	Doc: transform.Doc{
		Title: "install by conda in one layer that keeps no downloads",
		Text: "conda, mamba and micromamba keep every archive that they downloaded, and the channels' indexes, beside the " +
			"environments: a “conda clean” in a later RUN hides them but leaves them in the layer below. It goes into the " +
			"step that installs, and adjacent steps of conda become one. The package cache is no cache mount: conda links " +
			"files from it into the environment, which takes no place in one layer, and links do not reach out of a mount. " +
			"“conda run” in CMD or ENTRYPOINT holds back what the program prints until it ends, unless it is told " +
			"--no-capture-output. The base stays: an environment could be copied to a smaller image at the same path, but " +
			"which of conda's own activation scripts and libraries it would miss there cannot be told from the files.",
		Before: "FROM continuumio/miniconda3\nCOPY environment.yml .\nRUN conda env create -f environment.yml\n" +
			"RUN conda clean --all --yes\nCOPY . .\nCMD [\"conda\", \"run\", \"-n\", \"shop\", \"python\", \"app.py\"]\n",
		After: "FROM continuumio/miniconda3\nCOPY environment.yml .\nRUN conda env create -f environment.yml \\\n" +
			" && conda clean --all --yes\nCOPY . .\nCMD [\"conda\", \"run\", \"--no-capture-output\", \"-n\", \"shop\", \"python\", \"app.py\"]\n",
		Sources: []string{
			"conda documentation, conda clean and conda run",
			"micromamba-docker documentation, quick start",
		},
	},
	Alters: []string{"cmd", "entrypoint"},
	Declines: []transform.Decline{
		{Key: "cache-used", When: "the file takes packages from conda's cache again, or links environments to it (--clone, " +
			"--offline, --use-local, conda-pack, conda-build, softlinks)"},
		{Key: "shape", When: "the installing step is more than commands joined by &&, or another program starts conda"},
	},
	Run: runCondaLayers,
}

// runCondaLayers adds "conda clean --all --yes" to the steps that download.
//
// It is sound because the environments do not need the cache: conda links files
// by hard links, or copies them, which stay when the cache's names of them go. It
// only warns of symbolic links, which nobody gets without asking for them. What
// uses the cache later downloads again, except for what is not to reach the
// network, or reads the cache itself; the pass looks for those. clean knows the
// two options in every release; --force-pkgs-dirs would save little more.
func runCondaLayers(f *transform.File) []transform.Finding {
	if !strings.Contains(f.Src, "conda") && !strings.Contains(f.Src, "mamba") {
		return nil
	}
	var findings []transform.Finding
	for _, s := range f.Stages {
		if !shipsConda(f, s) {
			continue
		}
		for _, g := range condaGroups(f, s) {
			if fd := g.finding(f); fd != nil {
				findings = append(findings, *fd)
			}
		}
	}
	return append(findings, uncaptured(f)...)
}

// shipsConda reports whether what a stage leaves behind gets into the image: it
// is the final stage or one that this starts from, or conda's prefix is copied.
func shipsConda(f *transform.File, s *transform.Stage) bool {
	for t := f.Final(); t != nil; t = t.Base.Stage {
		if t == s {
			return true
		}
	}
	for _, t := range f.Stages {
		for _, e := range t.Deps {
			if text := f.Text(e.At.Body); e.To == s && (strings.Contains(text, "conda") || strings.Contains(text, "mamba")) {
				return true
			}
		}
	}
	return false
}

// A condaGroup is one RUN that calls conda, or adjacent ones that do nothing
// else.
type condaGroup struct {
	runs  []*transform.Instruction
	calls []*argv.CondaCmd
	pure  bool // nothing but conda runs in it
}

// condaGroups finds the RUNs of a stage that call conda. Steps that only conda
// has a part in follow each other in one group.
func condaGroups(f *transform.File, s *transform.Stage) []*condaGroup {
	var groups []*condaGroup
	var last *condaGroup
	for _, in := range s.Instructions {
		g := condaRunOf(f, in)
		switch {
		case g == nil:
			last = nil
			continue
		case last != nil && last.pure && g.pure && canJoin(f, last.runs[len(last.runs)-1], in):
			last.runs, last.calls = append(last.runs, in), append(last.calls, g.calls...)
			continue
		}
		groups = append(groups, g)
		last = g
	}
	return groups
}

// condaRunOf reads a RUN; nil where conda neither installs nor cleans up in it.
func condaRunOf(f *transform.File, in *transform.Instruction) *condaGroup {
	if in.Keyword != "run" || !containsAny(f.Text(in.Body), []string{"conda", "mamba"}) {
		return nil
	}
	g := &condaGroup{runs: []*transform.Instruction{in}, pure: true}
	matters := false
	for _, c := range shell.Of(f, in).Commands() {
		call, ok := argv.Conda(c)
		if !ok {
			g.pure = false
			continue
		}
		g.calls = append(g.calls, call)
		g.pure = g.pure && (call.Fetches() || call.Verb == "clean" || call.Verb == "config")
		matters = matters || call.Fetches() || call.Verb == "clean"
	}
	if !matters {
		return nil
	}
	return g
}

func canJoin(f *transform.File, a, b *transform.Instruction) bool {
	key, why := apart(f, a, b)
	return key == "" && why == ""
}

// downloads is the last call of the group that downloads, where no clean follows
// it; cleaned reports that one does.
func (g *condaGroup) downloads() (last *argv.CondaCmd, cleaned bool) {
	for _, c := range g.calls {
		switch {
		case c.Fetches():
			last, cleaned = c, false
		case c.Verb == "clean" && last != nil && c.Has("--all", "--tarballs", "--force-pkgs-dirs"):
			cleaned = true
		}
	}
	return last, cleaned
}

// finding is what becomes of a group; nil for nothing.
func (g *condaGroup) finding(f *transform.File) *transform.Finding {
	call, cleaned := g.downloads()
	if call == nil || cleaned && len(g.runs) == 1 {
		return nil
	}
	in := g.runs[len(g.runs)-1]
	s := shell.Of(f, in)
	for _, run := range g.runs {
		for _, m := range mountsOf(run) {
			if m.kind == "cache" && (strings.Contains(m.target, "pkgs") || strings.Contains(m.target, "conda")) {
				return nil
			}
		}
	}
	if !cleaned {
		if why := keepsCondaCache(f); why != "" {
			return &transform.Finding{At: g.runs[0].Body, Reason: "cache-used", Why: "the downloads stay: " + why}
		}
		if _, comment := s.Comment(); !s.Simple() || s.Inline || s.Form != shell.ShellForm || comment || len(call.Wrappers) > 0 {
			return &transform.Finding{At: in.Body, Reason: "shape",
				Why: "a “" + call.Name + " clean” cannot be joined to the end of this step without a change of its meaning"}
		}
	}
	fd := &transform.Finding{At: g.runs[0].Body, Why: "what " + call.Name + " downloaded stays in no layer"}
	if len(g.runs) > 1 {
		joined := mergeSteps(f, g.runs)
		fd.Edits, fd.Notes = joined.Edits, joined.Notes
		fd.Why = "adjacent steps of " + call.Name + " become one layer, and what they downloaded stays in none"
	}
	clean := call.Program.Raw + " clean --all --yes"
	switch {
	case cleaned:
	case len(g.runs) > 1:
		top := s.Top()
		fd.Edits = append(fd.Edits, insertAt(shell.In(in, top[len(top)-1].Span).End, styleOf(f, g.runs).glue(nil)+clean))
	default:
		fd.Edits = append(fd.Edits, appendCommand(f, in, s, clean))
	}
	return fd
}

// keepsCondaCache says what in the file, or in conda's settings in the build
// context, needs the package cache; "" for nothing.
func keepsCondaCache(f *transform.File) string {
	for _, in := range f.Instructions {
		text := f.Text(in.Body)
		for _, word := range []string{"--offline", "--clone", "--use-local", "--always-softlink", "softlink", "conda-pack", "conda pack",
			"conda-build", "conda build", "pkgs_dirs", "CONDA_PKGS_DIRS", "constructor", "/pkgs"} {
			if strings.Contains(text, word) {
				return "“" + word + "” is in the file, which may need them"
			}
		}
	}
	entries, _ := contextOf(f).Files()
	for _, e := range entries {
		if !strings.HasSuffix(e.Path, ".condarc") && !strings.HasSuffix(e.Path, ".mambarc") {
			continue
		}
		if b, err := contextOf(f).ReadFile(e.Path); err != nil || containsAny(string(b), []string{"softlink", "pkgs_dirs", "offline"}) {
			return e.Path + " may ask for them"
		}
	}
	return ""
}

// uncaptured lets "conda run" in the final stage's command pass on what the
// program prints.
func uncaptured(f *transform.File) []transform.Finding {
	final := f.Final()
	if final == nil || !recentConda(final) {
		return nil
	}
	var findings []transform.Finding
	for _, in := range final.Instructions {
		if in.Keyword != "cmd" && in.Keyword != "entrypoint" {
			continue
		}
		s := shell.Of(f, in)
		for _, c := range s.Commands() {
			call, ok := argv.Conda(c)
			if !ok || call.Verb != "run" || call.Name != "conda" || !call.Known || call.Has("--no-capture-output") || len(call.Operands) == 0 && in.Keyword == "cmd" {
				continue
			}
			text := " --no-capture-output"
			if s.Form == shell.ExecForm {
				text = `, "--no-capture-output"`
			}
			findings = append(findings, transform.Finding{
				At:    in.Body,
				Why:   "conda run would hold back what the program prints until it ends",
				Edits: []transform.Edit{insertAt(shell.In(in, call.VerbSpan).End, text)},
			})
		}
	}
	return findings
}

// recentConda reports a base whose conda knows --no-capture-output, which came
// with 4.9: the newest image, or one whose tag says a release since 2021.
func recentConda(s *transform.Stage) bool {
	img, ok := baseImage(s.Root())
	if !ok || img.Digest && img.Tag == "" || len(s.Root().Base.Args) > 0 {
		return false
	}
	if !slices.Contains([]string{"docker.io/continuumio/miniconda3", "docker.io/continuumio/anaconda3",
		"docker.io/condaforge/miniforge3", "docker.io/condaforge/mambaforge"}, img.Name) {
		return false
	}
	if img.Tag == "" || img.Tag == "latest" {
		return true
	}
	parts := strings.FieldsFunc(strings.TrimPrefix(img.Tag, "v"), func(r rune) bool { return r == '.' || r == '-' })
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return false
	}
	return major == 4 && minor >= 9 || major >= 22 && major < 100 || major >= 2021
}
