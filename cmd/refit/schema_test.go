package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are those that the scripts hold reports to.
var schemas = map[string]string{
	"sarif":  "../../internal/report/testdata/sarif-schema-2.1.0.json",
	"dryRun": "../../docs/refit.schema.json#/$defs/dryRun",
	"unused": "../../docs/refit.schema.json#/$defs/unused",
	"passes": "../../docs/refit.schema.json#/$defs/passes",
	"bulk":   "../../docs/refit.schema.json#/$defs/bulk",
	"any":    "../../docs/refit.schema.json",
}

// validate is the script command "validate SCHEMA FILE".
func validate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || schemas[args[0]] == "" {
		ts.Fatalf("usage: validate SCHEMA FILE")
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(schemas[args[0]])
	ts.Check(err)
	f, err := os.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	ts.Check(err)
	ts.Check(schema.Validate(doc))
}

// jsonLines is the program "jsonlines FILE" of the scripts: each value of a
// document on a line of its own, as "path = value".
func jsonLines() {
	text, err := os.ReadFile(os.Args[1])
	var doc any
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	printLines("", doc)
}

func printLines(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			printLines(path+"."+key, v[key])
		}
	case []any:
		for i, e := range v {
			printLines(path+"."+strconv.Itoa(i), e)
		}
	default:
		enc := json.NewEncoder(os.Stdout)
		enc.SetEscapeHTML(false)
		fmt.Print(path, " = ")
		_ = enc.Encode(v)
	}
}
