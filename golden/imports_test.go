package golden

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is which packages of refit each one may import: cmd sees the passes,
// the passes see what they look things up in, all see transform, and transform
// sees none of them.
var mayImport = map[string][]string{
	"transform":               {},
	"internal/facts":          {},
	"internal/facts/gen":      {"internal/facts"},
	"internal/lazyregexp":     {},
	"internal/buildctx":       {"transform", "internal/lazyregexp"},
	"internal/shell":          {"transform"},
	"internal/argv":           {"transform", "internal/shell"},
	"internal/report":         {"transform"},
	"internal/verify":         {"transform", "internal/verify/builder", "internal/verify/image", "internal/verify/scan", "internal/verify/smoke"},
	"internal/verify/builder": {},
	"internal/verify/smoke":   {"internal/lazyregexp", "internal/verify/builder"},
	"internal/verify/scan":    {},
	"internal/verify/render":  {"internal/report", "internal/verify"},
	"internal/verify/image":   {},
	"passes":                  {"transform", "internal/lazyregexp", "internal/shell", "internal/argv", "internal/buildctx", "internal/facts"},
	"golden":                  {"transform", "passes", "internal/buildctx", "internal/facts"},
	"cmd/refit":               {"transform", "passes", "internal/buildctx", "internal/report", "internal/verify", "internal/verify/builder", "internal/verify/render"},
}

// TestImportsGoOneWay reads the imports of every file but tests.
func TestImportsGoOneWay(t *testing.T) {
	root := os.DirFS("..")
	seen := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "examples" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") {
			seen[path.Dir(name)] = true
			checkImports(t, root, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range mayImport {
		if !seen[dir] && dir != "golden" {
			t.Errorf("%s is in the policy and has no file", dir)
		}
	}
}

func checkImports(t *testing.T, root fs.FS, name string) {
	t.Helper()
	text, err := fs.ReadFile(root, name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	allowed, known := mayImport[path.Dir(name)]
	if !known {
		t.Errorf("%s is in a package that the policy does not name", name)
	}
	for _, spec := range f.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if dir, ours := strings.CutPrefix(target, "refit/"); ours && !slices.Contains(allowed, dir) {
			t.Errorf("%s imports %s", name, target)
		}
	}
}
