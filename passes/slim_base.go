package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/transform"
)

var slimBasePass = &transform.Pass{
	Name: "slim-base",
	Doc: transform.Doc{
		Title: "start the final stage from the slim Python image",
		Text: "The full Python image carries compilers, headers and tools for whatever an application may want to build: " +
			"about 1 GB, of which most services use nothing. The pass goes to the slim variant of the same Python on the " +
			"same Debian release, and installs by name what the full image has and the file or the application uses: " +
			"tools that steps, HEALTHCHECK, entrypoint scripts and Python sources run, and what distributions without " +
			"wheels compile against and load. It holds back wherever something is used that it cannot see. The profile " +
			"dev keeps the full image.",
		Before: "FROM python:3.12-bookworm\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY app.py .\n" +
			"HEALTHCHECK CMD curl -f http://localhost:8000/\nCMD [\"gunicorn\", \"-b\", \"0.0.0.0:8000\", \"app:app\"]\n",
		After: "FROM python:3.12-slim-bookworm\nRUN apt-get update \\\n    && apt-get install -y --no-install-recommends \\\n" +
			"        curl \\\n        gcc \\\n        libc6-dev \\\n        libpq-dev \\\n        libpq5 \\\n" +
			"    && rm -rf /var/lib/apt/lists/*\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n" +
			"COPY app.py .\nHEALTHCHECK CMD curl -f http://localhost:8000/\n" +
			"CMD [\"gunicorn\", \"-b\", \"0.0.0.0:8000\", \"app:app\"]\n",
		Files: map[string]string{
			"requirements.txt": "flask==3.0.3\ngunicorn==22.0.0\npsycopg2==2.9.9\n",
			"app.py":           "import flask\n\napp = flask.Flask(__name__)\n",
		},
		Sources: []string{
			"docker-library/python and docker-library/buildpack-deps on GitHub: what the full image installs and slim does not",
			"docker-library/python#984 and #989: libraries that slim lacks",
			"Debian package index: dependencies of the packages named",
		},
	},
	Alters: []string{"base"},
	Declines: []transform.Decline{
		{Key: "no-slim-tag", When: "no slim variant of this build was ever listed"},
		{Key: "not-one-place", When: "the tag is put together from ARGs that serve other purposes too"},
		{Key: "no-context", When: "the image holds files of the build context, which is not known"},
		{Key: "missing-file", When: "a requirement file or a script that a step uses cannot be found or read"},
		{Key: "no-command", When: "the file does not say what the container runs, or it runs a shell: any tool may be used in it"},
		{Key: "unknown-command", When: "a step, a script or the application runs what cannot be told"},
		{Key: "outside-install", When: "a step installs or builds software whose needs no package declares"},
		{Key: "unknown-distribution", When: "nothing is known of what a Python distribution needs of the system"},
		{Key: "may-compile", When: "a distribution may have to be compiled, and what that takes is not known"},
		{Key: "local-package", When: "a package of the build context is installed that says itself, by code, what it needs"},
		{Key: "unknown-library", When: "the application loads a shared library that may not be in the slim image"},
		{Key: "binary-in-context", When: "the build context has compiled programs or libraries"},
		{Key: "archived-suite", When: "something must be installed, and apt no longer works on this Debian release"},
		{Key: "release-by-argument", When: "something must be installed, and a build argument may choose another Debian release"},
		{Key: "onbuild", When: "the file has ONBUILD triggers, whose build is not known"},
	},
	Run: runSlimBase,
}

// runSlimBase changes the base of the final stage's chain, and installs what
// would be lost.
//
// Slim is the same Python on the same Debian release without the packages of
// buildpack-deps, so all that can go wrong is that one of those is used. The
// pass is sound as far as it finds every use: commands by the shell's parse of
// each step, of scripts and of subprocess calls, held against the complete list
// of the commands that slim lacks; libraries and headers by what is known of
// each Python distribution that pip installs. Debian packages declare their own
// needs. What is neither seen nor declared (a program that is downloaded, a
// binary in the context, a command in a variable, a build from source) makes the
// pass hold back.
func runSlimBase(f *transform.File) []transform.Finding {
	s, no := newSlimming(f)
	if s == nil {
		return declined(no)
	}
	s.read()
	if s.no != nil {
		return declined(s.no)
	}
	base, ok := s.baseEdit()
	if !ok {
		return declined(held(s.root.From.Body, "not-one-place", "the tag of %s is put together from ARGs that serve other purposes too", s.root.Base.Ref))
	}
	fd := transform.Finding{At: s.root.From.Body, Edits: []transform.Edit{base}, Notes: s.notes()}
	name := s.slim
	if isUV(s.root) {
		name = "uv's image on python:" + name
	}
	fd.Why = name + " is the same Python on the same Debian release without compilers, headers and tools that nothing here uses"
	if len(s.needs) > 0 {
		fd.Edits = append(fd.Edits, s.install()...)
		fd.Why += "; what is used of them is installed by name"
	}
	return []transform.Finding{fd}
}

