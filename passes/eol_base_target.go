package passes

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// eolTarget is a move to one release.
type eolTarget struct {
	*eolMove
	suite string
	edits []transform.Edit
	notes []transform.Note
}

// plan is the change, or why the release does not do.
func (t *eolTarget) plan() *transform.Finding {
	for _, b := range t.bases {
		if no := t.packages(b); no != nil {
			return no
		}
		if no := t.configured(b); no != nil {
			return no
		}
		if no := t.contents(b); no != nil {
			return no
		}
		if no := t.commands(b); no != nil {
			return no
		}
	}
	if no := t.copies(); no != nil {
		return no
	}
	return t.change()
}

// packages holds what a base's steps install against the release's index.
func (t *eolTarget) packages(b *eolBase) *transform.Finding {
	b.calls = false
	for _, st := range b.stages {
		for _, in := range st.Instructions {
			if in.Keyword != "run" {
				continue
			}
			sc := shell.Of(t.f, in)
			if sc.Form == shell.Opaque {
				return held(in.Body, "unreadable", "the step cannot be read: %s", sc.Why)
			}
			for _, c := range sc.Commands() {
				a, ok := argv.Apt(c)
				if !ok {
					continue
				}
				b.calls = b.calls || !strings.Contains(sc.Text, "||") && (a.Subcommand.Text == "update" || a.Subcommand.Text == "install")
				if no := t.apt(in, a, b); no != nil {
					return no
				}
			}
		}
	}
	return nil
}

func (t *eolTarget) apt(in *transform.Instruction, a *argv.AptCmd, b *eolBase) *transform.Finding {
	at := shell.In(in, a.Program.Span)
	switch {
	case a.Has("--target-release"):
		return held(at, "own-sources", "packages of one release are asked for by name")
	case a.Fed || !a.Known:
		return held(at, "unknown-package", "what apt-get is given is only known when it runs")
	}
	for _, p := range a.Packages {
		at := shell.In(in, p.Word.Span)
		switch {
		case p.File:
			return held(at, "outside-install", "%s was built for one release", p.Word.Text)
		case !p.Plain || p.Version != "" || p.Suite != "" || p.Arch != "":
			return held(at, "unknown-package", "%s is not simply a package's name, and whether Debian %s has it is not known", p.Word.Text, t.suite)
		case ofRelease(p.Name, b.img.Name != "python"):
			return held(at, "release-software", "%s has another version in Debian %s, and what runs on it may not take that", p.Name, t.suite)
		case facts.Installable(t.suite, p.Name):
			continue
		}
		now, why, ok := facts.RenamedPackage(t.suite, p.Name)
		if !ok {
			return held(at, "unknown-package", "Debian %s has no package %s", t.suite, p.Name)
		}
		text := strings.Join(now, " ")
		if p.Remove {
			text = strings.Join(now, "- ") + "-"
		}
		t.edits = append(t.edits, transform.Edit{Span: at, New: text})
		t.notes = append(t.notes, transform.Note{At: at, Why: fmt.Sprintf("%s is %s in Debian %s: %s", p.Name, strings.Join(now, " and "), t.suite, why)})
	}
	return nil
}

// versionedSoftware are packages whose software people write programs or keep data for,
// so that another version is another thing.
var versionedSoftware = []string{"nodejs", "npm", "php", "ruby", "default-j", "openjdk-", "golang", "erlang", "elixir", "ghc", "mono-", "r-base",
	"lua", "mysql-server", "default-mysql-server", "mariadb-server", "mongodb", "elasticsearch", "tomcat", "scala", "rustc", "cargo"}

// ofRelease reports a package of which a program depends on its version; debian
// tells that Python is the release's own, too.
func ofRelease(pkg string, debian bool) bool {
	if slices.ContainsFunc(versionedSoftware, func(prefix string) bool { return strings.HasPrefix(pkg, prefix) }) {
		return true
	}
	if rest, ok := strings.CutPrefix(pkg, "postgresql"); ok && (rest == "" || strings.Trim(rest, "-.0123456789") == "") {
		return true
	}
	return debian && (strings.HasPrefix(pkg, "python") || pkg == "virtualenv" || pkg == "pipenv" || strings.HasPrefix(pkg, "lib") && strings.Contains(pkg, "python"))
}

