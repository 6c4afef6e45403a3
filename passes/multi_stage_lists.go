package passes

import (
	"slices"

	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// bringLists gives each stage the package lists that its installations need: a
// RUN that only updates them stays where a later installation relies on it.
func (sp *split) bringLists() {
	build, run := false, false // a later installation relies on lists
	for i, st := range slices.Backward(sp.steps) {
		if st.script == nil {
			continue
		}
		if i <= sp.last && st.lonelyUpdate() {
			st.build, st.run = build, run || !build
			st.buildEdits, st.runEdit = nil, nil
		}
		if st.has("install") && !st.has("update") {
			build, run = build || st.build, run || st.run
		}
	}
}

var (
	updatesLists = lazyregexp.New(`\b(?:apt|apt-get|aptitude|apk)\b[^&;|]*\supdate\b`, "update")
	setsUpSource = lazyregexp.New(`\|\s*(sudo )?(-E )?(bash|sh)\b|\badd-apt-repository\b|sources\.list|\bapt-key\b`, "|", "add-apt-repository", "sources.list", "apt-key")
	needsLists   = lazyregexp.New(`\b(?:(apt|apt-get|aptitude)\b[^&;|]*\sinstall|apk\b[^&;|]*\sadd)\b`, "apt", "apk")
)

// fetchLists looks at the two stages as they come out. Where an installation
// used lists of an earlier step that has gone to the other stage, its own step
// fetches them. A package source that is set up in the runtime alone may be
// where the builder's packages come from.
func (sp *split) fetchLists() *transform.Finding {
	for _, build := range []bool{true, false} {
		had, fresh := false, false // lists, in the original and in this stage
		source := false            // a package source was set up that this stage lacks
		for _, st := range sp.steps {
			if st.script == nil {
				continue
			}
			edits, here := &st.runEdit, st.run
			if build {
				edits, here = &st.buildEdits, st.build
			}
			text, whole := edited(sp.f.Src, st.in.Body, *edits), sp.f.Text(st.in.Body)
			source = source || setsUpSource.MatchString(whole) && !(here && setsUpSource.MatchString(text))
			if here && source && needsLists.MatchString(text) {
				return held(st.in.Body, "outside-install", "a package source is set up that only one of the two stages would have")
			}
			switch m := needsLists.FindStringSubmatch(text); {
			case !here:
			case updatesLists.MatchString(text):
				fresh = true
			case m != nil && had && !fresh:
				if !st.script.Simple() {
					return held(st.in.Body, "unclear-step", "the package lists that the step needs are fetched by one that goes to the other stage")
				}
				update := "apk update && "
				if m[1] != "" {
					update = "apt-get update && "
				}
				at := st.script.Offset(0)
				*edits = slices.Insert(slices.Clone(*edits), 0, shell.Replace(st.in, shell.Span{Start: at, End: at}, update))
				fresh = true
			}
			had = had || updatesLists.MatchString(whole)
		}
	}
	return nil
}
