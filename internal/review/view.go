package review

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"refit/internal/report"
	"refit/internal/verify"
	"refit/transform"
)

// View is a file as the page shows it.
type View struct {
	File     int           `json:"file"`
	Path     string        `json:"path"`
	Hash     string        `json:"hash"` // of all that applying would write, and of what it replaces
	Changed  bool          `json:"changed"`
	Error    string        `json:"error,omitempty"`
	Texts    []*Text       `json:"texts"` // the Dockerfile and its companions
	Changes  []*Change     `json:"changes"`
	Held     []*Held       `json:"held"`
	Already  []*Held       `json:"already"` // what nobody needs to change
	Passes   []PassState   `json:"passes"`
	Warnings []report.Note `json:"warnings"`
	Needs    []int         `json:"needs"` // files before it whose companions it counts on
	Measured *Measured     `json:"measured,omitempty"`
}

// Text is a file before and after.
type Text struct {
	Path   string   `json:"path"`
	New    bool     `json:"new"`
	Before []string `json:"before"`
	After  []string `json:"after"`
	Rows   []Row    `json:"rows"`
}

// Change is one change, in the order in which they stand in the texts.
type Change struct {
	Pass   string        `json:"pass"`
	Line   int           `json:"line"` // of the original
	Reason string        `json:"reason"`
	Notes  []report.Note `json:"notes"`
}

// Held is one change that was held back.
type Held struct {
	Pass   string        `json:"pass"`
	Line   int           `json:"line"`
	Key    string        `json:"key"`
	Reason string        `json:"reason"`
	Remedy string        `json:"remedy"` // what would make it possible
	Notes  []report.Note `json:"notes"`
}

// PassState is a pass that can be switched, and what it did.
type PassState struct {
	Name    string `json:"name"`
	On      bool   `json:"on"`
	Default bool   `json:"default"` // whether it is on when nobody switches
	Changes int    `json:"changes"`
	Held    int    `json:"held"`
}

// Measured is what refit verify found about a file.
type Measured struct {
	*verify.Outcome
	Same bool `json:"same"` // it was about the text that is shown
}

// newView makes an entry of a report what the page shows.
func newView(i int, f *File, on []string, e *report.Entry, docs map[string]*transform.Pass) *View {
	v := &View{File: i, Path: f.Path, Changed: e.Changed, Hash: hash(f, e), Warnings: listed(e.Warnings),
		Texts: []*Text{}, Changes: []*Change{}, Held: []*Held{}, Already: []*Held{}, Needs: []int{}, Passes: []PassState{}}
	if e.Error != nil {
		v.Error = *e.Error
	} else {
		v.show(f, e, docs)
	}
	for _, name := range f.Switches {
		p := PassState{Name: name, On: slices.Contains(on, name), Default: slices.Contains(f.On, name)}
		for _, c := range v.Changes {
			p.Changes += count(c.Pass == name)
		}
		for _, h := range v.Held {
			p.Held += count(h.Pass == name)
		}
		v.Passes = append(v.Passes, p)
	}
	return v
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// show fills in the texts and the reasons.
func (v *View) show(f *File, e *report.Entry, docs map[string]*transform.Pass) {
	r := e.Result
	index := map[transform.ChangeID]int{}
	for i := range r.Steps {
		name := r.Steps[i].Pass.Name
		for j, m := range r.Steps[i].Changes {
			index[transform.ChangeID{Pass: name, Change: j}] = len(v.Changes)
			v.Changes = append(v.Changes, &Change{Pass: name, Line: m.Line, Reason: m.Why, Notes: notes(m.Notes)})
		}
		for _, m := range r.Steps[i].Declines {
			held := &Held{Pass: name, Line: m.Line, Key: m.Key, Reason: m.Why, Remedy: Remedy(docs[name], m.Key), Notes: notes(m.Notes)}
			if r.Steps[i].Pass.Already(m.Key) {
				v.Already = append(v.Already, held)
			} else {
				v.Held = append(v.Held, held)
			}
		}
	}
	for _, list := range [][]*Held{v.Held, v.Already} {
		slices.SortStableFunc(list, func(a, b *Held) int { return a.Line - b.Line })
	}
	flat := func(ids []transform.ChangeID) []int {
		var list []int
		for _, id := range ids {
			list = append(list, index[id])
		}
		return list
	}
	trail := r.Trail()
	v.Texts = append(v.Texts, newText(f.Path, r.Before, r.After, true, func(after bool, line int) []int {
		if after {
			return flat(trail.After[line])
		}
		return flat(trail.Before[line])
	}))
	for i, c := range e.Beside {
		marks := flat(r.CompanionChanges(c.Name))
		v.Texts = append(v.Texts, newText(e.Companions[i].Path, c.Before, c.After, !c.New, func(bool, int) []int { return marks }))
	}
	v.number()
}

// number puts the changes into the order in which the texts have them; those that
// left no line come first.
func (v *View) number() {
	place := make([]int, len(v.Changes))
	at := 1
	for _, t := range v.Texts {
		for _, row := range t.Rows {
			for _, c := range row.Marks {
				if place[c] == 0 {
					place[c] = at
				}
			}
			at++
		}
	}
	order := make([]int, len(place))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return place[a] - place[b] })
	to := make([]int, len(order))
	changes := make([]*Change, len(order))
	for n, c := range order {
		to[c], changes[n] = n, v.Changes[c]
	}
	v.Changes = changes
	for _, t := range v.Texts {
		for i := range t.Rows {
			marks := make([]int, 0, len(t.Rows[i].Marks))
			for _, c := range t.Rows[i].Marks {
				marks = append(marks, to[c])
			}
			slices.Sort(marks)
			t.Rows[i].Marks = marks
		}
	}
}

func notes(remarks []transform.Remark) []report.Note {
	all := []report.Note{}
	for _, m := range remarks {
		all = append(all, report.Note{Line: m.Line, Text: m.Why, Added: m.Added})
	}
	return all
}

// listed is a list that is not null in JSON.
func listed[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// hash stands for what would be written, and for what it would replace.
func hash(f *File, e *report.Entry) string {
	words := []string{f.Path}
	if e.Error != nil {
		words = append(words, "error", *e.Error)
	} else {
		words = append(words, "result", e.Result.Before, e.Result.After)
		for _, c := range e.Beside {
			words = append(words, c.Name, fmt.Sprint(c.New), c.Before, c.After)
		}
	}
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d:%s", len(w), w)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// measure adds what was built, and whether that was the text that is shown.
func (v *View) measure(results map[string]*verify.Outcome, e *report.Entry) {
	o := results[v.Path]
	if o == nil || e.Error != nil {
		return
	}
	c := *o
	c.Dockerfile = "" // which may be another text
	v.Measured = &Measured{&c, o.Dockerfile == "" || o.Dockerfile == e.Result.After}
}
