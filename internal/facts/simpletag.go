package facts

import (
	"slices"
	"strings"
)

// PinLevel says how much of a version a pinned tag fixes.
type PinLevel int

const (
	// Minor fixes the release line and the distribution: 3.7 becomes 3.7-bookworm.
	Minor PinLevel = iota
	// Patch fixes the whole version and the distribution: 3.7 becomes 3.7.17-bookworm.
	Patch
)

// PinOutcome says what SimpleTag found.
type PinOutcome int

const (
	// Pinned: Pin.Tag is a better tag for the same build.
	Pinned PinOutcome = iota
	// AlreadySimple: the tag fixes as much as the level asks for.
	AlreadySimple
	// UnknownImage: the image is not in the catalogue.
	UnknownImage
	// UnknownTag: no such tag of the image was ever listed.
	UnknownTag
	// NoSimpleTag: the build has no tag that says more, e.g. node:4, whose tags name no distribution.
	NoSimpleTag
	// WindowsOnly: the tag names a Windows image, which is left alone.
	WindowsOnly
)

// String is a key that is fit for reports.
func (o PinOutcome) String() string {
	return [...]string{"pinned", "already-simple", "unknown-image", "unknown-tag", "no-simple-tag", "windows-only"}[o]
}

// Pin is the answer of SimpleTag.
type Pin struct {
	Outcome PinOutcome
	Tag     string // the tag to write; set only with Pinned
	From    Tag    // what the catalogue knows of the tag asked for; zero with the Unknown outcomes
}

// SimpleTag finds the tag to pin to. The answer was really listed, named the same build as the
// given tag when that was last listed (equal targets), keeps a version that was written, keeps
// every variant word, and names the distribution:
//
//	python:3.7           3.7-bookworm       Patch: 3.7.17-bookworm
//	python:3.8-slim      3.8-slim-bookworm
//	python:3.7-alpine    3.7-alpine3.18
//	python:latest        the newest minor on CatalogueDay, with its distribution
//	node:18              18-bookworm        (Node's line is the major)
//	debian:latest        the codename       Patch: the point release
//	ubuntu:latest        the version        Patch: the dated snapshot
//
// A tag that follows "stable" on purpose (debian:stable) has no simple tag at Minor. Where Patch
// finds nothing that says more than Minor does, the answer is Minor's.
func SimpleTag(image, tag string, level PinLevel) Pin {
	p := simpleTag(image, tag, level)
	if level == Patch && p.Outcome == NoSimpleTag {
		return simpleTag(image, tag, Minor)
	}
	return p
}

func simpleTag(image, tag string, level PinLevel) Pin {
	t := table(image)
	if t == nil {
		return Pin{Outcome: UnknownImage}
	}
	i := t.row(tag)
	if i < 0 {
		return Pin{Outcome: UnknownTag}
	}
	p := Pin{From: describe(t.tags[i])}
	if p.From.Windows() {
		p.Outcome = WindowsOnly
		return p
	}
	w := wanted(p.From, level)
	if w.satisfied {
		p.Outcome = AlreadySimple
		return p
	}
	best := w.choose(t, i)
	if best == "" && level == Minor && p.From.Until > 0 {
		// The line went on without this tag: python:stretch stays on 3.7.4, 3.7-stretch went to 3.7.9.
		best = wanted(p.From, Patch).choose(t, i)
	}
	if best == "" && level == Patch && fixed(image, p.From.Target) &&
		w.version != "" && containsAll(parseTag(p.From.Target).words, w.words) {
		best = p.From.Target
	}
	switch best {
	case "":
		p.Outcome = NoSimpleTag
	case tag:
		p.Outcome = AlreadySimple
	default:
		p.Tag = best
	}
	return p
}

// want is what a pinned tag must name.
type want struct {
	satisfied bool
	version   string // exactly; "" = any
	release   bool   // a distribution release must be named …
	distro    string // … this one
	words     []string
	codename  bool // the release is the version, as in debian:bookworm
}

