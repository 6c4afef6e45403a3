package buildctx

import (
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"
)

// countingFS counts how often files are opened.
type countingFS struct {
	fstest.MapFS
	opened map[string]int
}

func (c countingFS) Open(name string) (fs.File, error) {
	c.opened[name]++
	return c.MapFS.Open(name)
}

func TestViewsShareWhatTheyRead(t *testing.T) {
	disk := countingFS{fstest.MapFS{}, map[string]int{}}
	for name, text := range map[string]string{
		"app.py": "import flask\n", "tests/test_app.py": "import pytest\n", "a.Dockerfile": "FROM a\n", "b.Dockerfile": "FROM b\n",
		"c.Dockerfile": "FROM c\n", "c.Dockerfile.dockerignore": "tests\n",
	} {
		disk.MapFS[name] = &fstest.MapFile{Data: []byte(text)}
	}
	all := FromFS(disk)
	tests := []struct {
		name   string
		view   *Context
		opened int // app.py, for Uses and for Mentions
		hidden bool
		django bool
	}{
		{"the first", all.WithDockerfile("a.Dockerfile"), 2, false, false},
		{"another", all.WithDockerfile("b.Dockerfile"), 2, false, false},
		{"one that sees less", all.WithDockerfile("c.Dockerfile"), 4, true, false},
		{"one that comes to see as much", all.WithFiles(map[string]string{".dockerignore": "tests\n"}).WithDockerfile("a.Dockerfile"), 6, true, false},
		{"the same again", all.WithFiles(map[string]string{".dockerignore": "tests\n"}).WithDockerfile("b.Dockerfile"), 6, true, false},
		{"one with another file", all.WithFiles(map[string]string{"wsgi.py": "import django\n"}).WithDockerfile("a.Dockerfile"), 8, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := tt.view.Mentions()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tt.view.PythonUses(); err != nil {
				t.Fatal(err)
			}
			if got := m.Imports["pytest"].Hidden; got != tt.hidden {
				t.Errorf("the tests are hidden: %v, want %v", got, tt.hidden)
			}
			if _, there := m.Imports["django"]; there != tt.django {
				t.Errorf("the added file is read: %v", there)
			}
			if got := disk.opened["app.py"]; got != tt.opened {
				t.Errorf("app.py was opened %d times so far, want %d", got, tt.opened)
			}
		})
	}
}

// TestViewsShareWhatIsMade counts how often something is made of a context: once for all Dockerfiles that see the same,
// however many there are.
func TestViewsShareWhatIsMade(t *testing.T) {
	all := FromFS(fstest.MapFS{"a.env": {}, "odd.Dockerfile.dockerignore": {Data: []byte("*.env\n")}})
	made := 0
	look := func(c *Context, key string) (inv *Inventory, shared any) {
		t.Helper()
		inv, err := c.Inventory()
		if err != nil {
			t.Fatal(err)
		}
		return inv, c.Shared(key, func() any { made++; return made })
	}
	first, one := look(all.WithDockerfile("first.Dockerfile"), "key")
	for i := range 100 {
		if inv, shared := look(all.WithDockerfile(fmt.Sprint(i, ".Dockerfile")), "key"); inv != first || shared != one {
			t.Fatalf("Dockerfile %d: made anew", i)
		}
	}
	if made != 1 {
		t.Errorf("made %d times", made)
	}
	for name, c := range map[string]*Context{
		"one that sees less": all.WithDockerfile("odd.Dockerfile"),
		"one that sees more": all.WithFiles(map[string]string{"b.env": ""}),
	} {
		if inv, shared := look(c, "key"); inv == first || shared == one {
			t.Errorf("%s is given what others see", name)
		}
	}
	if _, shared := look(all, "another"); shared == one {
		t.Error("another key is given the same")
	}
}
