package pyuse

import (
	"path"
	"slices"
	"strings"

	"refit/internal/lazyregexp"
)

var byHandRE = lazyregexp.New(`(?i)(^|[-_./])(dev|devel|develop|development|tests?|testing|lint|docs?|ci|local|debug|tools?)([-_./]|$)`)

// byHand tells of a distribution that people, or somebody else's configuration, may start.
func (a *analysis) byHand(d *distribution) (Evidence, bool) {
	switch {
	case d.req != nil && byHandRE.MatchString(d.req.File):
		return Evidence{Why: "the file is for development, whose tools people start", File: d.req.File, Line: d.req.Line}, true
	case a.in.NoCommand && len(d.facts.Commands) > 0:
		return Evidence{Why: "the Dockerfile says no command: " + d.facts.Commands[0] + " may be started from elsewhere"}, true
	case slices.Contains(d.facts.Commands, "pytest"):
		if file := a.test(); file != "" {
			return Evidence{Why: "it is a test, and in the image, where people may start pytest", File: file}, true
		}
	}
	return Evidence{}, false
}

// test is a file that pytest takes for a test by its name, and that is in the image; "" if there is none.
func (a *analysis) test() string {
	entries, _ := a.in.Context.Files()
	for i := range entries {
		name := entries[i].Path
		base, isPython := strings.CutSuffix(path.Base(name), ".py")
		if !isPython || !strings.HasPrefix(base, "test_") && !strings.HasSuffix(base, "_test") && base != "conftest" {
			continue
		}
		if ignored, known := a.in.Context.Ignored(name); known && !ignored {
			return name
		}
	}
	return ""
}
