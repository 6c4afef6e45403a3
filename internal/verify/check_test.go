package verify

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refit/internal/verify/builder"
	"refit/internal/verify/image"
	"refit/transform"
)

func TestCheckSize(t *testing.T) {
	for _, c := range []struct {
		before, after int64
		want          Verdict
	}{
		{100e6, 50e6, Pass}, {100e6, 100e6, Pass}, {100e6, 100e6 + maxGrowth, Pass}, {100e6, 100e6 + maxGrowth + 1, Fail},
	} {
		if got := checkSize(&Image{Compressed: c.before}, &Image{Compressed: c.after}); got.Verdict != c.want {
			t.Errorf("%d → %d: %v", c.before, c.after, got)
		}
	}
}

func TestCheckSetuid(t *testing.T) {
	was := &Image{Setuid: []string{"/bin/su", "/bin/mount"}}
	if c := checkSetuid(was, &Image{Setuid: []string{"/bin/su"}}); c.Verdict != Pass {
		t.Errorf("%+v", c)
	}
	if c := checkSetuid(was, &Image{Setuid: []string{"/bin/su", "/bin/new"}}); c.Verdict != Fail || !strings.Contains(c.Detail, "/bin/new") {
		t.Errorf("%+v", c)
	}
}

func TestCheckDistributions(t *testing.T) {
	set := func(list ...string) map[distribution]bool {
		m := map[distribution]bool{}
		for _, s := range list {
			name, version, _ := strings.Cut(s, " ")
			m[distribution{name, version}] = true
		}
		return m
	}
	for _, c := range []struct {
		before, after map[distribution]bool
		log           []string
	}{
		{set("a 1", "b 2"), set("a 1", "b 2", "c 3"), nil},
		{set("a 1", "b 2"), set("a 1"), []string{"b 2 is missing"}},
		{set("a 1"), set("a 2"), []string{"a 1 is now 2"}},
		{set(), set(), nil},
		{set("a 1", "gone 2"), set("a 1"), nil},
		{set("a 1", "gone 2"), set("a 1", "gone 3"), []string{"gone 2 is now 3"}},
	} {
		got := checkDistributions(c.before, c.after, map[string]bool{"gone": true})
		if !slices.Equal(got.Log, c.log) || (got.Verdict == Fail) != (len(c.log) > 0) {
			t.Errorf("%v → %v: %+v", c.before, c.after, got)
		}
	}
}

func TestStayed(t *testing.T) {
	set := func(names ...string) map[distribution]bool {
		m := map[distribution]bool{}
		for _, n := range names {
			m[distribution{n, "1"}] = true
		}
		return m
	}
	for _, c := range []struct {
		before, after map[distribution]bool
		want          []string
	}{
		{set("flask", "poetry", "poetry-core", "poetry-plugin-export"), set("flask"), []string{"poetry", "poetry-plugin-export"}},
		{set("flask", "uv"), set("flask", "uv"), nil},
		{set("flask", "pdm-backend"), set("flask"), nil},
		{set("flask"), set(), nil},
	} {
		got := stayed(c.before, c.after)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%v → %v: %v", c.before, c.after, got)
		}
	}
}

func TestCheckLibraries(t *testing.T) {
	one := []image.Missing{{Library: "libx.so.1", NeededBy: []string{"/a.so", "/b.so"}}}
	two := append(slices.Clone(one), image.Missing{Library: "liby.so.1", NeededBy: []string{"/a.so"}})
	if c := checkLibraries(nil, nil); c.Verdict != Pass {
		t.Errorf("%+v", c)
	}
	if c := checkLibraries(one, one); c.Verdict != Pass || !strings.Contains(c.Detail, "the original lacks as well") {
		t.Errorf("%+v", c)
	}
	if c := checkLibraries(one, two); c.Verdict != Fail || !slices.Equal(c.Log, []string{"liby.so.1, needed by /a.so"}) {
		t.Errorf("%+v", c)
	}
	if c := checkLibraries(nil, one); c.Verdict != Fail || !slices.Equal(c.Log, []string{"libx.so.1, needed by /a.so and 1 more"}) {
		t.Errorf("%+v", c)
	}
}

