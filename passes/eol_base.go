package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/facts"
	"refit/transform"
)

var eolBasePass = &transform.Pass{
	Name: "eol-base",
	Doc: transform.Doc{
		Title: "leave Debian releases that have left the mirrors",
		Text: "Some time after a Debian release's support ends it leaves the mirrors, and apt-get update fails in every image " +
			"that is built on it: stretch, jessie and buster are gone. The pass goes to the newest release that the same " +
			"Python was published on, with the same version (as far as it is written) and the same variant. Stages between " +
			"which files are copied move together. Packages that have another name there are renamed; where a package is gone, where the release " +
			"is named elsewhere, or where something was built for the old one, the file stays as it is, with a warning where its apt-get update fails. So do Alpine, " +
			"whose old branches are still served, Ubuntu, of whose packages nothing is known here, and images of other " +
			"languages, whose builds on another release nothing here can vouch for.",
		Before: "FROM python:3.7-slim-stretch\nRUN apt-get update && apt-get install -y mysql-client\nCMD [\"python\"]\n",
		After:  "FROM python:3.7-slim-bookworm\nRUN apt-get update && apt-get install -y default-mysql-client\nCMD [\"python\"]\n",
		Sources: []string{
			"apt-get update against Debian's main mirrors, 2026-11-22 and 2026-11-28: buster and older are not served, bullseye is",
			"Debian wiki, DebianReleases and LTS: when support ends",
			"docker-library/official-images on GitHub: which Python was published on which release",
			"Debian package indexes of bullseye, bookworm and trixie: which packages there are",
		},
	},
	Alters: []string{"base"},
	Declines: []transform.Decline{
		{Key: "no-newer-release", When: "this version was published on no release that apt works on"},
		{Key: "unknown-package", When: "a package that apt installs is not known in the newer release, or is not named plainly"},
		{Key: "release-software", When: "what runs is the release's own Python, Node, Java, database, …, which would get another version"},
		{Key: "own-sources", When: "the file has package sources of its own, or asks for one release's packages"},
		{Key: "names-release", When: "the old release is named, or asked for, elsewhere"},
		{Key: "library-path", When: "a path of a system library or of Debian's Python has a version in it"},
		{Key: "gone-command", When: "a command is used that the newer release's image does not have"},
		{Key: "stages-apart", When: "files are copied between stages that would be on different releases"},
		{Key: "older-pip", When: "the newer image has a pip that resolves requirements in another way"},
		{Key: "digest", When: "the image is pinned by a digest"},
		{Key: "not-one-place", When: "the tag is put together from ARGs that serve other purposes too"},
		{Key: "unreadable", When: "a step that calls apt cannot be read"},
		{Key: "may-compile", When: "the image builds today, and something may have to be compiled in it"},
		{Key: "no-context", When: "the image holds files of the build context, which is not known"},
		{Key: "missing-file", When: "a file that a step uses cannot be found or read"},
		{Key: "outside-install", When: "a step installs or builds software outside apt and pip"},
		{Key: "unknown-distribution", When: "what pip installs, or what that needs of the system, is not known"},
		{Key: "local-package", When: "a package of the build context is installed that may compile something"},
		{Key: "unknown-library", When: "the application loads a shared library by its name"},
		{Key: "binary-in-context", When: "the build context has compiled programs, libraries or wheels"},
		{Key: "onbuild", When: "the file has ONBUILD triggers, whose build is not known"},
	},
	Run: runEOLBase,
}

// runEOLBase moves all bases on archived Debian releases to one that is served.
//
// Where a stage calls apt-get, its build fails today, so that nothing can become
// worse; everything else is held to what slim-base asks: what pip installs has a
// wheel or is compiled by nothing but what is known, and whatever is neither
// Debian's nor Python's own makes the pass hold back. What Debian installs, it
// installs with its dependencies; so a package that is known in the newer release
// under the same name is the same software, in another version.
func runEOLBase(f *transform.File) []transform.Finding {
	all := &eolMove{f: f}
	all.find()
	findings := all.declines
	for _, group := range all.groups() {
		m := &eolMove{f: f, bases: group}
		fd := m.plan()
		m.warn(fd)
		findings = append(findings, *fd)
	}
	return findings
}

// eolMove moves bases together.
type eolMove struct {
	f        *transform.File
	bases    []*eolBase
	declines []transform.Finding
}

// groups divides the bases into those that must go to one release: files are
// copied between their stages, or one ARG holds the tag of both.
func (m *eolMove) groups() [][]*eolBase {
	var groups [][]*eolBase
	for _, b := range m.bases {
		group := []*eolBase{b}
		groups = slices.DeleteFunc(groups, func(g []*eolBase) bool {
			linked := slices.ContainsFunc(g, b.linked)
			if linked {
				group = append(g, group...)
			}
			return linked
		})
		groups = append(groups, group)
	}
	return groups
}

func (b *eolBase) linked(other *eolBase) bool {
	uses := func(a, b *eolBase) bool {
		for _, st := range a.stages {
			for _, e := range st.Deps {
				if e.To != nil && e.To.Root() == b.root {
					return true
				}
			}
		}
		return false
	}
	return uses(b, other) || uses(other, b) || slices.ContainsFunc(b.root.Base.Args, func(in *transform.Instruction) bool {
		return slices.Contains(other.root.Base.Args, in)
	})
}

