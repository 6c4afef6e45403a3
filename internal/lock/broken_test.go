package lock

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestBroken(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"uv.lock", "version = 1\n[[package]]\nname = \"a\"\n", ""},
		{"uv.lock", "version = 99\n", ""}, // another tool may know it
		{"uv.lock", "", ""},
		{"uv.lock", "version = 1\n[[package]\n", "uv.lock:3: "},
		{"poetry.lock", "version https://large.example/v1\n", "poetry.lock:1: "},
		{"Pipfile.lock", "{\"default\": {}}", ""},
		{"Pipfile.lock", "{\n\"default\": {\n", "Pipfile.lock:3: unexpected end"},
		{"Pipfile.lock", "[]", ""},
		{"requirements.txt", "===\n", ""},
	} {
		err := Broken(fstest.MapFS{c.name: {Data: []byte(c.text)}}, c.name)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s %q: got %v, want %q", c.name, c.text, err, c.want)
		}
	}
}
