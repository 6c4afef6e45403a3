package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"refit/transform"
)

// withCompanions is a pass that labels the image and wants two files beside the
// Dockerfile; the .dockerignore grows by a line for each Dockerfile.
func withCompanions() *transform.Pass {
	return &transform.Pass{Name: "companions", Alters: []string{"label:*"}, Run: func(f *transform.File) []transform.Finding {
		if strings.Contains(f.Src, "LABEL") {
			return nil
		}
		ignore := ""
		if fsys := f.Options.Context.FS(); fsys != nil {
			if file, err := fsys.Open(".dockerignore"); err == nil {
				var b bytes.Buffer
				_, _ = b.ReadFrom(file)
				_ = file.Close()
				ignore = b.String()
			}
		}
		end := f.Final().From.Body.End
		return []transform.Finding{{
			At: f.Final().From.Body, Why: "because",
			Edits: []transform.Edit{{Span: transform.Span{Start: end, End: end}, New: "\nLABEL a=b"}},
			Companions: []transform.Companion{
				{Path: ".dockerignore", Content: ignore + f.Options.Dockerfile + "\n"},
				{Path: "src/conf.py", Content: "x = 1\n"},
			},
		}}
	}}
}

// tree is the content of a directory: file names and what is in them.
type tree map[string]string

func (want tree) make(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range want {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeText(t, path, text)
	}
	return dir
}

