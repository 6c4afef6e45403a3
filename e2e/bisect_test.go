package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"refit/internal/buildctx"
	"refit/internal/verify"
	"refit/internal/verify/builder"
	"refit/passes"
	"refit/transform"
)

// siteFiles are a small application that needs a distribution and answers on a
// port.
var siteFiles = map[string]string{
	"Dockerfile": `FROM python:3.11-slim-bookworm
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
EXPOSE 8080
CMD ["python", "site_app.py"]
`,
	"requirements.txt": "itsdangerous==2.2.0\n",
	"site_app.py": `import http.server
import signal
import sys

import itsdangerous

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(itsdangerous.URLSafeSerializer("key").dumps("hello").encode())

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    http.server.HTTPServer(("", 8080), Handler).serve_forever()
`,
}

// site puts the application where a test may write, with another Dockerfile
// unless that is empty.
func site(t testing.TB, dockerfile string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range siteFiles {
		if name == "Dockerfile" && dockerfile != "" {
			text = dockerfile
		}
		write(t, dir+"/"+name, text)
	}
	return dir
}

// replacing is a pass that is wrong on purpose: it exchanges a text.
func replacing(name, old, text string) *transform.Pass {
	return &transform.Pass{
		Name: name,
		Doc:  transform.Doc{Title: "breaks the image", Text: "It does.", Before: "FROM a\n", After: "FROM b\n"},
		Run: func(f *transform.File) []transform.Finding {
			at := strings.Index(f.Src, old)
			if at < 0 {
				return nil
			}
			span := transform.Span{Start: at, End: at + len(old)}
			return []transform.Finding{{At: span, Why: "on purpose", Edits: []transform.Edit{{Span: span, New: text}}}}
		},
	}
}

// subjectOf is a directory's Dockerfile, rewritten by a list of passes.
func subjectOf(t testing.TB, dir string, list []*transform.Pass) *verify.Subject {
	t.Helper()
	ctx, err := buildctx.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ctx.Close() })
	src := read(t, dir+"/Dockerfile")
	remake := func(c verify.Change) (*transform.Result, error) {
		left := slices.DeleteFunc(slices.Clone(list), func(p *transform.Pass) bool { return slices.Contains(c.Without, p.Name) })
		return transform.Run("Dockerfile", src, left, &transform.Options{Context: ctx.WithDockerfile("Dockerfile"), Dockerfile: "Dockerfile"})
	}
	r, err := remake(verify.Change{})
	if err != nil {
		t.Fatal(err)
	}
	return &verify.Subject{Path: "Dockerfile", Name: "Dockerfile", InContext: "Dockerfile", Context: dir, Result: r, Remake: remake}
}

func openPool(t testing.TB) *builder.Pool {
	t.Helper()
	pool, err := builder.Open(t.Context(), &builder.Config{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

// TestWrongPass puts a pass that is wrong on purpose among the others: it is
// named and left out, and the rest of the rewrite stays.
func TestWrongPass(t *testing.T) {
	for _, c := range []struct{ name, old, text, check string }{
		{"build", "pip install -r requirements.txt", "pip install -r requirements.txt --no-such-option", verify.CheckBuild},
		{"distributions", "-r requirements.txt", "pip", verify.CheckDistributions},
		{"http", `"site_app.py"]`, `"-c", "import site_app"]`, verify.CheckHTTP},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong := replacing("wrong-on-purpose", c.old, c.text)
			wrong.Alters = []string{"cmd"}
			all := slices.DeleteFunc(passes.All(), func(p *transform.Pass) bool {
				return p.Name == "multi-stage" // verify leaves it out: a virtual environment is larger than what it saves here
			})
			list := slices.Insert(slices.Clone(all), len(all)/2, wrong)
			if c.check == verify.CheckDistributions {
				list = append(slices.Clone(all), wrong)
			}
			pool := openPool(t)
			defer pool.Close()
			out, result, err := verify.Verify(t.Context(), pool.Builders()[0], subjectOf(t, site(t, ""), list),
				&verify.Options{Quick: true, Timeout: 20 * time.Second, Log: t.Logf})
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Dropped) != 1 || out.Dropped[0].Pass != "wrong-on-purpose" || !strings.Contains(out.Dropped[0].Why, c.check) {
				t.Errorf("dropped %+v", out.Dropped)
			}
			if !out.Good || strings.Contains(result.After, c.text+"\n") || !strings.Contains(result.After, "USER 1001") {
				t.Errorf("good %v\n%s", out.Good, result.After)
			}
		})
	}
}
