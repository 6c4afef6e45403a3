package buildctx

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"refit/transform"
)

func TestWithFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.txt": "a", "a/deep/b.txt": "b", "a-b.txt": "", "sub/start.sh": "#!/bin/sh\n", "sub/web.Dockerfile": "FROM a\n", ".git/HEAD": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	disk, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	web := disk.WithDockerfile("sub/web.Dockerfile")
	got := web.With([]transform.Companion{
		{Path: "sub/web.Dockerfile.dockerignore", Content: "*.txt\n"},
		{Path: "./sub/start.sh", Content: "#!/bin/sh\nexec \"$@\"\n"},
	}).(*Context)
	got = got.WithFiles(map[string]string{"a/new.conf": "x", "zz": ""})
	if b, err := got.ReadFile("sub/start.sh"); string(b) != "#!/bin/sh\nexec \"$@\"\n" || err != nil {
		t.Errorf("the exchanged file: %q, %v", b, err)
	}
	if hidden, _ := got.Ignored("a.txt"); !hidden {
		t.Error("the new ignore file, beside the Dockerfile, is not in force")
	}
	if hidden, _ := web.Ignored("a.txt"); hidden {
		t.Error("the context that it was made of has changed")
	}
	if exists, known := got.Exists("a/new.conf"); !exists || !known {
		t.Error("an added file does not exist")
	}
	for name, want := range map[string]int64{"a/new.conf": 1, "sub/start.sh": 20} {
		if info, err := got.Stat(name); err != nil || info.Size() != want || !info.Mode().IsRegular() {
			t.Errorf("Stat(%s) = %v, %v", name, info, err)
		}
	}
	walked := got.tree.list()
	if entries, complete := got.Files(); !complete || !reflect.DeepEqual(entries, walked.entries) {
		t.Errorf("listed:\n%v\nwalked:\n%v", entries, walked.entries)
	}
	matches, err := got.Match("a/*")
	if want := []Match{{"a/deep", true}, {"a/new.conf", false}}; err != nil || !reflect.DeepEqual(matches, want) {
		t.Errorf("Match = %v, %v", matches, err)
	}
	if (*Context)(nil).WithFiles(nil) != nil {
		t.Error("what is unknown does not stay unknown")
	}
}