// configured finds configuration that was written for the software of one
// release, where that software is what the image is for.
func (t *eolTarget) configured(b *eolBase) *transform.Finding {
	if b.img.Name == "python" {
		return nil
	}
	for _, st := range b.stages {
		for _, in := range st.Instructions {
			switch in.Keyword {
			case "run", "copy", "add":
				if strings.Contains(t.f.Text(in.Body), "/etc/") {
					return held(in.Body, "release-software", "the configuration in /etc was written for the software of Debian %s", b.tag.Distro)
				}
			}
		}
	}
	return nil
}

// contents reads what else the stages of a base hold, as slim-base does.
func (t *eolTarget) contents(b *eolBase) *transform.Finding {
	lenient := map[string]bool{"unknown-command": true, "no-command": true}
	full := b.img.Name != "python" || b.tag.Flavour == ""
	if b.calls || !full { // the build fails today, or the image has no compiler
		lenient["may-compile"], lenient["unknown-distribution"] = true, true
	}
	s := &slimming{f: t.f, image: &inImage{File: t.f}, ctx: contextOf(t.f), root: b.root, stages: b.stages, suite: t.suite,
		aptAt: map[string]int{}, needs: map[string]*slimNeed{}, seen: map[string]bool{}, dists: map[string]bool{}, lenient: lenient}
	if b.img.Name == "python" {
		s.minor = b.minor()
	}
	s.findPackages()
	for _, st := range b.stages {
		for _, in := range st.Instructions {
			s.instruction(in)
		}
	}
	if t.f.Final().Root() == b.root {
		s.command()
	}
	s.application()
	switch {
	case s.no != nil:
		return s.no
	case b.calls || !full:
		return t.scripts(s)
	}
	for _, n := range s.order {
		if strings.Contains(n.why, "compiled") {
			return held(n.at, "may-compile", "%s, which works today and may not with the compiler and the libraries of Debian %s", n.why, t.suite)
		}
	}
	if b.img.Name == "python" && b.tag.Until > 0 && b.tag.Until < newResolver && len(s.dists) > 0 {
		return held(b.root.From.Body, "older-pip", "the image is older than pip 20.3, which takes requirements that conflict; the newer image's pip does not")
	}
	return t.scripts(s)
}

// newResolver is when the official images had got pip 20.3 (released 2020-11-30),
// which no longer installs requirements that conflict.
const newResolver = 20210201

// scripts looks for the old release in the scripts of the context that are run.
func (t *eolTarget) scripts(s *slimming) *transform.Finding {
	for _, name := range slices.Sorted(maps.Keys(s.seen)) {
		text, err := s.ctx.ReadFile(name)
		if err != nil {
			continue // a stage, or a script that was declined
		}
		for _, b := range t.bases {
			if key, what := traceOf(string(text), b.tag.Distro); key != "" {
				return held(s.root.From.Body, key, "%s has %s in it", name, what)
			}
		}
	}
	return nil
}

// goneCommands are programs of older images that newer ones do not have, with the
// packages that have them: until buster, Debian's images had e2fsprogs, and
// mercurial, which buildpack-deps installs, ran on Python 2; jessie's had
// net-tools and iputils-ping. adduser is no longer part of trixie's.
var goneCommands = map[string]string{
	"python2": "python2", "python2.7": "python2.7", "bzr": "brz", "chattr": "e2fsprogs", "lsattr": "e2fsprogs", "mkfs.ext4": "e2fsprogs",
	"ping": "iputils-ping", "ifconfig": "net-tools", "netstat": "net-tools", "route": "net-tools",
	"adduser": "adduser", "addgroup": "adduser", "deluser": "adduser", "delgroup": "adduser",
}

