package passes

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"refit/transform"
)

// copied is what a COPY or ADD writes.
type copied struct {
	sources []string
	dest    string // absolute
	into    bool   // dest is a directory
	from    string
	inline  bool // here-documents
	add     bool
	known   bool // nothing in it depends on a build argument
}

// readCopy reads a COPY or ADD; nil for other instructions.
func readCopy(f *transform.File, in *transform.Instruction) *copied {
	op, ok := copyingOf(in)
	if !ok {
		return nil
	}
	st := f.State(in)
	c := &copied{from: op.from, add: in.Keyword == "add", inline: op.inline > 0, known: true}
	for _, s := range op.sources {
		text, ok := st.Expand(s)
		c.known = c.known && ok
		c.sources = append(c.sources, text)
	}
	dest, ok := st.Expand(op.dest)
	if !ok {
		dest = op.dest // as pythonDir names what is not known
	}
	c.known = c.known && ok
	c.into = strings.HasSuffix(dest, "/") || dest == "." || strings.HasSuffix(dest, "/.") || len(c.sources) > 1
	c.dest = absolute(pythonDir(st), dest)
	return c
}

// reach says how a COPY may write a path.
type reach uint8

const (
	reachNone  reach = iota
	reachFile        // as a file that it names
	reachDir         // as part of a directory, known from the context
	reachMaybe       // as part of a directory whose content is not known
)

// reaches finds out if a COPY writes a file, and from which path of the context.
func (sp *split) reaches(c *copied, file string) (reach, string) {
	if !c.known {
		if strings.HasPrefix(file, strings.TrimSuffix(c.dest, "/")+"/") || file == c.dest {
			return reachMaybe, ""
		}
		return reachNone, ""
	}
	best, from := reachNone, ""
	for _, src := range c.sources {
		r, p := sp.reachesFrom(c, src, file)
		if exists, known := sp.ctx.Exists(p); p != "" && c.from == "" && !c.inline && !isURL(p) && known && !exists {
			r, p = reachNone, ""
		}
		if r == reachFile || best == reachNone {
			best, from = r, p
		}
		if r == reachFile {
			break
		}
	}
	return best, from
}

func (sp *split) reachesFrom(c *copied, src, file string) (reach, string) {
	base := path.Base(path.Clean("/" + src))
	if file == c.dest && !c.into {
		return reachFile, src
	}
	rel, under := strings.CutPrefix(file, strings.TrimSuffix(c.dest, "/")+"/")
	if !under {
		return reachNone, ""
	}
	if rel == base {
		if dir, known := sp.ctx.IsDir(src); !known || !dir {
			return reachFile, src
		}
	}
	if ok, err := path.Match(base, rel); strings.ContainsAny(base, "*?[") {
		if err == nil && ok {
			return reachFile, path.Join(path.Dir(src), rel)
		}
		return reachMaybe, ""
	}
	if c.from != "" || isURL(src) {
		return reachMaybe, ""
	}
	inside := path.Join(src, rel)
	if found, known := sp.ctx.Exists(inside); known {
		if found {
			return reachDir, inside
		}
		return reachNone, ""
	}
	if path.Ext(base) != "" && base != "." && src != "." && src != "./" {
		return reachNone, "" // a file of another name
	}
	return reachMaybe, ""
}

// feed gives the builder the files that pip reads, and what sets pip up.
func (sp *split) feed() *transform.Finding {
	for i, st := range sp.steps[:sp.last+1] {
		for k := 0; k < len(st.needs); k++ { // requirement files add to it
			if no := sp.feedOne(i, st, st.needs[k]); no != nil {
				return no
			}
		}
	}
	for _, st := range sp.steps[:sp.last] {
		c := readCopy(sp.f, st.in)
		if c == nil {
			continue
		}
		st.build = st.build || setsUp(c) || st.bringsAll(c)
	}
	return nil
}

// bringsAll reports a COPY of single files, all of which the builder needs.
func (st *splitStep) bringsAll(c *copied) bool {
	if len(st.narrow) != len(c.sources) {
		return false
	}
	lines := strings.Join(st.narrow, "")
	return !slices.ContainsFunc(c.sources, func(s string) bool {
		return !strings.Contains(lines, " "+strings.TrimPrefix(path.Clean("/"+s), "/")+" ")
	})
}

// setsUp reports a COPY of pip's or apt's settings, of keys or certificates.
func setsUp(c *copied) bool {
	return looksThere(c.dest+"/") || containsAny(c.dest+"/", linked) || slices.ContainsFunc(c.sources, looksThere)
}

func (sp *split) feedOne(i int, st *splitStep, n pipNeed) *transform.Finding {
	if from, ok := sp.shown(st.in, n.path); ok {
		if from != "" && !n.dir {
			_, no := sp.readRequirements(st, n, from)
			return no
		}
		sp.vcs, sp.known = true, false
		return nil
	}
	if n.dir {
		return sp.feedTree(i, n)
	}
	if sp.own != nil && sp.own.exported[n.path] {
		return nil
	}
	var found []bringer
	from := 0 // behind the last COPY that surely brings it
	for k, before := range sp.steps[:i] {
		c := readCopy(sp.f, before.in)
		if c == nil {
			continue
		}
		r, p := sp.reaches(c, n.path)
		switch {
		case r == reachNone:
			continue
		case c.from != "":
			return held(before.in.Body, "already-split", "pip installs what another stage has made")
		case c.inline:
			p = ""
		}
		if found = append(found, bringer{before, c, r, p}); r != reachMaybe {
			from = k + 1
		}
	}
	switch {
	case len(found) > 0:
	case strings.Contains(n.path, "$"): // see pythonDir
		return held(n.at, "made-by-step", "what brings %s depends on a build argument", n.path)
	default:
		return held(n.at, "made-by-step", "no COPY or ADD brings %s: an earlier step or the image makes it", n.path)
	}
	if no := sp.checkWritten(from, i, n); no != nil {
		return no
	}
	last := found[len(found)-1]
	if !slices.ContainsFunc(found, func(b bringer) bool { return b.reach != reachMaybe }) && !manifestDir(path.Dir(n.path)) {
		return held(n.at, "source-before-install", "%s comes with the source, and whether it installs parts of it is not known", n.path)
	}
	complete, no := sp.readRequirements(st, n, last.from)
	if complete && copyable(last.from) && copyable(n.path) {
		sp.bringOne(found, n.path)
		return no
	}
	for _, b := range found {
		b.step.build = true
	}
	return no
}

