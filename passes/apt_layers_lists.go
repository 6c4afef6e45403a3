package passes

import (
	"slices"
	"strings"

	"refit/transform"
)

// listsUse follows apt's package lists through the stages of a file: which
// instruction's lists are read by a later one that does not fetch its own.
type listsUse struct {
	runs map[*transform.Instruction]*aptRun
	used map[*transform.Instruction]string // what reads the lists that this one leaves, in words; "" when nothing does
}

// followLists goes through the file from its end.
func followLists(f *transform.File, runs map[*transform.Instruction]*aptRun) *listsUse {
	l := &listsUse{runs: runs, used: map[*transform.Instruction]string{}}
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
			if e.To != nil && e.Kind != transform.EdgeFrom && strings.Contains(f.Text(e.At.Body), "/var/lib/apt") {
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
	case r == nil && in.Keyword == "onbuild" && strings.Contains(f.Text(in.Body), "apt"):
		return "an ONBUILD step reads the lists that this one fetches, or may do so", false
	case r == nil:
		return "", false
	case len(r.steps) == 0 && (strings.Contains(r.script.Text, "apt") || r.script.Text == ""):
		return "a later step that cannot be read may use the lists that this one fetches", false
	}
	certain := !slices.ContainsFunc(r.top, func(s *aptStep) bool { return s.cmd.Op == "||" })
	for _, s := range r.steps {
		switch s.kind {
		case aptUpdate, aptRemoves, aptRemovesTo:
			settles = settles || certain && !s.cmd.Nested
		case aptInstall, aptUses:
			if needs == "" && !settles {
				needs = "a later step uses the lists that this one fetches, and fetches none before: " + clipCommand(s.text(f))
			}
		case aptUnknown:
			if needs == "" && !settles {
				needs = "a later step may install packages by the lists that this one fetches: " + clipCommand(s.text(f))
			}
		}
	}
	return needs, settles
}

// text is the step as written.
func (s *aptStep) text(f *transform.File) string { return f.Text(s.span()) }

// clipCommand shortens a command for a message.
func clipCommand(text string) string {
	text = strings.Join(strings.Fields(strings.NewReplacer("\\\n", " ", "\\\r\n", " ").Replace(text)), " ")
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:57], "") + "..."
	}
	return text
}

// leavesLists reports whether lists are fetched in these RUNs and not removed again.
func leavesLists(runs []*aptRun) bool {
	left := false
	for _, r := range runs {
		for _, s := range r.steps {
			switch s.kind {
			case aptUpdate:
				left = true
			case aptRemoves, aptRemovesTo:
				left = left && s.cmd.Nested
			}
		}
	}
	return left
}

// mountsApt reports a mount over apt's lists or its archive cache.
func mountsApt(in *transform.Instruction) bool {
	return slices.ContainsFunc(in.Node.Flags, func(flag string) bool {
		return strings.HasPrefix(flag, "--mount=") &&
			(strings.Contains(flag, "/var/lib/apt") || strings.Contains(flag, "/var/cache/apt") || strings.Contains(flag, "/var/cache,") || strings.HasSuffix(flag, "/var/cache"))
	})
}
