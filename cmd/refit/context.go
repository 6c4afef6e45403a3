package main

import (
	"maps"
	"path/filepath"
	"sync"

	"refit/internal/buildctx"
)

// sharedContext is a build context and what has been added to it by Dockerfiles
// that came before: a second Dockerfile of a directory must see the
// .dockerignore that the first one brings, also in a dry run.
type sharedContext struct {
	dir   string // absolute
	real  string // with links resolved, as it was when it was found
	users int    // inputs that are not done

	mu      sync.Mutex
	disk    *buildctx.Context
	current *buildctx.Context // disk with the companions so far
	added   map[string]string // companions by path in the context
	version int               // how often that changed
}

// nameOf is the path of a file in the context, "" when it is elsewhere.
func (c *sharedContext) nameOf(abs string) string {
	if c == nil {
		return ""
	}
	if rel, err := filepath.Rel(c.dir, abs); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return ""
}

// view returns the context as a Dockerfile sees it now.
func (c *sharedContext) view(dockerfile string) (ctx *buildctx.Context, err error) {
	if c == nil {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disk == nil {
		if c.disk, err = buildctx.Open(c.dir); err != nil {
			return nil, err
		}
		c.current = c.disk
	}
	ctx = c.current
	if dockerfile != "" {
		ctx = ctx.WithDockerfile(dockerfile)
	}
	return ctx, nil
}

// onDisk is a file as it is without what has been added; "" when there is none.
func (c *sharedContext) onDisk(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, err := c.disk.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}

// changes counts how often something was added.
func (c *sharedContext) changes() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
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
	c.current = c.disk.WithFiles(c.added)
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
