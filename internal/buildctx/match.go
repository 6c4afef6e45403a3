package buildctx

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// Match is one file or directory that a COPY source names. A directory means everything below it; COPY copies its
// content, not the directory itself.
type Match struct {
	Path string
	Dir  bool
}

// Match says what the build would find for a COPY or ADD source: a path or a glob of path.Match, where a glob does
// not cross "/". A path that is not there, or hidden, gives no match and no error; an error means unknown.
func (c *Context) Match(source string) ([]Match, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	pattern := clean(source)
	if !strings.ContainsAny(pattern, `*?[\`) {
		m, err := c.matchOne(nil, pattern)
		return m, err
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("source %q: %w", source, err)
	}
	names := []string{"."}
	elems := strings.Split(pattern, "/")
	var out []Match
	for i, elem := range elems {
		var next []string
		for _, dir := range names {
			found, err := c.glob(dir, elem)
			if err != nil {
				return nil, err
			}
			next = append(next, found...)
		}
		if names = next; i < len(elems)-1 {
			continue
		}
		for _, name := range names {
			var err error
			if out, err = c.matchOne(out, name); err != nil {
				return nil, err
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out, nil
}

func (c *Context) matchOne(out []Match, name string) ([]Match, error) {
	_, info, err := c.visible(name)
	switch {
	case err == nil:
		return append(out, Match{Path: name, Dir: info.IsDir()}), nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrIgnored):
		return out, nil
	}
	return nil, err
}

// glob gives the entries of a directory that match one element of a pattern.
func (c *Context) glob(dir, elem string) ([]string, error) {
	if !strings.ContainsAny(elem, `*?[\`) {
		return []string{path.Join(dir, elem)}, nil
	}
	real, info, err := c.resolve(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !info.IsDir():
		return nil, nil
	case err != nil:
		return nil, err
	}
	list, err := c.names(real)
	if err != nil {
		return nil, fmt.Errorf("read directory %s: %w", dir, plain(err))
	}
	if len(list) > maxEntries {
		return nil, fmt.Errorf("directory %s: %w", dir, ErrTooLarge)
	}
	var out []string
	for _, name := range list {
		if ok, _ := path.Match(elem, name); ok {
			out = append(out, path.Join(dir, name))
		}
	}
	return out, nil
}

// names are the names in a directory, read once for all Dockerfiles.
func (c *Context) names(dir string) ([]string, error) {
	type read struct {
		names []string
		err   error
	}
	r := c.Shared("names in "+dir, func() any {
		list, err := fs.ReadDir(c.fsys, dir)
		names := make([]string, len(list))
		for i, d := range list {
			names[i] = d.Name()
		}
		return read{names, err}
	}).(read)
	return r.names, r.err
}

// Covers says whether a COPY source brings the path, and under which name relative to the destination directory: the
// base name for a file, the path below it for a directory. It does not ask whether the path exists.
func Covers(source, name string) (rel string, ok bool) {
	pattern, name := clean(source), clean(name)
	if pattern == "." {
		return name, true
	}
	n := strings.Count(pattern, "/") + 1
	elems := strings.SplitAfter(name, "/")
	if len(elems) < n {
		return "", false
	}
	head := strings.TrimSuffix(strings.Join(elems[:n], ""), "/")
	if m, err := path.Match(pattern, head); err != nil || !m && pattern != head {
		return "", false
	}
	if len(elems) == n {
		return path.Base(name), true
	}
	return strings.Join(elems[n:], ""), true
}