// eolBase is a stage's image on a release that apt no longer works on.
type eolBase struct {
	root   *transform.Stage
	stages []*transform.Stage // it and those that start from it
	img    image
	tag    facts.Tag
	calls  bool // some step calls apt-get, which fails
}

// find looks for bases that are to move, and says of others why they are not.
func (m *eolMove) find() {
	for _, s := range m.f.Stages {
		img, ok := baseImage(s)
		if !ok || !img.Official || forWindows(m.f, s) {
			continue
		}
		name := img.Tag
		if name == "" {
			name = "latest"
		}
		tag, ok := facts.LookupTag(img.Name, name)
		if !ok || !m.archived(s, img, tag) {
			continue
		}
		if img.Digest {
			m.decline(s, "digest", "%s is pinned by a digest, on Debian %s, which has left the mirrors", s.Base.Ref, tag.Distro)
			continue
		}
		b := &eolBase{root: s, img: img, tag: tag}
		for _, other := range m.f.Stages {
			if other.Root() == s {
				b.stages = append(b.stages, other)
			}
		}
		m.bases = append(m.bases, b)
	}
}

// archived reports a base that the pass is for.
func (m *eolMove) archived(s *transform.Stage, img image, tag facts.Tag) bool {
	switch img.Name {
	case "ubuntu":
		if r, ok := facts.UbuntuRelease(tag.Distro); ok && !r.AptWorks() {
			m.decline(s, "unknown-package", "Ubuntu %s (%s) has left the mirrors, so that apt-get update fails in it; which of its packages another release has is not known here",
				r.Version, r.Name)
		}
		return false
	case "python", "debian", "buildpack-deps":
		r, ok := facts.DebianRelease(tag.Distro)
		return ok && !r.AptWorks()
	}
	return false
}

func (m *eolMove) decline(s *transform.Stage, key, format string, args ...any) {
	m.declines = append(m.declines, *held(s.From.Body, key, format, args...))
}

// plan finds the newest release that all bases can go to.
func (m *eolMove) plan() *transform.Finding {
	if no := m.traces(); no != nil {
		return no
	}
	var first *transform.Finding
	published := false
	for _, suite := range slices.Backward(facts.Suites()) {
		r, _ := facts.DebianRelease(suite)
		if !r.AptWorks() || !m.published(suite) {
			continue
		}
		published = true
		to := &eolTarget{eolMove: m, suite: suite}
		fd := to.plan()
		if fd.IsChange() {
			return fd
		}
		if first == nil {
			first = fd
		}
	}
	if !published {
		return m.nowhere()
	}
	return first
}

// published reports whether every base has a tag on the release.
func (m *eolMove) published(suite string) bool {
	return !slices.ContainsFunc(m.bases, func(b *eolBase) bool { return b.on(suite) == "" })
}

// on is the tag of the same version and variant on another release; "" for none.
// A tag that follows the newest Python ("3-stretch") stopped at one minor, and
// that one stays.
func (b *eolBase) on(suite string) string {
	if b.img.Name != "python" {
		to, _ := facts.OnDistro(b.img.Name, b.tag.Name, suite)
		return to
	}
	from := b.tag.Name
	if !strings.Contains(b.tag.Version, ".") {
		from = strings.TrimSuffix(b.minor()+"-"+b.tag.Flavour, "-") + "-" + b.tag.Distro
	}
	to, ok := facts.OnDistro("python", from, suite)
	if t, _ := facts.LookupTag("python", to); !ok || minorOf(t) != b.minor() {
		return ""
	}
	return to
}

// minor is the Python of the image, "3.7".
func (b *eolBase) minor() string { return minorOf(b.tag) }

func minorOf(t facts.Tag) string {
	v := strings.SplitN(t.FullVersion(), ".", 3)
	if len(v) < 2 {
		return ""
	}
	return v[0] + "." + v[1]
}

// nowhere says that there is no release for all bases, and what there is for the
// first that has none.
func (m *eolMove) nowhere() *transform.Finding {
	b := m.bases[0]
	for _, other := range m.bases {
		if !slices.ContainsFunc(facts.Suites(), func(suite string) bool { return other.on(suite) != "" }) {
			b = other
			break
		}
	}
	hint := ""
	if b.img.Name == "python" {
		minor := *b
		minor.tag.Name = strings.TrimSuffix(b.minor()+"-"+b.tag.Flavour, "-") + "-" + b.tag.Distro
		for _, suite := range slices.Backward(facts.Suites()) {
			if name := minor.on(suite); name != "" {
				t, _ := facts.LookupTag("python", name)
				hint = fmt.Sprintf("; python:%s is there, with %s", name, t.FullVersion())
				break
			}
		}
	}
	what := "was published on no release that is still served"
	if b.img.Name != "python" {
		what = "names one build of it"
	}
	return held(b.root.From.Body, "no-newer-release", "Debian %s has left the mirrors, so that apt-get update fails in %s, which %s%s",
		b.tag.Distro, b.root.Base.Ref, what, hint)
}
