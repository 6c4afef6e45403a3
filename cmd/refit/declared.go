package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"

	"refit/internal/builds"
	"refit/internal/report"
	"refit/transform"
)

// declared is a build of a Dockerfile that a compose or bake file declares.
type declared struct {
	builds.Build
	context *sharedContext // nil: unknown
}

// declarations are the compose and bake files that were come by.
type declarations struct {
	dirs  map[string]bool // that were read
	files map[string][]builds.Build
	order []string                  // the Dockerfiles, in the order in which they were declared
	odd   map[string][]builds.Build // by context: those whose Dockerfile a look into it does not find
	notes []string
}

func newDeclarations() *declarations {
	return &declarations{dirs: map[string]bool{}, files: map[string][]builds.Build{}, odd: map[string][]builds.Build{}}
}

// add reads the compose and bake files of a directory.
func (d *declarations) add(dir string) {
	if d.dirs[dir] {
		return
	}
	d.dirs[dir] = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // the search says so, where it is one
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && builds.IsDeclaration(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return
	}
	logrus.SetOutput(io.Discard) // the loader warns of what is no concern of the user's
	d.take(builds.Find(dir, names, os.Environ()))
}

func (d *declarations) take(found *builds.Found) {
	for _, n := range found.Notes {
		file, rest, _ := strings.Cut(n, ": ")
		d.notes = append(d.notes, displayPath(file)+": "+rest)
	}
	for _, b := range found.Builds {
		real := realPath(b.Dockerfile)
		if context := realDir(b.Context); b.Inline != "" || b.Dockerfile != "" && !(within(context, real) && isDockerfileName(filepath.Base(real))) {
			d.odd[context] = append(d.odd[context], b)
		}
		switch info, err := os.Stat(b.Dockerfile); {
		case b.Problem != "":
			d.note(&b, b.Problem)
		case err != nil || !info.Mode().IsRegular():
			d.note(&b, fmt.Sprintf("there is no %s", displayPath(b.Dockerfile)))
		default:
			if d.files[real] == nil {
				d.order = append(d.order, b.Dockerfile)
			}
			d.files[real] = append(d.files[real], b)
		}
	}
}

func (d *declarations) note(b *builds.Build, what string) {
	d.notes = append(d.notes, fmt.Sprintf("%s: %s: not looked at: %s", b.Where(displayPath), b.Name, b.Masked(what)))
}

// above reads what is declared in a directory and in those above it, up to the
// root of the repository that it is in.
func (d *declarations) above(dir string) {
	d.add(dir)
	root := repositoryOf(dir)
	for root != "" && dir != root && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		d.add(dir)
	}
}