func declined(no *transform.Finding) []transform.Finding {
	if no == nil {
		return nil
	}
	return []transform.Finding{*no}
}

// slimming is what the pass finds out about a file.
type slimming struct {
	f         *transform.File
	image     *inImage
	ctx       *buildctx.Context
	root      *transform.Stage   // the stage whose base changes
	stages    []*transform.Stage // it and those that start from it
	slim      string             // the tag to write
	suite     string             // the Debian release
	archived  bool               // apt no longer works on it
	open      bool               // a build argument may choose another one
	elsewhere bool               // what is read runs in another stage, of which files are copied
	minor     string             // of Python
	aptAt     map[string]int     // the packages that the file installs, and the first instruction that does
	needs     map[string]*slimNeed
	order     []slimNote
	seen      map[string]bool // scripts that have been read
	dists     map[string]bool // distributions that pip installs
	copied    []string        // sources of COPY and ADD
	lenient   map[string]bool // reasons that do not matter
	no        *transform.Finding
}

// newSlimming is nil where the pass has nothing to do, with a decline or without.
func newSlimming(f *transform.File) (*slimming, *transform.Finding) {
	final := f.Final()
	if f.Options.Profile == transform.ProfileDev || !isPython(final) && !isUV(final) {
		return nil, nil
	}
	root := final.Root()
	img, _ := pythonUnder(root)
	tag := img.Tag
	if tag == "" {
		tag = "latest"
	}
	t, ok := facts.LookupTag(img.Name, tag)
	if !ok || img.Digest || t.Flavour != "" || t.Windows() || forWindows(f, root) {
		return nil, nil
	}
	slim, ok := facts.SlimTag(img.Name, tag)
	if !ok {
		return nil, held(root.From.Body, "no-slim-tag", "no slim variant of %s was ever listed for the same build", root.Base.Ref)
	}
	slim = unpinned(img.Name, tag, slim)
	s := &slimming{f: f, image: &inImage{File: f}, ctx: contextOf(f), root: root, slim: slim, aptAt: map[string]int{},
		needs: map[string]*slimNeed{}, seen: map[string]bool{}, dists: map[string]bool{}}
	s.suite, _ = facts.ImageDistro(img.Name, slim)
	s.archived = !slices.Contains(facts.Suites(), s.suite)
	s.open = otherByArg(root, s.suite)
	if v := strings.SplitN(t.FullVersion(), ".", 3); len(v) > 1 {
		s.minor = v[0] + "." + v[1]
	}
	for _, st := range f.Stages {
		if st.Root() == root {
			s.stages = append(s.stages, st)
		}
	}
	return s, nil
}

// unpinned is the slim tag that says no more than the tag does: where pin-tag has
// left it as it is, because somebody wants that, no other pass names the release
// either. It is the pinned one where they are not the same build.
func unpinned(image, tag, slim string) string {
	if facts.SimpleTag(image, tag, facts.Minor).Outcome != facts.Pinned {
		return slim
	}
	plain := tag + "-slim"
	if tag == "latest" {
		plain = "slim"
	}
	a, ok := facts.LookupTag(image, plain)
	b, known := facts.LookupTag(image, slim)
	if !ok || !known || a.Target != b.Target {
		return slim
	}
	return plain
}

// dir is the working directory before an instruction, "" where it is not known.
func (s *slimming) dir(in *transform.Instruction) string {
	if w := s.image.dirAt(in); w.known {
		return w.path
	}
	return ""
}

