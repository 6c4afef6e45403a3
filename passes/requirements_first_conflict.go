package passes

import (
	"path"
	"slices"
	"strings"

	"refit/transform"
)

// maxPassed is how many steps another one is moved past, so that the time stays
// linear.
const maxPassed = 200

// conflict says why a step cannot pass what stays behind so far; key is "" if it
// can.
func (h *hoist) conflict(st *hoistStep) (key, why string) {
	if len(h.left) > maxPassed {
		return "step-between", "too many steps stand between"
	}
	for _, s := range h.left {
		switch st.kind {
		case runStep:
			if key, why = h.runPasses(st, s); key == "step-between" && s.in == st.in {
				why = "what it does first may matter to what it installs, and cannot move"
			}
		case stateStep:
			key, why = h.statePasses(st, s)
		default:
			key, why = copyPasses(st, s)
		}
		if key != "" {
			return key, why
		}
	}
	if st.kind == runStep {
		return h.resolve(st)
	}
	return "", ""
}

// blockedBy declines because of a step that stays.
func blockedBy(s *hoistStep, f *transform.File) (key, why string) {
	line, _, _ := strings.Cut(f.Text(s.in.Body), "\n")
	return "step-between", "it may depend on “" + strings.TrimSpace(strings.TrimRight(line, "\\ \r")) + "”, which cannot move"
}

// runPasses is for a RUN that goes ahead of s.
func (h *hoist) runPasses(st, s *hoistStep) (key, why string) {
	e := &st.effect
	switch s.kind {
	case neutralStep:
		return "", ""
	case copyStep:
		return h.runPassesCopy(st, s)
	case runStep:
		if s.effect.unknown == "" && !s.effect.installs && !s.effect.system {
			break
		}
		return blockedBy(s, h.f)
	case otherStep:
		return h.runPassesElsewhere(st, s)
	default:
		return blockedBy(s, h.f)
	}
	writes := slices.Concat(s.effect.touches, s.effect.spills, s.effect.local)
	for _, p := range slices.Concat(e.touches, e.sources, e.local, e.spills, e.dirs) {
		if slices.ContainsFunc(writes, func(w string) bool { return relatedPaths(w, p) }) {
			return blockedBy(s, h.f)
		}
	}
	for _, m := range slices.Concat(e.needs, e.whole, e.mayNeed) {
		if slices.Contains(s.effect.touches, m) || slices.ContainsFunc(s.effect.spills, func(d string) bool { return within(m, d) }) {
			line, _, _ := strings.Cut(h.f.Text(s.in.Body), "\n")
			return "made-by-step", "“" + strings.TrimSpace(line) + "” may write " + path.Base(m)
		}
	}
	return "", ""
}

// runPassesElsewhere is for a RUN that goes ahead of a copy from another stage or
// image, of which no more is known than where it writes.
func (h *hoist) runPassesElsewhere(st, s *hoistStep) (key, why string) {
	e := &st.effect
	reads := slices.Concat(h.pathDirs, e.needs, e.whole, e.mayNeed, e.touches, e.sources, e.local, e.spills)
	meets := slices.ContainsFunc(reads, func(p string) bool { return relatedPaths(p, s.dest) }) ||
		slices.ContainsFunc(e.dirs, func(d string) bool { return within(d, s.dest) })
	if s.dest == "" || s.dest == "/" || systemPath(s.dest) || isHome(s.dest) || meets {
		return blockedBy(s, h.f)
	}
	return "", ""
}