// others are the texts of Dockerfiles, but for one, that are declared to be built
// from a context and that a look into it does not find.
func (d *declarations) others(context *sharedContext, but string) []string {
	if d == nil || context == nil {
		return nil
	}
	var texts []string
	for _, b := range d.odd[realDir(context.dir)] {
		text := b.Inline
		if text == "" && realPath(b.Dockerfile) != realPath(but) {
			text, _, _ = readRegular(b.Dockerfile, maxInput) // who cannot read it cannot build it
		}
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// declaredFor are the builds of a Dockerfile in dir, by its path with links
// resolved; those that differ in nothing that matters are one. A context out of
// the repository, or where there is none out of the directory of the declaration
// and that of the Dockerfile, is not looked into.
func (f *finder) declaredFor(real, dir string) []declared {
	var list []declared
	for _, b := range f.builds.files[real] {
		if slices.ContainsFunc(list, func(d declared) bool { return d.SameAs(&b) }) {
			continue
		}
		d := declared{Build: b}
		info, err := os.Stat(b.Context)
		switch {
		case f.opt.given["context"]:
			d.context = f.shared(f.opt.context)
		case err != nil || !info.IsDir():
			f.builds.note(&b, fmt.Sprintf("its context %s is no directory", displayPath(b.Context)))
			continue
		case f.mayLookInto(b.Context, filepath.Dir(b.File), dir):
			d.context = f.shared(b.Context)
		default:
			f.notes = append(f.notes, fmt.Sprintf("%s: %s: its context %s is out of the tree, and not looked into; --context names it",
				b.Where(displayPath), b.Name, b.Masked(displayPath(b.Context))))
		}
		list = append(list, d)
	}
	return list
}

func (f *finder) mayLookInto(context string, dirs ...string) bool {
	real := realDir(context)
	for _, dir := range dirs {
		if root := repositoryOf(dir); root != "" {
			dir = root
		}
		if within(realDir(dir), real) {
			return true
		}
	}
	return slices.ContainsFunc(f.trees, func(tree string) bool { return within(tree, real) })
}

// sayDeclared says which context was declared, where it is not the one that
// would have been taken.
func (f *finder) sayDeclared(in *input, dir string) {
	d := &in.declared[0]
	if d.context == nil || realDir(d.context.dir) == realDir(dir) {
		return
	}
	f.notes = append(f.notes, fmt.Sprintf("%s: its context is %s, by %s", in.path, d.Masked(displayPath(d.context.dir)), d.Where(displayPath)))
}

// alsoDeclared adds the declared Dockerfiles of a tree to those that were found
// by their names, in the order of a search.
func (f *finder) alsoDeclared(found []foundFile, path, root string) []foundFile {
	known := map[string]bool{}
	for _, file := range found {
		known[file.at] = true
	}
	for _, at := range f.builds.order {
		rel, err := filepath.Rel(root, realPath(at))
		if err != nil || !filepath.IsLocal(rel) {
			if within(root, filepath.Dir(f.builds.files[realPath(at)][0].File)) {
				b := &f.builds.files[realPath(at)][0]
				f.builds.note(b, fmt.Sprintf("%s is out of the tree", displayPath(at)))
			}
			continue
		}
		at = filepath.Join(root, rel)
		info, err := os.Lstat(at)
		if err != nil || known[at] || throughForeign(root, rel) {
			continue
		}
		known[at] = true
		found = append(found, foundFile{cleanPath(filepath.Join(path, rel)), at, fs.FileInfoToDirEntry(info)})
	}
	slices.SortStableFunc(found, func(a, b foundFile) int {
		return slices.Compare(strings.Split(a.at, string(filepath.Separator)), strings.Split(b.at, string(filepath.Separator)))
	})
	return found
}

// throughForeign reports a path that leads through a directory that searches pass
// by.
func throughForeign(root, rel string) bool {
	for dir := filepath.Dir(rel); dir != "."; dir = filepath.Dir(dir) {
		if isForeign(filepath.Join(root, dir), filepath.Base(dir)) {
			return true
		}
	}
	return false
}

// addDeclared adds the Dockerfiles that one compose or bake file, which was named,
// declares.
func (f *finder) addDeclared(path, abs string) error {
	dir, before := filepath.Dir(abs), len(f.inputs)
	f.builds.add(dir)
	for _, at := range slices.Clone(f.builds.order) {
		of := f.builds.files[realPath(at)]
		i := slices.IndexFunc(of, func(b builds.Build) bool { return b.File == abs })
		if i < 0 {
			continue
		}
		if !f.mayLookInto(filepath.Dir(at), dir) {
			f.builds.note(&of[i], fmt.Sprintf("%s is out of the repository", displayPath(at)))
			continue
		}
		if err := f.addFile(displayPath(at), at, filepath.Dir(at), filepath.Dir(at), nil); err != nil {
			return err
		}
	}
	if len(f.inputs) == before {
		f.fail(path, errNoBuild)
	}
	return nil
}

var errNoBuild = errors.New("it declares no build of a Dockerfile here")

// buildArgs are the arguments that a build of the input is given: those of the
// first declaration, and those of the command line.
func (in *input) buildArgs(given map[string]string) map[string]string {
	args := map[string]string{}
	if len(in.declared) > 0 {
		maps.Copy(args, in.declared[0].Args)
	}
	maps.Copy(args, given)
	return args
}

// healthcheck is the one of the first service that runs the input's image, with the
// image's own command, and declares one; nil for none.
func (in *input) healthcheck() []string {
	for _, d := range in.declared {
		if r := d.Run; d.Target == "" && r != nil && r.Health != nil && r.Command == nil && r.Entrypoint == nil {
			return r.Health
		}
	}
	return nil
}

// version counts what was added to the contexts that an input is looked at in.
func (in *input) version() int {
	n := in.context.changes()
	for _, d := range in.declared {
		n += d.context.changes()
	}
	return n
}

// done gives the contexts up.
func (in *input) done() {
	in.context.done()
	for _, d := range in.declared {
		d.context.done()
	}
}

// unfit are the declared builds that a Dockerfile does not fit.
func (in *input) unfit(src string) []report.Note {
	var notes []report.Note
	for _, text := range builds.Unfit(in.path, src, in.declaredBuilds(), in.declaredPath) {
		notes = append(notes, report.Note{Line: 1, Text: text})
	}
	return notes
}

func (in *input) declaredBuilds() []builds.Build {
	var list []builds.Build
	for i := range in.declared {
		list = append(list, in.declared[i].Build)
	}
	return list
}

// declaredPath names a declaration in what is said of an input: below the root of
// a repository that is worked on as one, it is the same on every machine.
func (in *input) declaredPath(path string) string {
	if rel, err := filepath.Rel(in.repository, path); in.repository != "" && err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return displayPath(path)
}

// settle runs the passes for the file as it is and for its declared builds.
func (in *input) settle(src string, run func(string, *declared, []transform.Veto) (*transform.Result, error)) (*transform.Result, error) {
	return builds.Settle(in.path, src, in.declaredBuilds(), in.declaredPath, func(src string, i int, vetoes []transform.Veto) (*transform.Result, error) {
		if i < 0 {
			return run(src, nil, vetoes)
		}
		return run(src, &in.declared[i], vetoes)
	})
}
