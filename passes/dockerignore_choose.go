package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"

	"refit/internal/buildctx"
	"refit/transform"
)

// ignoreGroups are the comments above the groups of an ignore file.
var ignoreGroups = []string{
	"Version control", "Caches of Python and its tools", "Virtual environments", "JavaScript packages, installed by the build",
	"Secrets: give them to the container when it runs", "Editors and operating systems", "Logs", "Continuous integration",
	"Docker",
}

const dockerGroup = 8

// few Dockerfiles are named one by one.
const few = 3

// ignored is an item that may go, with the group that it belongs to.
type ignored struct {
	buildctx.Item
	group   int
	pattern string // for all of its kind; "" when there is none but its path
	forMany bool   // the pattern pays for more than a few
	why     string
}

// WorthIgnoring reports things for which an ignore file is made: those that are
// large, or that change often, or that must not be published.
func WorthIgnoring(i buildctx.Item) bool {
	switch i.Kind {
	case buildctx.Docker, buildctx.CI, buildctx.Editor:
		return false
	case buildctx.VCS:
		return i.Dir || i.Path == ".git" // a file in a work tree
	}
	return true
}

// choose picks the items that nothing needs, and notes why others stay.
func (g *ignoring) choose() []ignored {
	var wanted []ignored
	reader := &usesReader{ctx: g.ctx}
	for _, it := range g.items {
		if it.Ignored || it.Kind == "" || strings.ContainsAny(it.Path, "*?[]\\#!\n\r") || strings.TrimSpace(it.Path) != it.Path {
			continue
		}
		copied, whole := g.use.copies(it.Path)
		if !copied || g.use.names(it.Path) || !g.file.allowsOnly() && g.excepted(it.Path) {
			continue
		}
		i := ignored{Item: it, group: -1}
		i.classify()
		if i.group < 0 || !g.unneeded(&i, whole, reader) {
			continue
		}
		wanted = append(wanted, i)
	}
	return g.keepPatterns(wanted)
}

// keepPatterns leaves a pattern of COPY at least one file: without any the build
// fails.
func (g *ignoring) keepPatterns(wanted []ignored) []ignored {
	for _, matches := range g.use.globs {
		gone := func(p string) bool {
			return slices.ContainsFunc(wanted, func(w ignored) bool { return w.Path == p || strings.HasPrefix(p, w.Path+"/") })
		}
		if len(matches) > 0 && !slices.ContainsFunc(matches, func(p string) bool { return !gone(p) }) {
			wanted = slices.DeleteFunc(wanted, func(w ignored) bool { return slices.Contains(matches, w.Path) })
		}
	}
	return wanted
}

// excepted reports whether the ignore file asks for the path by a "!".
func (g *ignoring) excepted(p string) bool {
	for _, pattern := range g.file.patterns {
		rest, ok := strings.CutPrefix(pattern, "!")
		if !ok {
			continue
		}
		if strings.HasPrefix(rest, p+"/") {
			return true
		}
		if m, err := patternmatcher.MatchesOrParentMatches(p, []string{rest}); m || err != nil {
			return true
		}
	}
	return false
}

// classify gives an item its group, and the pattern for all of its kind.
func (i *ignored) classify() {
	base := path.Base(i.Path)
	anywhere := "**/" + base
	switch i.Kind {
	case buildctx.VCS:
		switch {
		case i.Dir, base == ".git":
			i.group, i.why = 0, "the history of version control"
		case base == ".gitignore" || base == ".gitattributes" || base == ".gitmodules" || base == ".hgignore" || base == ".mailmap":
			i.group, i.pattern, i.why = 0, base, "settings of version control"
			if strings.Contains(i.Path, "/") {
				i.pattern = anywhere
			}
		}
	case buildctx.PythonCache:
		i.classifyCache(base, anywhere)
	case buildctx.Venv:
		i.group, i.why = venvGroup, "a virtual environment of this machine, whose paths are wrong in an image"
	case buildctx.NodeModules:
		i.group, i.pattern, i.why = 3, anywhere, "the build installs them for the image's own system"
	case buildctx.Secret:
		i.group, i.why = 4, "everyone who can pull the image could read it"
	case buildctx.Editor:
		i.classifyEditor(base, anywhere)
	case buildctx.Log:
		i.group, i.pattern, i.why = 6, "**/*.log", "logs of this machine"
	case buildctx.CI:
		i.group, i.why = 7, "used by continuous integration only"
	case buildctx.Docker:
		i.group, i.why = dockerGroup, "used to build the image, not in it"
		if strings.Contains(i.Path, "/") {
			i.pattern = anywhere
		} else if ext := path.Ext(base); strings.EqualFold(ext, ".dockerfile") {
			i.pattern, i.forMany = "*"+ext, true
		}
	}
}

