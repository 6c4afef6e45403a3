package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refit/internal/verify"
	"refit/internal/verify/builder"
	"refit/internal/verify/image"
)

// secureFlask asks the profile secure for an image without a shell, a package
// manager or root, that answers like the original and has at most 60 % of the
// packages of the default one. The example's Python 3.7 is none that distroless
// has, which refit says; so it gets the one that it has.
func secureFlask(t *testing.T, dir string, slim *verify.Image) {
	out := refit(t, "--profile", "secure", "--verbose", "--format", "json", dir)
	if !strings.Contains(out.stdout, "distroless has Python 3.11 of Debian bookworm") {
		t.Errorf("nothing is said of Python 3.7:\n%s", tail(out.stdout))
	}
	path := filepath.Join(dir, "Dockerfile")
	write(t, path, strings.Replace(read(t, path), "python:3.7", "python:3.11-bookworm", 1))
	outcomes, out := verified(t, "--quick", "--profile", "secure", dir)
	o := outcomes[flask]
	good(t, o)
	passing(t, o, append([]string{verify.CheckGunicorn, verify.CheckHTTP}, all...)...)
	better(t, o)
	if a := o.After; a.Shell != "" || a.User != "65532:65532" || len(a.Setuid) > 0 || 100*a.Packages > 60*slim.Packages {
		t.Errorf("shell %q, user %q, setuid files %v, %d packages where slim has %d\n%s", a.Shell, a.User, a.Setuid, a.Packages, slim.Packages, tail(out.stderr))
	}
	t.Logf("%d packages where slim has %d: %s", o.After.Packages, slim.Packages, percent(int64(o.After.Packages), int64(slim.Packages)))

	if out := refit(t, "--profile", "secure", "--write", dir); out.status != 0 {
		t.Fatalf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	img := built(t, dir)
	for _, program := range []string{"/bin/sh", "/bin/bash", "/usr/bin/dpkg", "/usr/bin/apt-get", "/sbin/apk", "/opt/venv/bin/sh"} {
		if _, there := img.Stat(program); there {
			t.Errorf("the image has %s", program)
		}
	}
	for _, file := range []string{"/usr/lib/libpq.so.5", "/etc/ssl/certs/ca-certificates.crt", "/usr/share/zoneinfo/Europe/Berlin", "/opt/venv/bin/gunicorn"} {
		if _, there := img.Stat(file); !there {
			t.Errorf("the image has no %s", file)
		}
	}
}

// TestSecureWithoutPip holds that an environment of which no package uses pip has
// none on distroless, and still runs.
func TestSecureWithoutPip(t *testing.T) {
	dir := site(t, "")
	outcomes, _ := verified(t, "--quick", "--profile", "secure", dir)
	o := outcomes[filepath.Base(dir)+"/Dockerfile"]
	good(t, o)
	passing(t, o, verify.CheckHTTP)
	if out := refit(t, "--profile", "secure", "--write", dir); out.status != 0 {
		t.Fatalf("exit status %d\n%s", out.status, tail(out.stderr))
	}
	img := built(t, dir)
	for name, want := range map[string]bool{"bin/python": true, "bin/pip": false, "lib/python3.11/site-packages/pip": false, "lib/python3.11/site-packages/itsdangerous": true} {
		if _, there := img.Stat("/opt/venv/" + name); there != want {
			t.Errorf("%s is there: %v", name, there)
		}
	}
}

// built builds a context's Dockerfile and reads the image.
func built(t *testing.T, dir string) *image.Image {
	t.Helper()
	pool, err := builder.Open(t.Context(), &builder.Config{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	layout := t.TempDir()
	err = pool.Use(t.Context(), func(b *builder.Builder) error {
		source := builder.Source{Context: dir, Name: "Dockerfile", Text: read(t, filepath.Join(dir, "Dockerfile"))}
		_, err := b.Build(t.Context(), &builder.Request{Source: source, Layout: layout}, nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	img, err := image.Open(t.Context(), layout, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return img
}
