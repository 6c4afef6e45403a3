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
	"docs":                    {},
	"internal/facts":          {},
	"internal/facts/gen":      {"internal/facts"},
	"internal/facts/gendeb":   {},
	"internal/lazyregexp":     {},
	"internal/plural":         {},
	"internal/inorder":        {},
	"internal/pysource":       {"internal/lazyregexp"},
	"internal/helptext":       {"internal/lazyregexp"},
	"internal/completion":     {"internal/helptext"},
	"internal/buildctx":       {"transform", "internal/lazyregexp", "internal/pysource"},
	"internal/jsproject":      {"internal/buildctx", "internal/lazyregexp"},
	"internal/pyuse":          {"internal/buildctx", "internal/facts", "internal/lazyregexp"},
	"internal/wheel":          {"internal/facts"},
	"internal/lock":           {"internal/buildctx", "internal/facts", "internal/wheel"},
	"internal/wheelask":       {"transform", "internal/argv", "internal/shell", "internal/verify/builder", "internal/wheel"},
	"internal/wheeltable":     {"internal/plural", "internal/facts", "internal/lazyregexp", "internal/lock", "internal/wheel"},
	"internal/bulk":           {"internal/inorder", "internal/plural", "internal/report"},
	"internal/builds":         {"transform", "internal/lazyregexp"},
	"internal/choose":         {"transform", "internal/report"},
	"internal/shell":          {"transform"},
	"internal/argv":           {"transform", "internal/shell"},
	"internal/report":         {"internal/plural", "transform"},
	"internal/markdown":       {"internal/plural", "internal/report"},
	"internal/pullrequest":    {"internal/markdown", "internal/plural", "internal/report"},
	"internal/passdoc":        {"transform", "internal/report"},
	"internal/review":         {"transform", "internal/report", "internal/verify"},
	"internal/registry":       {"transform"},
	"internal/verify":         {"internal/plural", "transform", "internal/verify/builder", "internal/verify/image", "internal/verify/scan", "internal/verify/smoke"},
	"internal/verify/builder": {},
	"internal/verify/smoke":   {"internal/lazyregexp", "internal/verify/builder"},
	"internal/verify/scan":    {},
	"internal/verify/render":  {"internal/plural", "internal/markdown", "internal/pullrequest", "internal/report", "internal/verify"},
	"internal/verify/image":   {},
	"passes":                  {"internal/plural", "transform", "internal/lazyregexp", "internal/shell", "internal/argv", "internal/buildctx", "internal/facts", "internal/jsproject", "internal/lock", "internal/pyuse", "internal/wheel"},
	"golden":                  {"transform", "passes", "internal/buildctx", "internal/facts"},
	"cmd/refit":               {"internal/inorder", "internal/plural", "transform", "docs", "passes", "internal/buildctx", "internal/builds", "internal/choose", "internal/completion", "internal/helptext", "internal/facts", "internal/lock", "internal/pyuse", "internal/wheel", "internal/wheelask", "internal/wheeltable", "internal/registry", "internal/bulk", "internal/passdoc", "internal/pullrequest", "internal/report", "internal/review", "internal/verify", "internal/verify/builder", "internal/verify/render"},

	"internal/facts/check":     {"internal/facts", "internal/verify/builder", "internal/verify/image"},
	"internal/facts/check/run": {"internal/facts", "internal/facts/check", "internal/verify/builder"},
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
