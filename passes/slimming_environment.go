package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// environment is a virtual environment that a builder stage makes and the final
// stage takes as a whole.
type environment struct {
	f       *transform.File
	runtime *transform.Stage
	builder *transform.Stage
	dir     string // the same in both
}

// plainDir is a directory that needs no quotes in a shell.
var plainDir = lazyregexp.New(`^(/[A-Za-z0-9_.-]+)+$`)

// findEnvironment finds the environment of the final stage. Both results are nil
// where nothing is Python.
func findEnvironment(f *transform.File) (*environment, *transform.Finding) {
	s := f.Final()
	if s == nil || !isPython(s) && !startsPython(f, s) {
		return nil, nil
	}
	e := &environment{f: f, runtime: s}
	for _, edge := range s.Deps {
		if dir := takenEnvironment(f, s, edge); dir != "" {
			e.builder, e.dir = edge.To, dir
		}
	}
	if e.builder == nil {
		return nil, held(s.From.Body, "no-environment", "no builder stage makes the virtual environment that the final stage takes")
	}
	for _, edge := range f.Users(e.builder) {
		if edge.At.Stage != s || edge.Kind != transform.EdgeCopy {
			return nil, held(edge.At.Body, "builder-shared", "another stage uses the builder, and may need what is taken out")
		}
	}
	if end := f.EndState(e.builder); !runsAsRoot(end.User) || !posixShell(end.Shell) {
		return nil, held(e.builder.From.Body, "builder-shared", "the builder does not end as root with a POSIX shell, by which the environment could be changed")
	}
	return e, nil
}

// takenEnvironment is the environment that a COPY takes from a stage to the same
// place; "" where it takes none. It takes an environment by its own path, and the
// build would fail if that was not there; or in the directory around it, and then
// the final stage must name the environment's programs.
func takenEnvironment(f *transform.File, s *transform.Stage, edge transform.Edge) string {
	c, ok := copyingOf(edge.At)
	if !ok || edge.Kind != transform.EdgeCopy || edge.To == nil || len(c.sources) != 1 || c.picks {
		return ""
	}
	image := &inImage{File: f}
	from, known := f.State(edge.At).Expand(c.sources[0])
	dest, there := absAt(image, edge.At, c.dest)
	if from = absolute("/", from); !known || !there || from != path.Clean(dest) {
		return ""
	}
	for _, dir := range madeEnvironments(image, edge.To) {
		if plainDir.MatchString(dir) && !slices.Contains(mixedDirs, dir) && (dir == from || within(dir, from) && startsIn(f, s, dir)) {
			return dir
		}
	}
	return ""
}

// startsIn reports a stage whose PATH or command names the programs of an environment.
func startsIn(f *transform.File, s *transform.Stage, dir string) bool {
	for _, in := range withBases(s) {
		if in.Keyword == "env" && slices.ContainsFunc(f.Words(in), func(w transform.Word) bool { return pathNames(f.State(in), w.Text, dir+"/bin") }) {
			return true
		}
	}
	entrypoint, cmd := startedBy(s)
	for _, in := range []*transform.Instruction{entrypoint, cmd} {
		if in == nil {
			continue
		}
		for _, c := range shell.Of(f, in).Commands() {
			if words := c.Effective(); len(words) > 0 && strings.HasPrefix(words[0].Text, dir+"/bin/") {
				return true
			}
		}
	}
	return false
}

// pathNames reports PATH=… with a directory in it.
func pathNames(st *transform.State, word, dir string) bool {
	value, ok := strings.CutPrefix(word, "PATH=")
	return ok && slices.ContainsFunc(strings.Split(strings.Trim(value, `"'`), ":"), func(one string) bool {
		text, known := st.Expand(one)
		return known && text == dir
	})
}

// madeEnvironments are the directories of the virtual environments that the steps of
// a stage, and of those that it starts from, may make.
func madeEnvironments(image *inImage, s *transform.Stage) []string {
	var all []string
	for _, in := range withBases(s) {
		if in.Keyword != "run" {
			continue
		}
		st, dir := image.State(in), ""
		if at := image.dirAt(in); at.known {
			dir = at.path
		}
		for _, c := range shell.Of(image.File, in).Commands() {
			if place := madeEnvironment(st, c, dir); path.IsAbs(place) {
				all = append(all, path.Clean(place))
			}
			dir = changeDir(st, c, dir)
		}
	}
	return all
}

// madeEnvironment is the directory of the environment that a command makes; "" where
// it makes none.
func madeEnvironment(st *transform.State, c *shell.Command, dir string) string {
	if v, ok := argv.Venv(c); ok {
		return venvPlace(st, v, dir)
	}
	if m, ok := readManager(c); ok {
		return managerPlace(st, m, dir)
	}
	return ""
}

// besideManifest is where managers make the environment of a project.
const besideManifest = ".venv"

func venvPlace(st *transform.State, v *argv.VenvCmd, dir string) string {
	if v.Dir.Text == "" {
		return absolute(dir, besideManifest)
	}
	place, ok := shellValue(st, v.Dir)
	if !ok {
		return ""
	}
	return absolute(dir, place)
}

// managerPlace is where a manager installs that is called in a directory. Poetry and
// Pipenv make an environment beside the manifest only where they are told to; whether
// they are shows in that another stage takes it from there.
func managerPlace(st *transform.State, m *managerCall, dir string) string {
	if m.Subcommand != "install" && m.Subcommand != "sync" || m.Has("--directory", "--project", "--system", "--active") {
		return ""
	}
	place, _ := defaultText(st, "$"+m.manager.place)
	if own, ok := m.Env(m.manager.place); ok {
		place = own.Text
	}
	if at := m.manager.environment(place, dir); at != "" {
		return at
	}
	return path.Join(dir, besideManifest)
}
