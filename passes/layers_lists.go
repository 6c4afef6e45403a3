package passes

import (
	"slices"
	"strings"

	"refit/transform"
)

// listsUse follows the package lists through the stages of a file: which
// instruction's lists are read by a later one that does not fetch its own.
type listsUse struct {
	family *pkgFamily
	runs   map[*transform.Instruction]*pkgRun
	used   map[*transform.Instruction]string // what reads the lists that this one leaves, in words; "" when nothing does
}

// followLists goes through the file from its end.
func followLists(f *transform.File, family *pkgFamily, runs map[*transform.Instruction]*pkgRun) *listsUse {
	l := &listsUse{family: family, runs: runs, used: map[*transform.Instruction]string{}}
	starts := map[*transform.Stage]string{} // what in a stage reads the lists that its base leaves
	for _, s := range slices.Backward(f.Stages) {
		used := starts[s]
		for _, in := range slices.Backward(s.Instructions) {
			l.used[in] = used
			needs, settles := l.effect(f, in)
			if needs != "" || settles {
				used = needs
			}
		}
		l.used[s.From] = used
		if base := s.Base.Stage; base != nil && used != "" {
			starts[base] = used
		}
		for _, e := range s.Deps {
			if e.To != nil && e.Kind != transform.EdgeFrom && strings.Contains(f.Text(e.At.Body), l.family.lists) {
				starts[e.To] = "another stage copies the lists that this step fetches"
			}
		}
	}
	return l
}

// effect tells what of an instruction reads the lists that it finds, and
// whether those behind it find others, or none.
func (l *listsUse) effect(f *transform.File, in *transform.Instruction) (needs string, settles bool) {
	r := l.runs[in]
	switch {
	case r == nil && in.Keyword == "onbuild" && containsAny(f.Text(in.Body), l.family.names):
		return "an ONBUILD step reads the lists that this one fetches, or may do so", false
	case r == nil && (in.Keyword == "cmd" || in.Keyword == "entrypoint"):
		if text := f.Text(in.Body); l.family.named(text) && !containsAny(text, []string{"update", "--no-cache"}) {
			return "the container's own command uses the lists that this one fetches", false
		}
		return "", false
	case r == nil:
		return "", false
	case len(r.steps) == 0 && (containsAny(r.script.Text, l.family.names) || r.script.Text == ""):
		return "a later step that cannot be read may use the lists that this one fetches", false
	}
	certain := !slices.ContainsFunc(r.top, func(s *pkgStep) bool { return s.cmd.Op == "||" })
	for _, s := range r.steps {
		switch s.kind {
		case stepUpdate, stepRemoves, stepRemovesTo:
			if s.kind != stepUpdate && needs == "" && !settles && !removesQuietly(s.cmd) {
				needs = "a later step fails where there are none to remove: " + clipCommand(s.text(f))
			}
			settles = settles || certain && !s.cmd.Nested
		case stepInstall, stepUses:
			if needs == "" && !settles {
				needs = "a later step uses the lists that this one fetches, and fetches none before: " + clipCommand(s.text(f))
			}
		case stepUnknown:
			if needs == "" && !settles {
				needs = "a later step may install packages by the lists that this one fetches: " + clipCommand(s.text(f))
			}
		}
	}
	return needs, settles
}

// clipCommand shortens a command for a message.
func clipCommand(text string) string {
	text = strings.Join(strings.Fields(strings.NewReplacer("\\\n", " ", "\\\r\n", " ").Replace(text)), " ")
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:57], "") + "..."
	}
	return text
}

// leavesLists reports whether lists are fetched in these RUNs and not removed again.
func leavesLists(runs []*pkgRun) bool {
	left := false
	for _, r := range runs {
		for _, s := range r.steps {
			switch s.kind {
			case stepUpdate:
				left = true
			case stepRemoves, stepRemovesTo:
				left = left && s.cmd.Nested
			}
		}
	}
	return left
}
