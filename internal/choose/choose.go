// Package choose asks a person which changes of a Dockerfile are wanted, one by
// one, as "git add -p" does. What is refused is held back in a new run of the
// passes, so that what is left is what they make without it and never a result
// with pieces taken out.
package choose

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"refit/internal/report"
	"refit/transform"
)

// ErrEnd says that no answer came: the input ended, or somebody interrupted.
var ErrEnd = errors.New("no answer")

// Session is a conversation about several files.
type Session struct {
	lines   <-chan string
	stop    <-chan struct{}
	out     io.Writer
	style   report.Style
	refused []transform.Veto // passes that are not wanted in any file
	quit    bool
}

// New starts a conversation. The answers are lines of in; stop ends it.
func New(in io.Reader, out io.Writer, style report.Style, stop <-chan struct{}) *Session {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for r := bufio.NewReader(in); ; {
			line, err := r.ReadString('\n')
			if err != nil { // what stands before the end is no answer: nobody said that it is whole
				return
			}
			select {
			case lines <- line:
			case <-stop:
				return
			}
		}
	}()
	return &Session{lines: lines, stop: stop, out: out, style: style}
}

// Quit reports whether the person wants to see no more files.
func (s *Session) Quit() bool { return s.quit }

// File is a Dockerfile whose changes are chosen.
type File struct {
	Path string // as it is shown
	Note string // what else is said of it, such as "2 of 3"
	// Run takes the file through the passes, with the Marker of some marks.
	Run func([]transform.Veto, []Mark) (*transform.Result, error)
	// Old is a companion's present content, by its path in the build context.
	Old func(path string) (content string, exists bool)
}

// change identifies a change across runs.
type change struct {
	pass, added string
	line        int
}

// talk is the conversation about one file.
type talk struct {
	*Session
	file      *File
	result    *transform.Result
	vetoes    []transform.Veto
	marks     []Mark
	accepted  map[change]string // and what it writes
	asked     map[change]int    // and which question it was
	rest      bool              // all that is left is wanted
	none      bool              // all that is left is not wanted
	announced bool
	turns     int
}

// Choose asks about the changes of a file. When it returns without an error, the
// last Run was the one whose changes were all accepted.
func (s *Session) Choose(f *File) error {
	t := &talk{Session: s, file: f, vetoes: slices.Clone(s.refused), accepted: map[change]string{}, asked: map[change]int{}}
	for again := true; ; {
		if again {
			if err := t.run(); err != nil {
				return err
			}
		}
		id, of, ok := t.next()
		if !ok {
			return nil
		}
		var err error
		if again, err = t.decide(id, of); err != nil {
			return err
		}
	}
}

// run makes the result without what is refused, and says what goes with that.
func (t *talk) run() error {
	first := t.result == nil
	known := t.changes()
	r, err := t.file.Run(t.vetoes, t.marks)
	if err != nil {
		return err
	}
	t.result = r
	if first || t.none {
		return nil
	}
	now := t.changes()
	for _, c := range sorted(known) {
		if now[c] || t.vetoed(c) {
			continue
		}
		_, accepted := t.accepted[c]
		delete(t.accepted, c)
		if accepted || !hasOther(now, known, c.pass) {
			t.printf("%s: line %d: without that, this is not changed either\n", t.style.Paint(report.Cyan, c.pass), c.line)
		}
	}
	return nil
}

// hasOther reports a change of a pass that was not there before: it may be one of
// those that were, made elsewhere.
func hasOther(now, known map[change]bool, pass string) bool {
	for c := range now {
		if c.pass == pass && !known[c] {
			return true
		}
	}
	return false
}

// changes are all of the result.
func (t *talk) changes() map[change]bool {
	all := map[change]bool{}
	if t.result == nil {
		return all
	}
	for _, id := range t.ids() {
		all[t.of(id)] = true
	}
	return all
}

// vetoed reports a change that was refused itself.
func (t *talk) vetoed(c change) bool {
	return slices.ContainsFunc(t.vetoes, func(v transform.Veto) bool { return v.Pass == c.pass && (v.Line == 0 || v.Line == c.line) })
}

func sorted(m map[change]bool) []change {
	var list []change
	for c := range m {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b change) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.pass, b.pass)
	})
	return list
}

