package golden

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"refit/internal/buildctx"
	"refit/passes"
	"refit/transform"
)

// extraPasses are those that are not in the list, with what they are given for
// their examples.
func extraPasses() []*transform.Pass {
	need := passes.Need{Package: "libpq5", Library: "libpq.so.5", NeededBy: []string{"/opt/venv/lib/python3.12/site-packages/_psycopg.so"}}
	return []*transform.Pass{passes.Repair([]passes.Need{need})}
}

// needs are packages that no case and no example names.
var needs = []passes.Need{
	{Package: "libxslt1.1", Library: "libxslt.so.1", NeededBy: []string{"/opt/venv/lib/a.so", "/opt/venv/lib/b.so"}},
	{Package: "libaio1:amd64", Library: "libaio.so.1", NeededBy: []string{"/app/c.so"}},
}

// repairAfterAll runs the list, then the repair, then the list again, which must
// not change more. It returns the results of the last two.
func repairAfterAll(c *kase) (repaired, again *transform.Result, err error) {
	opt := c.opt
	all, err := transform.Run("Dockerfile", c.dockerfile, passes.Default(), &opt)
	if err != nil {
		return nil, nil, err
	}
	if len(all.Companions) > 0 {
		opt.Context = opt.Context.With(all.Companions)
	}
	repaired, err = transform.Run("Dockerfile", all.After, []*transform.Pass{passes.Repair(needs)}, &opt)
	if err != nil {
		return nil, nil, err
	}
	again, err = transform.Run("Dockerfile", repaired.After, passes.Default(), &opt)
	return repaired, again, err
}

// checkRepair holds what is true of every repaired file.
func checkRepair(t *testing.T, name string, repaired, again *transform.Result) {
	t.Helper()
	for _, ref := range append(repaired.Refused, again.Refused...) {
		t.Errorf("%s was refused: %s", ref.Pass, ref.Why)
	}
	for _, pkg := range []string{"libxslt1.1", "libaio1"} {
		if repaired.After != repaired.Before && strings.Count(repaired.After, pkg) != 1 {
			t.Errorf("%s: %s is there %d times\n%s", name, pkg, strings.Count(repaired.After, pkg), repaired.After)
		}
	}
	if again.After != again.Before {
		d, _ := transform.UnifiedDiff(name, again.Before, again.After, false)
		t.Errorf("%s: the passes change what was repaired:\n%s", name, d)
	}
	if err := compile([]byte(repaired.After), nil); err != nil && repaired.Changed() {
		t.Errorf("%s: %v", name, err)
	}
}

func TestRepairIsStable(t *testing.T) {
	paths, err := filepath.Glob("*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		c, err := readCase(path)
		if err != nil {
			t.Fatal(err)
		}
		repaired, again, err := repairAfterAll(c)
		if err != nil {
			t.Fatal(err)
		}
		checkRepair(t, path, repaired, again)
	}
}

func TestRepairOfExamples(t *testing.T) {
	paths, err := filepath.Glob("../examples/*/*Dockerfile")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range paths {
		c, err := exampleCase(path)
		if err != nil {
			t.Fatal(err)
		}
		repaired, again, err := repairAfterAll(c)
		if err != nil {
			t.Fatal(err)
		}
		checkRepair(t, path, repaired, again)
		if repaired.After == repaired.Before {
			t.Errorf("%s: nothing is installed: %s", path, report(repaired))
		}
	}
}

// exampleCase reads an example with its files.
func exampleCase(dockerfile string) (*kase, error) {
	dir, name := filepath.Split(dockerfile)
	c := &kase{archive: &txtar.Archive{}}
	files := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, p))
		files[p] = &fstest.MapFile{Data: b, Mode: 0o644}
		c.archive.Files = append(c.archive.Files, txtar.File{Name: "context/" + p, Data: b})
		return err
	})
	if err != nil {
		return nil, err
	}
	c.dockerfile = string(files[name].Data)
	c.opt.Dockerfile = name
	c.opt.Context = buildctx.FromFS(files).WithDockerfile(name)
	return c, nil
}

func TestRepairOfCorpus(t *testing.T) {
	files := readCorpus(t)
	var bad problems
	each(files, func(f *realFile) {
		repaired, again, err := repairAfterAll(&kase{dockerfile: f.src, opt: f.opt})
		if f.err = err; err != nil {
			return
		}
		f.result = repaired
		if again.After != again.Before {
			d, _ := transform.UnifiedDiff(f.name, again.Before, again.After, false)
			bad.add("changed again", "%s\n%s", f.name, d)
		}
		for _, ref := range append(repaired.Refused, again.Refused...) {
			bad.add("refused", "%s: %s: %s", f.name, ref.Pass, ref.Why)
		}
	})
	bad.report(t)
	logPasses(t, "repair", files)
}

// pythonBase is an official Python image of any version.
var pythonBase = regexp.MustCompile(`(?im)^(FROM\s+)python(:\S+)?`)

// TestProfilesOfCorpus gives every file a Python that the profile's base has.
func TestProfilesOfCorpus(t *testing.T) {
	for profile, base := range map[transform.Profile]string{transform.ProfileSecure: "3.11-bookworm", transform.ProfileIO: "3.12-bookworm"} {
		t.Run(string(profile), func(t *testing.T) { profileOfCorpus(t, profile, base) })
	}
}

func profileOfCorpus(t *testing.T, profile transform.Profile, base string) {
	files := readCorpus(t)
	var bad problems
	list := passes.Default()
	each(files, func(f *realFile) {
		f.src = pythonBase.ReplaceAllString(f.src, "${1}python:"+base)
		f.opt.Context = buildctx.FromFS(syntheticContext(f.src))
		f.opt.Profile = profile
		if f.result, f.err = transform.Run(f.name, f.src, list, &f.opt); f.err != nil {
			return
		}
		for _, ref := range f.result.Refused {
			bad.add("refused", "%s: %s: %s", f.name, ref.Pass, ref.Why)
		}
		if err := compile([]byte(f.result.After), nil); err != nil && compile([]byte(f.src), nil) == nil {
			bad.add("does not compile", "%s: %v", f.name, err)
		}
		opt := f.opt
		if len(f.result.Companions) > 0 {
			opt.Context = opt.Context.With(f.result.Companions)
		}
		again, err := transform.Run(f.name, f.result.After, list, &opt)
		if err != nil || again.After != f.result.After {
			bad.add("changed again", "%s: %v", f.name, err)
		}
	})
	bad.report(t)
	logPasses(t, string(profile), files)
}
