package builds

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/transform"
)

// Runner takes a text of the Dockerfile through the passes, with some changes
// held back, in the context of the i-th build; -1 is the file as it is.
type Runner func(src string, i int, vetoes []transform.Veto) (*transform.Result, error)

// Settle takes a Dockerfile through the passes so that the result is proven for
// the file as it is and for all its declared builds: a pass makes the changes that
// it would make as well if the file said what the build, and the service that runs
// it, say. A pass that would do anything else there is held back. shown gives paths
// as messages have them. Builds that the Dockerfile does not fit are passed over.
func Settle(name, src string, list []Build, shown func(string) string, run Runner) (*transform.Result, error) {
	r, err := run(src, -1, nil)
	if err != nil || !r.Changed() || len(list) == 0 {
		return r, err
	}
	f, err := transform.Parse(name, src, nil)
	if err != nil {
		return nil, err
	}
	var subjects []*subject
	for i := range list {
		b := &list[i]
		if v, err := variantOf(f, b); err == nil {
			subjects = append(subjects, &subject{i, b, v, b.Where(shown) + " (" + b.Name + ")", i == 0 && v.src == src})
		}
	}
	var vetoes []transform.Veto
	for {
		veto := firstVeto(r, subjects, vetoes, run)
		if veto == nil {
			return r, nil
		}
		vetoes = append(vetoes, *veto)
		if r, err = run(src, -1, vetoes); err != nil {
			return nil, err
		}
	}
}

// Unfit says of each build that the Dockerfile does not fit why.
func Unfit(name, src string, list []Build, shown func(string) string) []string {
	f, err := transform.Parse(name, src, nil)
	if err != nil {
		return nil
	}
	var notes []string
	for i := range list {
		if _, err := variantOf(f, &list[i]); err != nil {
			notes = append(notes, fmt.Sprintf("%s: %s: %s", list[i].Where(shown), list[i].Name, list[i].Masked(err.Error())))
		}
	}
	return notes
}

// subject is a declared build to be proven for.
type subject struct {
	index   int
	build   *Build
	variant *variant
	where   string
	same    bool // as the file is
}

// firstVeto finds a pass that changes what it would not change in the same way
// for some build.
func firstVeto(r *transform.Result, subjects []*subject, vetoes []transform.Veto, run Runner) *transform.Veto {
	for _, s := range subjects {
		if veto := s.lost(r); veto != nil {
			return veto
		}
		if s.same {
			continue
		}
		other, err := run(s.variant.src, s.index, vetoes)
		for i := range r.Steps {
			mine := &r.Steps[i]
			if mine.Status() != transform.Applied {
				continue
			}
			if err != nil {
				return s.veto(mine.Pass.Name, err.Error())
			}
			theirs := &transform.Step{Pass: mine.Pass}
			if at := slices.IndexFunc(other.Steps, func(o transform.Step) bool { return o.Pass.Name == mine.Pass.Name }); at >= 0 {
				theirs = &other.Steps[at]
			}
			if !s.agrees(mine, theirs) {
				return s.veto(mine.Pass.Name, s.reason(mine, theirs))
			}
		}
	}
	return nil
}

func (s *subject) veto(pass, why string) *transform.Veto {
	return &transform.Veto{Pass: pass, Key: transform.ReasonDeclared, Why: "not proven for " + s.where + ": " + s.build.Masked(why)}
}

// reason is why a pass does not do the same for the build.
func (s *subject) reason(mine, theirs *transform.Step) string {
	run := s.build.Run
	switch {
	case mine.Pass.Name != "non-root" || run == nil || run.User != "":
	case run.Rights != "":
		return run.Rights
	case len(run.Mounts) > 0:
		return "something is mounted at " + run.Mounts[0] + ", whose owner is not known"
	}
	if len(theirs.Declines) > 0 {
		return theirs.Declines[0].Why
	}
	var known []string
	for _, c := range mine.Changes {
		for _, n := range append(c.Notes, c) {
			known = append(known, n.Why)
		}
	}
	for _, c := range theirs.Changes {
		for _, n := range append(c.Notes, c) {
			if !slices.Contains(known, n.Why) {
				return "there, " + n.Why
			}
		}
	}
	if len(theirs.Changes) == 0 {
		return "there is nothing to change there"
	}
	return "what would be changed there is not the same"
}

// agrees reports whether all that a pass changes of the build it would change for
// the build as well.
func (s *subject) agrees(mine, theirs *transform.Step) bool {
	own := s.edits(mine)
	if len(own) > 0 && !slices.Equal(own, s.edits(theirs)) {
		return false
	}
	for _, c := range mine.Changes {
		if s.variant.index && slices.ContainsFunc(c.Edits, func(w transform.Written) bool { return addsStage(w.New) }) {
			return false // the number may be another stage's
		}
	}
	for _, c := range mine.Companions {
		if !saysNothing(c.Content) && !slices.ContainsFunc(theirs.Companions, func(o transform.Companion) bool { return covers(&o, &c) }) {
			return false
		}
	}
	return true
}

// edits are what a pass writes into lines that the build has from the file.
func (s *subject) edits(step *transform.Step) []transform.Written {
	var list []transform.Written
	for _, c := range step.Changes {
		for _, w := range c.Edits {
			if w.Line <= s.variant.last && !s.variant.other[w.Line] {
				list = append(list, w)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b transform.Written) int { return a.Line - b.Line })
	return list
}

func addsStage(text string) bool {
	for line := range strings.Lines(text) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.EqualFold(word, "FROM") {
			return true
		}
	}
	return false
}

// saysNothing reports a text of comments: no build and no program is another for
// its being there.
func saysNothing(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// covers reports whether a companion that would be written for the build is as
// good as the one that is: the same, or an ignore file that hides no less.
func covers(theirs, mine *transform.Companion) bool {
	if theirs.Path != mine.Path || theirs.Content == mine.Content {
		return theirs.Path == mine.Path
	}
	if !strings.HasSuffix(path.Base(mine.Path), ".dockerignore") || strings.Contains(theirs.Content, "!") {
		return false // behind "!", a line that is missing hides more
	}
	hidden := map[string]bool{}
	for line := range strings.Lines(theirs.Content) {
		hidden[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(mine.Content) {
		if !hidden[strings.TrimSpace(line)] {
			return false
		}
	}
	return true
}
