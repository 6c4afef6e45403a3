package transform

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// replacePass is a pass that replaces the first old by new, and declares alters.
func replacePass(name, old, new string, alters ...string) *Pass {
	return &Pass{Name: name, Alters: alters, Run: func(f *File) []Finding {
		i := strings.Index(f.Src, old)
		if i < 0 {
			return nil
		}
		return []Finding{{At: Span{i, i + len(old)}, Why: "test", Edits: []Edit{{Span{i, i + len(old)}, new}}}}
	}}
}

func mustRun(t *testing.T, src string, passes ...*Pass) *Result {
	t.Helper()
	r, err := Run("Dockerfile", src, passes, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWrongPassIsCaught gives the engine passes that break the image in ways
// that they do not declare: their changes must go, the others' stay.
func TestWrongPassIsCaught(t *testing.T) {
	const src = "FROM debian:12\nENV A=1\nENV EMPTY=\nUSER app\nCOPY a /srv/a\nEXPOSE 80\nCMD [\"x\"]\n"
	good := replacePass("good", "debian:12", "debian:12-slim", "base")
	for name, wrong := range map[string]*Pass{
		"loses the user":     replacePass("wrong", "USER app\n", ""),
		"changes cmd":        replacePass("wrong", "[\"x\"]", "[\"y\"]", "env:*"),
		"changes env":        replacePass("wrong", "A=1", "A=2", "cmd"),
		"loses an empty env": replacePass("wrong", "ENV EMPTY=\n", ""),
		"adds an empty env":  replacePass("wrong", "A=1", "A=1 B="),
		"copies elsewhere":   replacePass("wrong", "/srv/a", "/srv/b"),
		"loses a port":       replacePass("wrong", "EXPOSE 80\n", ""),
		"changes the base":   replacePass("wrong", "debian", "ubuntu"),
		"does not compile":   replacePass("wrong", "USER app", "USER"),
		"does not parse":     replacePass("wrong", "USER app", "RUN <<EOF"),
		"unknown word":       replacePass("wrong", "USER app", "USERS app"),
		"changes owner":      replacePass("wrong", "COPY a", "COPY --chown=1 a"),
		"adds a healthcheck": replacePass("wrong", "USER app", "USER app\nHEALTHCHECK CMD true"),
	} {
		t.Run(name, func(t *testing.T) {
			r := mustRun(t, src, wrong, good)
			if len(r.Refused) != 1 || r.Refused[0].Pass != "wrong" || r.Refused[0].Why == "" {
				t.Errorf("refused: %+v", r.Refused)
			}
			want := strings.Replace(src, "debian:12", "debian:12-slim", 1)
			if r.After != want {
				t.Errorf("got:\n%s", r.After)
			}
			if s := r.Steps; len(s) != 2 || s[0].Status() != Declined || s[0].Declines[0].Key != r.Refused[0].Key || s[1].Status() != Applied {
				t.Errorf("steps: %+v", s)
			}
		})
	}
}

func TestDeclaredChangePasses(t *testing.T) {
	r := mustRun(t, "FROM a\nENV PYTHONX=1\n", replacePass("p", "PYTHONX=1", "PYTHONX=2", "env:PYTHON*"))
	if len(r.Refused) != 0 || r.After != "FROM a\nENV PYTHONX=2\n" {
		t.Errorf("%+v %q", r.Refused, r.After)
	}
}

func TestBadEditsAreErrors(t *testing.T) {
	const src = "FROM a\r\nRUN b\r\n"
	for name, edits := range map[string][]Edit{
		"overlap":       {{Span{0, 4}, "x"}, {Span{2, 5}, "y"}},
		"out of bounds": {{Span{0, 400}, "x"}},
		"no-op":         {{Span{0, 4}, "FROM"}},
		"split CRLF":    {{Span{0, 7}, "FROM b"}},
		"negative":      {{Span{-1, 2}, "x"}},
	} {
		p := &Pass{Name: "bad", Run: func(*File) []Finding { return []Finding{{Why: "x", Edits: edits}} }}
		_, err := Run("Dockerfile", src, []*Pass{p}, nil)
		if err == nil || !strings.Contains(err.Error(), "pass bad") {
			t.Errorf("%s: error %v does not name the pass", name, err)
		}
	}
}

func TestUndeclaredReasonIsAnError(t *testing.T) {
	p := &Pass{Name: "bad", Run: func(*File) []Finding { return []Finding{{Reason: "whim", Why: "x"}} }}
	if _, err := Run("Dockerfile", "FROM a\n", []*Pass{p}, nil); err == nil {
		t.Error("no error")
	}
}

func TestLinesAreThoseOfTheOriginal(t *testing.T) {
	first := replacePass("first", "RUN one\n", "RUN one\nRUN added\nRUN more\n")
	second := replacePass("second", "RUN two", "RUN 2")
	third := replacePass("third", "RUN added", "RUN changed")
	r := mustRun(t, "FROM a\nRUN one\n# c\nRUN two\n", first, second, third)
	if got := r.Steps[1].Changes[0]; got.Line != 4 || got.Added != "" {
		t.Errorf("second: %+v", got)
	}
	if got := r.Steps[2].Changes[0]; got.Line != 2 || got.Added != "first" {
		t.Errorf("third: %+v", got)
	}
}

func TestIgnoreComments(t *testing.T) {
	p := replacePass("tidy", "RUN b", "RUN c")
	p.Hadolint = []string{"DL3059"}
	for comment, held := range map[string]bool{
		"# refit: skip=tidy it is meant":    true,
		"# refit: skip=other,tidy":          true,
		"# refit: skip=other, tidy as well": true,
		"# refit: skip=other tidy":          false,
		"# refit: skip=other":               false,
		"# refit: skip":                     true,
		"# hadolint ignore=DL3059":          true,
		"# hadolint ignore=DL3008":          false,
		"# refit: skip=tidy\n\n# elsewhere": false,
		"#refit:skip=tidy":                  true,
	} {
		r := mustRun(t, "FROM a\n"+comment+"\nRUN b\n", p)
		if (r.Before == r.After) != held {
			t.Errorf("%q: changed=%v", comment, r.Before != r.After)
		}
		if held && (len(r.Steps[0].Declines) != 1 || r.Steps[0].Declines[0].Key != ReasonIgnored) {
			t.Errorf("%q: %+v", comment, r.Steps[0].Declines)
		}
	}
}

// many is a file of 100,000 instructions of the format.
func many(format string) string {
	var b strings.Builder
	b.WriteString("FROM a\n")
	for i := range 100_000 {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestIgnoreCommentsFollowTheirPlace has a comment above a FROM that a pass has
// put another stage above.
func TestIgnoreCommentsFollowTheirPlace(t *testing.T) {
	split := &Pass{Name: "split", Alters: []string{"*"}, Run: func(f *File) []Finding {
		if len(f.Stages) > 1 {
			return nil
		}
		from, run := f.Stages[0].From, f.Stages[0].Instructions[0]
		return []Finding{{At: from.Body, Why: "x", Edits: []Edit{
			{from.Body, "FROM a AS builder\nRUN one\n\nFROM a"}, {Span{run.Body.Start, run.Span.End}, ""},
		}}}
	}}
	user := &Pass{Name: "user", Alters: []string{"user"}, Run: func(f *File) []Finding {
		cmd := f.Final().Instructions[len(f.Final().Instructions)-1]
		at := Span{cmd.Body.Start, cmd.Body.Start}
		return []Finding{{At: f.Final().From.Body, Why: "x", Edits: []Edit{{at, "USER 1\n"}}}}
	}}
	for src, held := range map[string]bool{
		"# refit: skip=user\nFROM a\nRUN one\nCMD [\"x\"]\n":       true,
		"FROM a\nRUN one\n# refit: skip=user\nCMD [\"x\"]\n":       true,
		"# refit: skip=other\nFROM a\nRUN one\nCMD [\"x\"]\n":      false,
		"# hadolint ignore=DL3002\nFROM a\nRUN one\nCMD [\"x\"]\n": false,
	} {
		r := mustRun(t, src, split, user)
		if got := !strings.Contains(r.After, "USER"); got != held {
			t.Errorf("%q: held %v\n%s", src, got, r.After)
		}
	}
}

// TestProfiles holds that a pass runs for its profiles, of which none is the
// default one.
func TestProfiles(t *testing.T) {
	for profile, runs := range map[Profile]bool{"": false, ProfileDefault: false, ProfileDev: false, ProfileCPU: true, ProfileSecure: true} {
		p := replacePass("edit", "one", "1")
		p.Profiles = []Profile{ProfileSecure, ProfileCPU}
		r, err := Run("Dockerfile", "FROM a\nRUN one\n", []*Pass{p}, &Options{Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Steps[0].Status(); r.Changed() != runs || (got == NotApplicable) == runs {
			t.Errorf("profile %q: %s, changed %v", profile, got, r.Changed())
		}
	}
}

func TestMovedLinesKeepTheirPlace(t *testing.T) {
	move := &Pass{Name: "move", Run: func(f *File) []Finding {
		one, three := f.Instructions[1], f.Instructions[3]
		return []Finding{{At: one.Body, Why: "x", Edits: []Edit{
			{Span{one.Body.Start, one.Body.Start}, f.Text(three.Body) + "\n"}, {three.Span, ""},
		}}}
	}}
	r := mustRun(t, "FROM a\nRUN one\nRUN two\nRUN three\nRUN four\n", move, replacePass("edit", "three", "3"))
	if got := r.Steps[1].Changes[0]; got.Line != 4 || got.Added != "" {
		t.Errorf("%+v", got)
	}
}

func TestSyntaxErrorsNameFileAndLine(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	for src, want := range map[string]string{
		"":                               "Dockerfile:1: file with no instructions",
		"# only a comment\n":             "Dockerfile:1: ",
		"FROM a\nFOO b\n":                "Dockerfile:2: unknown instruction: FOO",
		"FROM a\n#" + long + "\nRUN b":   "Dockerfile:2: dockerfile line greater than max allowed size",
		"FROM a\nRUN " + long:            "Dockerfile:2: dockerfile line greater than max allowed size",
		"RUN b\n":                        "Dockerfile:1: ",
		"FROM a:B:c\nFROM X\nFROM Y\n":   "Dockerfile:1: failed to parse stage name \"a:B:c\"",
		many("ENV A%[1]d=$A%[1]d\n"):     "Dockerfile:1501: more than 1500 instructions besides RUN",
		many("FROM a AS s%d\nRUN b\n"):   "Dockerfile:3000: more than 1500 instructions besides RUN",
		"ARG A\n":                        "Dockerfile: ",
		"FROM a\nRUN <<EOF\nx\n":         "Dockerfile:2: unterminated heredoc",
		"FROM a\nRUN \x00\n":             "Dockerfile:2: ",
		"FROM a\nCOPY --from=b\n":        "Dockerfile:2: ",
		"FROM a AS b\nFROM b AS b c\n":   "Dockerfile:2: ",
		"FROM a\nCOPY --nope=1 a b\n":    "Dockerfile:2: ",
		"FROM a AS x\nCOPY --from=x a b": "Dockerfile:2: ",
	} {
		_, err := Run("Dockerfile", src, nil, nil)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q…", src, err, want)
		}
	}
}

// TestSyntaxErrorsAreTheSameEveryTime takes files with several names that cannot
// be read, which the converter resolves all at once.
func TestSyntaxErrorsAreTheSameEveryTime(t *testing.T) {
	for src, want := range map[string]string{
		"FROM a AS BASE\nFROM BASE AS B\nFROM B AS C\nFROM C\n":                    "Dockerfile:2: failed to parse stage name \"BASE\"",
		"FROM a\nRUN b\nCOPY --from=X / /x\nCOPY --from=Y / /y\n":                  "Dockerfile:3: failed to parse stage name \"X\"",
		"FROM a AS b\nCOPY --from=X / /x\nFROM Y\n":                                "Dockerfile:2: failed to parse stage name \"X\"",
		"FROM a\nRUN --mount=from=X,target=/x b\nRUN --mount=from=Y,target=/y b\n": "Dockerfile:2: failed to parse stage name \"X\"",
		"FROM a\nCOPY --from=$X / /x\nRUN --mount=from=Y,target=/y b\n":            "Dockerfile:2: ",
	} {
		for range 20 {
			_, err := Run("Dockerfile", src, nil, nil)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("%q: %v, want %q…", src, err, want)
			}
		}
	}
	mustRun(t, "FROM a AS Base\nFROM b\nCOPY --from=BASE / /x\n")
}

func TestArgWithoutDefaultInFrom(t *testing.T) {
	mustRun(t, "ARG TAG\nFROM debian:${TAG}\nRUN true\n")
	mustRun(t, "ARG BASE\nFROM $BASE\n")
}

// TestDiffApplies gives diffs to git apply.
func TestDiffApplies(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("git is needed: ", err)
	}
	long := strings.Repeat("RUN x\n", 20)
	for name, c := range map[string]struct{ before, after string }{
		"one line":       {"FROM a\nRUN b\n", "FROM a\nRUN c\n"},
		"no newline":     {"FROM a\nRUN b", "FROM a\nRUN c"},
		"adds newline":   {"FROM a\nRUN b", "FROM a\nRUN b\n"},
		"drops newline":  {"FROM a\nRUN b\n", "FROM a\nRUN b"},
		"crlf":           {"FROM a\r\nRUN b\r\n", "FROM a\r\nRUN c\r\n"},
		"two hunks":      {"FROM a\n" + long + "RUN b\n", "FROM b\n" + long + "RUN c\n"},
		"three hunks":    {"A\n" + long + "B\n" + long + "C\n", "a\n" + long + "b\n" + long + "c\n"},
		"insert at top":  {long, "# c\n" + long},
		"append":         {long, long + "RUN y\n"},
		"delete a lot":   {"FROM a\n" + long + "RUN z\n", "FROM a\nRUN z\n"},
		"all new":        {"FROM a\n", "FROM b\nRUN c\n"},
		"near both ends": {"A\nx\ny\nB\n", "a\nx\ny\nb\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r := &Result{Before: c.before, After: c.after, Companions: []Companion{{Path: ".dockerignore", Content: ".git\n"}}}
			d, err := r.Diff("sub/Dockerfile", "sub/", nil)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "sub", "Dockerfile"), c.before)
			write(t, filepath.Join(dir, "p.diff"), d)
			cmd := exec.Command("git", "apply", "p.diff")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, out, d)
			}
			got, err := os.ReadFile(filepath.Join(dir, "sub", "Dockerfile"))
			if err != nil || string(got) != c.after {
				t.Errorf("%q, want %q (%v)\n%s", got, c.after, err, d)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "sub", ".dockerignore")); err != nil || string(got) != ".git\n" {
				t.Errorf("companion: %q %v", got, err)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// mapContext is a build context of texts by path.
type mapContext map[string]string

func (mapContext) FS() fs.FS { return nil }

func (c mapContext) With(companions []Companion) Context {
	d := maps.Clone(c)
	for _, comp := range companions {
		d[comp.Path] = comp.Content
	}
	return d
}

// TestPassesSeeCompanions holds that what a pass brings is in the context of those
// behind it, and that those before it are asked again, whether they held back or
// had nothing to say.
func TestPassesSeeCompanions(t *testing.T) {
	sees := func(f *File) bool { return f.Options.Context.(mapContext)["conf"] == "b" }
	reader := func(name, from, to, otherwise string) *Pass {
		edit := replacePass(name, from, to)
		return &Pass{Name: name, Alters: []string{"*"}, Declines: []Decline{{Key: "no-conf"}}, Run: func(f *File) []Finding {
			switch {
			case sees(f):
				return edit.Run(f)
			case otherwise != "":
				return []Finding{{Reason: otherwise, Why: "test"}}
			}
			return nil
		}}
	}
	bring := &Pass{Name: "bring", Run: func(f *File) []Finding {
		if sees(f) {
			return nil
		}
		return []Finding{{Why: "test", Companions: []Companion{{Path: "conf", Content: "b"}}}}
	}}
	list := []*Pass{reader("silent", "LABEL a=1", "LABEL a=2", ""), reader("held", "LABEL b=1", "LABEL b=2", "no-conf"), bring, reader("behind", "LABEL c=1", "LABEL c=2", "")}
	opt := &Options{Context: mapContext{"conf": "a"}}
	r, err := Run("Dockerfile", "FROM a\nLABEL a=1\nLABEL b=1\nLABEL c=1\n", list, opt)
	if err != nil {
		t.Fatal(err)
	}
	if want := "FROM a\nLABEL a=2\nLABEL b=2\nLABEL c=2\n"; r.After != want || len(r.Companions) != 1 {
		t.Errorf("got %q with %v", r.After, r.Companions)
	}
	for _, s := range r.Steps {
		if len(s.Changes) != 1 || len(s.Declines) != 0 {
			t.Errorf("%s: %d changes, declines %v", s.Pass.Name, len(s.Changes), s.Declines)
		}
	}
	if opt.Context.(mapContext)["conf"] != "a" {
		t.Error("the caller's context has changed")
	}
}

// TestLastRunsWhenTheOthersAreDone holds that a pass that is Last waits for those
// that are asked again, and that none is asked again because of it.
func TestLastRunsWhenTheOthersAreDone(t *testing.T) {
	seal := replacePass("seal", "debian:13", "debian:13@sha256:"+strings.Repeat("0", 64), "base")
	seal.Last = true
	waits := &Pass{Name: "waits", Alters: []string{"base"}, Declines: []Decline{{Key: "not-yet", When: "the user is there"}}}
	asked := 0
	waits.Run = func(f *File) []Finding {
		if asked++; strings.Contains(f.Src, "USER") || strings.Contains(f.Src, "sha256") {
			return []Finding{{Reason: "not-yet", Why: fmt.Sprint(asked)}}
		}
		return replacePass("", "debian:12", "debian:13").Run(f)
	}
	r := mustRun(t, "FROM debian:12\nUSER app\n", seal, waits, replacePass("other", "USER app\n", "LABEL a=b\n", "user", "label:*"))
	if want := "FROM debian:13@sha256:" + strings.Repeat("0", 64) + "\nLABEL a=b\n"; r.After != want || asked != 2 {
		t.Errorf("asked %d times, refused %+v, got:\n%s", asked, r.Refused, r.After)
	}
}

// TestAlignedLines holds that the runs cover both texts, and are equal where they
// say so.
func TestAlignedLines(t *testing.T) {
	for _, c := range [][2]string{{"", ""}, {"a\nb\nc\n", "a\nx\nc\n"}, {"a\n", "a"}, {"", "a\n"}, {"a\nb\n", "b\na\n"}, {"a\nb\n", ""}} {
		a, b := diffLines(c[0]), diffLines(c[1])
		i, j := 0, 0
		for _, r := range AlignLines(c[0], c[1]) {
			if r.A1 != i || r.B1 != j || r.Equal != (strings.Join(a[r.A1:r.A2], "") == strings.Join(b[r.B1:r.B2], "")) {
				t.Errorf("%q: %+v at %d, %d", c, r, i, j)
			}
			i, j = r.A2, r.B2
		}
		if i != len(a) || j != len(b) {
			t.Errorf("%q: the runs end at %d, %d", c, i, j)
		}
	}
}
