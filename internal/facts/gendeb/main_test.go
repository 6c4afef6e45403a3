package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	files := []string{
		write("l", "Package: curl\nVersion: 1\n\nPackage: netcat\n\n"),
		write("b", "Package: curl\nProvides: one (= 1), two\n\nPackage: wget\nProvides: two\n\n"),
		write("t", "Package: curl\nDescription: a\n Package: not-this\n\n"),
	}
	out := filepath.Join(dir, "out.gz")
	if err := run(out, files); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if want := "curl\tlbt\nnetcat\tl\none\tb\nwget\tb\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, bad := range [][]string{nil, files[:2], {files[0], files[1], filepath.Join(dir, "absent")}} {
		if err := run(filepath.Join(dir, "no"), bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}