// ids are the changes of the result, in the order of the passes.
func (t *talk) ids() []transform.ChangeID {
	var ids []transform.ChangeID
	for i := range t.result.Steps {
		s := &t.result.Steps[i]
		if s.Pass.Name == markName {
			continue // what was asked for
		}
		for j := range s.Changes {
			ids = append(ids, transform.ChangeID{Pass: s.Pass.Name, Change: j})
		}
	}
	return ids
}

func (t *talk) remark(id transform.ChangeID) *transform.Remark {
	for i := range t.result.Steps {
		if s := &t.result.Steps[i]; s.Pass.Name == id.Pass {
			return &s.Changes[id.Change]
		}
	}
	return nil
}

func (t *talk) of(id transform.ChangeID) change {
	m := t.remark(id)
	return change{id.Pass, m.Added, m.Line}
}

// text is what a change comes to, as it was shown.
func (t *talk) text(id transform.ChangeID) string {
	m := t.remark(id)
	parts := []string{m.Why}
	for _, e := range m.Edits {
		parts = append(parts, e.New)
	}
	return strings.Join(parts, "\x00")
}

// next is the first change that nobody has decided on.
func (t *talk) next() (transform.ChangeID, change, bool) {
	for _, id := range t.ids() {
		c := t.of(id)
		if text, ok := t.accepted[c]; !ok || text != t.text(id) {
			return id, c, true
		}
	}
	return transform.ChangeID{}, change{}, false
}

// maxTurns is after how many runs that bring new changes, none of which is wanted,
// whole passes are refused.
const maxTurns = 20

// decide asks about a change. It reports whether the passes must run again.
func (t *talk) decide(id transform.ChangeID, c change) (again bool, err error) {
	switch {
	case t.rest:
		t.accept(c)
		return false, nil
	case t.none:
		t.refuseRest()
		return true, nil
	}
	t.show(id, c)
	for {
		answer, err := t.ask()
		if err != nil {
			return false, err
		}
		switch answer {
		case "y":
			t.accept(c)
		case "n":
			t.refuse(c.pass, c.line)
		case "s":
			t.refuse(c.pass, c.line)
			t.marks = append(t.marks, Mark{c.pass, c.line})
		case "a":
			t.rest = true
		case "p":
			t.refuse(c.pass, 0)
			t.Session.refused = append(t.Session.refused, t.vetoes[len(t.vetoes)-1])
		case "q":
			t.quit, t.none = true, true
		case "d":
			t.none = true
		default:
			t.printf("%s", answers)
			continue
		}
		return strings.Contains("nsp", answer), nil
	}
}

const answers = `y  make this change
n  do not make it; what other passes would do with the same line is asked by itself
s  do not make it, and leave a “# refit: skip” comment, so that it does not come up again
a  make it, and all that is left in this file
d  do not make it, nor anything that is left in this file
p  do not make it, nor anything else that this pass would change, here and in all other files
q  do not make it, nor anything that is left in any file; what was accepted is written
?  this
`

// accept takes over all changes of one place: they are shown as one.
func (t *talk) accept(c change) {
	for _, id := range t.ids() {
		if t.of(id) == c {
			t.accepted[c] = t.text(id)
		}
	}
}

func (t *talk) refuse(pass string, line int) {
	t.vetoes = append(t.vetoes, transform.Veto{Pass: pass, Line: line, Key: transform.ReasonChosen, Why: "it was not wanted"})
}

// refuseRest refuses all that nobody has decided on.
func (t *talk) refuseRest() {
	t.turns++
	for _, id := range t.ids() {
		c := t.of(id)
		if _, ok := t.accepted[c]; ok {
			continue
		}
		if t.turns > maxTurns {
			c.line = 0
		}
		t.refuse(c.pass, c.line)
	}
}

func (t *talk) ask() (string, error) {
	t.printf("%s ", t.style.Paint(report.Bold, "Make this change [y,n,s,a,d,p,q,?]?"))
	select {
	case line, ok := <-t.lines:
		if !ok {
			t.printf("\n")
			return "", ErrEnd
		}
		return strings.ToLower(strings.TrimSpace(line)), nil
	case <-t.stop:
		t.printf("\n")
		return "", ErrEnd
	}
}

func (s *Session) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }
