// Package report writes what refit did to files, for people and for programs.
package report

import (
	"fmt"

	"refit/transform"
)

// File is one Dockerfile's part of a report. Its JSON form is documented in
// docs/json.md.
type File struct {
	Path    string `json:"path"`
	Changed bool   `json:"changed"`
	Diff    string `json:"diff"`
	// DiffRoot is the directory that the paths of the diff are relative to; "" is
	// the current one.
	DiffRoot string `json:"diffRoot,omitempty"`
	Output   string `json:"output"`
	// OutputBase64 is the output byte for byte where Output, which is UTF-8,
	// cannot be.
	OutputBase64 []byte      `json:"outputBase64,omitempty"`
	Passes       []Pass      `json:"passes"`
	Companions   []Companion `json:"companions"`
	Warnings     []Note      `json:"warnings,omitempty"` // what is said unasked
	Error        *string     `json:"error"`
}

// Pass is what one pass did.
type Pass struct {
	Name      string           `json:"name"`
	Status    transform.Status `json:"status"`
	Changes   []Change         `json:"changes"`
	ReasonKey *string          `json:"reasonKey"` // of the first decline
	Reason    *string          `json:"reason"`
	Declines  []Decline        `json:"declines"`
}

// Change is one change and why it was made.
type Change struct {
	Line   int    `json:"line"` // of the original file
	Reason string `json:"reason"`
	Added  string `json:"added,omitempty"` // the pass that wrote the text it is about
	Notes  []Note `json:"notes,omitempty"`
	// Takes are the lines of the original, and Writes those of the result, that are
	// not as they were because of the change.
	Takes  []Lines `json:"takes,omitempty"`
	Writes []Lines `json:"writes,omitempty"`
}

// Decline is one change that was not made, and why.
type Decline struct {
	Line      int    `json:"line"`
	ReasonKey string `json:"reasonKey"`
	Reason    string `json:"reason"`
	Added     string `json:"added,omitempty"`
	Notes     []Note `json:"notes,omitempty"`
	Already   bool   `json:"already,omitempty"` // nothing is held back: the file has it
}

// Said is what became of the change, in two words.
func (d *Decline) Said() string {
	switch {
	case d.Already:
		return "already so"
	case d.ReasonKey == transform.ReasonChosen:
		return "not chosen"
	}
	return "held back"
}

// Note is a remark that belongs to a change or a decline.
type Note struct {
	Line  int    `json:"line"`
	Text  string `json:"text"`
	Added string `json:"added,omitempty"`
}

// Companion is a file that a change needs beside the Dockerfile.
type Companion struct {
	Path    string `json:"path"`
	Content string `json:"content"`
	New     bool   `json:"new"` // there is no such file yet
	// Passes are those whose changes it belongs to.
	Passes []string `json:"passes,omitempty"`
}

// New reports a result. The diff and the companions, whose paths and presence
// only the caller knows, are as they shall be printed.
func New(path string, r *transform.Result, diff string, companions []Companion) *File {
	f := &File{Path: path, Changed: r.Changed(), Diff: diff, Output: r.After, Companions: companions}
	for i := range r.Steps {
		f.Passes = append(f.Passes, newPass(&r.Steps[i]))
	}
	f.place(r.Trail())
	return f
}

// Failed reports a file that could not be read, understood or written.
func Failed(path, message string) *File { return &File{Path: path, Error: &message} }

func newPass(s *transform.Step) Pass {
	p := Pass{Name: s.Pass.Name, Status: s.Status(), Changes: []Change{}, Declines: []Decline{}}
	for _, m := range s.Changes {
		p.Changes = append(p.Changes, Change{Line: m.Line, Reason: m.Why, Added: m.Added, Notes: notes(m.Notes)})
	}
	for _, m := range s.Declines {
		p.Declines = append(p.Declines, Decline{Line: m.Line, ReasonKey: m.Key, Reason: m.Why, Added: m.Added, Notes: notes(m.Notes), Already: s.Pass.Already(m.Key)})
	}
	if len(p.Declines) > 0 {
		p.ReasonKey, p.Reason = &p.Declines[0].ReasonKey, &p.Declines[0].Reason
	}
	return p
}

func notes(remarks []transform.Remark) []Note {
	var all []Note
	for _, m := range remarks {
		if !m.Warn { // which is a warning of the file
			all = append(all, Note{Line: m.Line, Text: m.Why, Added: m.Added})
		}
	}
	return all
}

// Tally counts what was not made of a file, or of several.
type Tally struct {
	Held    int // changes that were held back
	Already int // changes that nobody needs to make: the file has them
	Refused int // changes that somebody did not choose
}

// Add adds the counts of another tally.
func (t *Tally) Add(o Tally) {
	t.Held += o.Held
	t.Already += o.Already
	t.Refused += o.Refused
}

// Rest is what there is to say beside what was held back: ", 2 already so", or
// nothing.
func (t Tally) Rest() string {
	text := ""
	if t.Refused > 0 {
		text += fmt.Sprintf(", %d not chosen", t.Refused)
	}
	if t.Already > 0 {
		text += fmt.Sprintf(", %d already so", t.Already)
	}
	return text
}

// Tally counts what was not made.
func (f *File) Tally() Tally {
	var t Tally
	for i := range f.Passes {
		for _, d := range f.Passes[i].Declines {
			switch {
			case d.Already:
				t.Already++
			case d.ReasonKey == transform.ReasonChosen:
				t.Refused++
			default:
				t.Held++
			}
		}
	}
	return t
}

// Held counts the changes that were held back.
func (f *File) Held() int { return f.Tally().Held }

// Made counts the changes that were made.
func (f *File) Made() int {
	n := 0
	for i := range f.Passes {
		n += len(f.Passes[i].Changes)
	}
	return n
}
