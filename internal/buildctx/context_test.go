package buildctx

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// patience is how long hostile input may take: it tells a hang from a slow
// machine under the race detector.
const patience = time.Minute

// files makes a context of path, content pairs.
func files(pairs ...string) *Context {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1]), Mode: 0o644}
	}
	return FromFS(m)
}

func TestNilIsUnknown(t *testing.T) {
	var c *Context
	if _, known := c.Exists("a"); known {
		t.Error("Exists knows")
	}
	if _, known := c.IsDir("a"); known {
		t.Error("IsDir knows")
	}
	if _, known := c.Ignored("a"); known {
		t.Error("Ignored knows")
	}
	if _, complete := c.Files(); complete {
		t.Error("Files complete")
	}
	if c.FS() != nil || c.WithDockerfile("Dockerfile") != nil || c.Close() != nil {
		t.Error("nil does not stay nil")
	}
	_, _, ignoreErr := c.IgnoreFile()
	_, readErr := c.ReadFile("a")
	_, matchErr := c.Match("*")
	_, reqErr := c.Requirements("requirements.txt")
	for i, err := range []error{ignoreErr, readErr, matchErr, reqErr} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("%d: %v, want ErrUnknown", i, err)
		}
	}
}

func TestIgnore(t *testing.T) {
	c := files(
		".dockerignore", "# comment\n*.md\n!README.md\nsecret\n/build\nlogs\n!logs/keep.txt\n**/__pycache__\n",
		"docker/web.Dockerfile", "", "docker/web.Dockerfile.dockerignore", "src\n",
		"README.md", "", "NOTES.md", "", "src/NOTES.md", "", "secret/key", "", "build/x", "", "logs/keep.txt", "", "logs/a.log", "",
		"src/__pycache__/a.pyc", "", "src/a.py", "",
	)
	web := c.WithDockerfile("./docker/web.Dockerfile")
	tests := []struct {
		path      string
		root, web bool // seen by a build
	}{
		{"README.md", true, true},
		{"NOTES.md", false, true},
		{"src/NOTES.md", true, false},
		{"secret", false, true},
		{"secret/key", false, true},
		{"build/x", false, true},
		{"logs", true, true}, // because of logs/keep.txt
		{"logs/keep.txt", true, true},
		{"logs/a.log", false, true},
		{"src/__pycache__/a.pyc", false, false},
		{"/src/a.py", true, false},
		{"./src", true, false},
		{"../src", true, false},
		{"absent", false, false},
		{".", true, true},
	}
	for _, tt := range tests {
		if got, known := c.Exists(tt.path); got != tt.root || !known {
			t.Errorf("Exists(%q) = %v, %v; want %v", tt.path, got, known, tt.root)
		}
		if got, known := web.Exists(tt.path); got != tt.web || !known {
			t.Errorf("web: Exists(%q) = %v, %v; want %v", tt.path, got, known, tt.web)
		}
	}
	if name, patterns, err := web.IgnoreFile(); name != "docker/web.Dockerfile.dockerignore" || len(patterns) != 1 || err != nil {
		t.Errorf("IgnoreFile = %q, %q, %v", name, patterns, err)
	}
	if hidden, known := c.Ignored("new.md"); !hidden || !known {
		t.Errorf("a pattern does not hide a file that is not there yet")
	}
	bad := files(".dockerignore", "[\n", "a", "")
	if _, known := bad.Exists("a"); known {
		t.Error("a broken .dockerignore leaves Exists known")
	}
	if _, known := bad.Ignored("a"); known {
		t.Error("a broken .dockerignore leaves Ignored known")
	}
}

func TestMatch(t *testing.T) {
	c := files(".dockerignore", "req/hidden.txt\n", "a.txt", "", "b.txt", "", "req/a.txt", "", "req/hidden.txt", "",
		"one/setup.py", "", "two/setup.py", "", "we[ird", "")
	tests := []struct {
		source string
		want   []Match
	}{
		{".", []Match{{".", true}}},
		{"/", []Match{{".", true}}},
		{"a.txt", []Match{{"a.txt", false}}},
		{"./req/", []Match{{"req", true}}},
		{"/*.txt", []Match{{"a.txt", false}, {"b.txt", false}}},
		{"../../?.txt", []Match{{"a.txt", false}, {"b.txt", false}}},
		{"req*", []Match{{"req", true}}},
		{"req/*", []Match{{"req/a.txt", false}}},
		{"*/setup.py", []Match{{"one/setup.py", false}, {"two/setup.py", false}}},
		{"a.txt/*", nil},
		{"none*", nil},
		{"none", nil},
		{"req/hidden.txt", nil},
	}
	for _, tt := range tests {
		got, err := c.Match(tt.source)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Match(%q) = %v, %v; want %v", tt.source, got, err, tt.want)
		}
	}
	if _, err := c.Match("a["); err == nil {
		t.Error("a broken glob is no error")
	}
}

func TestCovers(t *testing.T) {
	tests := []struct {
		source, name, rel string
		ok                bool
	}{
		{".", "a/b.txt", "a/b.txt", true},
		{"a", "a/b/c.txt", "b/c.txt", true},
		{"a/", "ab/c.txt", "", false},
		{"a/b.txt", "a/b.txt", "b.txt", true},
		{"*.txt", "a.txt", "a.txt", true},
		{"*.txt", "a/b.txt", "", false},
		{"re*", "req/b.txt", "b.txt", true},
		{"a/b", "a", "", false},
	}
	for _, tt := range tests {
		if rel, ok := Covers(tt.source, tt.name); rel != tt.rel || ok != tt.ok {
			t.Errorf("Covers(%q, %q) = %q, %v; want %q, %v", tt.source, tt.name, rel, ok, tt.rel, tt.ok)
		}
	}
}

// TestConcurrent is for the race detector, and for the promise that results are computed once.
func TestConcurrent(t *testing.T) {
	c := files(".dockerignore", "*.md", "r.txt", "flask", "e.sh", "exec \"$@\"", "a.py", "import os")
	var wg sync.WaitGroup
	got := make([]*Requirements, 8)
	for i := range got {
		wg.Go(func() {
			got[i], _ = c.Requirements("./r.txt")
			_, _ = c.Script("e.sh")
			_, _ = c.PythonUses()
			_, _ = c.Inventory()
			_, _ = c.WithDockerfile("Dockerfile").Match("*")
		})
	}
	wg.Wait()
	for _, r := range got {
		if r == nil || r != got[0] {
			t.Fatal("computed more than once")
		}
	}
}

// TestConcurrentUse is for the race detector: a matcher compiles its patterns when it comes to them.
func TestConcurrentUse(t *testing.T) {
	c := files(".dockerignore", "*.log\n!keep.log\n**/tmp\n", "a.log", "", "keep.log", "", "b/tmp/x", "")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for name, want := range map[string]bool{"a.log": true, "keep.log": false, "b/tmp/x": true} {
				if got, known := c.Ignored(name); got != want || !known {
					t.Errorf("%s is ignored: %v", name, got)
				}
			}
		})
	}
	all.Wait()
}
