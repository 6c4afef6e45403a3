package passes

import (
	"refit/transform"
)

// intoDirs writes a slash behind the destination of a COPY into a directory that is
// there in the original, and that nothing before it makes in one of the two stages:
// there it would become a file of that name.
func (sp *split) intoDirs() {
	before := sp.copiesWhere(func(*splitStep) bool { return true })
	builder := sp.copiesWhere(func(st *splitStep) bool { return st.build })
	runtime := sp.copiesWhere(func(st *splitStep) bool { return st.run })
	for _, st := range sp.steps {
		c := before[st.in]
		if c == nil || !c.toDir || c.written {
			continue
		}
		words := sp.f.Words(st.in)
		at := words[len(words)-1].Span.End
		if b := builder[st.in]; b != nil && !b.toDir {
			st.buildEdits = append(st.buildEdits, insertAt(at, "/"))
		}
		if r := runtime[st.in]; r != nil && !r.toDir {
			st.runEdit = append(st.runEdit, insertAt(at, "/"))
		}
	}
}

// copiesWhere reads the copies of the build context as they are where only some of
// the stage's steps run.
func (sp *split) copiesWhere(runs func(*splitStep) bool) map[*transform.Instruction]*contextCopy {
	copies := map[*transform.Instruction]*contextCopy{}
	h := newHoist(sp.f, sp.s, sp.ctx)
	cwd := h.inherit(sp.s)
	for _, st := range sp.steps {
		if !runs(st) {
			continue
		}
		read := h.read(st.in, cwd)
		if read.copy != nil {
			copies[st.in] = read.copy
		}
		h.note(read)
		cwd = dirAfter(sp.f, st.in, cwd)
	}
	return copies
}
