// Package buildctx reads a build context: which files a build would see after .dockerignore, and what the ones that
// matter for a rewrite say (requirement files, other manifests, entrypoint scripts, Python sources).
//
// Everything is read-only, lazy and bounded. Paths are slash-separated, cleaned and relative to the context root; a
// leading "/" or "./" means the root and ".." cannot leave it, as in COPY.
//
// A nil *Context is a context nobody knows (a Dockerfile from stdin). Every method may be called on nil and then
// says unknown: known == false, or ErrUnknown. Unknown is never "absent".
package buildctx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// MaxText is the size up to which ReadFile reads a file.
const MaxText = 4 << 20

var (
	// ErrUnknown says that there is no context to look into.
	ErrUnknown = errors.New("the build context is unknown")
	// ErrIgnored says that the file exists, but .dockerignore hides it from the build.
	ErrIgnored = errors.New("hidden by .dockerignore")
	// ErrTooLarge says that the file, or the tree, is over the limit up to which it is read.
	ErrTooLarge = errors.New("too large to read")
	// ErrNotRegular says that the path is a directory, device, FIFO or socket.
	ErrNotRegular = errors.New("not a regular file")
	// ErrLeaves says that a symbolic link or an include points outside the context.
	ErrLeaves = errors.New("leaves the build context")
)

// Context is one build context as one Dockerfile sees it. It is safe for concurrent use. What it returns is cached
// and shared: callers do not modify it.
type Context struct {
	*tree
	dockerfile string // whose ignore file wins; "" for none
	ignore     func() (*ignore, error)
	sight      func() (string, error)
	reqs       memo[*Requirements]
	scripts    memo[*Script]
	python     func() (*Uses, error)
	mentions   func() (*Mentions, error)
}

// tree is the part that does not depend on .dockerignore, shared by all Dockerfiles of one context.
type tree struct {
	fsys    fs.FS
	root    *os.Root // nil for FromFS
	listing func() *listing
	added   map[string]string // on top of what is on disk, by path
	scans   *scans
}

// Open opens a directory as a build context.
func Open(dir string) (*Context, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open build context: %w", err)
	}
	return newContext(&tree{fsys: root.FS(), root: root}), nil
}

// FromFS makes a context of a file system, for tests.
func FromFS(fsys fs.FS) *Context { return newContext(&tree{fsys: fsys}) }

func newContext(t *tree) *Context {
	t.listing = sync.OnceValue(t.list)
	t.scans = &scans{}
	return t.view("")
}

func (t *tree) view(dockerfile string) *Context {
	c := &Context{tree: t, dockerfile: dockerfile}
	c.ignore = sync.OnceValues(func() (*ignore, error) { return readIgnore(c, dockerfile) })
	c.sight = sync.OnceValues(c.look)
	c.python = sync.OnceValues(func() (*Uses, error) { return scanned(c, &t.scans.python, c.scanPython) })
	c.mentions = sync.OnceValues(func() (*Mentions, error) { return scanned(c, &t.scans.mentions, c.readMentions) })
	return c
}

// WithDockerfile returns the context as the build of this Dockerfile sees it: <name>.dockerignore beside it wins over
// the .dockerignore of the root. The name is relative to the context.
func (c *Context) WithDockerfile(name string) *Context {
	if c == nil {
		return nil
	}
	return c.view(clean(name))
}

// FS is the context as a file system, before .dockerignore; nil when unknown. It never leaves the context.
func (c *Context) FS() fs.FS {
	if c == nil {
		return nil
	}
	return c.fsys
}

// Close releases the directory. Methods called later report errors.
func (c *Context) Close() error {
	if c == nil || c.root == nil {
		return nil
	}
	return c.root.Close()
}

// Exists says whether the build would see the path: it is there, its links stay in the context, and .dockerignore
// does not hide it. known is false where that cannot be told.
func (c *Context) Exists(name string) (exists, known bool) {
	_, err := c.Stat(name)
	switch {
	case err == nil:
		return true, true
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrIgnored):
		return false, true
	}
	return false, false
}

// IsDir says whether the build would see a directory at the path, following links.
func (c *Context) IsDir(name string) (dir, known bool) {
	info, err := c.Stat(name)
	switch {
	case err == nil:
		return info.IsDir(), true
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrIgnored):
		return false, true
	}
	return false, false
}

