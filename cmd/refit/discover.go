package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"refit/internal/builds"
	"refit/internal/choose"
	"refit/transform"
)

// input is a Dockerfile to work on.
type input struct {
	path     string // as it is named in messages and reports
	abs      string // "" for standard input
	root     string // absolute; a link may lead nowhere outside of it
	settings *settings
	context  *sharedContext // nil: unknown
	diffs    *diffBase
	name     string           // the Dockerfile in its context; "" when it is elsewhere
	declared []declared       // the builds of it that compose and bake files declare
	builds   *declarations    // all that are known; nil for none
	vetoes   []transform.Veto // what somebody who was asked does not want
	marks    []choose.Mark    // and where that is to be written down
	// repository is the one that is worked on as one; "" for paths as they were given
	repository string
	err        error // found, but not to be worked on
}

// finder turns the paths of the command line into inputs, each file once.
type finder struct {
	opt      *options
	configs  *configs
	contexts map[string]*sharedContext
	seen     map[string]bool // by absolute path with links resolved
	builds   *declarations
	trees    []string // that are searched, with links resolved
	inputs   []*input
	notes    []string

	ownRepository bool // repositories within a tree are left alone, and a tree need not have a Dockerfile
}

func newFinder(opt *options) (*finder, error) {
	configs, err := newConfigs(opt)
	if err != nil {
		return nil, err
	}
	return &finder{opt: opt, configs: configs, contexts: map[string]*sharedContext{}, seen: map[string]bool{}, builds: newDeclarations()}, nil
}

func find(opt *options) (*finder, error) {
	f, err := newFinder(opt)
	if err != nil {
		return nil, err
	}
	if opt.given["context"] {
		info, err := os.Stat(opt.context)
		if err == nil && !info.IsDir() {
			err = errors.New("not a directory")
		}
		if err != nil {
			return nil, usageError(fmt.Sprintf("--context %s: %s", opt.context, plain(err)))
		}
	}
	for _, path := range opt.paths {
		if err := f.add(path); err != nil {
			return nil, err
		}
	}
	f.notes = append(f.notes, f.builds.notes...)
	f.relativeTo(baseOf(f.inputs))
	return f, nil
}

// relativeTo sets what the paths of all diffs are relative to.
func (f *finder) relativeTo(base *diffBase) {
	for _, in := range f.inputs {
		in.diffs = base
	}
}

// add takes one path of the command line. The error is one of the configuration.
func (f *finder) add(path string) error {
	if path == "-" {
		return f.addStdin()
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return &fileError{path, err}
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		meant, ok := suggest.Search(path, commands, true)
		if path == "version" {
			meant, ok = "--version", true
		}
		if ok && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s (did you mean refit %s?)", plain(err), meant)
		}
		f.fail(cleanPath(path), err)
		return nil
	case info.IsDir():
		return f.addTree(cleanPath(path), abs)
	case builds.IsDeclaration(filepath.Base(abs)):
		return f.addDeclared(cleanPath(path), abs)
	}
	f.builds.above(filepath.Dir(abs))
	root := filepath.Dir(abs)
	if f.opt.given["context"] {
		if dir, err := filepath.Abs(f.opt.context); err == nil && within(realDir(dir), realDir(root)) {
			root = dir
		}
	}
	return f.addFile(cleanPath(path), abs, root, root, nil)
}

func (f *finder) addStdin() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	s, err := f.configs.of(dir)
	if err != nil {
		return err
	}
	in := &input{path: "-", settings: s}
	if f.opt.given["context"] {
		in.context = f.shared(f.opt.context)
	}
	f.inputs = append(f.inputs, in)
	return nil
}

func (f *finder) fail(path string, err error) {
	f.inputs = append(f.inputs, &input{path: path, err: &fileError{path, err}})
}

// addFile adds a Dockerfile, whose links must stay in root, with dir as its
// context unless --context names one. d is what a search found, nil for a file
// that was named.
func (f *finder) addFile(path, abs, root, dir string, d fs.DirEntry) error {
	s, err := f.configs.of(filepath.Dir(abs))
	if err != nil {
		return err
	}
	if (d != nil || f.opt.forceExclude) && s.excludes(abs) {
		return nil
	}
	real := abs
	if d == nil || d.Type()&fs.ModeSymlink != 0 {
		real, err = filepath.EvalSymlinks(abs)
		switch {
		case d != nil && f.ownRepository && errors.Is(err, fs.ErrNotExist): // what it leads to is no part of the repository
			f.notes = append(f.notes, fmt.Sprintf("%s: a link to nothing: left alone", path))
			return nil
		case err != nil:
			f.fail(path, err)
			return nil
		}
	}
	if d != nil && real != abs && !within(realDir(root), real) {
		f.notes = append(f.notes, fmt.Sprintf("%s: a link to %s, out of the tree: left alone", path, displayPath(real)))
		return nil
	}
	if f.seen[real] {
		return nil
	}
	f.seen[real] = true
	in := &input{path: path, abs: abs, root: realDir(root), settings: s}
	if f.ownRepository {
		in.repository = root
	}
	f.place(in, real, dir)
	f.inputs = append(f.inputs, in)
	return nil
}

