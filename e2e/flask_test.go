package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"golang.org/x/tools/txtar"

	"refit/internal/verify"
)

const flask = "flask-gunicorn/Dockerfile"

// installs finds the steps that fetch packages.
var installs = regexp.MustCompile(`\b(pip3?|apt-get|apt)\b[^|;]*\b(install|update)\b`)

// TestFlaskGunicorn holds the example against its original, and against what a
// human made of the same application.
func TestFlaskGunicorn(t *testing.T) {
	dir := copied(t, "../examples/flask-gunicorn")
	hand := byHand(t, dir)
	outcomes, out := verified(t, dir)
	if out.status != 0 {
		t.Errorf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	o := outcomes[flask]
	good(t, o)
	passing(t, o, append([]string{verify.CheckGunicorn, verify.CheckHTTP}, all...)...)
	better(t, o)
	user(t, o, false)

	t.Run("rebuild after a source edit", func(t *testing.T) { rebuildsSource(t, o) })
	t.Run("smaller than the original by 75 %", func(t *testing.T) {
		smaller(t, "compressed", o.After.Compressed, o.Before.Compressed, 75)
	})
	t.Run("smaller than by hand by 40 %", func(t *testing.T) {
		byHand := builtByHand(t, hand)
		smaller(t, "compressed", o.After.Compressed, byHand.Compressed, 40)
		smaller(t, "unpacked", o.After.Unpacked, byHand.Unpacked, 40)
	})
	t.Run("secure", func(t *testing.T) { secureFlask(t, dir, o.After) })
}

// byHand lays the application out for the Dockerfile that the article
// optimized by hand, with the same requirements and settings of gunicorn.
func byHand(t *testing.T, example string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "by-hand")
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join(example, "src"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "src/requirements.txt"), filepath.Join(dir, "requirements.txt")); err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile("../golden/all/article-by-hand.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		switch f.Name {
		case "Dockerfile":
			write(t, filepath.Join(dir, f.Name), string(f.Data))
		case "context/entrypoint.sh", "context/gunicorn.conf.py":
			write(t, filepath.Join(dir, filepath.Base(f.Name)), string(f.Data))
		}
	}
	return dir
}

// builtByHand is the image of the article's Dockerfile.
func builtByHand(t *testing.T, dir string) *verify.Image {
	t.Helper()
	outcomes, out := verified(t, "--quick", "--build-arg", "MAIN=main", "--build-arg", "MAIN_APP=app", dir)
	o := outcomes["by-hand/Dockerfile"]
	if o == nil || o.Before == nil {
		t.Fatalf("exit status %d, and no image: %+v\n%s", out.status, o, tail(out.stderr))
	}
	return o.Before
}

// rebuildsSource asks for a rebuild that installs nothing, where the original's
// does.
func rebuildsSource(t *testing.T, o *verify.Outcome) {
	for _, r := range o.Rebuilds {
		if r.Kind != "source" {
			continue
		}
		if r.Before == nil || r.After == nil {
			t.Fatalf("after %s: not both were built again: %+v", r.Touched, r)
		}
		t.Logf("after %s: %.1f s → %.1f s\n%q\n%q", r.Touched, r.Before.Seconds, r.After.Seconds, r.Before.Ran, r.After.Ran)
		if !anyInstalls(r.Before.Ran) {
			t.Errorf("the original installs nothing again: %q", r.Before.Ran)
		}
		if anyInstalls(r.After.Ran) || len(r.After.Ran) == 0 {
			t.Errorf("steps that ran: %q", r.After.Ran)
		}
		return
	}
	t.Errorf("no rebuild after a source edit: %+v", o.Rebuilds)
}

func anyInstalls(steps []string) bool {
	for _, s := range steps {
		if installs.MatchString(s) {
			return true
		}
	}
	return false
}

// smaller asks for a part that is at least so many percent less than the whole.
func smaller(t *testing.T, what string, part, whole int64, by int) {
	t.Helper()
	t.Logf("%s: %d of %d bytes: %s", what, part, whole, percent(part, whole))
	if part <= 0 || 100*part > int64(100-by)*whole {
		t.Errorf("%s: %s, want at least %d %% less", what, percent(part, whole), by)
	}
}

// percent says how much less a part is than the whole.
func percent(part, whole int64) string {
	return fmt.Sprintf("%+.1f %%", 100*float64(part-whole)/float64(whole))
}