// runPassesCopy is for a RUN that goes ahead of source.
func (h *hoist) runPassesCopy(st, s *hoistStep) (key, why string) {
	e := &st.effect
	if s.copy.matters(h.pathDirs) {
		return "system-path", "what the source brings to " + s.copy.dest + " may be found by the system or by pip"
	}
	for _, p := range e.sources {
		if s.copy.reaches(p) {
			return "installs-source", "it installs " + p + ", which is part of the source"
		}
	}
	for _, p := range e.touches {
		if s.copy.reaches(p) {
			return "needs-source", "it uses " + p + ", which is part of the source"
		}
	}
	for _, p := range slices.Concat(e.local, e.spills) {
		if s.copy.reaches(p) {
			return "needs-source", "it writes to " + p + ", and so does the source"
		}
		if user := h.f.State(st.in).User; !runsAsRoot(user) && within(p, s.copy.dest) {
			return "owner-differs", "the user " + user + " may write to " + p + " only once the source is there"
		}
	}
	for _, d := range e.dirs {
		if _, brought := s.copy.brings(d); !brought || within(st.cwd, d) {
			continue
		}
		if !slices.ContainsFunc(slices.Concat(e.needs, e.whole), func(m string) bool { return within(m, d) }) {
			return "needs-source", "it enters " + d + ", which comes with the source"
		}
	}
	return "", ""
}

// statePasses is for ENV, ARG, WORKDIR, USER or SHELL that goes ahead of s.
func (h *hoist) statePasses(st, s *hoistStep) (key, why string) {
	if s.kind == stateStep || s.kind == runStep && (s.effect.unknown != "" || s.effect.installs || s.effect.system) {
		return blockedBy(s, h.f)
	}
	if _, err := st.in.Command(); err != nil {
		return blockedBy(s, h.f)
	}
	switch st.in.Keyword {
	case "env", "arg":
		names, _ := valuesOf(st.in)
		if slices.ContainsFunc(names, func(name string) bool { return h.mentions(s, name) }) {
			return blockedBy(s, h.f)
		}
	case "workdir":
		return h.workdirPasses(st, s)
	default:
		if s.kind == runStep {
			return blockedBy(s, h.f)
		}
	}
	return "", ""
}

// mentions reports whether the text of a step names a variable.
func (h *hoist) mentions(s *hoistStep, name string) bool {
	text := h.f.Text(s.in.Body)
	return strings.Contains(text, "$"+name) || strings.Contains(text, "${"+name)
}

// workdirPasses is for a WORKDIR that goes ahead of s. A copy to a relative path
// is given the absolute one.
func (h *hoist) workdirPasses(st, s *hoistStep) (key, why string) {
	dir := dirAfter(h.f, st.in, st.cwd)
	switch s.kind {
	case runStep:
		if s.effect.usesCwd {
			return blockedBy(s, h.f)
		}
	case otherStep:
		return blockedBy(s, h.f)
	case copyStep:
		if dir != st.cwd && !s.copy.isAbs {
			_, known := h.f.State(s.in).Abs(s.copy.destRaw)
			if !known && s.cwd != "/" || strings.Contains(s.copy.destRaw, "$") || strings.ContainsAny(s.copy.dest, " \x00$") || s.in.Node.Attributes["json"] {
				return blockedBy(s, h.f)
			}
			s.absolute = true
		}
		owned := s.copy.chown || !runsAsRoot(h.f.State(st.in).User)
		if owned && relatedPaths(dir, s.copy.dest) && !slices.ContainsFunc(h.dirs, func(d string) bool { return within(d, dir) }) {
			st.early = s
		}
	}
	return "", ""
}

// copyPasses is for a copy that goes ahead of s: of files that matter to
// installations, or from another stage.
func copyPasses(st, s *hoistStep) (key, why string) {
	const no = "step-between"
	targets, known := st.writes()
	if !known {
		return no, "where it writes is not known"
	}
	switch s.kind {
	case neutralStep:
		return "", ""
	case copyStep:
		if slices.ContainsFunc(targets, s.copy.reaches) {
			return no, "the source may hold the same file"
		}
		if st.copy == nil && slices.ContainsFunc(targets, s.copy.mayBring) {
			return no, "the source may come to hold the same file"
		}
		return "", ""
	case otherStep:
		theirs, known := s.writes()
		if known && !anyRelated(targets, theirs) {
			return "", ""
		}
	case runStep:
		if s.effect.unknown == "" && !s.effect.installs && !s.effect.system && !anyRelated(targets, slices.Concat(s.effect.touches, s.effect.spills)) {
			return "", ""
		}
	}
	return no, "a step stands between"
}

