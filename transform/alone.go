package transform

// Alone is what a change does by itself: the text that the passes before it left,
// and that text with the edits of this change only. Both are "" for a change that
// edits nothing.
func (r *Result) Alone(id ChangeID) (before, after string) {
	for i := 1; i < len(r.versions); i++ {
		v := &r.versions[i]
		if v.pass.Name != id.Pass {
			continue
		}
		var edits []Edit
		for j, e := range v.edits {
			if v.by[j] == id.Change {
				edits = append(edits, e)
			}
		}
		if len(edits) > 0 {
			before = r.versions[i-1].file.Src
			return before, applyEdits(before, edits)
		}
	}
	return "", ""
}
