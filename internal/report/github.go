package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// perKind is how many annotations of a kind GitHub shows of one step.
const perKind = 10

// GitHub writes workflow commands, which GitHub makes annotations of: errors for
// files that failed, warnings for changes that matter most, and notices for the
// others. Changes of one instruction share an annotation. The report for people
// comes before them, folded: what no annotation says, or everything where there is
// no room for all annotations.
type GitHub struct {
	w      io.Writer
	style  Style
	levels map[string]string // by pass
	opened bool
	kinds  map[string]*annotations
	// waiting are files whose annotations there is room for so far.
	waiting []*File
}

// mostWaiting is how many files wait at most; a report may be about thousands.
const mostWaiting = 100

// annotations are the most important of one kind.
type annotations struct {
	list []annotation
	more int // those that there is no room for
}

type annotation struct {
	file        string
	line, end   int
	passes      []string
	messages    []string
	notes       int // of the messages: those that belong to another
	title, kind string
}

// The kinds, as GitHub names them.
const (
	kindError   = "error"
	kindWarning = "warning"
	kindNotice  = "notice"
)

// NewGitHub returns a writer of workflow commands; Close writes them.
func NewGitHub(w io.Writer, rules []Rule, style Style) *GitHub {
	g := &GitHub{w: w, style: style, levels: map[string]string{}, kinds: map[string]*annotations{}}
	for _, kind := range []string{kindError, kindWarning, kindNotice} {
		g.kinds[kind] = &annotations{}
	}
	for _, r := range rules {
		g.levels[r.Pass.Name] = r.Level
	}
	return g
}

// Add keeps a file's annotations, and writes its part of the log once there is no
// room for all of them.
func (g *GitHub) Add(e *Entry) error {
	g.annotate(e)
	if !g.opened && !g.full() && len(g.waiting) < mostWaiting {
		g.waiting = append(g.waiting, e.File)
		return nil
	}
	waiting := g.waiting
	g.waiting = nil
	for _, f := range append(waiting, e.File) {
		var text strings.Builder
		if err := Text(&text, f, g.style); err != nil {
			return err
		}
		if err := g.log("every change, and what was held back", text.String()); err != nil {
			return err
		}
	}
	return nil
}

// full reports annotations that there is no room for.
func (g *GitHub) full() bool {
	for _, k := range g.kinds {
		if k.more > 0 {
			return true
		}
	}
	return false
}

// log writes a file's report into the group, which the first one opens.
func (g *GitHub) log(title, text string) error {
	var b strings.Builder
	if !g.opened {
		g.opened = true
		fmt.Fprintf(&b, "::group::refit: %s\n", title)
	}
	for line := range strings.Lines(text) {
		b.WriteString(inert(line))
	}
	_, err := io.WriteString(g.w, b.String())
	return err
}

// unsaid is what no annotation says of a file.
func (g *GitHub) unsaid(f *File) string {
	if f.Error != nil {
		return ""
	}
	rest := *f
	rest.Warnings, rest.Passes = nil, nil
	for _, p := range f.Passes {
		p.Changes = nil
		rest.Passes = append(rest.Passes, p)
	}
	var b strings.Builder
	if writeReasons(&b, &rest, g.style); b.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s\n%s", g.style.Paint(Bold, Clean(f.Path)), f.counts(), &b)
}

// annotate keeps the annotations of a file.
func (g *GitHub) annotate(e *Entry) {
	file := cmp.Or(e.Place.Rel, e.Place.Abs)
	if e.Error != nil {
		line := errorLine(e.File)
		g.keep(annotation{file: file, line: line, end: line, kind: kindError, title: "refit", messages: []string{*e.Error}})
		return
	}
	for _, a := range g.changes(e, file) {
		g.keep(a)
	}
	for _, n := range e.Warnings {
		g.keep(annotation{file: file, line: n.Line, end: n.Line, kind: kindWarning, title: "refit", messages: []string{n.Text}})
	}
}

