package passes

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// A manager installs what a project's manifest and lock file say. Each one is a file
// of its own: what a command line of it means, and which files it reads.
type manager struct {
	name      string
	program   *argv.Program
	manifest  string   // that it cannot do without
	reads     []string // what else it reads beside the manifest, where it is there
	place     string   // the variable that moves the environment, or puts it beside the manifest
	beside    bool     // the environment is .venv beside the manifest, unless told otherwise
	elsewhere []string // variables that make it read other files, or install to other places
	depsOnly  string   // the option that leaves the project itself out
	since     [2]int   // the version that brought this option
	caches    []string // where it keeps what it downloads, under root's ~/.cache
	noCache   []string // variables that move that or switch it off
	brings    []string // what it depends on itself: "distribution=module"

	fetchesPython bool // it downloads another Python where it finds none that fits

	// use says what a call does.
	use func(c *argv.ProgramCall) managerUse
	// installs reports whether the project of a manifest is installed with its
	// dependencies. version is that of the manager, where it is known.
	installs func(doc map[string]any, version [2]int) bool
	// computed says why the dependencies are only known from more than the manifest; ""
	// where they are not.
	computed func(doc map[string]any, frozen bool) string
	// sources are the tables of the manifest that say where dependencies come from.
	sources func(doc map[string]any) []any
	// local finds what is on disk in the text of the manifest or the lock file.
	local *lazyregexp.Regexp
	// named finds the names of distributions in the lock file.
	named *lazyregexp.Regexp
	// runsFirst says what "run" does before it starts a program, other than setting up
	// the environment; "" for nothing.
	runsFirst func(m *managedDir, r *argv.Run) string
}

// managerUse is what a call of a manager does.
type managerUse struct {
	kind    useKind
	project bool // it installs the project, where that is one to be installed
	only    bool // and nothing else
	frozen  bool // it takes the lock file as it is
	system  bool // it installs beside the interpreter
	why     string
}

type useKind uint8

const (
	useUnknown useKind = iota
	useQuiet           // it changes nothing
	useSetup           // it sets the manager up
	useInstall
	useExport // it writes a requirement file
)

// allManagers are the managers that are understood.
var allManagers = []*manager{poetryManager, uvManager, pipenvManager, pdmManager}

// managerCall is a call of a manager that is understood.
type managerCall struct {
	*argv.ProgramCall
	managerUse
	manager *manager
}

// readManager reads a call of a manager; a call of its "run" is none.
func readManager(c *shell.Command) (*managerCall, bool) {
	for _, m := range allManagers {
		call, ok := m.program.Read(c)
		if !ok || m == uvManager && (call.Subcommand == "pip" || call.Subcommand == "venv") { // they are read as pip and venv
			continue
		}
		use := m.use(call)
		switch {
		case call.Subcommand == "" && call.Has("--version"):
			use = managerUse{kind: useQuiet}
		case !call.Known || call.Fed || !call.Static:
			use = managerUse{why: "its arguments are not known"}
		case use.kind == useUnknown && use.why == "":
			use.why = "what “" + strings.TrimSpace(m.name+" "+call.Subcommand) + "” does here is not known"
		}
		return &managerCall{call, use, m}, true
	}
	return nil, false
}

// readRun reads a call of a manager's "run".
func readRun(c *shell.Command) (*manager, *argv.Run) {
	for _, m := range allManagers {
		if r, ok := m.program.Runs(c); ok {
			return m, r
		}
	}
	return nil, nil
}

// managerFiles are the files that managers read as data.
var managerFiles = setOf(`pyproject.toml poetry.lock poetry.toml uv.lock uv.toml .python-version pdm.lock pdm.toml Pipfile Pipfile.lock`)

// managedDir is a directory of the context that a manager installs from.
type managedDir struct {
	manager *manager
	ctx     *buildctx.Context
	dir     string
	doc     map[string]any
	version [2]int // of the manager; zero when not known
}

// managed reads the manifest in a directory of the context.
func (m *manager) managed(ctx *buildctx.Context, dir string, version [2]int) (*managedDir, string) {
	doc, err := ctx.Toml(path.Join(dir, m.manifest))
	if err != nil {
		return nil, m.manifest + " cannot be read"
	}
	return &managedDir{m, ctx, dir, doc, version}, ""
}

