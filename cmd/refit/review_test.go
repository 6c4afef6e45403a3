package main

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"refit/internal/review"
	"refit/internal/verify"
	"refit/passes"
	"refit/transform"
)

// TestRemedies holds that what would make a change possible is said of reasons that
// there are.
func TestRemedies(t *testing.T) {
	known := map[string]bool{transform.ReasonIgnored: true, transform.ReasonRefused: true, transform.ReasonBroken: true}
	for _, p := range passes.All() {
		for _, d := range p.Declines {
			known[d.Key], known[p.Name+"/"+d.Key] = true, true
			if text := review.Remedy(p, d.Key); !strings.HasSuffix(text, ".") {
				t.Errorf("%s, %s: %q is no sentence", p.Name, d.Key, text)
			}
		}
	}
	for _, key := range review.RemedyKeys() {
		if !known[key] {
			t.Errorf("no pass gives the reason %s", key)
		}
	}
}

// TestReviewSwitches holds which passes can be switched.
func TestReviewSwitches(t *testing.T) {
	dir := reviewTree(t, service(""))
	for _, c := range []struct {
		args     []string
		on, off  string
		isSwitch bool // of what is off
	}{
		{nil, "pip-cache", "strip-symbols", true},
		{[]string{"--skip", "pip-cache"}, "non-root", "pip-cache", true},
		{[]string{"--with", "strip-symbols"}, "strip-symbols", "tests-out", true},
		{nil, "pip-cache", "alpine-base", false},
		{nil, "pip-cache", "pin-digest", false},
		{[]string{"--profile", "io"}, "alpine-base", "distroless", false},
	} {
		opt, err := parseFlags(commandReview, append(c.args, dir))
		if err != nil {
			t.Fatal(err)
		}
		a, err := newApp(opt, strings.NewReader(""), os.Stdout, os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		f := newReviewed(a).Files()[0]
		on, switches := strings.Join(f.On, " "), strings.Join(f.Switches, " ")
		if !strings.Contains(on, c.on) || strings.Contains(on, c.off) || strings.Contains(switches, c.off) != c.isSwitch {
			t.Errorf("%v: on %s, switches %s", c.args, on, switches)
		}
	}
}

// TestReviewWithout holds that what verify left out is off in the page, in that file
// alone, and can be switched on.
func TestReviewWithout(t *testing.T) {
	files := service("a/")
	maps.Copy(files, service("b/"))
	dir := reviewTree(t, files)
	opt, err := parseFlags(commandReview, []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(opt, strings.NewReader(""), os.Stdout, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	a.inputs[0].without([]verify.Dropped{{Pass: "pip-cache"}})
	for i, f := range newReviewed(a).Files() {
		if on := slices.Contains(f.On, "pip-cache"); on != (i == 1) || !slices.Contains(f.Switches, "pip-cache") || !slices.Contains(f.On, "non-root") {
			t.Errorf("file %d: on %v", i, f.On)
		}
	}
}

func TestHasDisplay(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("DISPLAY and WAYLAND_DISPLAY are looked at on Linux")
	}
	for name, want := range map[string]bool{"DISPLAY": true, "WAYLAND_DISPLAY": true, "HOME": false} {
		if got := hasDisplay(func(key string) string { return map[string]string{name: ":0"}[key] }); got != want {
			t.Errorf("%s alone: %v", name, got)
		}
	}
}

// TestLooksAreFresh holds that every look sees the disk as it is, in the contexts
// that a compose file declares too.
func TestLooksAreFresh(t *testing.T) {
	for name, compose := range map[string]string{
		"no declaration": "",
		"one context":    "services:\n  a:\n    build: .\n",
		"two contexts":   "services:\n  a:\n    build: .\n  b:\n    build: {context: other, dockerfile: ../Dockerfile}\n",
	} {
		t.Run(name, func(t *testing.T) {
			files := service("")
			files["other/requirements.txt"], files["other/main.py"] = files["requirements.txt"], files["main.py"]
			if compose != "" {
				files["compose.yaml"] = compose
			}
			dir := reviewTree(t, files)
			opt, err := parseFlags(commandReview, []string{dir})
			if err != nil {
				t.Fatal(err)
			}
			a, err := newApp(opt, strings.NewReader(""), os.Stdout, os.Stderr)
			if err != nil {
				t.Fatal(err)
			}
			a.root = reportRoot(a.inputs)
			r := newReviewed(a)
			after := func() string {
				look := r.Look()
				defer look.Close()
				e := look.Rewrite(0, r.files[0].On)
				if e.Error != nil {
					t.Fatal(*e.Error)
				}
				return e.Result.After
			}
			before := after()
			for _, context := range []string{".", "other"} {
				if err := os.Remove(filepath.Join(dir, context, "requirements.txt")); err != nil {
					t.Fatal(err)
				}
			}
			if before == after() {
				t.Errorf("without the requirements the result is still\n%s", before)
			}
		})
	}
}

// TestReviewStaysInTree holds that nothing is written through a directory that has
// become a link to another place since the review was opened.
func TestReviewStaysInTree(t *testing.T) {
	for _, arg := range []string{".", "b", "b/Dockerfile"} {
		t.Run(arg, func(t *testing.T) {
			files, outside := map[string]string{}, service("")
			for name, text := range outside {
				files["b/"+name] = text
			}
			dir, victim := reviewTree(t, files), reviewTree(t, outside)
			opt, err := parseFlags(commandReview, []string{filepath.Join(dir, arg)})
			if err != nil {
				t.Fatal(err)
			}
			a, err := newApp(opt, strings.NewReader(""), os.Stdout, os.Stderr)
			if err != nil {
				t.Fatal(err)
			}
			a.root = reportRoot(a.inputs)
			r := newReviewed(a)
			rename(t, dir, "b", "was")
			link(t, dir, victim, "b")
			look := r.Look()
			defer look.Close()
			if e := look.Rewrite(0, r.files[0].On); e.Error != nil || !e.Changed {
				t.Fatalf("changed: %v, error %v", e.Changed, e.Error)
			}
			if err := look.Write(0); err == nil || !strings.Contains(err.Error(), "outside of") {
				t.Errorf("writing: %v", err)
			}
			for name, text := range outside {
				if got := readText(t, filepath.Join(victim, name)); got != text {
					t.Errorf("%s holds %q", name, got)
				}
			}
		})
	}
}