func wanted(t Tag, level PinLevel) want {
	from, target := parseTag(t.Name), parseTag(t.Target)
	switch t.Image {
	case "debian", "ubuntu", "buildpack-deps":
		return wantedRelease(t, from, target, level)
	}
	if t.Image == "pypy" && level == Patch { // two versions, of the language and of PyPy: only the target has both
		return want{satisfied: t.Name == t.Target, words: from.words, version: target.version, release: true, distro: "-"}
	}
	w := want{words: from.words, distro: target.distro, release: t.Image != "alpine" && t.Image != "busybox"}
	depth := lineDepth(t.Image, target.version)
	if !strings.HasPrefix(target.version, from.version) {
		return want{} // rust:1.28 ended on a build of 1.29: nothing to pin it to
	}
	switch {
	case level == Patch:
		w.version, w.words = target.version, withoutRC(from.words, target.version)
	case numbers(from.version) >= depth:
		w.version = from.version
	default:
		w.version = cutVersion(target.version, depth)
	}
	w.satisfied = w.version == from.version && from.version != "" && (!w.release || from.namesRelease() && from.distro == target.distro)
	return w
}

// wantedRelease is for images whose version is a distribution release.
func wantedRelease(t Tag, from, target tagName, level PinLevel) want {
	w := want{words: from.words, codename: true, distro: t.Distro}
	named := from.version != "" || from.distro != ""
	switch {
	case level == Minor:
		w.satisfied = named || from.dated
		if t.Image == "ubuntu" {
			if r, ok := UbuntuRelease(t.Distro); ok {
				w.version, w.distro = r.Version, ""
			}
		}
	case from.dated, numbers(from.version) > 1 && t.Image == "debian":
		w.satisfied = true
	case t.Image == "debian" && t.Distro != "":
		w.version, w.distro = "point", ""
	default:
		w.distro, w.version = "", "none"
	}
	return w
}

// choose returns the alias of row i with the fewest words that names all that is wanted.
func (w want) choose(t *tagTable, i int) string {
	if w.version == "" && w.distro == "" {
		return ""
	}
	best, bestWords := "", 0
	t.aliases(i, func(c *Tag) {
		if c.Shared {
			return
		}
		p := parseTag(c.Name)
		if !w.accepts(p) {
			return
		}
		n := len(p.words)
		if best == "" || n < bestWords || n == bestWords && (len(c.Name) < len(best) || len(c.Name) == len(best) && c.Name < best) {
			best, bestWords = c.Name, n
		}
	})
	return best
}

func (w want) accepts(p tagName) bool {
	if !containsAll(p.words, w.words) {
		return false
	}
	if w.codename {
		if p.dated || w.distro != "" {
			return !p.dated && p.distro == w.distro && p.version == ""
		}
		if w.version == "point" {
			return p.distro == "" && numbers(p.version) > 1
		}
		return p.distro == "" && p.version == w.version
	}
	if p.version != w.version {
		return false
	}
	return !w.release || p.namesRelease() && p.distro == w.distro
}

// fixed reports whether a target names one version for good, so that it can serve as a patch pin.
func fixed(image, target string) bool {
	p := parseTag(target)
	return p.dated || numbers(p.version) > lineDepth(image, p.version) || image == "pypy" || strings.ContainsAny(p.version, "_u")
}

// lineDepth is how many numbers of the version name the line within which an image stays
// compatible: 2 for python (3.7), 1 for node (18).
func lineDepth(image, version string) int {
	switch image {
	case "node", "openjdk", "eclipse-temurin", "amazoncorretto":
		return 1
	case "postgres": // since 10 the major is one number
		if len(cutVersion(version, 1)) > 1 {
			return 1
		}
	}
	return 2
}

// withoutRC drops the word that a pre-release's full version implies: 3.12-rc is 3.12.0rc3.
func withoutRC(words []string, version string) []string {
	if i := slices.Index(words, "rc"); i >= 0 && strings.ContainsAny(version, "abr") {
		return slices.Delete(slices.Clone(words), i, i+1)
	}
	return words
}

func containsAll(words, some []string) bool {
	for _, w := range some {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return true
}
