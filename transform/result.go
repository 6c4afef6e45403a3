package transform

// Status is what a pass did to a file.
type Status string

// The statuses, as reports name them.
const (
	Applied       Status = "applied"
	Declined      Status = "declined"
	NotApplicable Status = "not-applicable"
)

// Result is what Run made of a file.
type Result struct {
	Name       string
	Before     string
	After      string
	Steps      []Step      // one for each pass, in order
	Companions []Companion // in the order of the passes; a later one of the same path wins
	Refused    []Refusal   // changes that the engine took back

	versions []version
}

// Untouched lists the texts of the original's instructions, with the comments
// above them, that no edit of any pass touched, in order.
func (r *Result) Untouched() []string {
	var texts []string
	original := r.versions[0].file
	for _, in := range original.Instructions {
		at := in.Span
		if untouched(&at, r.versions[1:]) {
			texts = append(texts, original.Text(in.Span))
		}
	}
	return texts
}

// untouched follows a span through the versions, moving it along, until an edit
// touches it.
func untouched(at *Span, versions []version) bool {
	for _, v := range versions {
		shift := 0
		for _, e := range v.edits {
			if e.Span.Start >= at.End {
				break
			}
			if e.Span.End > at.Start || e.Span.Start > at.Start {
				return false
			}
			shift += len(e.New) - e.Span.Len()
		}
		at.Start += shift
		at.End += shift
	}
	return true
}

// Step is one pass's part of a Result.
type Step struct {
	Pass     *Pass
	Changes  []Remark
	Declines []Remark

	Companions  []Companion // in the order in which they were asked for
	companionOf []int       // for each companion, the change that it belongs to
}

// Status sums a step up: applied when it changed anything.
func (s *Step) Status() Status {
	switch {
	case len(s.Changes) > 0:
		return Applied
	case len(s.Declines) > 0:
		return Declined
	}
	return NotApplicable
}

// Remark is a change or a decline as a person reads it.
type Remark struct {
	Line  int    // 1-based line of the original file
	Added string // the pass that wrote the text it is about, or "" for original text
	Key   string // the reason key of a decline
	Why   string
	Warn  bool // of a note: it is said unasked
	Notes []Remark
	Edits []Written // of a change
}

// Written is an edit as it concerns the original file.
type Written struct {
	Line    int // of the original, where it begins
	Deleted int // bytes
	New     string
}

// Refusal is a change that the engine took back.
type Refusal struct {
	Pass string
	Key  string // ReasonRefused or ReasonBroken
	Why  string
}

// Changed reports whether the Dockerfile or a companion changes.
func (r *Result) Changed() bool { return r.Before != r.After || len(r.Companions) > 0 }