// bringer is a COPY or ADD that may write a file that pip reads.
type bringer struct {
	step  *splitStep
	copy  *copied
	reach reach
	from  string // the path in the context
}

// bringOne gives the builder a file of the context: by the COPY that brings
// nothing else, or by one of its own where it comes with the source.
func (sp *split) bringOne(found []bringer, dest string) {
	last := found[len(found)-1]
	for _, b := range found {
		if b.reach == reachFile && len(b.copy.sources) == 1 && !strings.ContainsAny(b.copy.sources[0], "*?[") && path.Clean("/"+b.from) == path.Clean("/"+last.from) {
			b.step.build = true
			return
		}
	}
	line := fmt.Sprintf("%s %s %s\n", sp.keyword("COPY"), strings.TrimPrefix(path.Clean("/"+last.from), "/"), dest)
	if !slices.Contains(last.step.narrow, line) {
		last.step.narrow = append(last.step.narrow, line)
	}
}

// copyable reports a path that a COPY can name as it is.
func copyable(p string) bool { return p != "" && !strings.ContainsAny(p, " \t\"'$\\`*?[]{}#") }

// manifestDir reports a directory that by its name holds requirement files.
func manifestDir(dir string) bool {
	base := strings.ToLower(path.Base(dir))
	return strings.HasPrefix(base, "req") || strings.HasPrefix(base, "dep") || base == "pip"
}

// shown reports a path that a RUN mounts, and finds the file of the context that is
// there; "" where that is not known. A target may start in the working directory
// (BuildKit, dockerfile2llb, dispatchRunMounts), and of two mounts the later is on top.
func (sp *split) shown(in *transform.Instruction, p string) (from string, ok bool) {
	for _, m := range slices.Backward(mountsOf(in)) {
		if m.kind == "cache" || m.kind == "secret" || m.kind == "ssh" || m.target == "" {
			continue
		}
		if strings.Contains(m.target, "$") {
			return "", true
		}
		m.target = absolute(pythonDir(sp.f.State(in)), m.target)
		file, under := m.file(p)
		switch {
		case !under:
			continue
		case !m.ofContext() || strings.Contains(m.source, "$"):
			return "", true
		}
		return strings.TrimPrefix(path.Clean("/"+file), "/"), true
	}
	return "", false
}

// feedTree gives the builder everything that is copied into a directory, or is
// one that holds it.
func (sp *split) feedTree(i int, n pipNeed) *transform.Finding {
	found := false
	for _, before := range sp.steps[:i] {
		c := readCopy(sp.f, before.in)
		if c == nil {
			continue
		}
		within := func(p, dir string) bool { return p == dir || strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") }
		if !within(c.dest, n.path) && !within(n.path, c.dest) {
			continue
		}
		if c.from != "" {
			return held(before.in.Body, "already-split", "pip installs what another stage has made")
		}
		before.build, found = true, true
	}
	if !found {
		return held(n.at, "made-by-step", "no COPY or ADD brings %s: an earlier step or the image makes it", n.path)
	}
	if no := sp.checkWritten(0, i, n); no != nil {
		return no
	}
	if n.project {
		return sp.feedProject(i, n)
	}
	return nil
}

// readRequirements follows a requirement file of the context into those that it
// includes, and reports whether it knows all of them. Without the context the
// file may include nothing but what its COPYs bring, or the original build would
// not find it either.
func (sp *split) readRequirements(st *splitStep, n pipNeed, from string) (complete bool, no *transform.Finding) {
	if from == "" || sp.ctx == nil {
		sp.vcs, sp.known = sp.vcs || n.detail, sp.known && !n.detail
		return false, nil
	}
	if sp.own != nil && sp.own.dir != nil && managerFiles[path.Base(from)] {
		return true, nil
	}
	if projectManifests[path.Base(from)] {
		sp.nameProject(path.Dir(from))
		return true, nil
	}
	if !n.detail {
		return true, nil
	}
	r, err := sp.ctx.Requirements(from)
	if err != nil {
		sp.vcs, sp.known = true, false
		return false, nil
	}
	if r.InstallsLocal {
		return false, held(n.at, "local-install", "%s installs %s, which needs the source", from, strings.Join(r.LocalPaths, ", "))
	}
	sp.known = sp.known && r.Problem == ""
	sp.vcs = sp.vcs || r.Problem != ""
	for _, req := range r.Reqs {
		sp.vcs = sp.vcs || req.VCS != ""
		sp.name(req.Name)
	}
	main := path.Clean("/" + from)
	for _, f := range r.Files {
		rel, err := filepath.Rel(path.Dir(main), "/"+f)
		if err == nil && "/"+f != main {
			st.need(pipNeed{path: path.Join(path.Dir(n.path), filepath.ToSlash(rel)), at: n.at})
		}
	}
	return r.Problem == "", nil
}
