package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	gofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// Source is what a build reads.
type Source struct {
	Context string            // the build context's directory; "" for an empty one
	Name    string            // the Dockerfile's file name, as messages show it
	Text    string            // its content
	Ignore  string            // the content of NAME.dockerignore; "" when there is none
	Files   map[string]string // files of the context that are added or exchanged, by slash-separated path; their directories exist
}

// mounts are the directories as BuildKit asks for them, and where it is noted
// that a file of theirs could not be read.
func (s *Source) mounts() (map[string]fsutil.FS, *firstError, error) {
	dockerfile := map[string]string{s.Name: s.Text}
	if s.Ignore != "" {
		dockerfile[s.Name+".dockerignore"] = s.Ignore
	}
	var base fsutil.FS
	if s.Context != "" {
		fs, err := fsutil.NewFS(s.Context)
		if err != nil {
			return nil, nil, fmt.Errorf("build context %s: %w", s.Context, err)
		}
		base = fs
	}
	trouble := &firstError{}
	return map[string]fsutil.FS{
		"context":    newOverlay(base, s.Files, trouble),
		"dockerfile": newOverlay(nil, dockerfile, trouble),
	}, trouble, nil
}

// firstError keeps the first error that it is told of.
type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// overlay is a tree in which some files are added or exchanged.
type overlay struct {
	base  fsutil.FS // nil for none
	files map[string]string
	names []string // of files, in the order of a walk
	time  int64    // their modification time, in nanoseconds

	trouble *firstError
}

func newOverlay(base fsutil.FS, files map[string]string, trouble *firstError) *overlay {
	o := &overlay{base: base, trouble: trouble, files: map[string]string{}, names: []string{}, time: time.Now().UnixNano()}
	for name, text := range files {
		name = filepath.FromSlash(name)
		o.files[name] = text
		o.names = append(o.names, name)
	}
	slices.SortFunc(o.names, fsutil.ComparePath)
	return o
}

// Open opens a file.
func (o *overlay) Open(name string) (io.ReadCloser, error) {
	if text, ok := o.files[filepath.Clean(name)]; ok {
		return io.NopCloser(bytes.NewReader([]byte(text))), nil
	}
	if o.base == nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
	}
	r, err := o.base.Open(name)
	if err != nil {
		o.trouble.set(fmt.Errorf("build context: %w", err))
	}
	return r, err
}

// Walk visits the tree in the order that BuildKit wants. An exchanged file
// cannot stop the walk of its directory, only all of it.
func (o *overlay) Walk(ctx context.Context, target string, fn gofs.WalkDirFunc) error {
	target = strings.TrimLeft(filepath.Clean(target), string(filepath.Separator))
	names := o.names
	if target != "" && target != "." {
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n != target && !below(n, target) })
	}
	w := &overlayWalk{o, names, fn}
	err := error(nil)
	if o.base != nil && !slices.Contains(names, target) {
		err = o.base.Walk(ctx, target, w.visit)
	}
	if err == nil && !w.stopped() {
		err = w.added("")
	}
	if errors.Is(err, gofs.SkipAll) {
		return nil
	}
	return err
}

// overlayWalk merges the walk of the base with the exchanged files.
type overlayWalk struct {
	*overlay
	left []string // exchanged files that are still to come; nil when the walk was stopped
	fn   gofs.WalkDirFunc
}

func (w *overlayWalk) stopped() bool { return w.left == nil }

func (w *overlayWalk) visit(path string, d gofs.DirEntry, err error) error {
	if err == nil {
		if err := w.added(path); err != nil {
			return err
		}
		if len(w.left) > 0 && w.left[0] == path {
			w.left = w.left[1:]
		}
		d, err = w.exchange(path, d)
	}
	if err != nil && !errors.Is(err, gofs.ErrNotExist) {
		w.trouble.set(fmt.Errorf("build context: %w", err))
	}
	err = w.fn(path, d, err)
	switch {
	case errors.Is(err, gofs.SkipAll):
		w.left = nil
	case errors.Is(err, gofs.SkipDir) && d != nil && d.IsDir():
		w.left = slices.DeleteFunc(slices.Clone(w.left), func(name string) bool { return below(name, path) })
	}
	return err
}

// added visits the files that come before a path; "" stands for the end.
func (w *overlayWalk) added(before string) error {
	for len(w.left) > 0 && (before == "" || fsutil.ComparePath(w.left[0], before) < 0) {
		name := w.left[0]
		w.left = w.left[1:]
		err := w.fn(name, w.entry(name, &types.Stat{Mode: 0o644}), nil)
		if err != nil && !errors.Is(err, gofs.SkipDir) {
			return err
		}
	}
	return nil
}

// below reports whether a path lies in a directory.
func below(path, dir string) bool {
	return len(path) > len(dir) && path[:len(dir)] == dir && path[len(dir)] == filepath.Separator
}

// exchange describes a file of the base as it is now.
func (o *overlay) exchange(path string, d gofs.DirEntry) (gofs.DirEntry, error) {
	if len(o.files) == 0 || d == nil || !d.Type().IsRegular() {
		return d, nil
	}
	info, err := d.Info()
	if err != nil {
		return d, err
	}
	stat, ok := info.Sys().(*types.Stat)
	if !ok {
		return d, nil
	}
	if _, ok := o.files[path]; ok {
		return o.entry(path, stat), nil
	}
	if _, ok := o.files[filepath.FromSlash(stat.Linkname)]; ok { // a hard link to a file that was exchanged
		stat.Linkname = ""
		return &fsutil.DirEntryInfo{Stat: stat}, nil
	}
	return d, nil
}

func (o *overlay) entry(name string, stat *types.Stat) gofs.DirEntry {
	stat.Path = filepath.ToSlash(name)
	stat.Size = int64(len(o.files[name]))
	stat.ModTime = o.time
	stat.Linkname = ""
	return &fsutil.DirEntryInfo{Stat: stat}
}
