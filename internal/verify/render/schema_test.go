package render

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaPath = "../../../docs/refit.schema.json"

// TestSchema holds the documents to the published schema, and holds that the
// schema takes nothing else.
func TestSchema(t *testing.T) {
	for _, c := range []struct{ file, name string }{{"all.json", "verify"}, {"none.json", "verify"}, {"compare.json", "compare"}} {
		text, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, c.name, text); err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		for _, field := range []string{`"path":`, `"layers":`, `"verdict":`, `"round":`, `"cached":`, `"runSeconds":`} {
			if more := bytes.Replace(text, []byte(field), []byte(`"new":1,`+field), 1); len(more) > len(text) && validate(t, c.name, more) == nil {
				t.Errorf("%s: a new field before %s is taken", c.file, strings.Trim(field, ":"))
			}
		}
	}
}

func validate(t *testing.T, name string, text []byte) error {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaPath + "#/$defs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(doc)
}
