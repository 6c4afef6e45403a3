package passes

import (
	"slices"

	"refit/internal/shell"
)

// split takes a plain && chain apart, into what goes ahead and what stays. Where
// it changes the directory, both parts do, unless nothing follows in the first.
// The key says why a command of pip's stays behind.
func (h *hoist) split(st *hoistStep) (parts []*hoistStep, key, why string) {
	s := st.script
	if !s.Simple() || s.Inline || slices.ContainsFunc(s.Leaks(), func(l shell.Leak) bool { return l.Kind != shell.LeakDir }) {
		return nil, "", ""
	}
	_, each := readEffects(s, h.f.State(st.in), st.cwd)
	steps, left, fed, written := len(h.steps), len(h.left), len(h.fed), len(h.written)
	defer func() {
		h.steps, h.left, h.fed, h.written = h.steps[:steps], h.left[:left], h.fed[:fed], h.written[:written]
	}()
	effects := topEffects(s, each)
	first := &hoistStep{in: st.in, kind: runStep, place: ahead, cwd: st.cwd, script: s}
	second := &hoistStep{in: st.in, kind: runStep, place: behind, cwd: st.cwd, script: s}
	var moves []*shell.Command // changes of the directory behind which nothing has gone ahead yet
	var dirs []string          // to which the chain has changed
	for _, c := range s.Top() {
		one := &hoistStep{in: st.in, kind: runStep, place: ahead, cwd: st.cwd, script: s, effect: effects[c]}
		if len(one.effect.dirs) > 0 && one.effect.key == "" {
			moves, dirs = append(moves, c), append(dirs, one.effect.dirs...)
			second.effect.merge(one.effect)
			continue
		}
		no, because := one.effect.key, one.effect.unknown
		if no == "" {
			one.effect.dirs = slices.Clip(dirs)
			no, because = h.conflict(one)
			one.effect.dirs = nil
		}
		to := first
		if no == "installs-source" {
			asked := h.fetch(one, c, append([]string{st.cwd}, dirs...))
			switch {
			case asked.step != nil:
				first.shares(c, asked)
				first.effect.dirs, moves = dirs, nil
				h.add(asked.step)
				no = "settled"
			case asked.nothing:
				no, st.settled = "settled", true
			case asked.why != "" && asked.why != because:
				because += ": " + asked.why
			}
		}
		if no != "" || !one.effect.installs && !one.effect.system {
			one.place, to = behind, second
			if (one.effect.pip || one.effect.node) && one.effect.installs && key == "" && no != "settled" {
				key, why = no, because
			}
		}
		if to == first {
			moves, first.effect.dirs = nil, dirs
		}
		to.add(c, one)
		h.add(one)
	}
	if !first.effect.installs || !first.effect.pip && !first.effect.node || len(second.part) == 0 {
		return nil, key, why
	}
	if second.effect.cleans {
		return nil, "needs-source", "its end removes what its start installs, and would not make the image smaller in a step of its own"
	}
	second.part = append(second.part, moves...)
	first.rest, second.rest = first.without(second.part), first.without(first.part)
	for _, gone := range [][]*shell.Command{first.rest, second.rest} {
		if _, ok := s.Remove(gone...); !ok && len(gone) > 0 {
			return nil, "", ""
		}
	}
	return []*hoistStep{first, second}, key, why
}

// add gives a part of a RUN one more command.
func (st *hoistStep) add(c *shell.Command, one *hoistStep) {
	st.part = append(st.part, c)
	st.effect.merge(one.effect)
	st.brings = append(st.brings, one.brings...)
	st.reads = append(st.reads, one.reads...)
}

// topEffects are the effects of the commands at top level with the substitutions
// in them.
func topEffects(s *shell.Script, each map[*shell.Command]effect) map[*shell.Command]effect {
	tops := map[*shell.Command]effect{}
	for _, c := range s.Commands() {
		root := c
		for root.Parent != nil {
			root = root.Parent
		}
		e := tops[root]
		e.merge(each[c])
		tops[root] = e
	}
	return tops
}
