package golden

import (
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"

	"refit/passes"
	"refit/transform"
)

// leftovers are what the folders of developers also hold, and what an ignore file
// hides as soon as there is one.
var leftovers = []txtar.File{
	{Name: "context/.git/HEAD", Data: []byte("ref: refs/heads/main\n")},
	{Name: "context/.venv/pyvenv.cfg", Data: []byte("home = /usr/bin\n")},
	{Name: "context/venv/pyvenv.cfg", Data: []byte("home = /usr/bin\n")},
	{Name: "context/venv/lib/site.py", Data: []byte("import os\n\nos.setuid(0)\nopen('/etc/passwd')\n")},
	{Name: "context/node_modules/a/index.js", Data: []byte("exports.a = 1\n")},
	{Name: "context/.env", Data: []byte("SECRET=1\n")},
	{Name: "context/app.log", Data: []byte("started\n")},
}

// TestSecondRunChangesNothing takes the files of every case, whichever pass it is
// for, and every example through the whole list, as they are and among leftovers,
// and again with the companions in the context.
func TestSecondRunChangesNothing(t *testing.T) {
	cases := map[string]*kase{}
	for _, path := range glob(t, "*/*.txtar") {
		c, err := readCase(path)
		if err != nil {
			t.Fatal(err)
		}
		cases[path] = c
	}
	for _, path := range glob(t, "../examples/*/*Dockerfile") {
		c, err := exampleCase(path)
		if err != nil {
			t.Fatal(err)
		}
		cases[path] = c
	}
	companions := 0
	for name, c := range cases {
		companions += runTwice(t, name, c)
		if c.opt.Context != nil {
			companions += runTwice(t, name+" among leftovers", c.among(leftovers))
		}
	}
	if companions < 100 {
		t.Errorf("only %d companions: the context hardly ever changes", companions)
	}
}

// runTwice returns how many companions the first run made.
func runTwice(t *testing.T, name string, c *kase) (companions int) {
	r, err := transform.Run("Dockerfile", c.dockerfile, passes.Default(), &c.opt)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Run(name, func(t *testing.T) { checkAgain(t, c, passes.Default(), r) })
	return len(r.Companions)
}

// among is the case with more files in its context; those that are there stay.
func (c *kase) among(more []txtar.File) *kase {
	d := *c
	d.archive = &txtar.Archive{Files: slices.Clone(c.archive.Files)}
	for _, m := range more {
		if !slices.ContainsFunc(c.archive.Files, func(s txtar.File) bool { return s.Name == m.Name }) {
			d.archive.Files = append(d.archive.Files, m)
		}
	}
	d.opt.Context = withCompanions(&d, &transform.Result{}).WithDockerfile(d.opt.Dockerfile)
	return &d
}

// glob lists the files of a pattern, of which there must be some.
func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return paths
}
