// Package pyuse tells which of the distributions that a requirement file asks for are in use.
//
// A distribution is used where code imports it, a string or a command names it, or another one that is used requires
// it. It is unused only if everything that could use it is known: the whole code of the image, what the distribution
// installs, and what each of the others needs and loads. All else is maybe.
package pyuse

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/facts"
)

// Verdict is what is known of a distribution's use.
type Verdict string

// The verdicts.
const (
	Used   Verdict = "used"
	Unused Verdict = "unused"
	Maybe  Verdict = "maybe"
)

// Evidence is what a verdict rests on, and where it stands; File is empty where it is knowledge.
type Evidence struct {
	Why  string
	File string
	Line int
}

// String is the sentence with its place before it.
func (e Evidence) String() string {
	switch {
	case e.File == "":
		return e.Why
	case e.Line == 0:
		return e.File + ": " + e.Why
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Why)
}

// Result is the verdict on one requirement.
type Result struct {
	Requirement *buildctx.Requirement
	Verdict     Verdict
	Evidence    []Evidence // at least one
}

// Report is what is found about the requirements of one image.
type Report struct {
	Results []Result
	// Doubts are why nothing is called unused: code that is not known, or chooses by itself what it imports.
	Doubts []Evidence
}

// Of returns the results with a verdict.
func (r *Report) Of(v Verdict) []Result {
	return slices.DeleteFunc(slices.Clone(r.Results), func(res Result) bool { return res.Verdict != v })
}

// Input is what is looked into.
type Input struct {
	Context      *buildctx.Context
	Requirements []buildctx.Requirement
	// Installed are distributions that come into the image otherwise: they use others, and get no verdict.
	Installed []string
	Commands  map[string]buildctx.Place // words of what the image runs and sets
	// Unseen is code of the image that is not in the context.
	Unseen []Evidence
	// NoCommand: what the image starts is said elsewhere.
	NoCommand bool
	// Env are the markers' variables; nil: every requirement is installed.
	Env buildctx.MarkerEnv
	// Metadata is what installed metadata says of distributions, by name; it comes before the table of facts.
	Metadata map[string]facts.Distribution
}

// distribution is one of the installed distributions while the verdict is found.
type distribution struct {
	name    string
	req     *buildctx.Requirement // nil for Input.Installed
	facts   facts.Distribution
	known   bool // by facts or metadata
	verdict Verdict
	why     []Evidence
}

// Analyse finds the verdicts. The error says why nothing is known of the context.
func Analyse(in Input) (*Report, error) {
	m, err := in.Context.Mentions()
	if err != nil {
		return nil, fmt.Errorf("unused requirements: %w", err)
	}
	a := &analysis{in: &in, index: newIndex(in.Context, m, in.Commands), byName: map[string]*distribution{}}
	a.index.python = a.shadowing()
	a.load()
	a.direct()
	a.spread()
	report := &Report{Doubts: a.doubts(m)}
	a.strangers = a.unaccounted(m)
	a.settle(report)
	return report, nil
}

type analysis struct {
	in     *Input
	index  *index
	all    []*distribution
	byName map[string]*distribution
	// strangers are imports of modules of which it is not known what brings them.
	strangers []Evidence
}

// load looks up what is known of each distribution.
func (a *analysis) load() {
	a.add("python", nil)
	for _, name := range a.in.Installed {
		a.add(name, nil)
	}
	for i := range a.in.Requirements {
		a.add(a.in.Requirements[i].Name, &a.in.Requirements[i])
	}
}

func (a *analysis) add(name string, req *buildctx.Requirement) {
	d := a.byName[name]
	if d == nil || name == "" {
		d = &distribution{name: name, req: req}
		if d.facts, d.known = a.in.Metadata[name]; !d.known && name != "" {
			d.facts, d.known = facts.DistributionFor(name)
		} else if f, ok := facts.DistributionFor(name); ok && d.known {
			d.facts.Loads = append(slices.Clone(d.facts.Loads), f.Loads...) // what metadata does not tell
		}
		a.all = append(a.all, d)
		if name != "" {
			a.byName[name] = d
		}
	}
	if d.req == nil {
		d.req = req
	}
}

