package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// pipRun is one call of pip: where it stands and how it takes releases.
type pipRun struct {
	in       *transform.Instruction
	at       transform.Span
	dir      string
	compile  bool              // --no-binary :all:
	noBinary []string          // --no-binary NAME
	limits   map[string]string // constraints
}

// pip reads one call of pip.
func (s *slimming) pip(in *transform.Instruction, p *argv.PipCmd, dir string) {
	switch p.Subcommand.Text {
	case "install", "wheel", "download", "sync":
	default:
		return
	}
	run := &pipRun{in: in, at: shell.In(in, p.Program.Span), dir: dir, limits: map[string]string{}}
	if p.Fed || !p.Known {
		s.decline(run.at, "unknown-distribution", "what pip is asked to install is not certain")
		return
	}
	for _, o := range p.Options {
		text, ok := optionValue(s.f.State(in), &o)
		switch o.Name {
		case "--no-binary":
			run.compile = run.compile || o.Value == ":all:"
			run.noBinary = append(run.noBinary, strings.Split(buildctx.NormalizeName(o.Value), ",")...)
		case "--requirement", "--constraint", "--editable":
			if !ok {
				s.decline(run.at, "missing-file", "the value of %s is not known before the build", o.Name)
				return
			}
			s.pipOption(run, o.Name, text)
		}
	}
	for _, w := range p.Operands {
		s.operand(run, w)
	}
}

func (s *slimming) pipOption(run *pipRun, name, text string) {
	if name == "--editable" {
		s.requirementText(run, text, true)
		return
	}
	if isURL(text) {
		s.decline(run.at, "missing-file", "%s is not in the build context", text)
		return
	}
	if text == "/dev/stdin" && frozen(shell.Of(s.f, run.in)) {
		return // what is there already
	}
	if file := fetchedIn(shell.Of(s.f, run.in)); text == "/dev/stdin" && file != "" {
		if file, ok := s.file(run.in, run.dir, file); ok {
			s.project(run, file)
		}
		return
	}
	if file, ok := s.file(run.in, run.dir, text); ok {
		s.requirementFile(run, name, file)
	}
}

// requirementFile notes what a requirement file of the context, or one of
// constraints, holds.
func (s *slimming) requirementFile(run *pipRun, name, file string) {
	reqs, err := s.ctx.Requirements(file)
	if err != nil {
		s.decline(run.at, "missing-file", "%v", err)
		return
	}
	if reqs.Problem != "" {
		s.decline(run.at, "missing-file", "%s", reqs.Problem)
		return
	}
	for _, c := range reqs.Constraints {
		run.limits[c.Name] = c.Spec
	}
	if name == "--constraint" {
		for _, r := range reqs.Reqs {
			run.limits[r.Name] = r.Spec
		}
		return
	}
	run.noBinary = append(run.noBinary, reqs.NoBinary...)
	run.compile = run.compile || slices.Contains(reqs.NoBinary, ":all:")
	for i := range reqs.Reqs {
		s.requirement(run, &reqs.Reqs[i])
	}
}

// frozen reports a step that hands pip's own list of what is installed to a pipe.
func frozen(sc *shell.Script) bool {
	return slices.ContainsFunc(sc.Commands(), func(c *shell.Command) bool {
		p, ok := argv.Pip(c)
		return ok && (p.Subcommand.Text == "freeze" || p.Subcommand.Text == "list") && len(c.Redirs) == 0
	})
}

// operand reads a requirement of the command line.
func (s *slimming) operand(run *pipRun, w shell.Word) {
	text, ok := w.Text, w.Literal()
	if !ok {
		text, ok = shellValue(s.f.State(run.in), w)
	}
	switch {
	case ok && w.HasGlob && strings.Contains(text, ".whl"):
		s.decline(run.at, "unknown-distribution", "which wheels %s stands for is not known", text)
	case ok:
		for _, one := range strings.Fields(text) {
			s.requirementText(run, one, false)
		}
	case namesDistribution(w.Text):
		name := w.Text[:strings.IndexAny(w.Text, "=<>~!$`")]
		s.requirementText(run, name+"==0", false) // some release, perhaps an old one
	default:
		s.decline(run.at, "unknown-distribution", "what pip is asked to install is only known when the image is built")
	}
}