// writes are the paths that a copy writes, known for single files and where
// nothing of the build context is copied.
func (st *hoistStep) writes() (paths []string, known bool) {
	if st.copy != nil {
		return st.copy.targets()
	}
	return []string{st.dest}, st.dest != ""
}

func anyRelated(a, b []string) bool {
	return slices.ContainsFunc(a, func(p string) bool {
		return slices.ContainsFunc(b, func(q string) bool { return relatedPaths(p, q) })
	})
}

// extend takes copies of single files right above the first source along.
func (h *hoist) extend() {
	if len(h.steps) == 0 {
		return
	}
	all := h.s.Instructions
	i := slices.Index(all, h.steps[0].in)
	for i--; i >= 0; i-- {
		k := slices.IndexFunc(h.copies, func(c *hoistStep) bool { return c.in == all[i] })
		if k < 0 {
			return
		}
		st := h.copies[k]
		_, files := st.copy.targets()
		if !files || st.copy.matters(h.pathDirs) || h.readAhead(st) || !h.passedByAll(st) {
			return
		}
		st.place = behind
		h.steps = slices.Insert(h.steps, 0, st)
	}
}

// readAhead reports whether something that goes ahead reads one of the files.
func (h *hoist) readAhead(c *hoistStep) bool {
	names := h.manifestNames()
	for _, s := range c.copy.sources {
		for _, m := range s.matches {
			if slices.Contains(names, m.Path) {
				return true
			}
		}
	}
	return false
}

// passedByAll reports whether all that goes ahead can pass a copy.
func (h *hoist) passedByAll(c *hoistStep) bool {
	for _, s := range h.steps {
		if s.place != ahead {
			continue
		}
		key := ""
		switch s.kind {
		case runStep:
			key, _ = h.runPassesCopy(s, c)
		case stateStep:
			key, _ = h.statePasses(s, c)
			if s.early == c || c.absolute {
				key, s.early = "owner-differs", nil
			}
		default:
			key, _ = copyPasses(s, c)
		}
		if key != "" {
			c.absolute = false
			return false
		}
	}
	return true
}

// checkOwners gives the whole move up where a directory would be made by someone
// else than before. A WORKDIR may come first only where a requirement file, with
// the owner of its copy, is put into the directory before.
func (h *hoist) checkOwners() {
	for i, st := range h.steps {
		if st.place == ahead && st.early != nil && !h.copiesEarly(st.early) {
			h.giveUp(st, dirAfter(h.f, st.in, st.cwd))
			return
		}
		for _, m := range st.brings {
			if d, ok := h.otherOwner(h.steps[:i], m); ok {
				h.giveUp(st, d)
				return
			}
		}
	}
}

func (h *hoist) giveUp(st *hoistStep, dir string) {
	h.steps, h.held = nil, nil
	h.hold(st, "owner-differs", dir+" would get another owner, since it would be made by another step")
}

// copiesEarly reports whether a requirement file of the copy is put right into
// its destination.
func (h *hoist) copiesEarly(c *hoistStep) bool {
	return slices.ContainsFunc(h.steps, func(s *hoistStep) bool {
		return slices.ContainsFunc(s.brings, func(m manifest) bool { return m.from == c && path.Dir(m.path) == c.copy.dest })
	})
}

// otherOwner finds a copy with an owner of its own that made the directory of m
// before m's own copy came.
func (h *hoist) otherOwner(before []*hoistStep, m manifest) (dir string, found bool) {
	for _, s := range before {
		if s == m.from {
			return "", false
		}
		if s.place == behind && s.kind == copyStep && s.copy.chown && within(m.path, s.copy.dest) && !slices.Equal(s.copy.flags, m.from.copy.flags) {
			return s.copy.dest, true
		}
	}
	return "", false
}