// Stat describes what the build would see at the path, following links inside the context. A path that .dockerignore
// hides gives ErrIgnored.
func (c *Context) Stat(name string) (fs.FileInfo, error) {
	_, info, err := c.visible(name)
	return info, err
}

// visible resolves a path and checks .dockerignore for it and for what its links lead to.
func (c *Context) visible(name string) (string, fs.FileInfo, error) {
	if c == nil {
		return "", nil, ErrUnknown
	}
	real, info, err := c.resolve(name)
	if err != nil {
		return "", nil, err
	}
	for _, p := range []string{clean(name), real} {
		hidden, err := c.hidden(p, info.IsDir())
		if err != nil {
			return "", nil, err
		}
		if hidden {
			return "", nil, fmt.Errorf("%s: %w", clean(name), ErrIgnored)
		}
		if p == real {
			break
		}
	}
	return real, info, nil
}

// ReadFile reads a regular file of at most MaxText bytes, whether .dockerignore hides it or not. It refuses links
// that leave the context, and it never blocks.
func (c *Context) ReadFile(name string) ([]byte, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	real, info, err := c.resolve(name)
	if err != nil {
		return nil, err
	}
	return c.readReal(real, info, MaxText)
}

// readVisible is ReadFile for what the build sees.
func (c *Context) readVisible(name string, limit int64) ([]byte, error) {
	real, info, err := c.visible(name)
	if err != nil {
		return nil, err
	}
	return c.readReal(real, info, limit)
}

func (t *tree) readReal(name string, info fs.FileInfo, limit int64) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegular)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes: %w", name, info.Size(), ErrTooLarge)
	}
	f, err := t.open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, plain(err))
	}
	defer f.Close()
	// The file may have been exchanged or grown since it was looked at.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegular)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, plain(err))
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	return b, nil
}

func (t *tree) open(name string) (fs.File, error) {
	if t.root != nil {
		return t.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	}
	return t.fsys.Open(name)
}

// maxLinks is the number of symbolic links that a path may take, as in Linux.
const maxLinks = 40

// resolve follows symbolic links by hand, as BuildKit does, and says what is at the end of them.
func (t *tree) resolve(name string) (string, fs.FileInfo, error) {
	name = clean(name)
	if !fs.ValidPath(name) || strings.ContainsRune(name, 0) {
		return "", nil, fmt.Errorf("%q: not a valid path", name)
	}
	done, rest := ".", name
	for links := 0; ; {
		var elem string
		elem, rest, _ = strings.Cut(rest, "/")
		at := path.Join(done, elem)
		info, err := fs.Lstat(t.fsys, at)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", name, plain(err))
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			if links++; links > maxLinks {
				return "", nil, fmt.Errorf("%s: %w", name, syscall.ELOOP)
			}
			target, err := fs.ReadLink(t.fsys, at)
			if err != nil {
				return "", nil, fmt.Errorf("%s: %w", name, plain(err))
			}
			absolute := path.IsAbs(target) || filepath.IsAbs(target)
			target = filepath.ToSlash(target) // on Windows links are written with \
			next := path.Join(done, target)
			if absolute || next == ".." || strings.HasPrefix(next, "../") {
				return "", nil, fmt.Errorf("%s: link to %s: %w", name, target, ErrLeaves)
			}
			done, rest = ".", path.Join(next, rest)
			continue
		}
		if rest == "" {
			return at, info, nil
		}
		if !info.IsDir() {
			return "", nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		done = at
	}
}

// clean makes a path relative to the context root the way COPY does.
func clean(name string) string {
	if name = path.Clean("/" + name)[1:]; name != "" {
		return name
	}
	return "."
}

// plain takes the operation and path off an error: both are said by the caller.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// memo computes a value once for each key.
type memo[T any] struct {
	mu sync.Mutex
	m  map[string]func() (T, error)
}

func (m *memo[T]) get(key string, f func() (T, error)) (T, error) {
	m.mu.Lock()
	if m.m == nil {
		m.m = map[string]func() (T, error){}
	}
	once, ok := m.m[key]
	if !ok {
		once = sync.OnceValues(f)
		m.m[key] = once
	}
	m.mu.Unlock()
	return once()
}
