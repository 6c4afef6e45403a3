// Package lock reads the lock files of Python projects, and says for every
// package in them whether a target installs it from a wheel or must compile it.
//
// Formats: uv.lock, poetry.lock (1.0 to 2.1), pdm.lock, Pipfile.lock, pylock.toml
// (PEP 751), and pip's requirement files. Files are read as data: nothing runs, and
// no index is asked.
package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/wheel"
)

// Format names what a lock file is.
type Format string

// The formats.
const (
	UV           Format = "uv.lock"
	Poetry       Format = "poetry.lock"
	PDM          Format = "pdm.lock"
	Pipfile      Format = "Pipfile.lock"
	Pylock       Format = "pylock.toml"
	Requirements Format = "requirements"
)

// Main is the group of what a project needs to run, whatever its tool calls it.
const Main = "main"

// Lock is a lock file.
type Lock struct {
	File           string // within the file system that was read
	Format         Format
	RequiresPython string // a version specifier, "" when the file names none
	Packages       []*Package
	Notes          []string // what the file leaves open
	Pip            Pip      // of a requirement file: what pip is told

	// roots are what each group ("main", "dev") and extra ("extra:NAME") asks for,
	// where the file says what depends on what; nil where every package says itself
	// what it is for.
	roots map[string][]edge
	// chosen says why the files of a package may not be all that there are; "" where
	// they are.
	chosen string
	// environments are markers of which one must hold for the lock to be for a target;
	// nil for all.
	environments []string
	noBinary     []string // names that are never installed from wheels, or ":all:"
	open         bool     // what the packages need in turn may be missing

	defaultGroups []string // those that are installed unless they are left out
}

// Pip is what a requirement file tells pip.
type Pip struct {
	Options      [][2]string // name and value, such as --index-url
	Requirements []string    // those that are not files of the context, with markers
	Constraints  []string
}

// Package is one version of a distribution in a lock file.
type Package struct {
	Name           string // normalised; of a path or URL without a name, what the file has
	Version        string // "" where nothing fixes it
	Line           int    // in the lock file, from 1; 0 when it is not known
	Source         Source
	RequiresPython string   // the distribution's own
	Groups         []string // that it is in, where the file tells
	Files          []File   // that the file names
	Hashes         int      // how many files there are of which it gives only the hash
	Spec           string   // the version specifier of a requirement
	Extras         []string // that a requirement asks for

	conditions []condition       // one of them must hold; none: it is always installed
	optional   bool              // only extras ask for it
	deps       []edge            // what it needs
	extras     map[string][]edge // what its extras need
}

// File is a file of a package.
type File struct {
	Name  string
	Wheel *wheel.File // nil for a source distribution
}

// Kind is where a package comes from.
type Kind string

// The kinds of sources.
const (
	Index     Kind = "index" // a package index
	Git       Kind = "git"   // or another version control
	Archive   Kind = "url"   // a wheel or source archive at a URL
	LocalFile Kind = "file"  // a wheel or source archive in the context
	Directory Kind = "directory"
)

// Source is where a package comes from.
type Source struct {
	Kind     Kind
	Where    string // URL or path, as written, without credentials; "" for an index
	Editable bool
	Project  bool // it is what the lock file is for, or a member of its workspace
}

// condition is when a package is installed: for a group ("" for any), on an
// environment.
type condition struct{ group, marker string }

// edge is a dependency on a package.
type edge struct {
	name    string
	version string // the locked version, "" where only spec says which
	spec    string
	marker  string
	python  string // poetry's constraint on the interpreter
	extras  []string
}

// names are the base names of lock files, the first one found wins: what a tool
// installs from is better than what can be made of it.
var names = []struct {
	name   string
	format Format
	read   func(*Lock, *source) error
}{
	{"uv.lock", UV, readUV},
	{"poetry.lock", Poetry, readPoetry},
	{"pdm.lock", PDM, readPDM},
	{"Pipfile.lock", Pipfile, readPipfile},
	{"pylock.toml", Pylock, readPylock},
}

