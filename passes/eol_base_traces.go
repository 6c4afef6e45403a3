package passes

import (
	"regexp"
	"strings"

	"refit/internal/facts"
	"refit/internal/lazyregexp"
	"refit/transform"
)

// traces looks for what ties a file to the old release beside the base's tag.
func (m *eolMove) traces() *transform.Finding {
	for _, b := range m.bases {
		for _, st := range b.stages {
			for _, in := range st.Instructions {
				if key, what := traceOf(m.f.Text(in.Body), b.tag.Distro); key != "" {
					return held(in.Body, key, "it has %s in it", what)
				}
			}
		}
	}
	return nil
}

var (
	// sourcesOf are where apt's sources and their keys are, and what edits them.
	sourcesOf = lazyregexp.New(`sources\.list|/etc/apt/(?:sources|preferences|trusted|keyrings)|(?:apt-add|add-apt)-repository|apt-key|` +
		`\b(?:archive|snapshot)\.debian\.org|(?m:^\s*deb\s)|['"]deb\s|-backports\b`)
	// asksRelease is what asks an image for its release.
	asksRelease = lazyregexp.New(`lsb_release|/etc/(?:os-release|debian_version|issue)|VERSION_CODENAME|VERSION_ID|\boldstable\b|\boldoldstable\b`)
	// libraryPath is a path below the directories of libraries and headers, or of
	// Debian's own Python.
	libraryPath = lazyregexp.New(`(?:^|[\s"'\x60=:;,(])(/(?:usr/)?(?:lib|lib64|include)/[^\s"'\x60:;,)}]*|/usr/bin/python[0-9.]*)`)
	triplet     = lazyregexp.New(`/(?:x86_64|aarch64|i386|arm|powerpc64le|s390x)-linux-gnu[a-z]*`)
)

// traceOf finds what ties a text to a Debian release: the key of a decline, and
// what it is.
func traceOf(text, suite string) (key, what string) {
	if at := sourcesOf.FindString(text); at != "" {
		return "own-sources", "package sources of its own (" + strings.Trim(at, " '\"") + ")"
	}
	if at := asksRelease.FindString(text); at != "" {
		return "names-release", "a question for the release (" + at + ")"
	}
	r, _ := facts.DebianRelease(suite)
	if at := regexp.MustCompile(`(?i)\b` + suite + `\b|\b(?:debian|deb)[-_ :/]?` + regexp.QuoteMeta(r.Version) + `\b`).FindString(text); at != "" {
		return "names-release", "the name of the release (" + at + ")"
	}
	for _, found := range libraryPath.FindAllStringSubmatch(text, -1) {
		p := found[1]
		rest := triplet.Regexp().ReplaceAllString(p, "")
		if strings.Contains(rest, ".so") || strings.ContainsAny(rest, "0123456789") || strings.HasPrefix(rest, "/usr/bin/python") {
			return "library-path", "the path " + p
		}
	}
	return "", ""
}
