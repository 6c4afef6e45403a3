package transform

import (
	"slices"
	"sort"
	"strings"
)

// Reasons that the engine gives for any pass.
const (
	ReasonIgnored = "ignored-by-comment" // a comment above the instruction asks for it
	ReasonRefused = "contract"           // the result would alter something undeclared
	ReasonBroken  = "result-broken"      // the edits or their result are not well formed

	ReasonDeclared = "declared-build" // a compose or bake file builds or runs it in another way
	ReasonChosen   = "not-chosen"     // somebody who was asked does not want it
)

// Directive is a "# refit:" comment above an instruction.
type Directive struct {
	Line   int      // 1-based
	Text   string   // what stands behind "refit:"
	File   bool     // it is "skip", which leaves the whole file alone
	Passes []string // those that a "skip=PASS,…" names, as they are written
}

// Directives lists those of the original file.
func (r *Result) Directives() []Directive { return r.versions[0].file.directives() }

func (f *File) directives() []Directive {
	if !strings.Contains(f.Src, "refit:") {
		return nil
	}
	var all []Directive
	for _, in := range f.Instructions {
		at := in.Leading().Start
		for line := range strings.Lines(f.Text(in.Leading())) {
			if d, ok := directive(line); ok {
				d.Line = f.Line(at)
				all = append(all, d)
			}
			at += len(line)
		}
	}
	return all
}

// skipsFile reports whether a comment takes the whole file out.
func (f *File) skipsFile() bool {
	return slices.ContainsFunc(f.directives(), func(d Directive) bool { return d.File })
}

// directive reads a comment line. A reason may follow the names.
func directive(line string) (Directive, bool) {
	t, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	if !ok {
		return Directive{}, false
	}
	t, ok = strings.CutPrefix(strings.TrimSpace(t), "refit:")
	d := Directive{Text: strings.TrimSpace(t)}
	d.File = d.Text == "skip"
	names, named := strings.CutPrefix(d.Text, "skip=")
	if !named {
		return d, ok
	}
	for word := range strings.FieldsSeq(names) {
		word, more := strings.CutSuffix(word, ",")
		d.Passes = append(d.Passes, strings.Split(word, ",")...)
		if !more {
			break
		}
	}
	return d, ok
}

// Skips reports whether a comment right above the instruction switches the pass
// of that name off there, or one of the rules of hadolint that ask for it.
func (f *File) Skips(in *Instruction, pass string, hadolint ...string) bool {
	return f.ignores(in, &Pass{Name: pass, Hadolint: hadolint})
}

// ignores reports whether a comment right above the instruction, with no blank
// line between, switches the pass off there.
func (f *File) ignores(in *Instruction, p *Pass) bool {
	lead := f.Text(in.Leading())
	if !strings.Contains(lead, "#") {
		return false
	}
	lines := slices.Collect(strings.Lines(lead))
	for _, line := range slices.Backward(lines) {
		t := strings.TrimSpace(line)
		if t == "" && strings.HasSuffix(line, "\n") {
			break
		}
		if d, ok := directive(t); ok && slices.Contains(d.Passes, p.Name) {
			return true
		}
		if hadolintIgnores(t, p.Hadolint) {
			return true
		}
	}
	return false
}

// hadolintIgnores reads "# hadolint ignore=DL3008,DL3015".
func hadolintIgnores(comment string, rules []string) bool {
	t := strings.TrimSpace(strings.TrimPrefix(comment, "#"))
	t, ok := strings.CutPrefix(t, "hadolint")
	if !ok {
		return false
	}
	t, ok = strings.CutPrefix(strings.TrimSpace(t), "ignore=")
	if !ok {
		return false
	}
	for _, field := range strings.FieldsFunc(t, func(r rune) bool { return r == ',' || r == ' ' }) {
		if slices.Contains(rules, field) {
			return true
		}
	}
	return false
}

// ignored reports the first instruction, of the newest version or of the
// original, at which a comment switches the pass off although the finding would
// change it. A comment above FROM speaks for the whole stage.
func ignored(p *Pass, fd *Finding, versions []version) *Instruction {
	original, f := versions[0].file, versions[len(versions)-1].file
	if !strings.Contains(original.Src, "refit:") && !strings.Contains(original.Src, "hadolint") {
		return nil
	}
	var first *Instruction
	for in := range f.touches(fd) {
		if first != nil && first.Index < in.Index {
			continue
		}
		at, _ := originalOffset(in.Body.Start, versions)
		if f.switchesOff(in, p) || original.switchesOff(original.at(at), p) {
			first = in
		}
	}
	return first
}

// switchesOff reports whether the comments above the instruction, or above its
// stage, switch the pass off.
func (f *File) switchesOff(in *Instruction, p *Pass) bool {
	return in != nil && (f.ignores(in, p) || in.Stage != nil && f.ignores(in.Stage.From, p))
}

// touches are the instructions that a finding is about, edits, or puts something
// right above.
func (f *File) touches(fd *Finding) map[*Instruction]bool {
	found := map[*Instruction]bool{}
	add := func(s Span, above bool) {
		i := sort.Search(len(f.Instructions), func(i int) bool { return f.Instructions[i].Span.End > s.Start })
		for ; i < len(f.Instructions); i++ {
			in := f.Instructions[i]
			if in.Span.Start > s.End+len("\r\n") {
				break
			}
			if in.Span.Overlaps(s) || above && s.Start <= in.Span.Start && s.Start >= in.Span.Start-len("\r\n") {
				found[in] = true
			}
		}
	}
	add(fd.At, false)
	for _, e := range fd.Edits {
		add(e.Span, e.Span.Len() == 0)
	}
	return found
}

// at is the instruction whose span holds the offset, nil in the tail.
func (f *File) at(offset int) *Instruction {
	i := sort.Search(len(f.Instructions), func(i int) bool { return f.Instructions[i].Span.End > offset })
	if i == len(f.Instructions) {
		return nil
	}
	return f.Instructions[i]
}
