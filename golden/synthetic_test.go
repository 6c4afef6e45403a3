package golden

import (
	"fmt"
	"hash/fnv"
	"math/rand"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/buildctx"
	"refit/transform"
)

// A synthetic context holds what a Dockerfile of the corpus copies: every source
// exists, requirement files name distributions that people use together, and
// entrypoint scripts do what most do. It is the same for the same Dockerfile.

// plausible are distributions that requirement files of services name.
var plausible = []string{
	"flask", "django", "requests", "gunicorn", "gevent", "psycopg2", "psycopg2-binary", "redis", "celery",
	"sqlalchemy", "pyyaml", "jinja2", "boto3", "numpy", "pandas", "pillow", "lxml", "cryptography",
	"fastapi", "uvicorn", "pydantic", "click", "python-dateutil", "pytz", "marshmallow", "flask-cors",
}

func TestCorpusWithContexts(t *testing.T) {
	files := readCorpus(t)
	for _, f := range files {
		f.opt = transform.Options{Context: buildctx.FromFS(syntheticContext(f.src)), Dockerfile: "Dockerfile"}
	}
	var bad problems
	each(files, func(f *realFile) { checkReal(f, &bad) })
	bad.report(t)
	logPasses(t, "synthetic contexts", files)
	logGoals(t, files)
}

func companionContext(f *realFile) *buildctx.Context {
	files := syntheticContext(f.src)
	for _, c := range f.result.Companions {
		files[c.Path] = &fstest.MapFile{Data: []byte(c.Content)}
	}
	return buildctx.FromFS(files)
}

var pipFile = regexp.MustCompile(`(?:-r|-c|--requirement|--constraint)[ =]*([^\s;&|"']+)`)

func syntheticContext(src string) fstest.MapFS {
	files := fstest.MapFS{"Dockerfile": &fstest.MapFile{Data: []byte(src)}}
	f, err := transform.Parse("Dockerfile", src, nil)
	if err != nil {
		return files
	}
	r := rand.New(rand.NewSource(seed(src)))
	var wanted []string
	for _, m := range pipFile.FindAllStringSubmatch(src, -1) {
		for name := strings.TrimLeft(m[1], "./"); name != ""; _, name, _ = strings.Cut(name, "/") {
			wanted = append(wanted, name) // under whatever folder it is that the path starts in
		}
	}
	if strings.Contains(src, "pipenv") {
		wanted = append(wanted, "Pipfile", "Pipfile.lock")
	}
	for _, in := range f.Instructions {
		for _, source := range copySources(in) {
			addSource(files, r, source, append(wanted, started(f)...))
		}
	}
	return files
}

var scriptFile = regexp.MustCompile(`[\w./-]+\.(?:py|sh)\b`)

// started are the names of the Python files and scripts that steps and the
// container start: a real context has them where the build copies from.
func started(f *transform.File) []string {
	var names []string
	for _, in := range f.Instructions {
		if in.Keyword == "cmd" || in.Keyword == "entrypoint" || in.Keyword == "run" {
			for _, name := range scriptFile.FindAllString(f.Text(in.Body), -1) {
				names = append(names, strings.TrimPrefix(path.Clean(name), "/"), path.Base(name))
			}
		}
	}
	return names
}

func seed(s string) int64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return int64(h.Sum64())
}

func copySources(in *transform.Instruction) []string {
	cmd, _ := in.Command()
	switch c := cmd.(type) {
	case *instructions.CopyCommand:
		if c.From == "" {
			return c.SourcePaths
		}
	case *instructions.AddCommand:
		return c.SourcePaths
	}
	return nil
}

func addSource(files fstest.MapFS, r *rand.Rand, source string, wanted []string) {
	if strings.Contains(source, "://") || strings.ContainsAny(source, "$@") {
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+strings.NewReplacer("*", "x", "?", "x", "[", "", "]", "").Replace(source)), "/")
	base := path.Base(name)
	isFile := name != "" && !strings.HasSuffix(source, "/") && (strings.Contains(base, ".") || knownFile(base))
	if isFile {
		addFile(files, r, name)
		return
	}
	for _, w := range append([]string{"requirements.txt", "main.py", "app/__init__.py", "start.sh"}, wanted...) {
		addFile(files, r, path.Join(name, w))
	}
}

func knownFile(base string) bool {
	switch strings.ToLower(base) {
	case "pipfile", "procfile", "makefile", "gemfile", "rakefile", "entrypoint", "run", "start", "license", "crontab":
		return true
	}
	return false
}

func addFile(files fstest.MapFS, r *rand.Rand, name string) {
	if files[name] != nil {
		return
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if f := files[dir]; f != nil {
			return // a file stands where the folder would
		}
	}
	text := "x = 1\n"
	switch base := path.Base(name); {
	case base == "setup.py":
		text = "from setuptools import setup\n\nsetup(name=\"app\", packages=[\"app\"])\n"
	case base == "Pipfile.lock":
		text = `{"_meta": {}, "default": {"flask": {"version": "==2.0.1"}, "psycopg2": {"version": "==2.9"}}, "develop": {}}`
	case base == "Pipfile":
		text = "[packages]\nflask = \"*\"\npsycopg2 = \"*\"\n"
	case strings.HasSuffix(base, ".txt") || strings.Contains(base, "requirements"):
		text = requirements(r)
	case strings.HasSuffix(base, ".sh") || knownFile(base):
		text = "#!/bin/sh\nset -e\nexec \"$@\"\n"
	case strings.HasSuffix(base, ".py"):
		text = "import os\n\nprint(os.environ.get(\"HOME\"))\n"
	}
	files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
}

func requirements(r *rand.Rand) string {
	var b strings.Builder
	for _, i := range r.Perm(len(plausible))[:3+r.Intn(6)] {
		fmt.Fprintf(&b, "%s==%d.%d\n", plausible[i], 1+r.Intn(4), r.Intn(10))
	}
	return b.String()
}

// goal is something that an expert would do wherever it can be done: could
// tells whether a file has room for it, done whether the result has it.
type goal struct {
	name        string
	could, done func(*realFile) bool
	want        float64 // the share that is aimed at
	floor       float64 // the share that must not be lost again
}

func logGoals(t *testing.T, files []*realFile) {
	for _, g := range goals {
		could, done := 0, 0
		for _, f := range files {
			if f.result != nil && g.could(f) {
				could++
				if g.done(f) {
					done++
				}
			}
		}
		share := float64(done) / float64(max(could, 1))
		t.Logf("corpus: goal %s: %d of %d (%.1f %%, wanted %.0f %%)", g.name, done, could, 100*share, 100*g.want)
		if share < g.floor {
			t.Errorf("goal %s: fallen below %.0f %%", g.name, 100*g.floor)
		}
	}
}