func (s *slimming) requirementText(run *pipRun, text string, editable bool) {
	r, err := buildctx.ParseRequirement(text)
	if err != nil {
		s.decline(run.at, "unknown-distribution", "%v", err)
		return
	}
	r.Editable = editable
	if editable && r.Path == "" && r.VCS == "" {
		r.Path, r.Name = text, ""
	}
	s.requirement(run, r)
}

func (s *slimming) requirement(run *pipRun, r *buildctx.Requirement) {
	if applies, known := r.Applies(buildctx.LinuxEnv(s.minor)); known && !applies {
		return
	}
	if r.VCS != "" {
		s.tool(map[string]string{"git": "git", "hg": "hg", "svn": "svn", "bzr": "bzr"}[r.VCS], run.in, run.at, "pip fetches a repository by "+r.VCS)
		if strings.Contains(r.URL, "ssh://") || strings.Contains(r.URL, "git@") {
			s.need([]string{"openssh-client"}, run.in, run.at, "pip fetches a repository by ssh")
		}
	}
	switch {
	case r.Path != "":
		s.local(run, r.Path)
	case r.Name == "":
		s.decline(run.at, "unknown-distribution", "which distribution %s is cannot be told", r.Raw)
	default:
		limits := []string{r.Spec, run.limits[r.Name]}
		fromSource := r.VCS != "" || r.URL != "" && !strings.HasSuffix(r.URL, ".whl")
		s.distribution(run, r.Name, r.Extras, limits, fromSource)
	}
}

// distribution notes what one distribution needs of the system.
func (s *slimming) distribution(run *pipRun, name string, extras, limits []string, fromSource bool) {
	p, ok := facts.SystemPackagesFor(name)
	s.dists[buildctx.NormalizeName(name)] = true
	for _, x := range extras {
		if q, known := facts.SystemPackagesFor(name + "[" + x + "]"); known && strings.Contains(q.Distribution, "[") {
			p, ok = q, true
			continue
		}
		more, known := facts.ExtraDistributions(name, x)
		if !known && ok {
			s.decline(run.at, "unknown-distribution", "what the extra %s[%s] installs is not known", name, x)
			return
		}
		for _, d := range more {
			s.distribution(run, d, nil, []string{run.limits[d]}, false)
		}
	}
	switch {
	case !ok:
		s.decline(run.at, "unknown-distribution", "what the distribution %s needs of the system is not known", name)
		return
	case p.OwnInstaller:
		s.decline(run.at, "outside-install", "%s installs software of its own, whose needs no package declares", name)
		return
	}
	if fontUsers[buildctx.NormalizeName(name)] {
		s.need([]string{"fonts-dejavu-core"}, nil, run.at, name+" draws text")
	}
	fromSource = fromSource || run.compile || slices.Contains(run.noBinary, buildctx.NormalizeName(name))
	switch {
	case p.Kind == facts.Pure:
	case p.Kind == facts.Loads || p.Kind == facts.Runs:
		if !p.Optional {
			list, ok := p.Runtime(s.suite)
			s.system(run, nil, list, ok, name+map[facts.Kind]string{facts.Loads: " loads it", facts.Runs: " runs it"}[p.Kind], p)
			if p.Kind == facts.Runs && slices.Contains(list, "git") {
				s.need([]string{"openssh-client"}, nil, run.at, "git at run time may use ssh")
			}
		}
	case p.Kind == facts.Wheel && !fromSource && s.hasWheel(name, limits):
		list, ok := p.WheelRuntime(s.suite)
		s.system(run, nil, list, ok, name+"'s wheel loads it", p)
	default:
		s.compiled(run, name, p)
	}
}

// fontUsers draw text in the fonts of the system, of which the full image has one.
var fontUsers = setOf("weasyprint cairosvg cairocffi pycairo pygobject wand pygal")

// compiled notes what it takes to compile a distribution, and what the result
// loads.
func (s *slimming) compiled(run *pipRun, name string, p facts.SystemPackages) {
	why := name + " may have no wheel for this Python and is compiled then"
	if p.Kind == facts.SourceOnly {
		why = name + " has no wheel and is compiled"
	}
	build, ok := p.Build(s.suite)
	if !ok && !s.archived {
		s.decline(run.at, "may-compile", "%s may have no wheel for Python %s, and what it takes to compile it is not known", name, s.minor)
		return
	}
	if !s.elsewhere {
		s.system(run, run.in, build, ok, why, p)
	}
	list, ok := p.Runtime(s.suite)
	s.system(run, nil, list, ok, name+" loads it at run time", p)
}