// changes are a file's annotations, one for each instruction.
func (g *GitHub) changes(e *Entry, file string) []annotation {
	var all []annotation
	p := newPlaces(e)
	for i := range e.Passes {
		pass := &e.Passes[i]
		for _, c := range pass.Changes {
			first, last := p.lines(c.Line)
			at := slices.IndexFunc(all, func(a annotation) bool { return a.line == first })
			if at < 0 {
				at = len(all)
				all = append(all, annotation{file: file, line: first, end: last, kind: kindNotice})
			}
			a := &all[at]
			if !slices.Contains(a.passes, pass.Name) {
				a.passes = append(a.passes, pass.Name)
			}
			a.messages = append(a.messages, pass.Name+": "+Clean(c.Reason))
			for _, n := range c.Notes {
				a.notes++
				a.messages = append(a.messages, fmt.Sprintf("  %s: %s", where(n.Line, n.Added), Clean(n.Text)))
			}
			if g.levels[pass.Name] == LevelWarning {
				a.kind = kindWarning
			}
		}
	}
	for i := range all {
		all[i].title = "refit: " + strings.Join(all[i].passes, ", ")
	}
	return all
}

// keep keeps an annotation if it is among the most important of its kind: those
// that stand for the most changes, and of these the first.
func (g *GitHub) keep(a annotation) {
	k := g.kinds[a.kind]
	k.list = append(k.list, a)
	slices.SortStableFunc(k.list, func(a, b annotation) int { return b.weight() - a.weight() })
	if len(k.list) > perKind {
		k.list = k.list[:perKind]
		k.more++
	}
}

// weight is how many changes an annotation stands for.
func (a *annotation) weight() int { return len(a.messages) - a.notes }

// Close writes the annotations.
func (g *GitHub) Close(*Summary) error {
	for _, f := range g.waiting {
		if text := g.unsaid(f); text != "" {
			if err := g.log("what was held back, and what belongs to the changes below", text); err != nil {
				return err
			}
		}
	}
	var b strings.Builder
	if g.opened {
		b.WriteString("::endgroup::\n")
	}
	for _, kind := range []string{kindError, kindWarning, kindNotice} {
		k := g.kinds[kind]
		list := k.list
		if k.more > 0 { // the last one says so
			list = list[:perKind-1]
		}
		for _, a := range list {
			b.WriteString(a.command())
		}
		if k.more > 0 {
			fmt.Fprintf(&b, "::%s title=refit::%d more places; the log of this step has them all\n", kind, k.more+1)
		}
	}
	_, err := io.WriteString(g.w, b.String())
	return err
}

// command is the annotation as a workflow command.
func (a *annotation) command() string {
	where := "file=" + property(a.file)
	if a.line > 0 {
		where += fmt.Sprintf(",line=%d,endLine=%d", a.line, a.end)
	}
	return fmt.Sprintf("::%s %s,title=%s::%s\n", a.kind, where, property(a.title), data(strings.Join(a.messages, "\n")))
}

// data escapes the message of a workflow command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property escapes the value of one of its properties.
func property(s string) string { return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s)) }

// InertLines passes lines on to w of which none is a workflow command: messages hold
// names of files.
func InertLines(w io.Writer) io.Writer { return &inertLines{w: w, start: true} }

type inertLines struct {
	w     io.Writer
	start bool // nothing but blanks stands on the line so far
}

func (l *inertLines) Write(p []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		if l.start {
			b.WriteString(inert(line))
		} else {
			b.WriteString(inertOld(line))
		}
		l.start = strings.HasSuffix(line, "\n") || l.start && strings.TrimSpace(line) == ""
	}
	if _, err := io.WriteString(l.w, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// inert is a line of the log that is no workflow command, in the present form or
// the old one.
func inert(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "::") {
		line = "\u200b" + line
	}
	return inertOld(line)
}

func inertOld(line string) string { return strings.ReplaceAll(line, "##[", "##\u200b[") }
