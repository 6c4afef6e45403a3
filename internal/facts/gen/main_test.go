package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const small = `{"schema":1,"source":{"date":20260821},"images":{
"python":{"tags":{
 "3.7":["S","3.7.17-bookworm",20180704,20231003,0,"3.7","full","bookworm"],
 "3.7-bookworm":["T","3.7.17-bookworm",20230614,20231003,0,"3.7","full","bookworm"],
 "3.7.17-bookworm":["T","=",20230614,20231003,0,"3.7.17","full","bookworm"]}},
"node":{"rows":[["18","18.20.8",20220419,0,[0]],["18.20.8","=",20250327,0,[1]]],
 "patterns":[["T","*-bookworm",0,"* *-bookworm"],["T","*-bookworm",0,"* *-bookworm"]]}}}`

func TestRun(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "tags.json")
	if err := os.WriteFile(in, []byte(small), 0o644); err != nil {
		t.Fatal(err)
	}
	var outs [2][]byte
	for i, name := range []string{"a.bin", "b.bin"} {
		out := filepath.Join(dir, name)
		if err := run(in, out); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if err != nil || len(b) == 0 {
			t.Fatalf("output: %v, %d bytes", err, len(b))
		}
		outs[i] = b
	}
	if !bytes.Equal(outs[0], outs[1]) {
		t.Error("the same input gave different bytes")
	}
}

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"dangling.json": {strings.ReplaceAll(small, `"3.7.17-bookworm":["T","="`, `"3.7.16-bookworm":["T","="`), "target 3.7.17-bookworm"},
		"schema.json":   {`{"schema":2}`, "schema 2"},
		"broken.json":   {`{`, "decoding"},
	} {
		in := filepath.Join(dir, name)
		if err := os.WriteFile(in, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := run(in, filepath.Join(dir, "out")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for in, want := range map[string]string{"": "no input", filepath.Join(dir, "absent"): "does not exist"} {
		if err := run(in, filepath.Join(dir, "out")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("input %q: %v, want %q", in, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Error("a refused input left an output")
	}
}