func TestBases(t *testing.T) {
	got := bases(
		"ARG V=3.11\nFROM python:$V AS a\nFROM scratch\nFROM a\nCOPY --from=a x y\n",
		"FROM python:3.11-slim\n", "FROM python:3.11\n", "not a Dockerfile")
	if want := []string{"python:3.11", "python:3.11-slim"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDestinations(t *testing.T) {
	got, root := destinations("Dockerfile", "FROM a AS b\nCOPY x /builder\nFROM a\nWORKDIR /app\nCOPY . .\nCOPY c /etc/c.conf\nCOPY d /\n")
	if want := []string{"/app", "/etc/c.conf"}; !slices.Equal(got, want) || !root {
		t.Errorf("got %q and %v, want %q and the root", got, root, want)
	}
}

// A builder that cannot go on must not cost a pass.
func TestHopeless(t *testing.T) {
	full := &builder.BuildError{Name: "Dockerfile", Step: "RUN x", Err: errors.New("exit code: 1"), Log: []string{"write /y: No space left on device"}}
	other := &builder.BuildError{Name: "Dockerfile", Step: "RUN x", Err: errors.New("exit code: 1"), Log: []string{"no such file"}}
	if !hopeless(full) || hopeless(other) {
		t.Error("a full disk is not told from another failure")
	}
}

func TestManifest(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"requirements.txt", "api/requirements-prod.txt"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"COPY requirements.txt /x/\n":                                 "requirements.txt",
		"COPY ./api/requirements-prod.txt /x/\n":                      "api/requirements-prod.txt",
		"COPY [\"requirements.txt\", \"/x/\"]\n":                      "requirements.txt",
		"COPY poetry.lock /x/\nRUN pip install -r requirements.txt\n": "requirements.txt",
		"COPY . .\n": "",
	} {
		v := &verifier{Subject: &Subject{Context: dir}}
		if got := v.manifest(&side{src: builder.Source{Text: text}}); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestCandidate(t *testing.T) {
	v := &verifier{
		Options: &Options{},
		Subject: &Subject{
			Name: "api.Dockerfile", InContext: "docker/api.Dockerfile", Context: "/c", Ignore: "old\n",
			Given: map[string]string{".dockerignore": "given\n"}, Result: &transform.Result{Before: "before"},
		},
	}
	c := &candidate{
		result: &transform.Result{After: "after", Companions: []transform.Companion{
			{Path: "docker/api.Dockerfile.dockerignore", Content: "new\n"}, {Path: "gunicorn.conf.py", Content: "conf"},
		}},
	}
	if s := v.original(); s.Text != "before" || s.Ignore != "old\n" || len(s.Files) != 0 {
		t.Errorf("original %+v", s)
	}
	s := v.source(c)
	if s.Text != "after" || s.Ignore != "new\n" || len(s.Files) != 2 || s.Files["gunicorn.conf.py"] != "conf" || s.Files[".dockerignore"] != "given\n" {
		t.Errorf("candidate %+v", s)
	}
}

// Counts of none and one are sentences, too.
func TestDetailsOfFewDistributions(t *testing.T) {
	one := map[distribution]bool{{"a", "1"}: true}
	two := map[distribution]bool{{"a", "1"}: true, {"b", "1"}: true}
	for want, set := range map[string]map[distribution]bool{
		"the original has no Python distributions":                   nil,
		"the one Python distribution is there, in the same version":  one,
		"all 2 Python distributions are there, in the same versions": two,
	} {
		if c := checkDistributions(set, set, nil); c.Verdict != Pass || c.Detail != want {
			t.Errorf("%+v, want %s", c, want)
		}
	}
}
