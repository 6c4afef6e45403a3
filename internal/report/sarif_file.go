package report

import (
	"fmt"
	"slices"
	"strings"

	"refit/transform"
)

// fingerprintName names the fingerprints, with the version of the way they are made.
const fingerprintName = "refitChange/v1"

// sarifFile makes the results of one file.
type sarifFile struct {
	log *SARIF
	e   *Entry
	at  artifactLocation
	*places
	fixes map[transform.ChangeID]int
	edits [][]artifactChange // of each fix; nil where it cannot be told
}

func (s *SARIF) newFile(e *Entry) *sarifFile {
	f := &sarifFile{log: s, e: e, at: locate(e.Place), places: newPlaces(e), fixes: map[transform.ChangeID]int{}}
	for i, fix := range e.Fixes {
		f.edits = append(f.edits, f.changes(&fix))
		for _, c := range fix.Changes {
			f.fixes[c] = i
		}
	}
	return f
}

// results are the changes.
func (f *sarifFile) results() []*sarifResult {
	var all []*sarifResult
	leads := map[int]*lead{}
	for i := range f.e.Passes {
		p := &f.e.Passes[i]
		for j, c := range p.Changes {
			r := f.result(p.Name, c)
			f.attach(r, transform.ChangeID{Pass: p.Name, Change: j}, c.Line, leads)
			all = append(all, r)
		}
	}
	return all
}

// held is what was held back. It is no result: GitHub makes an alert of each of
// those, of whatever kind.
func (f *sarifFile) held() []notification {
	var all []notification
	for i := range f.e.Passes {
		p := &f.e.Passes[i]
		for _, d := range p.Declines {
			n := notification{
				Level: LevelNote, Message: message{Text: escapeLinks(d.Said() + ": " + d.Reason)}, Locations: []location{f.location(d.Line)},
				Properties: &bag{ReasonKey: d.ReasonKey, Added: d.Added},
			}
			if i, ok := f.log.rules[p.Name]; ok {
				n.AssociatedRule = &ruleReference{p.Name, i}
			}
			all = append(all, n)
		}
	}
	return all
}

func (s *SARIF) level(pass string) string {
	if i, ok := s.rules[pass]; ok {
		return s.cfg.Rules[i].Level
	}
	return LevelNote
}

func (f *sarifFile) result(pass string, c Change) *sarifResult {
	r := &sarifResult{
		RuleID: pass, Kind: "fail", Level: f.log.level(pass), Message: message{Text: escapeLinks(c.Reason)}, Locations: []location{f.location(c.Line)},
		PartialFingerprints: map[string]string{fingerprintName: f.fingerprint(pass, "", c.Line)},
	}
	if f.log.cfg.Applied {
		r.Kind, r.Level = "informational", "none"
	}
	if i, ok := f.log.rules[pass]; ok {
		r.RuleIndex = &i
	}
	if c.Added != "" {
		r.Properties = &bag{Added: c.Added}
	}
	for _, n := range c.Notes {
		f.relate(r, n.Line, n.Text)
	}
	return r
}

// relate adds a remark on another line; the standard wants each once.
func (f *sarifFile) relate(r *sarifResult, line int, text string) {
	at := f.location(line)
	at.Message = &message{Text: escapeLinks(text)}
	for _, old := range r.RelatedLocations {
		if *old.Message == *at.Message && *old.PhysicalLocation.Region == *at.PhysicalLocation.Region {
			return
		}
	}
	r.RelatedLocations = append(r.RelatedLocations, at)
}

// location is the instruction on a line of the original, or else the line.
func (f *sarifFile) location(line int) location {
	return location{PhysicalLocation: physicalLocation{ArtifactLocation: f.at, Region: f.text.region(f.span(line))}}
}

// lead is the result that carries a fix.
type lead struct {
	result *sarifResult
	pass   string
	line   int
}

