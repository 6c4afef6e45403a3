package transform

import (
	"slices"
	"strings"
)

// Reasons that the engine gives for any pass.
const (
	ReasonIgnored = "ignored-by-comment" // a comment above the instruction asks for it
	ReasonRefused = "contract"           // the result would alter something undeclared
	ReasonBroken  = "result-broken"      // the edits or their result are not well formed
)

// skipsFile reports whether a "# refit: skip" comment takes the whole file out.
func (f *File) skipsFile() bool {
	if !strings.Contains(f.Src, "refit:") {
		return false
	}
	for _, in := range f.Instructions {
		for line := range strings.Lines(f.Text(in.Leading())) {
			if rest, ok := directive(line); ok && rest == "skip" {
				return true
			}
		}
	}
	return false
}

// directive is what stands behind "# refit:" in a comment line.
func directive(line string) (string, bool) {
	t, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
	if !ok {
		return "", false
	}
	t, ok = strings.CutPrefix(strings.TrimSpace(t), "refit:")
	return strings.TrimSpace(t), ok
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
		if rest, ok := directive(t); ok {
			names, isSkip := strings.CutPrefix(rest, "skip=")
			names, _, _ = strings.Cut(names, " ")
			if isSkip && slices.Contains(strings.Split(names, ","), p.Name) {
				return true
			}
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

// touchesIgnored reports the first instruction that the finding would change
// although a comment switches the pass off there.
func (f *File) touchesIgnored(p *Pass, fd *Finding) *Instruction {
	for _, in := range f.Instructions {
		touched := in.Span.Overlaps(fd.At)
		for _, e := range fd.Edits {
			touched = touched || in.Span.Overlaps(e.Span)
		}
		if touched && f.ignores(in, p) {
			return in
		}
	}
	return nil
}