// problem says why the dependencies cannot be installed from the manifest and the
// lock file alone; "" if they can.
func (d *managedDir) problem(frozen bool) string {
	for _, name := range append([]string{d.manager.manifest}, d.manager.reads...) {
		text, err := d.ctx.ReadFile(path.Join(d.dir, name))
		if err != nil {
			continue
		}
		if m := d.manager.local.Regexp().FindSubmatch(text); m != nil {
			return name + " names “" + strings.TrimSpace(string(m[0])) + "”, which is on disk"
		}
	}
	if d.manager.sources != nil {
		for _, t := range d.manager.sources(d.doc) {
			if where := onDisk(t); where != "" {
				return d.manager.manifest + " names “" + where + "”, which is part of the source"
			}
		}
	}
	if d.manager == pdmManager {
		if doc, err := d.ctx.Toml(path.Join(d.dir, "pdm.toml")); err == nil && (doc["python"] != nil || doc["venv"] != nil) {
			return "pdm.toml says where PDM installs"
		}
	}
	if d.manager.computed == nil {
		return ""
	}
	return d.manager.computed(d.doc, frozen)
}

// installs reports whether a call installs the project.
func (d *managedDir) installs(use managerUse) bool {
	return use.project && d.manager.installs != nil && d.manager.installs(d.doc, d.version)
}

// locked are the names of the distributions in the lock file; ok is false where
// there is none.
func (d *managedDir) locked() (names []string, ok bool) {
	for _, name := range d.manager.reads {
		if !strings.HasSuffix(name, ".lock") {
			continue
		}
		text, err := d.ctx.ReadFile(path.Join(d.dir, name))
		if err != nil {
			return nil, false
		}
		for _, m := range d.manager.named.Regexp().FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names, len(names) > 0
}

// old reports a manager that does not know its option to leave the project out.
func (d *managedDir) old() bool {
	v, since := d.version, d.manager.since
	return v != [2]int{} && (v[0] < since[0] || v[0] == since[0] && v[1] < since[1])
}

// managerVersion is the version of a manager that a stage installs, where a step says
// it: "pip install poetry==1.8.3", or a copy from an image with a tag.
func managerVersion(f *transform.File, s *transform.Stage, name string) [2]int {
	for ; s != nil; s = s.Base.Stage {
		for _, in := range slices.Backward(s.Instructions) {
			text := ""
			switch in.Keyword {
			case "run":
				text, _, _ = strings.Cut(after(f.Text(in.Body), name+"=="), " ")
			case "copy":
				if c, ok := copyingOf(in); ok && strings.HasSuffix(imageName(c.from), "/"+name) {
					text = c.from[strings.LastIndexByte(c.from, ':')+1:]
				}
			}
			if expanded, ok := defaultText(f.State(in), strings.Trim(text, `"'`)); ok && expanded != "" {
				return twoParts(expanded)
			}
		}
	}
	return [2]int{}
}

// after is what follows sep in text; "" where it is not in it.
func after(text, sep string) string {
	_, rest, _ := strings.Cut(text, sep)
	return rest
}

// imageName is an image's name without tag and digest.
func imageName(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	return ref
}

// twoParts are the first two numbers of a version.
func twoParts(version string) (v [2]int) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	for i := range min(2, len(parts)) {
		digits := parts[i]
		if j := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); j >= 0 {
			digits = digits[:j]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			return [2]int{}
		}
		v[i] = n
	}
	return v
}

// tableAt is a table within tables.
func tableAt(doc map[string]any, keys ...string) map[string]any {
	for _, k := range keys {
		doc, _ = doc[k].(map[string]any)
	}
	return doc
}

// dynamic reports a project that leaves one of the keys to its build.
func dynamic(doc map[string]any, keys ...string) bool {
	list, _ := tableAt(doc, "project")["dynamic"].([]any)
	return slices.ContainsFunc(list, func(v any) bool {
		s, _ := v.(string)
		return len(keys) == 0 || slices.Contains(keys, s)
	})
}

// environment is where a manager puts an environment for the project in dir, by the
// value of its variable; "" where that is not beside the manifest, and neither said.
func (m *manager) environment(place, dir string) string {
	switch {
	case m == uvManager && place != "":
		return absolute(dir, place)
	case path.IsAbs(place):
		return path.Clean(place)
	case m.beside && place == "", place != "" && place != "0" && place != "false":
		return path.Join(dir, ".venv")
	}
	return ""
}

// onDisk finds a dependency in the source, or a member of a workspace, in tables of
// dependencies; "" for none.
func onDisk(v any) string {
	switch v := v.(type) {
	case map[string]any:
		if p, ok := v["path"].(string); ok {
			return p
		}
		if v["workspace"] == true {
			return "workspace = true"
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if where := onDisk(v[key]); where != "" {
				return where
			}
		}
	case []any:
		for _, one := range v {
			if where := onDisk(one); where != "" {
				return where
			}
		}
	case []map[string]any:
		for _, one := range v {
			if where := onDisk(one); where != "" {
				return where
			}
		}
	}
	return ""
}
