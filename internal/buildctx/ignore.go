package buildctx

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// ignore is the .dockerignore in force. A nil matcher hides nothing.
type ignore struct {
	path     string
	patterns []string
	matcher  *patternmatcher.PatternMatcher
	mu       sync.Mutex // for the matcher, which compiles a pattern when it comes to it
}

func readIgnore(c *Context, dockerfile string) (*ignore, error) {
	names := []string{".dockerignore"}
	if dockerfile != "" {
		names = []string{dockerfile + ".dockerignore", ".dockerignore"}
	}
	for _, name := range names {
		b, err := c.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read ignore file: %w", err)
		}
		patterns, err := ignorefile.ReadAll(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("read ignore file %s: %w", name, err)
		}
		m, err := patternmatcher.New(patterns)
		if err != nil {
			return nil, fmt.Errorf("ignore file %s: %w", name, err)
		}
		return &ignore{path: name, patterns: patterns, matcher: m}, nil
	}
	return &ignore{}, nil
}

// IgnoreFile returns the path and the patterns of the ignore file in force; the path is empty when there is none.
func (c *Context) IgnoreFile() (name string, patterns []string, err error) {
	if c == nil {
		return "", nil, ErrUnknown
	}
	ig, err := c.ignore()
	if err != nil {
		return "", nil, err
	}
	return ig.path, ig.patterns, nil
}

// Ignored says whether .dockerignore hides the path from the build, whether or not it exists. A directory is hidden
// only if nothing in it is excepted by a "!" pattern. known is false without a context, and when the ignore file
// cannot be read.
func (c *Context) Ignored(name string) (ignored, known bool) {
	if c == nil {
		return false, false
	}
	_, info, err := c.resolve(name)
	hidden, herr := c.hidden(clean(name), err == nil && info.IsDir())
	return hidden, herr == nil
}

func (c *Context) hidden(name string, dir bool) (bool, error) {
	ig, err := c.ignore()
	if err != nil {
		return false, err
	}
	if ig.matcher == nil || name == "." {
		return false, nil
	}
	m, err := ig.matches(name)
	if err != nil || !m || !dir || !ig.mayExcept(name) {
		return m, err
	}
	visible, err := c.anyVisible(ig, name)
	return !visible, err
}

// mayExcept says whether a "!" pattern could bring back something below a hidden directory.
func (ig *ignore) mayExcept(dir string) bool {
	for _, p := range ig.matcher.Patterns() {
		s := filepath.ToSlash(p.String())
		if p.Exclusion() && (strings.ContainsAny(s, `*?[\`) || strings.HasPrefix(s, dir+"/")) {
			return true
		}
	}
	return false
}

func (c *Context) anyVisible(ig *ignore, dir string) (found bool, err error) {
	budget := maxEntries
	walkErr := fs.WalkDir(c.fsys, dir, func(p string, d fs.DirEntry, err error) error {
		if budget--; budget < 0 {
			return fmt.Errorf("%s: %w", dir, ErrTooLarge)
		}
		if err != nil || d.IsDir() {
			return nil
		}
		if m, err := ig.matches(p); err == nil && !m {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found, walkErr
}

// matches asks for the path and each directory above it, as BuildKit's walk of the context does.
func (ig *ignore) matches(name string) (bool, error) {
	ig.mu.Lock()
	defer ig.mu.Unlock()
	var parent patternmatcher.MatchInfo
	for i := 0; ; i++ {
		j := strings.IndexByte(name[i:], '/')
		end := len(name)
		if j >= 0 {
			end = i + j
		}
		m, info, err := ig.matcher.MatchesUsingParentResults(name[:end], parent)
		if err != nil || j < 0 {
			return m, err
		}
		parent, i = info, end
	}
}