// check compares a directory with the tree; nothing else may be in it.
func (want tree) check(t *testing.T, dir string) {
	t.Helper()
	got := tree{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			got[filepath.ToSlash(rel)] = readText(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("the directory holds\n%q\nwant\n%q", got, want)
	}
}

func start() tree {
	return tree{
		"a.Dockerfile": "FROM alpine:3.20\n", "b.Dockerfile": "FROM alpine:3.20\n",
		".dockerignore": "*.md\n", "src/app.py": "",
	}
}

func finished() tree {
	return tree{
		"a.Dockerfile": "FROM alpine:3.20\nLABEL a=b\n", "b.Dockerfile": "FROM alpine:3.20\nLABEL a=b\n",
		".dockerignore": "*.md\na.Dockerfile\nb.Dockerfile\n", "src/app.py": "", "src/conf.py": "x = 1\n",
	}
}

// command runs refit in dir with a pass of the test's own; change is called on
// the app before it runs.
func command(t *testing.T, dir string, change func(*app), args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(dir)
	opt, err := parseFlags("", args)
	if err != nil {
		t.Fatal(err)
	}
	out, errs := tempFile(t), tempFile(t)
	a, err := newApp(opt, strings.NewReader(""), out, errs)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range a.inputs {
		s := *in.settings
		s.passes = []*transform.Pass{withCompanions()}
		in.settings = &s
	}
	if change != nil {
		change(a)
	}
	if code, err = a.run(); err != nil {
		t.Fatal(err)
	}
	return code, readText(t, out.Name()), readText(t, errs.Name())
}

func tempFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestWriteCompanions(t *testing.T) {
	dir := start().make(t)
	code, _, stderr := command(t, dir, nil, "-w", "-j", "4")
	if code != exitDone || !strings.Contains(stderr, "2 changed, 0 stayed, 0 failed") {
		t.Errorf("status %d, %s", code, stderr)
	}
	finished().check(t, dir)
}

// TestDryRunIsWhatWriteDoes applies the diff of a dry run: of two Dockerfiles in
// one context, the second builds on the companions of the first.
func TestDryRunIsWhatWriteDoes(t *testing.T) {
	dir := start().make(t)
	_, diff, _ := command(t, dir, nil, "-j", "4")
	start().check(t, dir)
	cmd := exec.Command("git", "apply", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s\n%s", err, out, diff)
	}
	finished().check(t, dir)
}

// TestFailureLeavesEverything makes each step of writing fail in turn.
func TestFailureLeavesEverything(t *testing.T) {
	boom := errors.New("boom")
	for n := 1; n <= 3; n++ {
		for _, step := range []string{"rename", "sync"} {
			t.Run(fmt.Sprint(step, n), func(t *testing.T) {
				dir := start().make(t)
				calls := 0
				code, _, stderr := command(t, dir, func(a *app) {
					if step == "rename" {
						a.write.rename = func(from, to string) error {
							if calls++; calls == n {
								return boom
							}
							return os.Rename(from, to)
						}
						return
					}
					a.write.sync = func(*os.File) error {
						if calls++; calls == n {
							return boom
						}
						return nil
					}
				}, "-w", "a.Dockerfile")
				if code != exitBad || !strings.Contains(stderr, "not written: boom") {
					t.Errorf("status %d, %s", code, stderr)
				}
				start().check(t, dir)
			})
		}
	}
}

// TestFailureOfOneFile goes on with the other Dockerfile of the context, which
// then sees what is really there.
func TestFailureOfOneFile(t *testing.T) {
	dir := start().make(t)
	calls := 0
	code, _, _ := command(t, dir, func(a *app) {
		a.write.rename = func(from, to string) error {
			if calls++; calls == 1 {
				return errors.New("boom")
			}
			return os.Rename(from, to)
		}
	}, "-w")
	if code != exitBad {
		t.Errorf("status %d", code)
	}
	want := finished()
	want["a.Dockerfile"], want[".dockerignore"] = start()["a.Dockerfile"], "*.md\nb.Dockerfile\n"
	want.check(t, dir)
}

// TestNotPutBack keeps the old text when not even that can be undone.
func TestNotPutBack(t *testing.T) {
	dir := start().make(t)
	calls := 0
	_, _, stderr := command(t, dir, func(a *app) {
		a.write.rename = func(from, to string) error {
			if calls++; calls > 1 {
				return errors.New("boom")
			}
			return os.Rename(from, to)
		}
	}, "-w", "a.Dockerfile")
	_, kept, ok := strings.Cut(stderr, "its old text is ")
	if !ok {
		t.Fatalf("nothing says where the old text is: %s", stderr)
	}
	kept, _, _ = strings.Cut(kept, " ")
	kept, _, _ = strings.Cut(kept, "\n")
	if got := readText(t, kept); got != start()[".dockerignore"] {
		t.Errorf("%s holds %q", kept, got)
	}
}

// TestChangedMeanwhile refuses to write over what somebody else has written.
func TestChangedMeanwhile(t *testing.T) {
	for name, want := range map[string]string{
		"a.Dockerfile": "it has changed since it was read", "src/conf.py": "it has come into being since refit looked",
		".dockerignore": "it has changed since it was read",
	} {
		t.Run(name, func(t *testing.T) {
			dir := start().make(t)
			var a *app
			_, _, _ = command(t, dir, func(ready *app) { a, ready.inputs = ready, nil }, "-w", "a.Dockerfile")
			in := &input{path: "a.Dockerfile", abs: filepath.Join(dir, "a.Dockerfile"), root: dir, name: "a.Dockerfile"}
			in.settings = &settings{passes: []*transform.Pass{withCompanions()}}
			in.context = &sharedContext{dir: dir, real: realDir(dir), users: 1}
			in.diffs = baseOf([]*input{in})
			oc := a.process(in)
			writeText(t, filepath.Join(dir, name), "theirs\n")
			a.finish(oc)
			if oc.err == nil || oc.err.Error() != name+": not written: "+want {
				t.Errorf("error %v", oc.err)
			}
			after := start()
			after[name] = "theirs\n"
			after.check(t, dir)
		})
	}
}

// TestCompanionLinks writes the target of a link within the context, and none
// outside of it.
func TestCompanionLinks(t *testing.T) {
	dir := start().make(t)
	rename(t, dir, ".dockerignore", "src/ignore")
	link(t, dir, "src/ignore", ".dockerignore")
	if code, _, stderr := command(t, dir, nil, "-w", "a.Dockerfile"); code != exitDone {
		t.Fatalf("status %d, %s", code, stderr)
	}
	if got := readText(t, filepath.Join(dir, "src/ignore")); got != "*.md\na.Dockerfile\n" {
		t.Errorf("the target holds %q", got)
	}
	outside := filepath.Join(t.TempDir(), "ignore")
	writeText(t, outside, "*.md\n")
	if err := os.Remove(filepath.Join(dir, ".dockerignore")); err != nil {
		t.Fatal(err)
	}
	link(t, dir, outside, ".dockerignore")
	if code, _, stderr := command(t, dir, nil, "-w", "b.Dockerfile"); code != exitBad || !strings.Contains(stderr, ".dockerignore: ") {
		t.Errorf("status %d, %s", code, stderr)
	}
	if got := readText(t, outside); got != "*.md\n" {
		t.Errorf("a file outside of the context holds %q", got)
	}
}

func rename(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, dir, target, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// TestPanicIsOneFilesFailure holds that a pass that panics takes only its file
// with it.
func TestPanicIsOneFilesFailure(t *testing.T) {
	dir := start().make(t)
	code, _, stderr := command(t, dir, func(a *app) {
		a.inputs[0].settings.passes[0].Run = func(*transform.File) []transform.Finding { panic("boom") }
	}, "-w")
	if code != exitBad || !strings.Contains(stderr, "a.Dockerfile: internal error, please report it: boom") {
		t.Errorf("status %d, %s", code, stderr)
	}
	if got := readText(t, filepath.Join(dir, "b.Dockerfile")); got != finished()["b.Dockerfile"] {
		t.Errorf("b.Dockerfile: %q", got)
	}
}

// TestRefusedChangeFailsCheck holds that --check fails on a change that broke
// its contract, although nothing would change.
func TestRefusedChangeFailsCheck(t *testing.T) {
	dir := start().make(t)
	code, _, stderr := command(t, dir, func(a *app) { a.inputs[0].settings.passes[0].Alters = nil }, "--check", "a.Dockerfile")
	if code != exitChanges || !strings.Contains(stderr, "0 would change, 1 stayed, 0 failed; 1 change held back") {
		t.Errorf("status %d, %s", code, stderr)
	}
}
