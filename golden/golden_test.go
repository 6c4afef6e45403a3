// Package golden runs every pass on small cases and holds the results to what
// the cases expect.
//
// A case is golden/<pass>/<what-it-shows>.txtar, or golden/all/<case>.txtar for
// the whole list of passes. The comment above the first marker says what is
// shown and why. Then come "Dockerfile", the files of the build context under
// "context/" (none: the context is unknown; "context/" alone cannot be written,
// so a case with an empty context says "context: empty" in its comment), and
// what is expected: "want/Dockerfile" (absent: not a byte changes),
// "want/report", and "want/companion/<path>" for each companion file. A line
// "option: NAME=VALUE" in the comment sets profile, pin, cache-mounts,
// prune-requirements or dockerfile, or digest=REFERENCE=DIGEST, which a registry gives ("fails" for one
// that does not answer; any other reference is not there). "go test ./golden -update" rewrites want/ and nothing else.
package golden

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"refit/internal/buildctx"
	"refit/passes"
	"refit/transform"
)

var update = flag.Bool("update", false, "rewrite the want/ sections of the cases")

// kase is a golden case as read from its archive.
type kase struct {
	archive    *txtar.Archive
	dockerfile string
	opt        transform.Options
	want       map[string]string // by section name, "want/" included
}

func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(path, ".txtar"), func(t *testing.T) {
			t.Parallel()
			runCase(t, path)
		})
	}
}

func runCase(t *testing.T, path string) {
	c, err := readCase(path)
	if err != nil {
		t.Fatal(err)
	}
	list := passes.Default()
	if name := filepath.Dir(path); name != "all" {
		if list, err = pick(passes.All(), name); err != nil {
			t.Fatal(err)
		}
	}
	got := check(t, c, list)
	if *update {
		if err := c.update(path, got); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, name := range slices.Sorted(maps.Keys(union(got, c.want))) {
		if got[name] != c.want[name] {
			d, _ := transform.UnifiedDiff(name, c.want[name], got[name], true)
			t.Errorf("%s: not as expected (-want +got):\n%s", name, d)
		}
	}
}

// check runs the passes and everything that holds for every case: the second
// run changes nothing, the result compiles, and no change was refused.
func check(t *testing.T, c *kase, list []*transform.Pass) map[string]string {
	t.Helper()
	r, err := transform.Run("Dockerfile", c.dockerfile, list, &c.opt)
	if err != nil {
		t.Fatal(err)
	}
	if compile([]byte(c.dockerfile), nil) == nil {
		if err := compile([]byte(r.After), nil); err != nil {
			t.Errorf("BuildKit does not convert the result: %v", err)
		}
	}
	for _, ref := range r.Refused {
		t.Errorf("%s was refused: %s: %s", ref.Pass, ref.Key, ref.Why)
	}
	got := map[string]string{"want/report": report(r)}
	if r.After != r.Before {
		got["want/Dockerfile"] = r.After
	}
	for _, comp := range r.Companions {
		got["want/companion/"+comp.Path] = comp.Content
	}
	checkAgain(t, c, list, r)
	return got
}

// checkAgain runs the passes on their own result.
func checkAgain(t *testing.T, c *kase, list []*transform.Pass, r *transform.Result) {
	t.Helper()
	opt := c.opt
	if len(r.Companions) > 0 {
		opt.Context = withCompanions(c, r).WithDockerfile(opt.Dockerfile)
	}
	again, err := transform.Run("Dockerfile", r.After, list, &opt)
	if err != nil {
		t.Fatalf("the result is not taken again: %v", err)
	}
	if again.Changed() {
		d, _ := transform.UnifiedDiff("Dockerfile", r.After, again.After, true)
		t.Errorf("a second run changes more:\n%s%s", d, report(again))
	}
}

func withCompanions(c *kase, r *transform.Result) *buildctx.Context {
	files := fstest.MapFS{}
	for _, s := range c.archive.Files {
		if name, ok := strings.CutPrefix(s.Name, "context/"); ok {
			files[name] = &fstest.MapFile{Data: s.Data}
		}
	}
	for _, comp := range r.Companions {
		files[comp.Path] = &fstest.MapFile{Data: []byte(comp.Content)}
	}
	return buildctx.FromFS(files)
}

// report is a line for each change and decline, as the cases spell them.
func report(r *transform.Result) string {
	var b strings.Builder
	for _, s := range r.Steps {
		for _, m := range s.Changes {
			fmt.Fprintf(&b, "%s: %s: %s\n", s.Pass.Name, place(m), m.Why)
			for _, n := range m.Notes {
				fmt.Fprintf(&b, "\t%s: %s\n", place(n), n.Why)
			}
		}
		for _, m := range s.Declines {
			fmt.Fprintf(&b, "%s: %s: declined (%s): %s\n", s.Pass.Name, place(m), m.Key, m.Why)
			for _, n := range m.Notes {
				fmt.Fprintf(&b, "\t%s: %s\n", place(n), n.Why)
			}
		}
	}
	return b.String()
}

func place(m transform.Remark) string {
	if m.Added != "" {
		return fmt.Sprintf("line %d (text of %s)", m.Line, m.Added)
	}
	return fmt.Sprintf("line %d", m.Line)
}

func pick(list []*transform.Pass, name string) ([]*transform.Pass, error) {
	for _, p := range list {
		if p.Name == name {
			return []*transform.Pass{p}, nil
		}
	}
	return nil, fmt.Errorf("no pass is named %q", name)
}

func union(a, b map[string]string) map[string]string {
	u := maps.Clone(a)
	maps.Copy(u, b)
	return u
}

func readCase(path string) (*kase, error) {
	a, err := txtar.ParseFile(path)
	if err != nil {
		return nil, err
	}
	c := &kase{archive: a, want: map[string]string{}}
	context := fstest.MapFS{}
	hasContext := strings.Contains(string(a.Comment), "context: empty")
	for _, s := range a.Files {
		dir, rest, _ := strings.Cut(s.Name, "/")
		switch {
		case s.Name == "Dockerfile":
			c.dockerfile = string(s.Data)
		case dir == "context" && rest != "":
			context[rest] = &fstest.MapFile{Data: s.Data, Mode: 0o644}
			hasContext = true
		case dir == "want":
			c.want[s.Name] = string(s.Data)
		default:
			return nil, fmt.Errorf("%s: unknown section %q", path, s.Name)
		}
	}
	if len(a.Comment) == 0 || c.dockerfile == "" {
		return nil, fmt.Errorf("%s: no comment or no Dockerfile", path)
	}
	if hasContext {
		c.opt.Dockerfile = "Dockerfile"
	}
	if err := c.readOptions(path); err != nil {
		return nil, err
	}
	if hasContext {
		c.opt.Context = buildctx.FromFS(context).WithDockerfile(c.opt.Dockerfile)
	}
	return c, nil
}

func (c *kase) readOptions(path string) error {
	for line := range strings.Lines(string(c.archive.Comment)) {
		opt, ok := strings.CutPrefix(strings.TrimSpace(line), "option: ")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(opt, "=")
		switch name {
		case "profile":
			c.opt.Profile = transform.Profile(value)
		case "pin":
			c.opt.Pin = transform.Pin(value)
		case "cache-mounts":
			c.opt.NoCacheMounts = value == "off"
		case "prune-requirements":
			c.opt.PruneRequirements = value == "on"
		case "dockerfile":
			c.opt.Dockerfile = value
		case "digest":
			c.addDigest(value)
		default:
			return fmt.Errorf("%s: unknown option %q", path, name)
		}
	}
	return nil
}

// digests is a registry of the cases.
type digests map[string]string

func (d digests) Digest(ref string) (string, error) {
	switch digest := d[ref]; digest {
	case "":
		return "", fmt.Errorf("%w: the registry does not have it", transform.ErrNoImage)
	case "fails":
		return "", errors.New("the registry does not answer")
	default:
		return digest, nil
	}
}

func (c *kase) addDigest(value string) {
	if c.opt.Digests == nil {
		c.opt.Digests = digests{}
	}
	ref, digest, _ := strings.Cut(value, "=")
	c.opt.Digests.(digests)[ref] = digest
}

func (c *kase) update(path string, got map[string]string) error {
	a := &txtar.Archive{Comment: c.archive.Comment}
	for _, s := range c.archive.Files {
		if !strings.HasPrefix(s.Name, "want/") {
			a.Files = append(a.Files, s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] != "" {
			a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got[name])})
		}
	}
	return os.WriteFile(path, txtar.Format(a), 0o644)
}

