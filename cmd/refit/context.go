package main

import (
	"maps"
	"sync"

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