// system notes packages that a distribution needs. Where the names of this
// release are not known, those of other releases tell whether any is lost.
func (s *slimming) system(run *pipRun, in *transform.Instruction, list []string, ok bool, why string, p facts.SystemPackages) {
	if ok {
		s.need(list, in, run.at, why)
		return
	}
	for _, suite := range facts.Suites() {
		build, _ := p.Build(suite)
		runtime, _ := p.Runtime(suite)
		if slices.ContainsFunc(append(build, runtime...), s.lost) {
			if s.archived {
				s.decline(run.at, "archived-suite", "%s needs packages, and apt no longer works on this Debian release", p.Distribution)
			} else {
				s.decline(run.at, "unknown-distribution", "what %s needs on Debian %s is not known", p.Distribution, s.suite)
			}
			return
		}
	}
}

// hasWheel reports whether pip surely finds a wheel: the newest release that the
// limits allow has one for this Python. Without limits that is so for every
// Python since 3.6, whose last releases all had wheels, and for older ones as far
// as the table says.
func (s *slimming) hasWheel(name string, limits []string) bool {
	since, known := facts.WheelSince(name, s.minor)
	if known && since == "0" {
		return true
	}
	if !known && facts.CompareReleases(s.minor, "3.6") < 0 {
		return false
	}
	for _, l := range limits {
		for clause := range strings.SplitSeq(l, ",") {
			if !allowsSince(clause, since, known) {
				return false
			}
		}
	}
	return true
}

// allowsSince reports whether the newest release that a version specifier
// allows is at least since.
func allowsSince(clause, since string, known bool) bool {
	clause = strings.TrimSpace(clause)
	version := strings.TrimLeft(clause, "=<>~!")
	op := clause[:len(clause)-len(version)]
	version, wildcard := strings.CutSuffix(version, ".*")
	switch op {
	case "", ">", ">=", "!=":
		return true
	case "<":
		return known && facts.CompareReleases(since, version) < 0
	case "~=":
		if i := strings.LastIndexByte(version, '.'); i > 0 {
			version = version[:i]
		}
		wildcard = true
	}
	if wildcard && strings.HasPrefix(since+".", version+".") {
		return known
	}
	return known && facts.CompareReleases(since, version) <= 0
}

// lookup finds the file of the context that stands at a path of the image when a
// step runs, or, for other instructions, when the container starts.
func (s *slimming) lookup(in *transform.Instruction, abs string) (string, origin) {
	if in == nil || in.Keyword != "run" {
		return fileAt(s.image, s.f.Final(), abs)
	}
	for _, other := range slices.Backward(in.Stage.Instructions) {
		if other.Index >= in.Index {
			continue
		}
		if name, from := copiedTo(s.image, other, abs); from != notContext {
			return name, from
		}
	}
	return fileAt(s.image, in.Stage.Base.Stage, abs)
}

// file finds the file of the context that a path of the image means.
func (s *slimming) file(in *transform.Instruction, dir, name string) (string, bool) {
	if s.ctx == nil {
		s.decline(in.Body, "no-context", "%s is in a build context that is not known", path.Base(name))
		return "", false
	}
	abs := absolute(dir, name)
	if file, ok := bindMounted(s.image, in, abs); ok {
		return file, true
	}
	if dir != "" || path.IsAbs(name) {
		file, from := s.lookup(in, abs)
		switch from {
		case fromContext:
			return file, true
		case maybeContext:
			s.decline(in.Body, "missing-file", "which %s a COPY brings, if one does, is not known", name)
			return "", false
		}
	} else {
		s.decline(in.Body, "missing-file", "the directory in which %s is read is not known", name)
		return "", false
	}
	s.decline(in.Body, "missing-file", "%s is not among the files of the build context that are copied", name)
	return "", false
}

// bindMounted finds a file of the context that RUN --mount=type=bind shows. Its target
// may be relative to WORKDIR (BuildKit, dockerfile2llb, dispatchRunMounts).
func bindMounted(image *inImage, in *transform.Instruction, abs string) (string, bool) {
	for _, m := range mountsOf(in) {
		if !path.IsAbs(m.target) && m.target != "" {
			at := image.dirAt(in)
			if !at.known {
				continue
			}
			m.target = path.Join("/", at.path, m.target)
		}
		if file, ok := m.file(abs); ok && m.ofContext() {
			return file, true
		}
	}
	return "", false
}
