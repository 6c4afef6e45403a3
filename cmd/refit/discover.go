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
)

// input is a Dockerfile to work on.
type input struct {
	path     string // as it is named in messages and reports
	abs      string // "" for standard input
	root     string // absolute; a link may lead nowhere outside of it
	settings *settings
	context  *sharedContext // nil: unknown
	diffs    *diffBase
	name     string // the Dockerfile in its context; "" when it is elsewhere
	err      error  // found, but not to be worked on
}

// finder turns the paths of the command line into inputs, each file once.
type finder struct {
	opt      *options
	configs  *configs
	contexts map[string]*sharedContext
	seen     map[string]bool // by absolute path with links resolved
	inputs   []*input
	notes    []string
}

func find(opt *options) (*finder, error) {
	configs, err := newConfigs(opt)
	if err != nil {
		return nil, err
	}
	f := &finder{opt: opt, configs: configs, contexts: map[string]*sharedContext{}, seen: map[string]bool{}}
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
	base := baseOf(f.inputs)
	for _, in := range f.inputs {
		in.diffs = base
	}
	return f, nil
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
		if meant, ok := suggest.Search(path, commands, true); ok && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s (did you mean refit %s?)", plain(err), meant)
		}
		f.fail(filepath.Clean(path), err)
		return nil
	case info.IsDir():
		return f.addTree(filepath.Clean(path), abs)
	}
	root := filepath.Dir(abs)
	if f.opt.given["context"] {
		if dir, err := filepath.Abs(f.opt.context); err == nil && within(dir, abs) {
			root = dir
		}
	}
	return f.addFile(filepath.Clean(path), abs, root, root, nil)
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
	if d != nil && s.excludes(abs) {
		return nil
	}
	real := abs
	if d == nil || d.Type()&fs.ModeSymlink != 0 {
		if real, err = filepath.EvalSymlinks(abs); err != nil {
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
	if f.opt.given["context"] {
		dir = f.opt.context
	}
	in := &input{path: path, abs: abs, root: root, settings: s, context: f.shared(dir)}
	if rel, err := filepath.Rel(in.context.dir, abs); err == nil && filepath.IsLocal(rel) {
		in.name = filepath.ToSlash(rel)
	}
	f.inputs = append(f.inputs, in)
	return nil
}

// shared returns the context of a directory, one for all its Dockerfiles.
func (f *finder) shared(dir string) *sharedContext {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	c := f.contexts[abs]
	if c == nil {
		c = &sharedContext{dir: abs}
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
	before := len(f.inputs) + len(f.notes)
	excluded := false
	err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(root, at)
		if relErr != nil {
			return relErr
		}
		shown := filepath.Join(path, rel)
		switch {
		case err != nil:
			f.fail(shown, err)
			return nil
		case d.IsDir():
			if rel != "." && isForeign(at, d.Name()) {
				return fs.SkipDir
			}
			return nil
		case !isDockerfileName(d.Name()):
			return nil
		}
		excluded = true
		return f.addFile(shown, at, root, filepath.Dir(at), d)
	})
	if err != nil {
		return err
	}
	if before == len(f.inputs)+len(f.notes) && !excluded {
		f.fail(path, errNoDockerfile(abs))
	}
	return nil
}

func errNoDockerfile(dir string) error {
	for _, name := range []string{"Dockerfile", "Containerfile"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
			return fmt.Errorf("no Dockerfile found in this directory (%s is a directory)", name)
		}
	}
	return errors.New("no Dockerfile found in this directory")
}

// foreignDirs hold what other people wrote, or what programs keep.
var foreignDirs = []string{
	".git", ".hg", ".svn", ".jj", "node_modules", "vendor", "site-packages", "__pycache__", ".tox", ".nox",
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

// displayPath names a path as short as can be: relative below the current
// directory, else absolute.
func displayPath(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if rel, ok := belowWorkDir(abs); ok {
		return rel
	}
	return abs
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