// ErrNone says that a directory has no file that Read takes.
var ErrNone = errors.New("no lock file and no requirements.txt")

// Find returns the lock file of a directory, or its requirements.txt.
func Find(fsys fs.FS, dir string) (string, error) {
	for _, n := range names {
		if info, err := fs.Stat(fsys, path.Join(dir, n.name)); err == nil && info.Mode().IsRegular() {
			return path.Join(dir, n.name), nil
		}
	}
	name := path.Join(dir, "requirements.txt")
	if info, err := fs.Stat(fsys, name); err == nil && info.Mode().IsRegular() {
		return name, nil
	}
	return "", fmt.Errorf("%s: %w", dir, ErrNone)
}

// FormatOf tells a file by its base name; what is no lock file by name is taken
// for a requirement file.
func FormatOf(name string) Format {
	base := path.Base(name)
	for _, n := range names {
		if base == n.name {
			return n.format
		}
	}
	if strings.HasPrefix(base, "pylock.") && path.Ext(base) == ".toml" {
		return Pylock // PEP 751: pylock.NAME.toml
	}
	return Requirements
}

// source is a file being read, and what is beside it.
type source struct {
	fsys fs.FS
	name string
	text string
}

// Read reads a lock file, or a requirement file. Errors begin with file:line where
// the line is known.
func Read(fsys fs.FS, name string) (*Lock, error) {
	l := &Lock{File: name, Format: FormatOf(name)}
	if l.Format == Requirements {
		if err := readRequirements(l, buildctx.FromFS(fsys)); err != nil {
			return nil, err
		}
		return l, nil
	}
	text, err := readText(fsys, name)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if n.format != l.Format {
			continue
		}
		s := &source{fsys, name, text}
		if err := n.read(l, s); err != nil {
			return nil, err
		}
		if err := s.checkFormat(l.Format); err != nil {
			return nil, err
		}
	}
	l.settle()
	return l, nil
}

// settle brings what was read into one form.
func (l *Lock) settle() {
	for _, p := range l.Packages {
		p.Source.Where = withoutCredentials(p.Source.Where)
		for _, c := range p.conditions {
			if c.group != "" && !slices.Contains(p.Groups, c.group) {
				p.Groups = append(p.Groups, c.group)
			}
		}
		slices.Sort(p.Groups)
		if p.Source.Kind == "" {
			p.Source.Kind = Index
		}
	}
}

// Complete reports a lock that names everything that is installed. A requirement
// file without hashes may leave out what its distributions need in turn.
func (l *Lock) Complete() bool { return !l.open }

// Groups lists the groups that may be chosen besides Main.
func (l *Lock) Groups() []string {
	var out []string
	for group := range l.roots {
		if !strings.HasPrefix(group, extraPrefix) {
			out = append(out, group)
		}
	}
	for _, p := range l.Packages {
		out = append(out, p.Groups...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(g string) bool { return g == Main })
}

// Extras are the extras that can be asked for. told is false where the file, and the
// project's manifest beside it, do not tell which there are.
func (l *Lock) Extras() (names []string, told bool) {
	for group := range l.roots {
		if extra, ok := strings.CutPrefix(group, extraPrefix); ok {
			names = append(names, extra)
		}
	}
	slices.Sort(names)
	return names, l.roots != nil || l.Format == Requirements || l.Format == Pipfile
}

// add notes a file by its name or by the last part of its URL or path.
func (p *Package) add(name string) {
	name = fileName(name)
	if name == "" || slices.ContainsFunc(p.Files, func(f File) bool { return f.Name == name }) {
		return
	}
	f := File{Name: name}
	if strings.HasSuffix(name, ".whl") {
		w, err := wheel.ParseFile(name)
		if err != nil {
			return // pip passes it by as well
		}
		f.Wheel = w
	} else if !isSource(name) {
		return // an egg or an installer, which pip does not take
	}
	p.Files = append(p.Files, f)
}
