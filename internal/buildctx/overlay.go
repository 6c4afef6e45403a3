package buildctx

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"refit/transform"
)

// WithFiles returns the context with some files added or exchanged, by path. Their directories exist.
func (c *Context) WithFiles(files map[string]string) *Context {
	if c == nil {
		return nil
	}
	base := c.tree
	t := &tree{fsys: &overlay{base: base, files: maps.Clone(files)}, added: maps.Clone(base.added), scans: base.scans}
	if t.added == nil {
		t.added = map[string]string{}
	}
	maps.Copy(t.added, files)
	t.listing = sync.OnceValue(func() *listing { return base.listing().with(files) })
	return t.view(c.dockerfile)
}

// With is WithFiles, for the engine.
func (c *Context) With(companions []transform.Companion) transform.Context {
	files := map[string]string{}
	for _, comp := range companions {
		files[clean(comp.Path)] = comp.Content
	}
	return c.WithFiles(files)
}

// with returns the listing with files added or exchanged.
func (l *listing) with(files map[string]string) *listing {
	entries := slices.Clone(l.entries)
	for name, text := range files {
		e := Entry{Path: name, Size: int64(len(text)), Files: 1, Regular: true}
		at, found := slices.BinarySearchFunc(entries, name, func(e Entry, name string) int { return walkOrder(e.Path, name) })
		if found {
			entries[at] = e
		} else {
			entries = slices.Insert(entries, at, e)
		}
	}
	return &listing{entries: entries, complete: l.complete}
}

// walkOrder compares paths as fs.WalkDir comes by them.
func walkOrder(a, b string) int { return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/")) }

// overlay is a tree with some files added or exchanged.
type overlay struct {
	base  *tree
	files map[string]string
}

var _ interface {
	fs.ReadDirFS
	fs.ReadLinkFS
	fs.StatFS
} = (*overlay)(nil)

func (o *overlay) Open(name string) (fs.File, error) {
	if text, ok := o.files[name]; ok {
		return &memFile{memInfo{name, int64(len(text))}, strings.NewReader(text)}, nil
	}
	return o.base.open(name)
}

func (o *overlay) Stat(name string) (fs.FileInfo, error) {
	if text, ok := o.files[name]; ok {
		return memInfo{name, int64(len(text))}, nil
	}
	return fs.Stat(o.base.fsys, name)
}

func (o *overlay) Lstat(name string) (fs.FileInfo, error) {
	if text, ok := o.files[name]; ok {
		return memInfo{name, int64(len(text))}, nil
	}
	return fs.Lstat(o.base.fsys, name)
}

func (o *overlay) ReadLink(name string) (string, error) { return fs.ReadLink(o.base.fsys, name) }

func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.base.fsys, name)
	if err != nil {
		return entries, err
	}
	for file, text := range o.files {
		if path.Dir(file) != name {
			continue
		}
		info := fs.FileInfoToDirEntry(memInfo{file, int64(len(text))})
		at, found := slices.BinarySearchFunc(entries, info.Name(), func(e fs.DirEntry, name string) int {
			return strings.Compare(e.Name(), name)
		})
		if found {
			entries[at] = info
		} else {
			entries = slices.Insert(entries, at, info)
		}
	}
	return entries, nil
}

// memFile is an added file, opened.
type memFile struct {
	memInfo
	*strings.Reader
}

func (f *memFile) Stat() (fs.FileInfo, error) { return f.memInfo, nil }
func (f *memFile) Close() error               { return nil }
func (f *memFile) Size() int64                { return f.size }

// memInfo describes an added file.
type memInfo struct {
	path string
	size int64
}

func (i memInfo) Name() string       { return path.Base(i.path) }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) Mode() fs.FileMode  { return 0o644 }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return false }
func (i memInfo) Sys() any           { return nil }