// decline keeps the first reason.
func (s *slimming) decline(at transform.Span, key, format string, args ...any) {
	if s.no == nil && !s.lenient[key] {
		s.no = held(at, key, format, args...)
	}
}

// baseEdit is the change of the tag, where it stands.
func (s *slimming) baseEdit() (transform.Edit, bool) {
	p := pinner{f: s.f}
	var own *pinRef
	for _, st := range s.f.Stages {
		if st.Base.Stage != nil || st.Base.Ref == "" {
			continue
		}
		r := &pinRef{text: st.Base.Ref, pieces: p.expandWord(st.Base.Word, st.Base.Raw)}
		if st == s.root {
			img, _ := baseImage(st)
			r.want = strings.TrimSuffix(r.text, ":"+img.Tag) + ":" + s.slim
			if isUV(st) {
				r.want = r.text + "-slim" // each of uv's images with Python on Debian has its slim one
			}
			own = r
		}
		p.refs = append(p.refs, r)
	}
	return p.place(own)
}

// read looks at everything that runs while the image is built and when a
// container starts, until something makes the pass hold back.
func (s *slimming) read() {
	s.findPackages()
	for _, st := range s.stages {
		for _, in := range st.Instructions {
			if s.instruction(in); s.no != nil {
				return
			}
		}
	}
	s.command()
	s.application()
}

func (s *slimming) instruction(in *transform.Instruction) {
	switch in.Keyword {
	case "run":
		s.run(in)
	case "copy", "add":
		s.copy(in)
	case "onbuild":
		s.decline(in.Body, "onbuild", "a trigger runs in builds that are not known here")
	case "shell":
		if t := s.f.Text(in.Body); !strings.Contains(t, "bash") && !strings.Contains(t, "/sh") {
			s.decline(in.Body, "unknown-command", "steps run in a shell that cannot be read")
		}
	}
}

// slimNeed is a package that the slim image lacks and something uses.
type slimNeed struct {
	first int // index of the first instruction that uses it
}

// slimNote says what packages are for.
type slimNote struct {
	at       transform.Span
	packages []string
	why      string
}

// need notes packages that the full image has and slim has not, and that
// instruction in uses; nil stands for use at run time only. Packages that both
// or none of the images have are passed over: the file sees no difference.
func (s *slimming) need(packages []string, in *transform.Instruction, at transform.Span, why string) {
	first := len(s.f.Instructions)
	if in != nil {
		first = in.Index
	}
	var lost []string
	for _, p := range packages {
		for _, name := range append([]string{p}, facts.NeededRecommends(p, s.suite)...) {
			if other, ok := s.slimLacks(name); ok && !s.lost(name) {
				name = other // pkg-config is in pkgconf since trixie
			}
			if s.lost(name) && !s.provided(name, first) && !slices.Contains(lost, name) {
				lost = append(lost, name)
			}
		}
	}
	if len(lost) == 0 {
		return
	}
	if s.archived {
		s.decline(at, "archived-suite", "%s, and apt no longer works on Debian %s to install %s", why, s.suite, strings.Join(lost, ", "))
		return
	}
	if s.open {
		s.decline(at, "release-by-argument", "%s, and a build argument may choose another Debian release, where %s may have another name", why, strings.Join(lost, ", "))
		return
	}
	for _, name := range lost {
		if n := s.needs[name]; n == nil {
			s.needs[name] = &slimNeed{first}
		} else {
			n.first = min(n.first, first)
		}
	}
	slices.Sort(lost)
	if !slices.ContainsFunc(s.order, func(n slimNote) bool { return n.why == why }) {
		s.order = append(s.order, slimNote{at, lost, why})
	}
}

// lost reports a package of the full image that slim has not. Where the tables
// do not know the release, any that they do know counts.
func (s *slimming) lost(pkg string) bool {
	if !s.archived && !s.open {
		return facts.SlimLacksPackage(s.suite, pkg)
	}
	return slices.ContainsFunc(facts.Suites(), func(suite string) bool { return facts.SlimLacksPackage(suite, pkg) })
}

func (s *slimming) notes() []transform.Note {
	var notes []transform.Note
	for _, n := range s.order {
		notes = append(notes, transform.Note{At: n.at, Why: fmt.Sprintf("%s: %s", strings.Join(n.packages, ", "), n.why)})
	}
	return notes
}
