package transform

// Veto holds changes of a pass back, as a comment in the file would: for reasons
// that are not in the file.
type Veto struct {
	Pass string
	Line int    // of the original: what the change is about; 0 for all that the pass does
	Key  string // ReasonDeclared or ReasonChosen
	Why  string
}

// veto is the one that holds a change back, nil where none does.
func (o *Options) veto(p *Pass, change *Remark) *Veto {
	for i := range o.Vetoes {
		v := &o.Vetoes[i]
		if v.Pass == p.Name && (v.Line == 0 || v.Line == change.Line) {
			return v
		}
	}
	return nil
}

func (v *Veto) remark(line int) Remark { return Remark{Line: line, Key: v.Key, Why: v.Why} }