// commands looks for programs that the newer image lacks.
func (t *eolTarget) commands(b *eolBase) *transform.Finding {
	installed := map[string]bool{}
	for _, st := range b.stages {
		for _, in := range st.Instructions {
			switch in.Keyword {
			case "run", "cmd", "entrypoint", "healthcheck":
			default:
				continue
			}
			sc := shell.Of(t.f, in)
			if sc == nil {
				continue
			}
			for _, c := range sc.Commands() {
				if a, ok := argv.Apt(c); ok && a.Subcommand.Text == "install" {
					for _, p := range a.Packages {
						installed[p.Name] = true
					}
				}
			}
			for _, name := range sc.Toolset().Names {
				base := path.Base(name)
				pkg := goneCommands[base]
				if pkg == "" || installed[pkg] || pkg == "adduser" && t.suite != "trixie" {
					continue
				}
				return held(in.Body, "gone-command", "%s is not in the images of Debian %s", base, t.suite)
			}
		}
	}
	return nil
}

// copies holds back where files go between stages that would be on different
// releases: what is compiled on one asks for its libraries.
func (t *eolTarget) copies() *transform.Finding {
	for _, st := range t.f.Stages {
		for _, e := range st.Deps {
			if e.To == nil || e.Kind == transform.EdgeFrom || !t.moves(st) && !t.moves(e.To) {
				continue
			}
			if c, ok := copyingOf(e.At); ok && !slices.ContainsFunc(c.sources, func(p string) bool { return !isAsset(p) }) {
				continue
			}
			if from, to := t.release(e.To), t.release(st); from == "" || from != to {
				return held(e.At.Body, "stages-apart", "files come from a stage on another distribution, or another release of Debian")
			}
		}
	}
	return nil
}

func (t *eolTarget) moves(s *transform.Stage) bool {
	return slices.ContainsFunc(t.bases, func(b *eolBase) bool { return b.root == s.Root() })
}

// release is the Debian release that a stage is on in the end; "" for none, or
// when it is not known.
func (t *eolTarget) release(s *transform.Stage) string {
	if t.moves(s) {
		return t.suite
	}
	img, ok := baseImage(s.Root())
	if !ok || !img.Official {
		return ""
	}
	tag := img.Tag
	if tag == "" {
		tag = "latest"
	}
	distro, ok := facts.ImageDistro(img.Name, tag)
	if _, debian := facts.DebianRelease(distro); !ok || !debian {
		return ""
	}
	return distro
}

// change writes the new tags and packages.
func (t *eolTarget) change() *transform.Finding {
	p := pinner{f: t.f, noPlace: "the tag of %s is put together from ARGs that serve other purposes too"}
	p.choose, p.where = t.newTag, p.place
	p.read()
	var fd transform.Finding
	for i, found := range p.findings() {
		if !found.IsChange() {
			return &found
		}
		if i == 0 {
			fd.At, fd.Why = found.At, found.Why
		} else {
			fd.Notes = append(fd.Notes, transform.Note{At: found.At, Why: found.Why})
		}
		fd.Edits = append(fd.Edits, found.Edits...)
		fd.Notes = append(fd.Notes, found.Notes...)
	}
	fd.Edits = append(fd.Edits, t.edits...)
	fd.Notes = append(fd.Notes, t.notes...)
	return &fd
}

// newTag is what is to become of a base's reference.
func (t *eolTarget) newTag(r *pinRef) {
	for _, b := range t.bases {
		if b.root.Base.Ref != r.text || r.at != b.root.From.Body {
			continue
		}
		to := b.on(t.suite)
		r.want = strings.TrimSuffix(r.text, ":"+b.img.Tag) + ":" + to
		r.why = fmt.Sprintf("Debian %s has left the mirrors, so that apt-get update fails in %s; %s is ", b.tag.Distro, r.text, to)
		now, _ := facts.LookupTag(b.img.Name, to)
		switch was, is := b.tag.FullVersion(), now.FullVersion(); {
		case b.img.Name != "python":
			r.why += "the newest release that has all that the file asks for"
		case was == is:
			r.why += "the same Python " + is + " on the newest release that it was published on"
		default:
			r.why += fmt.Sprintf("Python %s (%s, where it was %s) on the newest release that it was published on", b.minor(), is, was)
		}
		if published := facts.Distros(b.img.Name, to); b.img.Name == "python" && len(published) > 0 && published[len(published)-1] != t.suite {
			r.why = strings.Replace(r.why, "the newest release that it was published on", "the newest release that has all that the file asks for", 1)
		}
	}
}