// attach gives a result the fix of its change, unless an earlier one has it.
func (f *sarifFile) attach(r *sarifResult, id transform.ChangeID, line int, leads map[int]*lead) {
	i, ok := f.fixes[id]
	if !ok {
		return
	}
	if f.edits[i] == nil {
		r.Message.Text += " (no fix before that of an earlier Dockerfile is made)"
		return
	}
	if l := leads[i]; l != nil {
		f.relate(r, l.line, "the fix of the "+l.pass+" result here makes this change too")
		r.Message.Text += fmt.Sprintf(" (made by the fix of %s on line %d)", l.pass, l.line)
		return
	}
	leads[i] = &lead{r, id.Pass, line}
	fix := &f.e.Fixes[i]
	n, passes := f.made(fix)
	what := sentence(f.log.title(id.Pass))
	if n > 1 {
		what = fmt.Sprintf("Make %d changes that build on each other: %s.", n, strings.Join(passes, ", "))
		r.Message.Text += fmt.Sprintf(" (its fix makes %d changes that build on each other)", n)
	}
	r.Fixes = []sarifFix{{Description: message{Text: what}, ArtifactChanges: f.edits[i]}}
}

// made counts the changes of a fix and names their passes.
func (f *sarifFile) made(fix *Fix) (n int, passes []string) {
	for i := range f.e.Passes {
		p := &f.e.Passes[i]
		for j := range p.Changes {
			if slices.Contains(fix.Changes, transform.ChangeID{Pass: p.Name, Change: j}) {
				n++
				if !slices.Contains(passes, p.Name) {
					passes = append(passes, p.Name)
				}
			}
		}
	}
	return n, passes
}

func (s *SARIF) title(pass string) string {
	if i, ok := s.rules[pass]; ok {
		return s.cfg.Rules[i].Pass.Doc.Title
	}
	return pass
}

// changes are a fix's edits of the Dockerfile and of its companions. A file that
// is not there yet is one insertion into nothing.
func (f *sarifFile) changes(fix *Fix) []artifactChange {
	var all []artifactChange
	if len(fix.Replacements) > 0 {
		c := artifactChange{ArtifactLocation: f.at}
		for _, r := range fix.Replacements {
			c.Replacements = append(c.Replacements, f.text.replacement(r.Edit))
		}
		all = append(all, c)
	}
	for _, comp := range fix.Companions {
		e, ok := comp.edit()
		if !ok {
			return nil
		}
		all = append(all, artifactChange{ArtifactLocation: locate(comp.Place), Replacements: []replacement{newText(comp.Disk).replacement(e)}})
	}
	return all
}

// edit is what the Dockerfile changes in the companion, as an edit of what is on
// the disk. There is none where it rewrites what an earlier Dockerfile brings.
func (c *CompanionText) edit() (e transform.Edit, ok bool) {
	e = difference(c.Before, c.After)
	if c.Disk == c.Before {
		return e, true
	}
	earlier := difference(c.Disk, c.Before)
	end := earlier.Span.Start + len(earlier.New)
	switch {
	case e.Span.Start >= end:
		e.Span.Start += earlier.Span.End - end
		e.Span.End += earlier.Span.End - end
		return e, true
	case e.Span.End < earlier.Span.Start:
		return e, true
	}
	return e, false
}

// difference is the one edit of whole lines that makes a text another.
func difference(before, after string) transform.Edit {
	start := 0
	for line := range strings.Lines(before) {
		if !strings.HasPrefix(after[start:], line) || !strings.HasSuffix(line, "\n") {
			break
		}
		start += len(line)
	}
	end := len(before)
	lines := slices.Collect(strings.Lines(before[start:]))
	for _, line := range slices.Backward(lines) {
		cut := len(before) - end + len(line)
		if len(after)-cut < start || after[len(after)-cut:len(after)-cut+len(line)] != line ||
			len(after)-cut > start && after[len(after)-cut-1] != '\n' {
			break
		}
		end -= len(line)
	}
	return transform.Edit{Span: transform.Span{Start: start, End: end}, New: after[start : len(after)-(len(before)-end)]}
}

// escapeLinks keeps a text from being taken for one of the links that messages
// may have.
func escapeLinks(text string) string { return strings.ReplaceAll(text, "](", `\](`) }
