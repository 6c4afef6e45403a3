package lock

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"refit/internal/wheel"
)

// files is testdata/formats.txtar as a file system.
func files(t testing.TB) fstest.MapFS {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/formats.txtar")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	for _, f := range ar.Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
	}
	return fsys
}

func target(t testing.TB, python, distro, arch string) wheel.Target {
	t.Helper()
	target, err := wheel.On(python, distro, arch)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// verdicts writes what Judge finds in one line: "name version verdict".
func verdicts(l *Lock, t wheel.Target, sel Selection) string {
	var out []string
	for _, j := range l.Judge(t, sel) {
		out = append(out, strings.TrimSpace(strings.Join(strings.Fields(fmt.Sprint(j.Package.Name, " ", j.Package.Version, " ", j.Verdict)), " ")))
	}
	return strings.Join(out, ", ")
}

func TestJudge(t *testing.T) {
	fsys := files(t)
	all := Selection{Groups: []string{"dev"}, Extras: []string{"pg"}}
	for _, tc := range []struct {
		file, python, distro string
		sel                  Selection
		want                 string
	}{
		{"uv/uv.lock", "3.11", "bookworm", Selection{}, "both 1.0 wheel, forked 1.0 pure, from-git 3 unknown, sdist-only 5.0 unknown, web 4.0 pure"},
		{"uv/uv.lock", "3.11", "alpine3.20", all, "both 1.0 wheel, forked 1.0 pure, from-git 3 unknown, glibc-only 2.0 compile, no-sdist 3.0 none, sdist-only 5.0 unknown, web 4.0 pure"},
		{"uv/uv.lock", "3.11", "bookworm", all, "both 1.0 wheel, forked 1.0 pure, from-git 3 unknown, glibc-only 2.0 wheel, no-sdist 3.0 wheel, sdist-only 5.0 unknown, web 4.0 pure"},
		{"uv/uv.lock", "3.11", "bullseye", all, "both 1.0 wheel, forked 1.0 pure, from-git 3 unknown, glibc-only 2.0 wheel, no-sdist 3.0 none, sdist-only 5.0 unknown, web 4.0 pure"},
		{"uv/uv.lock", "3.12", "bookworm", Selection{}, "both 1.0 compile, forked 2.0 pure, from-git 3 unknown, sdist-only 5.0 unknown, web 4.0 pure"},
		{"uv/uv.lock", "3.9", "bookworm", Selection{}, "both 1.0 unknown, forked 1.0 pure, from-git 3 unknown, sdist-only 5.0 unknown, web 4.0 pure"},
		{"poetry2/poetry.lock", "3.11", "alpine3.20", Selection{}, "both 1.0 wheel, from-git 3 unknown"},
		{"poetry2/poetry.lock", "3.11", "alpine3.20", all, "both 1.0 wheel, from-git 3 unknown, glibc-only 2.0 compile, no-sdist 3.0 none"},
		{"poetry1/poetry.lock", "3.11", "alpine3.20", Selection{}, "both 1.0 wheel, forked 1.0 pure"},
		{"poetry1/poetry.lock", "3.12", "alpine3.20", all, "both 1.0 compile, forked 2.0 pure, no-sdist 3.0 none, optional-thing 1.5 unknown"},
		{"pdm/pdm.lock", "3.11", "alpine3.20", Selection{}, "both 1.0 wheel"},
		{"pdm/pdm.lock", "3.11", "bookworm", all, "both 1.0 wheel, no-sdist 3.0 wheel"},
		{"pdm2/pdm.lock", "3.11", "alpine3.20", Selection{}, "both 1.0 wheel"},
		{"pdm2/pdm.lock", "3.11", "bookworm", all, "both 1.0 none, no-sdist 3.0 wheel"},
		{"pipenv/Pipfile.lock", "3.11", "bookworm", Selection{}, "at-a-url none, from-git unknown, numpy 2.1.0 wheel, six 1.16.0 pure"},
		{"pipenv/Pipfile.lock", "3.11", "alpine3.20", all, "at-a-url wheel, from-git unknown, numpy 2.1.0 unknown, six 1.16.0 pure, unheard-of 3.0 unknown"},
		{"pep751/pylock.toml", "3.11", "bookworm", Selection{}, "both 1.0 wheel, here unknown"},
		{"pep751/pylock.toml", "3.11", "alpine3.20", all, "both 1.0 unknown, for-an-extra 1.0 unknown, here unknown"},
		{"pip/requirements.txt", "3.11", "bookworm", Selection{}, "./lib/here unknown, at-a-url 1.5 wheel, from-git unknown, numpy 2.1.0 wheel, pandas 2.2.3 wheel, psycopg 3.2.1 unknown, psycopg2 2.9.9 compile, six pure"},
		{"pip/requirements.txt", "3.11", "alpine3.20", Selection{}, "./lib/here unknown, at-a-url 1.5 none, from-git unknown, numpy 2.1.0 unknown, pandas 2.2.3 unknown, psycopg 3.2.1 unknown, psycopg2 2.9.9 compile, six pure"},
	} {
		l, err := Read(fsys, tc.file)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := verdicts(l, target(t, tc.python, tc.distro, "amd64"), tc.sel); got != tc.want {
			t.Errorf("%s, %s on %s, %+v:\n got %s\nwant %s", tc.file, tc.python, tc.distro, tc.sel, got, tc.want)
		}
	}
}

// TestLines reads every package's line, and finds its name there or one line below.
func TestLines(t *testing.T) {
	fsys := files(t)
	for _, name := range []string{"uv/uv.lock", "poetry2/poetry.lock", "poetry1/poetry.lock", "pdm/pdm.lock", "pipenv/Pipfile.lock", "pep751/pylock.toml"} {
		l, err := Read(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(fsys[name].Data), "\n")
		for _, p := range l.Packages {
			if p.Line == 0 || !strings.Contains(lines[p.Line-1]+lines[p.Line], `"`+p.Name+`"`) {
				t.Errorf("%s: %s is said to be on line %d", name, p.Name, p.Line)
			}
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	fsys := fstest.MapFS{
		"a/uv.lock":          {Data: []byte("version = 1\n\nx = = 1\n")},
		"b/Pipfile.lock":     {Data: []byte("{\n\"default\": {\n}\n")},
		"c/poetry.lock":      {Data: []byte("x = " + strings.Repeat("[", 100) + "\n")},
		"d/requirements.txt": {Data: []byte("six\n=== what\n")},
	}
	for name, want := range map[string]string{"a/uv.lock": "a/uv.lock:3: ", "b/Pipfile.lock": "b/Pipfile.lock:4: ", "c/poetry.lock": "c/poetry.lock:1: ",
		"d/requirements.txt": "d/requirements.txt:2: ", "e/uv.lock": "e/uv.lock"} {
		if _, err := Read(fsys, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFormats holds that a lock file of a version that is not known, or of none, is
// not read as one that locks nothing.
func TestFormats(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"uv.lock", "", "uv.lock:1: it says no version"},
		{"uv.lock", "requires-python = \">=3.11\"\nversion = 9\n", "uv.lock:2: version 9 "},
		{"poetry.lock", "[metadata]\nlock-version = \"9.9\"\n", "poetry.lock:2: version 9.9 "},
		{"poetry.lock", "[metadata]\ncontent-hash = \"x\"\n", ""},
		{"pdm.lock", "", "pdm.lock:1: it says no version"},
		{"Pipfile.lock", "{}", "Pipfile.lock:1: it says no version"},
		{"pylock.toml", "packages = []\n", "pylock.toml:1: it says no version"},
	} {
		_, err := Read(fstest.MapFS{c.name: {Data: []byte(c.text)}}, c.name)
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %q: %v, want %q", c.name, c.text, err, c.want)
		}
	}
}

func TestFind(t *testing.T) {
	fsys := files(t)
	for dir, want := range map[string]string{"uv": "uv/uv.lock", "poetry1": "poetry1/poetry.lock", "pipenv": "pipenv/Pipfile.lock", "pip": "pip/requirements.txt"} {
		if got, err := Find(fsys, dir); err != nil || got != want {
			t.Errorf("%s: %s, %v", dir, got, err)
		}
	}
	if got, err := Find(fsys, "nowhere"); !errors.Is(err, ErrNone) {
		t.Error(got, err)
	}
	if _, err := Read(fsys, "nowhere/uv.lock"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestCredentials holds that no password of a URL is kept.
func TestCredentials(t *testing.T) {
	l, err := Read(files(t), "uv/uv.lock")
	if err != nil {
		t.Fatal(err)
	}
	p := l.find("from-git", "3")
	if p.Source.Where != "https://git.example/from-git.git?rev=main#0123" {
		t.Error(p.Source.Where)
	}
}

func TestSpecAllows(t *testing.T) {
	for _, tc := range []struct {
		spec, version string
		want          bool
	}{
		{"", "1.0", true}, {"*", "1.0", true}, {">=3.8,<4.0", "3.11", true}, {">=3.8, <3.11", "3.11.2", false}, {"^3.8", "3.11", true}, {"^3.8", "4.0", false},
		{"^0.2.3", "0.2.9", true}, {"^0.2.3", "0.3.0", false}, {"^0.0.3", "0.0.4", false}, {"^1", "1.9", true}, {"^0", "0.9", true}, {"~1.2", "1.2.9", true}, {"~1.2", "1.3", false},
		{"~1", "1.9", true}, {"~=1.4.2", "1.4.9", true}, {"~=1.4.2", "1.5", false}, {"~=3.8", "3.11", true}, {"==3.*", "3.11", true}, {"!=3.9.*,>=3.8", "3.9.1", false},
		{"<3.9 || >3.10", "3.11", true}, {"<3.9 || >3.10", "3.9.1", false}, {">= 3.8 < 4", "3.9", true}, {"==1.0", "1", true}, {"==1.0.post1", "1.0.post1", true},
		{"3.8.*", "3.8.1", true}, {">=2", "1!1.0", false}, {"nonsense", "1.0", true}, {"(>=2)", "1.0", false},
	} {
		if got := specAllows(tc.spec, tc.version); got != tc.want {
			t.Errorf("%q allows %s: %v", tc.spec, tc.version, got)
		}
	}
}

// FuzzRead reads anything as every format: no panic, and what is read can be judged.
func FuzzRead(f *testing.F) {
	for name, file := range files(f) {
		f.Add(name[strings.LastIndexByte(name, '/')+1:], string(file.Data), "")
	}
	f.Add("poetry.lock", "[[package]]\nname = 'a'\nversion = '1'\n", "[tool.poetry.dependencies]\na = ['x']\n")
	f.Fuzz(func(t *testing.T, name, text, project string) {
		if !fs.ValidPath(name) || name == "pyproject.toml" || strings.ContainsAny(name, "/") || name == "." {
			return
		}
		fsys := fstest.MapFS{name: {Data: []byte(text)}, "pyproject.toml": {Data: []byte(project)}}
		l, err := Read(fsys, name)
		if err != nil {
			return
		}
		l.Groups()
		for _, distro := range []string{"bookworm", "alpine3.20"} {
			for _, j := range l.Judge(target(t, "3.11", distro, "amd64"), Selection{All: len(text)%2 == 0}) {
				if j.Reason == "" {
					t.Fatalf("%s %s: %s without a reason", name, j.Package.Name, j.Verdict)
				}
				if (j.Verdict == Wheel || j.Verdict == Pure) && j.Told && j.File == "" {
					t.Fatalf("%s %s: %s of no file", name, j.Package.Name, j.Verdict)
				}
			}
		}
	})
}
