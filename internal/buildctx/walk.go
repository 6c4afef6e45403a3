package buildctx

import (
	"io/fs"
	"path"
	"strings"
)

// maxEntries is the number of files and directories that are looked at in one context.
const maxEntries = 200_000

// Entry is one file or directory of the context.
type Entry struct {
	Path    string
	Size    int64 // bytes; for a folded directory those of everything in it
	Files   int   // 1 for a file; for a folded directory the number of files in it
	Dir     bool
	Link    bool // a symbolic link, not followed
	Regular bool
	Folded  Kind // not "": a directory like .git or node_modules, whose content is only counted
}

// listing is the tree, read once.
type listing struct {
	entries  []Entry
	complete bool
}

// foldedDirs are directories whose content no pass looks at.
var foldedDirs = map[string]Kind{
	".git": VCS, ".hg": VCS, ".svn": VCS, ".bzr": VCS, "CVS": VCS, ".jj": VCS,
	"__pycache__": PythonCache, ".pytest_cache": PythonCache, ".mypy_cache": PythonCache, ".ruff_cache": PythonCache,
	".tox": PythonCache, ".nox": PythonCache, ".hypothesis": PythonCache, ".pytype": PythonCache, ".eggs": PythonCache,
	".ipynb_checkpoints": PythonCache, "__pypackages__": PythonCache,
	"node_modules": NodeModules, "bower_components": NodeModules,
}

// Files returns every file and directory of the context in lexical order, before .dockerignore. Directories like
// .git, node_modules and virtual environments are one entry each (Entry.Folded). complete is false when something
// could not be read, or there is more than is looked at, or the context is unknown.
func (c *Context) Files() (entries []Entry, complete bool) {
	if c == nil {
		return nil, false
	}
	l := c.listing()
	return l.entries, l.complete
}

func (t *tree) list() *listing {
	l := &listing{complete: true}
	budget := maxEntries
	err := fs.WalkDir(t.fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if budget--; budget < 0 {
			l.complete = false
			return fs.SkipAll
		}
		if err != nil {
			l.complete = false // unreadable: what is in it stays unknown
			return nil
		}
		if p == "." {
			return nil
		}
		if !d.IsDir() {
			e := Entry{Path: p, Files: 1, Link: d.Type()&fs.ModeSymlink != 0, Regular: d.Type().IsRegular()}
			if e.Regular {
				e.Size = size(d)
			}
			l.entries = append(l.entries, e)
			return nil
		}
		e := Entry{Path: p, Dir: true, Folded: t.foldedKind(p)}
		if e.Folded != "" {
			var all bool
			e.Size, e.Files, all = t.total(p, &budget)
			l.complete = l.complete && all
			l.entries = append(l.entries, e)
			return fs.SkipDir
		}
		l.entries = append(l.entries, e)
		return nil
	})
	l.complete = l.complete && err == nil
	return l
}

func (t *tree) foldedKind(dir string) Kind {
	if k := foldedDirs[path.Base(dir)]; k != "" {
		return k
	}
	if _, err := fs.Lstat(t.fsys, path.Join(dir, "pyvenv.cfg")); err == nil {
		return Venv
	}
	return ""
}

// total adds up a directory.
func (t *tree) total(dir string, budget *int) (bytes int64, files int, complete bool) {
	complete = true
	err := fs.WalkDir(t.fsys, dir, func(_ string, d fs.DirEntry, err error) error {
		if *budget--; *budget < 0 {
			complete = false
			return fs.SkipAll
		}
		if err != nil {
			complete = false
			return nil
		}
		if !d.IsDir() {
			files++
			if d.Type().IsRegular() {
				bytes += size(d)
			}
		}
		return nil
	})
	return bytes, files, complete && err == nil
}

func size(d fs.DirEntry) int64 {
	if info, err := d.Info(); err == nil {
		return info.Size()
	}
	return 0
}

// below says whether the path is the directory or in it.
func below(name, dir string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir) && name[len(dir)] == '/'
}