func (i *ignored) classifyCache(base, anywhere string) {
	switch {
	case base == "__pypackages__":
		return // packages that a program may run with
	case strings.HasSuffix(base, ".pyc") || strings.HasSuffix(base, ".pyo"):
		i.pattern, i.why = "**/*.py[co]", "Python writes it anew"
	case base == "__pycache__":
		i.pattern, i.why = anywhere, "Python writes it anew"
	default:
		i.pattern, i.why = base, "left by a tool that checks the code"
		if strings.Contains(i.Path, "/") {
			i.pattern = anywhere
		}
	}
	i.group = 1
}

func (i *ignored) classifyEditor(base, anywhere string) {
	switch ext := path.Ext(base); {
	case base == ".editorconfig":
		return // formatters read it too
	case ext == ".swp" || ext == ".swo":
		i.pattern = "**/*" + ext
	case strings.HasSuffix(base, "~"):
		i.pattern = "**/*~"
	default:
		i.pattern = anywhere
	}
	i.group, i.why = 5, "left by an editor or a file manager"
}

// unneeded asks whether anything needs the item, and notes it if so.
func (g *ignoring) unneeded(i *ignored, whole bool, reader *usesReader) bool {
	base := path.Base(i.Path)
	if g.use.bound() && i.Kind != buildctx.PythonCache && i.Kind != buildctx.Editor {
		return false // a step sees all of the context and may use anything
	}
	switch i.Kind {
	case buildctx.VCS:
		if i.Dir || base == ".git" {
			if g.use.history || reader.history() {
				g.hold("needs-history", i.Path+" stays: a step or the project's build asks git")
				return false
			}
			return true
		}
		return !g.has("package.json") // tools of that world read them
	case buildctx.PythonCache:
		return !compiledOnly(g, i.Path)
	case buildctx.NodeModules:
		return g.use.node
	case buildctx.Venv:
		if g.use.makesVenv(base) {
			return true
		}
		return !g.usedBy(i, reader, base+"/bin", base+"/lib")
	case buildctx.Secret:
		return g.secret(i, whole, reader)
	case buildctx.Log:
		where, _ := reader.uses(base)
		return where == "" && !g.namedInSteps(base)
	case buildctx.Docker:
		if m, err := g.ctx.Mentions(); err == nil {
			if p, ok := m.Strings[base]; ok && !isTest(p.File) {
				g.hold("file-used", i.Path+" stays: "+p.File+" names it")
				return false
			}
		}
		return !g.namedInSteps(base)
	}
	return true
}

func (g *ignoring) hold(key, why string) {
	g.held = append(g.held, transform.Finding{At: g.in.Body, Reason: key, Why: why})
}

// usedBy notes an item that a text of the context or an instruction names.
func (g *ignoring) usedBy(i *ignored, reader *usesReader, names ...string) bool {
	where, name := reader.uses(names...)
	if at := slices.IndexFunc(names, g.namedInSteps); where == "" && at >= 0 {
		where, name = "the Dockerfile", names[at]
	}
	switch {
	case where == "":
		return false
	case slices.Contains(dotenvReaders, name):
		g.hold("file-used", i.Path+" stays, and what it holds is in the image: "+where+" names "+name+", which may read it")
	default:
		g.hold("file-used", i.Path+" stays: "+where+" names it")
	}
	return true
}

func (g *ignoring) namedInSteps(name string) bool {
	return slices.ContainsFunc(g.use.texts, func(text string) bool { return mentionsName(text, name) })
}

func (g *ignoring) has(name string) bool {
	exists, known := g.ctx.Exists(name)
	return exists || !known
}

// secret asks whether a file with credentials can go. A folder that an
// instruction copies by its name may hold keys on purpose.
func (g *ignoring) secret(i *ignored, whole bool, reader *usesReader) bool {
	base, ext := path.Base(i.Path), path.Ext(i.Path)
	names := []string{base}
	switch {
	case base == ".envrc":
	case strings.HasPrefix(base, ".env"):
		for _, manifest := range []string{"package.json", "composer.json"} {
			if g.has(manifest) || g.has(path.Join(path.Dir(i.Path), manifest)) {
				g.hold("file-used", i.Path+" stays: frameworks of the project's language read it unasked")
				return false
			}
		}
		names = append(names, dotenvReaders...)
	case !whole, base == ".npmrc" && g.use.node:
		return false
	case ext == ".pem" || ext == ".key" || ext == ".ppk":
		if !g.isPrivate(i.Path) {
			return false
		}
		fallthrough
	default:
		if ext != "" && ext != base {
			names = append(names, ext) // as in name + ".key"
		}
		if dir := path.Base(path.Dir(i.Path)); dir != "." {
			names = append(names, dir)
		}
	}
	return !g.usedBy(i, reader, names...)
}

