package main

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/plural"
	"refit/internal/report"
	"refit/passes"
	"refit/transform"
)

// doubts are what the comments to refit ask for and will not get.
func doubts(comments []transform.Directive) []report.Note {
	var notes []report.Note
	known := append(passes.All(), passes.Repair(nil))
	for _, d := range comments {
		if !d.File && len(d.Passes) == 0 {
			notes = append(notes, report.Note{Line: d.Line, Text: fmt.Sprintf("“refit: %s” says nothing to refit; skip and skip=PASS do", d.Text)})
		}
		for _, name := range d.Passes {
			if _, err := findPass(known, name); err != nil {
				notes = append(notes, report.Note{Line: d.Line, Text: fmt.Sprintf("refit: skip=%s: %v", name, err)})
			}
		}
	}
	return notes
}

// gone warns of options that a tool does not have any more.
func (in *input) gone(src string) []report.Note {
	if !strings.Contains(src, "--no-dev") {
		return nil
	}
	f, err := transform.Parse(in.path, src, nil)
	if err != nil {
		return nil // it is read already
	}
	var notes []report.Note
	for _, m := range passes.OptionsGone(f) {
		notes = append(notes, report.Note{Line: m.Line, Text: m.Why})
	}
	return notes
}

// remarkable is what a result says unasked: why a profile is not reached, once, and
// the declines and notes that warn.
func remarkable(r *transform.Result, profile transform.Profile) []report.Note {
	var notes []report.Note
	for i := range r.Steps {
		s := &r.Steps[i]
		if len(s.Pass.Profiles) > 0 && s.Status() == transform.Declined {
			first, more := s.Declines[0], ""
			if n := len(s.Declines) - 1; n > 0 {
				more = fmt.Sprintf(", and for %s (-v)", plural.Of(n, "other reason"))
			}
			notes = append(notes, report.Note{Line: first.Line, Added: first.Added,
				Text: fmt.Sprintf("profile %s is not reached, and the base is the default's: %s%s", profile, first.Why, more)})
		}
		for _, d := range s.Declines {
			if slices.ContainsFunc(s.Pass.Declines, func(k transform.Decline) bool { return k.Key == d.Key && k.Warn }) {
				notes = append(notes, report.Note{Line: d.Line, Text: d.Why, Added: d.Added})
			}
		}
		for _, m := range slices.Concat(s.Declines, s.Changes) {
			for _, n := range m.Notes {
				if n.Warn {
					notes = append(notes, report.Note{Line: n.Line, Text: n.Why, Added: n.Added})
				}
			}
		}
	}
	return notes
}
