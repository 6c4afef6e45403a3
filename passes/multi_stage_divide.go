package passes

import (
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// divide decides for each RUN up to the last pip step what of it runs in which
// stage. What stands behind the last pip step stays as it is, but for the
// removal of packages that the runtime does not have any more.
func (sp *split) divide() *transform.Finding {
	for i, st := range sp.steps {
		if st.script == nil {
			continue
		}
		if i > sp.last && !slices.ContainsFunc(st.units, st.removesDropped(sp)) {
			continue
		}
		if no := sp.divideRun(i, st); no != nil {
			return no
		}
	}
	sp.bringLists()
	return sp.fetchLists()
}

// removesDropped finds the units that remove packages which the runtime lacks.
func (st *splitStep) removesDropped(sp *split) func(*splitUnit) bool {
	return func(u *splitUnit) bool {
		p := st.calls[u]
		return p != nil && p.verb == "remove" && (!p.clear && len(sp.dropped) > 0 || slices.ContainsFunc(p.words, func(w pkgWord) bool {
			return slices.ContainsFunc(w.names, func(n string) bool { return sp.dropped[n] })
		}))
	}
}

// cutting gathers what goes from one copy of a RUN.
type cutting struct {
	gone  []*shell.Command
	words []transform.Edit
	kept  int // units that are more than shell state and tidying
}

// cuts reports a word that is deleted.
func (c *cutting) cuts(w transform.Span) bool {
	return slices.ContainsFunc(c.words, func(e transform.Edit) bool { return e.New == "" && e.Span.Contains(w) })
}

func (c *cutting) drop(u *splitUnit) { c.gone = append(c.gone, u.top...) }

func (sp *split) divideRun(i int, st *splitStep) *transform.Finding {
	var build, run cutting
	late := i > sp.last
	installsBuild, installsRun := false, false
	for _, u := range st.units {
		p := st.calls[u]
		if p == nil || p.verb != "install" {
			continue
		}
		inBuild, inRun, no := sp.divideInstall(st, u, p, &build, &run, late)
		if no != nil {
			return no
		}
		installsBuild, installsRun = installsBuild || inBuild, installsRun || inRun
	}
	only := onlyPackages(st)
	for _, u := range st.units {
		b, r := false, true
		p := st.calls[u]
		switch u.role {
		case rolePip:
			b, r = !late, late
		case roleTool:
			b, r = !st.pip, false // else it has a RUN of its own
		case rolePipTidy:
			b, r = st.pip, !st.pip
		case roleConfig:
			b = true
		case roleTidy:
			b, r = installsBuild, installsRun || !installsBuild
		case roleShell:
			continue
		case rolePackage:
			if p.verb == "install" {
				continue
			}
			if p.verb == "remove" && !p.clear && len(sp.dropped) > 0 {
				return held(shell.In(st.in, u.top[0].Span), "unclear-step", "it removes packages that are not known, and some are in the builder only")
			}
			b, r = sp.divideOther(p, installsBuild, installsRun, only && !installsBuild && !installsRun)
			if r && p.verb == "remove" && !sp.cutRemoval(st, p, &run) {
				return held(shell.In(st.in, u.top[0].Span), "unclear-step", "a comment or a variable stands between the packages that would be taken apart")
			}
		}
		b = b && !late
		build.place(u, b)
		run.place(u, r)
	}
	build.forget(st)
	run.forget(st)
	if no := sp.divideTools(st); no != nil {
		return no
	}
	return sp.settle(st, &build, &run)
}

// maxForget bounds the scripts in which forget looks for uses.
const maxForget = 100

// forget drops assignments of variables that only the dropped commands used.
func (c *cutting) forget(st *splitStep) {
	if len(c.gone) == 0 || c.kept == 0 || len(st.units) > maxForget {
		return
	}
	used := func(name string) bool {
		return slices.ContainsFunc(st.units, func(u *splitUnit) bool {
			return !slices.Contains(c.gone, u.top[0]) && slices.ContainsFunc(u.all, func(cmd *shell.Command) bool {
				return slices.ContainsFunc(cmd.Words, func(w shell.Word) bool {
					return w.HasVar && strings.Contains(w.Raw, name) && !c.cuts(shell.In(st.in, w.Span))
				}) || len(cmd.Redirs) > 0 || cmd.Kind != shell.Simple
			})
		})
	}
	for _, u := range st.units {
		first := u.top[0]
		if u.role == roleShell && len(u.all) == 1 && len(first.Words) == 0 && len(first.Assigns) == 1 && !used(first.Assigns[0].Name) {
			c.drop(u)
		}
	}
}

// place keeps or drops a unit.
func (c *cutting) place(u *splitUnit, keep bool) {
	switch {
	case !keep:
		c.drop(u)
	case u.role != roleTidy && u.role != rolePipTidy:
		c.kept++
	}
}

// onlyPackages reports a RUN that does nothing but call apt or apk and tidy up.
func onlyPackages(st *splitStep) bool {
	return !slices.ContainsFunc(st.units, func(u *splitUnit) bool {
		return u.role != rolePackage && u.role != roleTidy && u.role != roleShell
	})
}

// divideInstall sorts the packages of one installation.
func (sp *split) divideInstall(st *splitStep, u *splitUnit, p *pkgCall, build, run *cutting, late bool) (inBuild, inRun bool, no *transform.Finding) {
	at := shell.In(st.in, u.top[0].Span)
	switch {
	case late:
		run.kept++
		return false, true, nil
	case !p.clear || sp.shared(p):
		build.kept++
		run.kept++
		st.keeps++
		return true, true, nil
	}
	gone, inBuild := sp.builderWords(p)
	if inBuild {
		build.kept++
		edits, ok := sp.cutWords(st, p, gone, nil)
		if !ok {
			return false, false, held(at, "unclear-step", "a comment stands between the packages that would be taken apart")
		}
		build.words = append(build.words, edits...)
	} else {
		build.drop(u)
	}
	gone, swap, inRun := sp.runtimeWords(p)
	if !inRun {
		run.drop(u)
	} else {
		run.kept++
		st.keeps += len(p.words) - len(gone) - len(swap)
		edits, ok := sp.cutWords(st, p, gone, swap)
		if !ok {
			return false, false, held(at, "unclear-step", "a comment stands between the packages that would be taken apart")
		}
		run.words = append(run.words, edits...)
	}
	sp.note(p)
	return inBuild, inRun, nil
}

// shared reports an installation with a variable that holds packages for both
// stages: it is repeated as it is.
func (sp *split) shared(p *pkgCall) bool {
	return slices.ContainsFunc(p.words, func(w pkgWord) bool {
		keep := 0
		for _, name := range w.names {
			if sp.sort(name).run {
				keep++
			}
		}
		return w.local && keep > 0 && keep < len(w.names)
	})
}

// note writes down why each package of an installation goes where it goes.
func (sp *split) note(p *pkgCall) {
	for _, w := range p.words {
		for _, name := range w.names {
			where := sp.sort(name)
			if where.why != "" {
				sp.notes = append(sp.notes, transform.Note{At: sp.s.From.Body, Why: where.why})
			}
			if !where.run {
				sp.dropped[name] = true
			}
		}
	}
	if sp.purged[p.virtual] {
		sp.dropped[p.virtual] = true
	}
}

// divideOther places a call of apt or apk that installs nothing. alone says that
// the RUN does nothing else.
func (sp *split) divideOther(p *pkgCall, installsBuild, installsRun, alone bool) (build, run bool) {
	switch p.verb {
	case "update":
		return installsBuild, installsRun || alone // bringLists decides on a lone one
	case "clean":
		return installsBuild, installsRun || !installsBuild
	case "remove":
		names := p.names()
		gone := func(n string) bool { return sp.dropped[n] }
		if !p.clear || slices.ContainsFunc(names, func(n string) bool { return !gone(n) }) {
			return false, true
		}
		return false, len(names) == 0 && (installsRun || !installsBuild)
	}
	return false, true
}

// cutRemoval takes out of a removal what the runtime does not have.
func (sp *split) cutRemoval(st *splitStep, p *pkgCall, run *cutting) bool {
	var gone []pkgWord
	for _, w := range p.words {
		lost := 0
		for _, n := range w.names {
			if sp.dropped[n] {
				lost++
			}
		}
		switch {
		case lost == 0:
		case lost == len(w.names):
			gone = append(gone, w)
		default:
			return false
		}
	}
	edits, ok := sp.cutWords(st, p, gone, nil)
	run.words = append(run.words, edits...)
	return ok
}

// settle turns the decisions on a RUN into the edits of its two copies.
func (sp *split) settle(st *splitStep, build, run *cutting) *transform.Finding {
	ok := true
	if st.build = build.kept > 0; st.build {
		st.buildEdits, ok = build.edits(st)
	}
	if st.run = run.kept > 0 || len(run.gone) == 0; st.run && ok {
		st.runEdit, ok = run.edits(st)
	}
	if !ok {
		return held(st.in.Body, "unclear-step", "the step cannot be cut in two where pip's part ends")
	}
	return nil
}

// edits cuts the commands and words out.
func (c *cutting) edits(st *splitStep) ([]transform.Edit, bool) {
	if len(c.gone) == 0 {
		return c.words, true
	}
	if hasOr(st.script) {
		return nil, false
	}
	spans, ok := st.script.Remove(c.gone...)
	if !ok {
		return nil, false
	}
	return append(shell.Delete(st.in, spans), c.words...), true
}

// hasOr reports a list in which a command's failure matters to what follows.
func hasOr(s *shell.Script) bool {
	return slices.ContainsFunc(s.Top(), func(c *shell.Command) bool { return c.Op == "||" })
}

// cutWords deletes packages from a call, and replaces others. A comment in the
// way makes it false.
func (sp *split) cutWords(st *splitStep, p *pkgCall, gone []pkgWord, swap map[int][]string) ([]transform.Edit, bool) {
	var edits []transform.Edit
	cut := map[shell.Span]bool{}
	for _, w := range gone {
		cut[w.word.Span] = true
	}
	before := map[shell.Span]int{} // where the word before ends
	for i, w := range p.all[1:] {
		before[w.Span] = p.all[i].Span.End
	}
	for i, w := range p.words {
		if libs := swap[i]; len(libs) > 0 {
			edits = append(edits, shell.Replace(st.in, w.word.Span, strings.Join(libs, " ")))
			continue
		}
		if !cut[w.word.Span] {
			continue
		}
		gap := shell.Span{Start: before[w.word.Span], End: w.word.Span.End}
		if strings.Contains(sp.f.Text(shell.In(st.in, gap)), "#") {
			return nil, false
		}
		edits = append(edits, shell.Replace(st.in, gap, ""))
	}
	return edits, true
}

func (st *splitStep) has(verb string) bool {
	return slices.ContainsFunc(st.units, func(u *splitUnit) bool { return st.calls[u] != nil && st.calls[u].verb == verb })
}

func (st *splitStep) lonelyUpdate() bool {
	return onlyPackages(st) && st.has("update") && !st.has("install") && !st.has("remove") && !st.has("upgrade")
}