// direct finds what is used by the context itself.
func (a *analysis) direct() {
	for _, d := range a.all {
		switch {
		case d.req == nil:
			d.settle(Used, Evidence{Why: "it is installed"})
		case d.req.Name == "" || d.req.Local():
			d.settle(Maybe, Evidence{Why: "which distribution this is, and what it needs, is not known"})
		case a.elsewhere(d.req):
			d.settle(Maybe, Evidence{Why: "its marker leaves it out here, or may: " + d.req.Marker})
		default:
			if e, ok := a.index.find(d, true); ok {
				d.settle(Used, e)
			}
		}
	}
}

// elsewhere reports a requirement that is not surely installed.
func (a *analysis) elsewhere(r *buildctx.Requirement) bool {
	if r.Marker == "" {
		return false
	}
	applies, known := r.Applies(a.in.Env)
	return !known || !applies
}

// settle gives a verdict, unless a stronger one is there, or the first evidence of the same.
func (d *distribution) settle(v Verdict, e Evidence) bool {
	if d.verdict == v && len(d.why) < maxEvidence && !slices.Contains(d.why, e) {
		d.why = append(d.why, e)
	}
	if d.verdict != "" && !(d.verdict == Maybe && v == Used) {
		return false
	}
	d.verdict, d.why = v, []Evidence{e}
	return true
}

// maxEvidence is how much is said for one verdict.
const maxEvidence = 3

// spread follows what is used to what that uses: first what is surely used, then what may be.
func (a *analysis) spread() {
	a.follow(Used)
	for _, d := range a.all {
		if d.verdict == Used {
			continue
		}
		if e, ok := a.index.find(d, false); ok {
			d.settle(Maybe, e)
		} else if e, ok := a.byHand(d); ok {
			d.settle(Maybe, e)
		} else if d.verdict == "" && (!d.known || !d.facts.ModulesKnown) {
			d.settle(Maybe, Evidence{Why: "no use of it is seen, but which modules it installs is not known"})
		}
	}
	a.follow(Maybe)
}

// follow settles what distributions of a verdict require and load, until nothing changes.
func (a *analysis) follow(v Verdict) {
	for changed := true; changed; {
		changed = false
		for _, d := range a.all {
			if d.verdict == v || v == Maybe && d.verdict == Used {
				changed = a.uses(d, v) || changed
			}
		}
	}
}

// uses settles what one distribution uses.
func (a *analysis) uses(d *distribution, v Verdict) (changed bool) {
	says := "requires it"
	if d.verdict == Maybe {
		says = "may be used, and requires it"
	}
	for _, name := range a.requires(d) {
		if other := a.implied(name); other != nil && other.verdict != Used && other != d {
			changed = other.settle(v, Evidence{Why: d.name + " " + says}) || changed
		}
	}
	for _, l := range d.facts.Loads {
		for _, other := range a.all {
			if other.verdict == Used || other == d || !l.Matches(other.name) {
				continue
			}
			level, e := a.loads(d, l)
			if level == Maybe && v == Used || level == "" {
				continue // after everything that is surely used is known
			}
			if d.verdict == Maybe {
				level = Maybe
			}
			changed = other.settle(level, e) || changed
		}
	}
	return changed
}

// implied is a distribution that another one requires, whether a requirement file asks for it or not; nil where metadata
// shows that it is not installed.
func (a *analysis) implied(name string) *distribution {
	if d := a.byName[name]; d != nil {
		return d
	}
	if _, installed := a.in.Metadata[name]; a.in.Metadata != nil && !installed || strings.HasSuffix(name, "*") {
		return nil
	}
	a.add(name, nil)
	return a.byName[name]
}