// place gives an input its build context: that of --context, else the declared
// one, else dir.
func (f *finder) place(in *input, real, dir string) {
	in.declared = f.declaredFor(real, filepath.Dir(in.abs))
	switch {
	case f.opt.given["context"]:
		in.context = f.shared(f.opt.context)
	case len(in.declared) > 0:
		if in.context = in.declared[0].context; in.context != nil {
			in.context.users++
		}
		f.sayDeclared(in, dir)
		if in.context == nil && f.opt.proof.command != "" {
			in.err = &fileError{in.path, errors.New("its build context is out of the tree: --context names it")}
		}
	default:
		in.context = f.shared(dir)
	}
	in.name = in.context.nameOf(in.abs)
	in.builds = f.builds
}

// shared returns the context of a directory, one for all its Dockerfiles.
func (f *finder) shared(dir string) *sharedContext {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	c := f.contexts[abs]
	if c == nil {
		c = &sharedContext{dir: abs, real: realDir(abs)}
		f.contexts[abs] = c
	}
	c.users++
	return c
}

// addTree adds the Dockerfiles of a directory and those below.
func (f *finder) addTree(path, abs string) error {
	// The tree's own path may lead through links; what is found below it is
	// compared with where it really is.
	root := realDir(abs)
	f.trees = append(f.trees, root)
	var found []foundFile
	before := len(f.inputs)
	err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(root, at)
		if relErr != nil {
			return relErr
		}
		shown := cleanPath(filepath.Join(path, rel))
		switch {
		case err != nil:
			f.fail(shown, err)
			return nil
		case d.IsDir():
			if rel != "." && (isForeign(at, d.Name()) || f.ownRepository && isRepository(at)) {
				return fs.SkipDir
			}
		case builds.IsDeclaration(d.Name()):
			f.builds.add(filepath.Dir(at))
		case isDockerfileName(d.Name()):
			found = append(found, foundFile{shown, at, d})
		}
		return nil
	})
	if err != nil {
		return err
	}
	f.builds.above(root)
	found = f.alsoDeclared(found, path, root)
	if len(found) == 0 && len(f.inputs) == before && !f.ownRepository {
		f.fail(path, errNoDockerfile(abs))
	}
	for _, file := range found {
		if err := f.addFile(file.shown, file.at, root, filepath.Dir(file.at), file.entry); err != nil {
			return err
		}
	}
	return nil
}

// foundFile is a Dockerfile that a search found.
type foundFile struct {
	shown, at string
	entry     fs.DirEntry
}

// noDockerfile is that a search found nothing: there is no file to count.
type noDockerfile string

func (e noDockerfile) Error() string { return string(e) }

func (in *input) isNone() bool {
	var none noDockerfile
	return errors.As(in.err, &none)
}

func errNoDockerfile(dir string) error {
	for _, name := range []string{"Dockerfile", "Containerfile"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
			return noDockerfile("no Dockerfile found in this directory (" + name + " is a directory)")
		}
	}
	return noDockerfile("no Dockerfile found in this directory")
}

// foreignDirs hold what other people wrote, or what programs keep.
var foreignDirs = []string{
	".git", ".hg", ".svn", ".jj", "node_modules", "vendor", "site-packages", "__pycache__", ".tox", ".nox",
}

// isRepository reports the root of a repository, or of a submodule.
func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// isForeign reports a directory that a search passes by.
func isForeign(path, name string) bool {
	if slices.Contains(foreignDirs, name) {
		return true
	}
	_, err := os.Lstat(filepath.Join(path, "pyvenv.cfg")) // a virtual environment
	return err == nil
}

// notDockerfiles are endings of what lies beside Dockerfiles: ignore files,
// templates, which another program makes Dockerfiles of, and leftovers.
var notDockerfiles = []string{
	".dockerignore", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb", ".in", ".m4", ".mustache", ".hbs",
	".bak", ".orig", ".rej", ".old", ".swp", ".swo", ".tmp", ".md", ".rst", ".txt", ".sh", ".py", ".json", ".yml", ".yaml",
	".patch", ".diff", ".sig", ".asc",
}

// isDockerfileName reports a name under which people keep Dockerfiles.
func isDockerfileName(name string) bool {
	if strings.HasSuffix(name, "~") || slices.Contains(notDockerfiles, strings.ToLower(filepath.Ext(name))) {
		return false
	}
	switch {
	case name == "Dockerfile", name == "dockerfile", name == "Containerfile":
		return true
	case strings.HasPrefix(name, "Dockerfile."), strings.HasPrefix(name, "Containerfile."):
		return true
	}
	return strings.HasSuffix(name, ".Dockerfile") || strings.HasSuffix(name, ".dockerfile")
}

// realDir is a directory with links resolved, or as it is where that fails.
func realDir(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return dir
}

// within reports whether path is root or lies below it; both are absolute.
func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// cleanPath is a path as messages and reports name it: with slashes on Windows
// too, where everything takes them, so that reports are the same everywhere.
func cleanPath(path string) string { return filepath.ToSlash(filepath.Clean(path)) }

// displayPath names a path as short as can be: relative below the current
// directory, else absolute.
func displayPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	if rel, ok := belowWorkDir(abs); ok {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(abs)
}

func belowWorkDir(abs string) (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for _, d := range []string{dir, realDir(dir)} {
		if rel, err := filepath.Rel(d, abs); err == nil && filepath.IsLocal(rel) {
			return rel, true
		}
	}
	return "", false
}