// TestExamples makes each pass's After from its Before, and nothing from its
// After.
func TestExamples(t *testing.T) {
	list := append(passes.All(), extraPasses()...)
	if err := transform.Validate(list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		t.Run(p.Name, func(t *testing.T) {
			c := &kase{dockerfile: p.Doc.Before, archive: &txtar.Archive{}}
			c.opt.Profile = p.Doc.Profile
			if p.Doc.Digests != nil {
				c.opt.Digests = digests(p.Doc.Digests)
			}
			if p.Doc.Files != nil {
				files := fstest.MapFS{}
				for name, text := range p.Doc.Files {
					files[name] = &fstest.MapFile{Data: []byte(text)}
					c.archive.Files = append(c.archive.Files, txtar.File{Name: "context/" + name, Data: []byte(text)})
				}
				c.opt.Context = buildctx.FromFS(files)
				c.opt.Dockerfile = "Dockerfile"
			}
			got := check(t, c, []*transform.Pass{p})
			after := got["want/Dockerfile"]
			if after == "" {
				after = p.Doc.Before
			}
			if after != p.Doc.After {
				d, _ := transform.UnifiedDiff("After", p.Doc.After, after, true)
				t.Errorf("the example's After is not what the pass makes (-documented +got):\n%s", d)
			}
		})
	}
}

// wantsChange reports a case in which the Dockerfile or a companion changes.
func (c *kase) wantsChange() bool {
	for name := range c.want {
		if name != "want/report" {
			return true
		}
	}
	return false
}

// TestEveryReasonHasACase holds that each pass has a case that changes, one
// that does not, and one for each reason that it declares.
func TestEveryReasonHasACase(t *testing.T) {
	for _, p := range passes.All() {
		paths, err := filepath.Glob(p.Name + "/*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		changes, unchanged, reports := 0, 0, ""
		for _, path := range paths {
			c, err := readCase(path)
			if err != nil {
				t.Fatal(err)
			}
			if c.wantsChange() {
				changes++
			} else {
				unchanged++
			}
			reports += c.want["want/report"]
		}
		if changes == 0 || unchanged == 0 {
			t.Errorf("%s: %d cases that change and %d that do not; each must be there", p.Name, changes, unchanged)
		}
		for _, d := range p.Declines {
			if !strings.Contains(reports, "("+d.Key+")") {
				t.Errorf("%s: no case shows the reason %q", p.Name, d.Key)
			}
		}
	}
}
