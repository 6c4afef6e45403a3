package review

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"refit/internal/report"
	"refit/internal/verify"
	"refit/transform"
)

// desk computes views, and applies them. It keeps the views that it has made until
// something is written or turns out to have changed.
type desk struct {
	engine  Engine
	files   []File
	groups  [][]int // the files of each build context, in order
	groupOf []int
	docs    map[string]*transform.Pass
	results map[string]*verify.Outcome // by path

	disk    sync.RWMutex  // held for writing while files are written
	workers chan struct{} // one for each way through a context

	mu   sync.Mutex
	kept map[string]*View
}

// maxKept bounds how many views are kept.
const maxKept = 2000

func newDesk(engine Engine, all []*transform.Pass, results map[string]*verify.Outcome) *desk {
	d := &desk{engine: engine, files: engine.Files(), docs: map[string]*transform.Pass{}, results: results,
		workers: make(chan struct{}, runtime.GOMAXPROCS(0)), kept: map[string]*View{}}
	for _, p := range all {
		d.docs[p.Name] = p
	}
	byContext := map[string]int{}
	for i, f := range d.files {
		g, ok := byContext[f.Context]
		if !ok || f.Context == "" {
			g = len(d.groups)
			d.groups = append(d.groups, nil)
			byContext[f.Context] = g
		}
		d.groups[g] = append(d.groups[g], i)
		d.groupOf = append(d.groupOf, g)
	}
	return d
}

// upTo are the files of one build context up to a file.
func (d *desk) upTo(file int) []int {
	group := d.groups[d.groupOf[file]]
	return group[:slices.Index(group, file)+1]
}

// key names a view: what is switched on for the file and for those before it.
func (d *desk) key(file int, sel *Selection) string {
	var b strings.Builder
	for _, i := range d.upTo(file) {
		fmt.Fprintf(&b, "%d:%s\n", i, strings.Join(sel.passes(i, &d.files[i]), ","))
	}
	return b.String()
}

func (d *desk) find(file int, sel *Selection) *View {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[d.key(file, sel)]
}

func (d *desk) keep(file int, sel *Selection, v *View) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) >= maxKept {
		clear(d.kept)
	}
	d.kept[d.key(file, sel)] = v
}

func (d *desk) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.kept)
}

// view is what the page shows of a file.
func (d *desk) view(file int, sel *Selection) *View {
	if v := d.find(file, sel); v != nil {
		return v
	}
	d.workers <- struct{}{}
	defer func() { <-d.workers }()
	d.disk.RLock()
	defer d.disk.RUnlock()
	look := d.engine.Look()
	defer look.Close()
	var needs []int
	var v *View
	for _, i := range d.upTo(file) {
		on := sel.passes(i, &d.files[i])
		e := look.Rewrite(i, on)
		v = newView(i, &d.files[i], on, e, d.docs)
		v.Needs = listed(slices.Clone(needs))
		v.measure(d.results, e)
		d.keep(i, sel, v)
		if e.Changed && len(e.Beside) > 0 {
			needs = append(needs, i)
		}
	}
	return v
}

// views are those of several files, computed side by side.
func (d *desk) views(files []int, sel *Selection) []*View {
	list := make([]*View, len(files))
	byGroup := map[int][]int{} // places in the list
	for at, file := range files {
		g := d.groupOf[file]
		byGroup[g] = append(byGroup[g], at)
	}
	var all sync.WaitGroup
	for _, places := range byGroup {
		// The last one first: on the way to it the others are made.
		slices.SortFunc(places, func(a, b int) int { return files[b] - files[a] })
		all.Go(func() {
			for _, at := range places {
				list[at] = d.view(files[at], sel)
			}
		})
	}
	all.Wait()
	return list
}

// Wanted is a file that is to be written as the page shows it.
type Wanted struct {
	File int    `json:"file"`
	Hash string `json:"hash"`
}

// Applied is what became of that.
type Applied struct {
	File    int      `json:"file"`
	Path    string   `json:"path"`
	Written bool     `json:"written"`
	Error   string   `json:"error,omitempty"` // why not
	Paths   []string `json:"paths"`           // what was written
}

// apply computes the files anew and writes those that come out as they were shown.
func (d *desk) apply(wanted []Wanted, sel *Selection) []Applied {
	d.disk.Lock()
	defer d.disk.Unlock()
	defer d.forget()
	slices.SortFunc(wanted, func(a, b Wanted) int { return a.File - b.File })
	byGroup := make(map[int][]Wanted)
	var order []int
	for _, w := range wanted {
		g := d.groupOf[w.File]
		if byGroup[g] == nil {
			order = append(order, g)
		}
		byGroup[g] = append(byGroup[g], w)
	}
	all := []Applied{}
	for _, g := range order {
		all = append(all, d.applyGroup(byGroup[g], sel)...)
	}
	return all
}

// applyGroup writes files of one build context. After one that was not written the
// others would not come out as they were shown.
func (d *desk) applyGroup(wanted []Wanted, sel *Selection) []Applied {
	look := d.engine.Look()
	defer look.Close()
	var all []Applied
	failed := ""
	for _, w := range wanted {
		f := &d.files[w.File]
		a := Applied{File: w.File, Path: f.Path, Paths: []string{}}
		switch {
		case failed != "":
			a.Error = fmt.Sprintf("not written, because %s, which comes before it in the same build context, was not", failed)
		default:
			a.Error = d.write(look, w, f, sel, &a)
		}
		if a.Written = a.Error == ""; !a.Written && failed == "" {
			failed = f.Path
		}
		all = append(all, a)
	}
	return all
}

// write writes a file, or says why not.
func (d *desk) write(look Look, w Wanted, f *File, sel *Selection, a *Applied) string {
	e := look.Rewrite(w.File, sel.passes(w.File, f))
	switch {
	case hash(f, e) != w.Hash:
		return "not written: the file, its build context or the outcome has changed since it was shown"
	case e.Error != nil:
		return *e.Error
	case !e.Changed:
		return ""
	}
	if err := look.Write(w.File); err != nil {
		return report.Clean(err.Error())
	}
	if e.Result.Before != e.Result.After {
		a.Paths = append(a.Paths, f.Path)
	}
	for _, c := range e.Companions {
		a.Paths = append(a.Paths, c.Path)
	}
	return ""
}