// isPrivate reports whether a file holds a private key; certificates are public.
func (g *ignoring) isPrivate(name string) bool {
	text, err := g.ctx.ReadFile(name)
	return err == nil && strings.Contains(string(text), "PRIVATE KEY")
}

// compiledOnly reports a compiled file whose source is not beside it, which
// Python would import.
func compiledOnly(g *ignoring, name string) bool {
	ext := path.Ext(name)
	if ext != ".pyc" && ext != ".pyo" {
		return false
	}
	return !g.exists(strings.TrimSuffix(name, ext) + ".py")
}

func (g *ignoring) exists(name string) bool {
	exists, _ := g.ctx.Exists(name)
	return exists
}

// keptNotes names large things that stay, since nobody can tell what uses them.
func (g *ignoring) keptNotes() []transform.Note {
	var notes []transform.Note
	for _, it := range g.items {
		copied, _ := g.use.copies(it.Path)
		if it.Ignored || !copied || g.use.names(it.Path) || it.Bytes < buildctx.LargeFile {
			continue
		}
		switch it.Kind {
		case buildctx.Tests, buildctx.Docs, buildctx.Database, buildctx.Large, buildctx.BuildOutput:
			notes = append(notes, transform.Note{At: g.in.Body, Why: it.Path + " (" + sizeOf(it.Bytes) + ") stays: ignore it too if no image needs it"})
		}
	}
	return notes
}

// spell writes the patterns, and tries them on all files of the context: where
// one hides anything else, the paths themselves are written.
func (g *ignoring) spell(wanted []ignored) {
	fits, count := map[string]bool{}, map[string]int{}
	for _, w := range wanted {
		count[w.pattern]++
	}
	for _, w := range wanted {
		if _, done := fits[w.pattern]; !done {
			fits[w.pattern] = w.pattern != "" && (!w.forMany || count[w.pattern] > few) && g.hidesOnly(w, wanted)
		}
	}
	slices.SortStableFunc(wanted, func(a, b ignored) int { return a.group - b.group })
	for _, w := range wanted {
		pattern := w.Path
		if fits[w.pattern] {
			pattern = w.pattern
		}
		i := slices.IndexFunc(g.hidden, func(h hidden) bool { return h.pattern == pattern })
		if i < 0 {
			g.hidden = append(g.hidden, hidden{pattern: pattern, group: w.group, why: w.why, bytes: w.Bytes})
			continue
		}
		g.hidden[i].bytes += w.Bytes
	}
	if n := len(g.hidden); n > 0 && !g.file.there && g.hidden[n-1].group == dockerGroup {
		g.hidden = append(g.hidden, hidden{pattern: ".dockerignore", group: dockerGroup, why: g.hidden[n-1].why})
	}
}

// hidesOnly reports whether everything that w's pattern matches is wanted or
// lies in what is. Caches and what editors leave may go from anywhere, also from
// folders that are one item as a whole.
func (g *ignoring) hidesOnly(w ignored, wanted []ignored) bool {
	m, err := patternmatcher.New([]string{w.pattern})
	if err != nil {
		return false
	}
	paths := map[string]bool{}
	for _, other := range wanted {
		paths[other.Path] = true
	}
	entries, _ := g.ctx.Files()
	for _, e := range entries {
		if inOneOf(e.Path, paths) {
			continue
		}
		hit, err := m.MatchesOrParentMatches(e.Path)
		if err != nil {
			return false
		}
		if hit && !(g.inAnyItem(e.Path) && w.goesAnywhere() && !g.use.names(e.Path) && !compiledOnly(g, e.Path)) {
			return false
		}
	}
	return true
}

func (i *ignored) goesAnywhere() bool {
	return i.Kind == buildctx.PythonCache || i.Kind == buildctx.Editor || i.Kind == buildctx.NodeModules
}

// inAnyItem reports whether a path lies in a folder that is an item.
func (g *ignoring) inAnyItem(name string) bool {
	return slices.ContainsFunc(g.items, func(it buildctx.Item) bool { return it.Dir && strings.HasPrefix(name, it.Path+"/") })
}

// inOneOf reports whether a path is one of those, or lies in one.
func inOneOf(name string, paths map[string]bool) bool {
	for dir := name; dir != "."; dir = path.Dir(dir) {
		if paths[dir] {
			return true
		}
	}
	return false
}
