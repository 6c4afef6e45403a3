package render

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"refit/internal/verify"
)

// TestDocsNameEveryField holds docs/json.md to the types.
func TestDocsNameEveryField(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## Verify\n")
	verifyPart, comparePart, found := strings.Cut(rest, "\n## Compare\n")
	if !found {
		t.Fatal("docs/json.md has no sections Verify and Compare")
	}
	named := func(part string, v any) {
		for _, name := range fields(reflect.TypeOf(v)) {
			if !strings.Contains(part, "`"+name+"`") {
				t.Errorf("%T: docs/json.md does not name %s", v, name)
			}
		}
	}
	for _, v := range []any{outcome{}, verify.Image{}, verify.Build{}, verify.Rebuild{}, verify.Check{}, verify.Repair{}, verify.Dropped{}, verify.SeverityRow{}} {
		named(verifyPart, v)
	}
	for _, v := range []any{verify.Comparison{}, verify.Candidate{}} {
		named(comparePart, v)
	}
}

func fields(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if f.Anonymous {
			names = append(names, fields(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
