package passes

import (
	"slices"
	"strings"

	"refit/transform"
)

// LeftOut is the pass that writes down which passes building showed to break an
// image, as comments that later runs of refit obey. It is not in All.
func LeftOut(names []string) *transform.Pass {
	return &transform.Pass{
		Name: "left-out",
		Doc: transform.Doc{
			Title: "write down what “refit verify” left out",
			Text: "A pass whose result did not stand the comparison of the two images is left out of the rewrite. A comment " +
				"above each FROM keeps later runs from trying it again.",
			Before: "FROM python:3.12-slim-bookworm\nCMD [\"python\"]\n",
			After: "# refit: skip=multi-stage left out by refit verify\n" +
				"FROM python:3.12-slim-bookworm\nCMD [\"python\"]\n",
			Sources: []string{"refit help flags, comments in a Dockerfile"},
		},
		Run: func(f *transform.File) []transform.Finding { return runLeftOut(f, names) },
	}
}

func runLeftOut(f *transform.File, names []string) []transform.Finding {
	var finding transform.Finding
	for _, s := range f.Stages {
		missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return f.Skips(s.From, name) })
		if len(missing) > 0 {
			at := s.From.Body.Start
			finding.Edits = append(finding.Edits, transform.Edit{
				Span: transform.Span{Start: at, End: at},
				New:  "# refit: skip=" + strings.Join(missing, ",") + " left out by refit verify\n",
			})
		}
	}
	if len(finding.Edits) == 0 {
		return nil
	}
	finding.At = f.Final().From.Body
	finding.Why = "building showed that " + strings.Join(names, ", ") + " should be left out, and later runs are told"
	return []transform.Finding{finding}
}