// requires are the distributions that must be there for one to work; those of its extras are.
func (a *analysis) requires(d *distribution) []string {
	var list []string
	for _, need := range d.facts.Requires {
		if need.Until == "" || !d.since(need.Until) {
			list = append(list, need.Name)
		}
	}
	if d.req == nil || len(d.req.Extras) == 0 {
		return list
	}
	for _, extra := range d.req.Extras {
		more, _ := facts.ExtraDistributions(d.name, extra)
		list = append(list, more...)
	}
	list = append(list, d.facts.Extras...)
	for _, l := range d.facts.Loads { // which of them the extra brings is not told
		if a.byName[l.Name] != nil {
			list = append(list, l.Name)
		}
	}
	return list
}

// since reports a requirement that pins the release, or a later one than the given.
func (d *distribution) since(release string) bool {
	if d.req == nil {
		return false
	}
	for clause := range strings.SplitSeq(d.req.Spec, ",") {
		for _, op := range []string{"===", "==", "~=", ">="} {
			if version, ok := strings.CutPrefix(clause, op); ok {
				return facts.CompareReleases(strings.TrimSuffix(version, ".*"), release) >= 0
			}
		}
	}
	return false
}

// loads says whether a distribution that is used loads another one.
func (a *analysis) loads(d *distribution, l facts.Load) (Verdict, Evidence) {
	for _, word := range l.Words {
		if p, ok := a.index.word(word); ok {
			verdict, says := Used, "uses it for"
			if l.Maybe {
				verdict, says = Maybe, "may use it for"
			}
			return verdict, Evidence{Why: fmt.Sprintf("%s %s “%s”", d.name, says, word), File: p.File, Line: p.Line}
		}
	}
	if l.Only {
		return "", Evidence{}
	}
	if d.name == "python" {
		return Maybe, Evidence{Why: "Python, pip, or a command from elsewhere may use it"}
	}
	return Maybe, Evidence{Why: d.name + " uses it where it is installed, or is told to"}
}

// settle writes the report.
func (a *analysis) settle(report *Report) {
	seen := map[*distribution]bool{}
	for i := range a.in.Requirements {
		req := &a.in.Requirements[i]
		d := a.byName[req.Name]
		if req.Name == "" {
			d = a.unnamed(req)
		}
		if d.req == nil {
			continue
		}
		if seen[d] = true; d.verdict == "" {
			a.last(d, report.Doubts)
		}
		report.Results = append(report.Results, Result{req, d.verdict, d.why})
	}
}

func (a *analysis) unnamed(req *buildctx.Requirement) *distribution {
	i := slices.IndexFunc(a.all, func(d *distribution) bool { return d.req == req })
	return a.all[i]
}

// last is the verdict on what nothing is seen to use.
func (a *analysis) last(d *distribution, doubts []Evidence) {
	if _, read := a.in.Metadata[d.name]; !read {
		doubts = append(slices.Clip(doubts), a.strangers...)
	}
	if len(doubts) == 0 {
		d.settle(Unused, Evidence{Why: a.nothing(d)})
		return
	}
	d.settle(Maybe, Evidence{Why: "no use of it is seen, but not all is known"})
	d.settle(Maybe, doubts[0])
}

// nothing says what was looked for.
func (a *analysis) nothing(d *distribution) string {
	var names []string
	for _, m := range d.facts.Modules {
		if facts.StandardModule(m, a.index.python) {
			return "Python " + a.index.python + " has " + m + " in its standard library, and nothing that is used requires it"
		}
		names = append(names, "import "+m)
	}
	if len(d.facts.Modules) == 0 {
		names = append(names, "mention of "+d.name)
	}
	for _, c := range d.facts.Commands {
		if !slices.Contains(d.facts.Modules, c) {
			names = append(names, c)
		}
	}
	const most = 4
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return "no " + strings.Join(names, ", ") + " in the context, and nothing that is used requires it"
}
