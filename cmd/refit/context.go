package main

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"refit/internal/buildctx"
)

// sharedContext is a build context and what has been added to it by Dockerfiles
// that came before: a second Dockerfile of a directory must see the
// .dockerignore that the first one brings, also in a dry run.
type sharedContext struct {
	dir   string // absolute
	users int    // inputs that are not done

	mu      sync.Mutex
	disk    *buildctx.Context
	current *buildctx.Context // disk with the companions so far
	added   map[string]string // companions by path in the context
	version int               // how often that changed
}

// view returns the context as a Dockerfile sees it now.
func (c *sharedContext) view(dockerfile string) (ctx *buildctx.Context, version int, err error) {
	if c == nil {
		return nil, 0, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disk == nil {
		if c.disk, err = buildctx.Open(c.dir); err != nil {
			return nil, 0, err
		}
		c.current = c.disk
	}
	ctx = c.current
	if dockerfile != "" {
		ctx = ctx.WithDockerfile(dockerfile)
	}
	return ctx, c.version, nil
}

// stale reports whether a view is no longer what view would return.
func (c *sharedContext) stale(version int) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version != version
}

// add puts companions into the context.
func (c *sharedContext) add(companions []companion) {
	if c == nil || len(companions) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.added == nil {
		c.added = map[string]string{}
	}
	for _, comp := range companions {
		c.added[comp.name] = comp.content
	}
	c.version++
	c.current = buildctx.FromFS(&overlay{base: c.disk.FS(), files: c.added})
}

// given returns the companions that were added so far, by path.
func (c *sharedContext) given() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.added)
}

// done gives up one use; the last one closes the context.
func (c *sharedContext) done() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users--; c.users == 0 && c.disk != nil {
		_ = c.disk.Close() // it was only read
		c.disk, c.current, c.added = nil, nil, nil
	}
}

// overlay is a file system with some files added or exchanged. Their
// directories exist in the base.
type overlay struct {
	base  fs.FS
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
	return o.base.Open(name)
}

func (o *overlay) Stat(name string) (fs.FileInfo, error) {
	if text, ok := o.files[name]; ok {
		return memInfo{name, int64(len(text))}, nil
	}
	return fs.Stat(o.base, name)
}

func (o *overlay) Lstat(name string) (fs.FileInfo, error) {
	if text, ok := o.files[name]; ok {
		return memInfo{name, int64(len(text))}, nil
	}
	return fs.Lstat(o.base, name)
}

func (o *overlay) ReadLink(name string) (string, error) { return fs.ReadLink(o.base, name) }

func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.base, name)
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
