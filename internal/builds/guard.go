package builds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"go.yaml.in/yaml/v4"
)

// What one project may take.
const (
	maxFile   = 1 << 20  // bytes of a file
	maxLoads  = 128      // included and extended files, as often as they are
	maxLoaded = 4 << 20  // bytes of these
	maxValue  = 64 << 10 // bytes that variables bring to one text
	maxValues = 4 << 20  // bytes that they bring to all
	maxQuoted = 200      // lines of a value in an env file
)

// guard stands before the loader of included and extended files: what is remote
// is taken for an empty file, and what is no plain file, or too much, is refused.
type guard struct {
	root  string   // that files with variables must be in
	dirs  []string // that paths may be relative to
	env   map[string]string
	note  func(format string, args ...any)
	loads int
	bytes int64
	err   error // why loading must end
}

// Accept implements loader.ResourceLoader.
func (g *guard) Accept(path string) bool {
	if isRemote(path) || strings.HasPrefix(path, "oci:") {
		return true
	}
	for _, dir := range slices.Clone(g.dirs) {
		file := inDir(dir, path)
		info, err := os.Stat(file)
		switch {
		case err != nil:
			continue
		case info.IsDir():
			g.relativeTo(file)
		case !info.Mode().IsRegular() || info.Size() > maxFile:
			return true
		default:
			if g.count(info.Size()); g.err == nil {
				g.relativeTo(filepath.Dir(file))
				g.envFile(filepath.Join(filepath.Dir(file), ".env"))
				text, err := readFile(file)
				g.refuse(err)
				g.includes(file, text)
			}
		}
	}
	return g.err != nil
}

// Load implements loader.ResourceLoader.
func (g *guard) Load(_ context.Context, path string) (string, error) {
	if g.err != nil {
		return "", g.err
	}
	if !isRemote(path) && !strings.HasPrefix(path, "oci:") {
		return "", fmt.Errorf("%s is no plain file, or too large", path)
	}
	g.note("it includes or extends %s, which is not fetched: the builds there are not known", path)
	return os.DevNull, nil
}

// Dir implements loader.ResourceLoader.
func (g *guard) Dir(string) string { return "." }

func (g *guard) relativeTo(dir string) {
	if !slices.Contains(g.dirs, dir) {
		g.dirs = append(g.dirs, dir)
	}
}

// count refuses a file that is one too many.
func (g *guard) count(size int64) {
	g.loads++
	g.bytes += size
	if g.loads > maxLoads || g.bytes > maxLoaded {
		g.refuse(errors.New("it is made of too many files"))
	}
}

func (g *guard) refuse(err error) {
	if g.err == nil {
		g.err = err
	}
}

// includes looks at the files with variables that a compose file's include names,
// before the loader opens them.
func (g *guard) includes(path string, text []byte) {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	for g.err == nil {
		var doc struct {
			Include any `yaml:"include"`
		}
		switch err := documents.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			g.refuse(fmt.Errorf("failed to parse %s: %w", path, err))
		}
		list, _ := doc.Include.([]any)
		for _, entry := range list {
			if fields, ok := entry.(map[string]any); ok {
				for _, dir := range stringsIn(fields["project_directory"]) {
					g.at(dir, func(path string) {
						g.relativeTo(path)
						g.envFile(filepath.Join(path, ".env"))
					})
				}
				for _, file := range stringsIn(fields["env_file"]) {
					g.at(file, g.envFile)
				}
			}
		}
	}
}

// at calls f with all that a path may mean.
func (g *guard) at(path string, f func(string)) {
	if strings.Contains(path, "$") {
		g.refuse(fmt.Errorf("it includes with %s, which is not followed", path))
		return
	}
	dirs := slices.Clone(g.dirs)
	if wd, err := os.Getwd(); err == nil {
		dirs = append(dirs, wd) // the loader makes some paths relative
	}
	for _, dir := range dirs {
		f(inDir(dir, path))
	}
}

func stringsIn(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			list = append(list, stringsIn(item)...)
		}
		return list
	}
	return nil
}

// envFile takes in a file with variables, where there is one; one that cannot be
// read at little cost is refused.
func (g *guard) envFile(path string) {
	if g.err != nil || path == os.DevNull {
		return
	}
	added, err := readEnv(path, g.root, func(name string) (string, bool) { v, ok := g.env[name]; return v, ok })
	g.refuse(err)
	for name, value := range added {
		if len(value) > len(g.env[name]) { // whichever counts, it is no longer
			g.env[name] = value
		}
	}
}

// readEnv reads a file such as .env, which may be missing, and must be in root.
func readEnv(path, root string, lookup func(string) (string, bool)) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return nil, nil
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(rel) {
		return nil, fmt.Errorf("%s is out of the tree", path)
	}
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	all, budget, chunk, lines := map[string]string{}, &budget{left: maxValue}, "", 0
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	// Statement by statement, so that all values come by the budget.
	for line := range strings.Lines(string(text)) {
		chunk += line
		lines++
		added, err := dotenv.UnmarshalWithLookup(chunk, budget.lookup(func(name string) (string, bool) {
			if value, ok := lookup(name); ok {
				return value, true
			}
			value, ok := all[name]
			return value, ok
		}))
		switch {
		case budget.left < 0:
			return nil, fmt.Errorf("the values in %s are too long", path)
		case err == nil:
			for name, value := range added {
				all[name] = value
			}
			chunk, lines = "", 0
		case !strings.Contains(err.Error(), "unterminated quoted value") || lines > maxQuoted:
			return nil, fmt.Errorf("%s is not understood", path) // the reason would have its text
		}
	}
	if chunk != "" {
		return nil, fmt.Errorf("%s is not understood", path)
	}
	return all, nil
}

// budget bounds what variables bring to a text.
type budget struct{ left int }

// lookup is a lookup that finds empty values once the budget is used up.
func (b *budget) lookup(of func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := of(name)
		if b.left -= len(value); b.left < 0 {
			return "", ok
		}
		return value, ok
	}
}

// treeOf is the repository that a directory is in, or itself, with links resolved.
func treeOf(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return dir
	}
	for at := real; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return real
		}
	}
}

// readFile reads a plain file of bounded size.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return nil, fmt.Errorf("%s is no plain file, or too large", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxFile))
}
