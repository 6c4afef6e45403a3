// Package builds finds the builds that compose and bake files declare: which
// Dockerfile is built from which context, for which target, with which arguments,
// and how a compose service runs what comes out. It reads files of the disk and
// the environment; nothing is fetched and nothing is run.
package builds

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
)

// Build is one declared build.
type Build struct {
	Name       string // of the service or target
	File       string // where it is declared, absolute
	Line       int    // 1-based
	Context    string // an absolute directory; "" where Problem says why there is none
	Dockerfile string // absolute; "" where Problem says why there is none
	Inline     string // the Dockerfile itself, where it stands in the file
	Target     string // the stage; "" is the last one
	Args       map[string]string
	Unknown    []string          // arguments whose values are not known
	Contexts   map[string]string // named contexts, which replace images and stages
	Run        *Run              // what a service changes of how the image runs; nil for nothing
	Problem    string            // why the build is not one of a Dockerfile on this disk

	values *mask // that the declaration takes from elsewhere
}

// Run is what a compose service changes of an image's configuration.
type Run struct {
	Entrypoint, Command []string // nil: as the image has it
	Health              []string // as in Dockerfiles: "CMD", … or "CMD-SHELL", …
	User, WorkDir       string
	Mounts              []string // directories that something writable is mounted at
	Hides               []string // paths that anything is mounted at
	Rights              string   // what takes root, such as "it is privileged"; "" for nothing
}

// Found is what is declared in a directory.
type Found struct {
	Builds []Build
	Notes  []string // what could not be read, and why, each with its file
}

// Where names the declaration for people, the path as shown gives it.
func (b *Build) Where(shown func(string) string) string {
	return fmt.Sprintf("%s:%d", shown(b.File), b.Line)
}

// SameAs reports whether two builds differ in nothing but their names and places.
func (b *Build) SameAs(o *Build) bool {
	bare := func(b *Build) Build {
		c := *b
		c.Name, c.File, c.Line, c.values = "", "", 0, nil
		return c
	}
	return reflect.DeepEqual(bare(b), bare(o))
}

// Find reads the compose and bake files among the names in a directory. env is
// the environment, as os.Environ gives it.
func Find(dir string, names []string, env []string) *Found {
	f := &finder{dir: dir, env: env, out: &Found{}}
	f.compose(names)
	f.bake(names)
	for i := range f.out.Builds {
		b := &f.out.Builds[i]
		b.values = &f.values
		b.Problem = b.Masked(b.Problem)
	}
	return f.out
}

type finder struct {
	dir     string
	env     []string
	out     *Found
	values  mask
	baked   string  // the text of the bake files
	project []Build // of the project that compose finds by itself, which bake starts from
}

func (f *finder) note(file, format string, args ...any) {
	f.out.Notes = append(f.out.Notes, fmt.Sprintf("%s: %s", file, f.values.hide(fmt.Sprintf(format, args...))))
}

// Masked is a text for people with the names of variables in the place of the
// values that the declaration takes from the environment and from files like .env.
func (b *Build) Masked(text string) string { return b.values.hide(text) }

// IsDeclaration reports whether a file of that name may declare builds.
func IsDeclaration(name string) bool { return isCompose(name) || isBake(name) }

// isRemote reports a context that is no directory of this machine: a Git
// repository, an archive on the web, an image.
func isRemote(context string) bool {
	for _, prefix := range []string{"git@", "github.com/", "target:", "service:", "docker-image:"} {
		if strings.HasPrefix(context, prefix) {
			return true
		}
	}
	return strings.Contains(context, "://")
}

// place fills in where a build's files are: the context relative to base, the
// Dockerfile relative to the context.
func (b *Build) place(base, context, dockerfile string) {
	if context == "" {
		context = "."
	}
	if dockerfile == "" {
		dockerfile = "Dockerfile"
	}
	if isRemote(context) {
		b.Problem = "its context is " + context + ", which is not fetched"
		return
	}
	b.Context = inDir(base, context)
	if isRemote(dockerfile) {
		b.Problem = "its Dockerfile is " + dockerfile + ", which is not fetched"
		return
	}
	b.Dockerfile = inDir(b.Context, dockerfile)
}

func inDir(dir, path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
