package wheeltable

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"refit/internal/lock"
)

func TestReadBase(t *testing.T) {
	for ref, want := range map[string]Base{
		"python:3.11-slim-bookworm":                        {Python: "3.11", Distro: "bookworm"},
		"python:3.7.3":                                     {Python: "3.7.3", Distro: "stretch"},
		"docker.io/library/python:3.12-alpine3.20":         {Python: "3.12", Distro: "alpine3.20"},
		"ghcr.io/astral-sh/uv:python3.12-bookworm-slim":    {Python: "3.12", Distro: "bookworm"},
		"ghcr.io/astral-sh/uv:0.5-python3.13-alpine3.21":   {Python: "3.13", Distro: "alpine3.21"},
		"gcr.io/distroless/python3-debian12":               {Python: "3.11", Distro: "bookworm"},
		"tiangolo/uvicorn-gunicorn-fastapi:python3.9-slim": {Python: "3.9"},
		"debian:bookworm":                                  {Distro: "bookworm"},
		"ubuntu:22.04":                                     {Distro: "jammy"},
		"UPPER CASE":                                       {},
		"internal/base":                                    {},
	} {
		want.Ref = ref
		if got := ReadBase(ref); got != want {
			t.Errorf("%s: %+v, want %+v", ref, got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	for _, tc := range []struct {
		base, python string
		platforms    []string
		want         string
	}{
		{"python:3.11-bookworm", "3.11", []string{"amd64"}, "bookworm glibc python:3.11-bookworm,python:3.11-slim-bookworm; alpine3.24 musl python:3.11-alpine"},
		{"python:3.11-alpine3.18", "3.11", []string{"amd64"}, "alpine3.18 musl python:3.11-alpine3.18; trixie glibc python:3.11-slim; alpine3.24 musl python:3.11-alpine"},
		{"", "3.12", []string{"amd64", "arm64"}, "trixie/x86_64 glibc python:3.12-slim; alpine3.24/x86_64 musl python:3.12-alpine; trixie/aarch64 glibc python:3.12-slim; alpine3.24/aarch64 musl python:3.12-alpine"},
		{"python:3.11-bookworm", "3.12", []string{"amd64"}, "bookworm glibc python:3.12-bookworm,python:3.12-slim-bookworm; alpine3.24 musl python:3.12-alpine"},
	} {
		var base *Base
		if tc.base != "" {
			b := ReadBase(tc.base)
			base = &b
		}
		columns, err := Columns(base, tc.python, tc.platforms)
		if err != nil {
			t.Error(err)
			continue
		}
		var got []string
		for _, c := range columns {
			got = append(got, c.Label+" "+c.Target.Libc+" "+strings.Join(c.Images, ","))
		}
		if s := strings.Join(got, "; "); s != tc.want {
			t.Errorf("%+v:\n got %s\nwant %s", tc, s, tc.want)
		}
	}
	for _, bad := range []string{"4.0", "3", ""} {
		if c, err := Columns(nil, bad, []string{"amd64"}); err == nil {
			t.Errorf("python %q: %+v", bad, c)
		}
	}
}

// table is the table of one file, for Python 3.11.
func table(t *testing.T, name, text string) *Table {
	t.Helper()
	l, err := lock.Read(fstest.MapFS{name: {Data: []byte(text)}}, name)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := Columns(nil, "3.11", []string{"amd64"})
	if err != nil {
		t.Fatal(err)
	}
	return Make(l, name, columns, lock.Selection{})
}

const poetryHead = "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.9\"\ncontent-hash = \"0\"\n"

func poetry(name, files string) string {
	return "[[package]]\nname = \"" + name + "\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = [" + files + "]\n\n"
}

const (
	pureFile  = `{file = "p-1.0-py3-none-any.whl", hash = "sha256:0"}`
	muslFile  = `{file = "m-1.0-cp311-cp311-musllinux_1_2_x86_64.whl", hash = "sha256:0"}`
	glibcFile = `{file = "g-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", hash = "sha256:0"}`
	sdistFile = `{file = "s-1.0.tar.gz", hash = "sha256:0"}`
)

func TestAnswer(t *testing.T) {
	for _, tc := range []struct {
		name, text, word, says string
	}{
		{"poetry.lock", poetry("a", pureFile) + poetry("b", muslFile+", "+glibcFile), Yes, "nothing is compiled, all 2 packages"},
		{"poetry.lock", poetry("a", pureFile) + poetry("psycopg2", glibcFile+", "+sdistFile), Compile, "1 of 2 must be compiled (psycopg2)"},
		{"poetry.lock", poetry("a", sdistFile) + poetry("psycopg2", glibcFile+", "+sdistFile), Unknown, "it is not known of 1 of 2 (a); 1 of 2 must be compiled (psycopg2)"},
		{"poetry.lock", poetry("a", sdistFile) + poetry("b", glibcFile), No, "1 of 2 cannot be installed there at all (b); it is not known of 1 of 2 (a)"},
		{"requirements.txt", "unheard-of==1 --hash=sha256:00\n", Unknown, "it is not known of 1 of 1 (unheard-of), --verify asks pip"},
		{"requirements.txt", "six==1.16.0\n", Unknown, "what these distributions need in turn is not in the file"},
		{"requirements.txt", "six==1.16.0 --hash=sha256:00\n", Yes, "nothing is compiled"},
	} {
		text := tc.text
		if tc.name == "poetry.lock" {
			text += poetryHead
		}
		tab := table(t, tc.name, text)
		word, sentence := tab.Answer(1)
		if word != tc.word || !strings.Contains(sentence, tc.says) {
			t.Errorf("%s: %s\n%s: %s", tc.text, tc.says, word, sentence)
		}
		if !strings.HasPrefix(tab.Last(), "Alpine (alpine3.") || strings.Count(tab.Last(), "\n") != 0 {
			t.Errorf("last line: %q", tab.Last())
		}
	}
}

// TestNeeds holds that what compiling needs is looked up for the column's release.
func TestNeeds(t *testing.T) {
	tab := table(t, "poetry.lock", poetry("psycopg2", sdistFile)+poetryHead)
	c := &tab.Rows[0].Cells[0]
	if c.Verdict != lock.Compile || !c.NeedsKnown || !slices.Contains(c.Needs, "libpq-dev") {
		t.Errorf("%+v", c)
	}
	if c = &tab.Rows[0].Cells[1]; !c.NeedsKnown || !slices.Contains(c.Needs, "musl-dev") || slices.Contains(c.Needs, "libc6-dev") {
		t.Errorf("on Alpine: %+v", c)
	}
}

// TestRendersSafely holds that a name in a lock file is neither markup nor a
// terminal's control sequence.
func TestRendersSafely(t *testing.T) {
	tab := table(t, "poetry.lock", poetry(`a\u001b[31m|<b>`, sdistFile)+poetryHead)
	var text, md, js strings.Builder
	for _, err := range []error{Text(&text, tab), Markdown(&md, tab), JSON(&js, tab)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if strings.ContainsRune(text.String()+md.String()+js.String(), '\x1b') || strings.Contains(md.String(), "<b>") || strings.Contains(md.String(), "31m|") {
		t.Errorf("%s\n%s\n%s", text.String(), md.String(), js.String())
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(js.String()), &doc); err != nil || doc["version"] != 1.0 {
		t.Error(err, doc["version"])
	}
}
