package passes

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"refit/internal/buildctx"
	"refit/transform"
)

// A file of root's that others may not read becomes the user's, too.
func TestNonRootFileModes(t *testing.T) {
	for mode, want := range map[fs.FileMode]bool{0o644: false, 0o755: false, 0o600: true, 0o640: true, 0o744: true, 0o700: true} {
		opt := &transform.Options{Context: buildctx.FromFS(fstest.MapFS{
			"app.py": {Data: []byte("print(1)\n"), Mode: 0o644},
			"run.sh": {Data: []byte("#!/bin/sh\nexec python /app/app.py\n"), Mode: mode},
		})}
		src := "FROM python:3.12-slim\nCOPY run.sh /usr/local/bin/\nCOPY app.py /app/\nWORKDIR /app\nCMD [\"run.sh\"]\n"
		r, err := transform.Run("Dockerfile", src, []*transform.Pass{nonRootPass}, opt)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(r.After, "COPY --chown=1001:1001 run.sh"); !strings.Contains(r.After, "USER 1001") || got != want {
			t.Errorf("mode %o: given to the user: %v, want %v\n%s", mode, got, want, r.After)
		}
	}
}

// More directories than the steps can be looked at for are declined, at once.
func TestNonRootManyDirectories(t *testing.T) {
	for n, want := range map[int]bool{maxDirs - 1: true, maxDirs + 1: false, 5000: false} {
		var src strings.Builder
		src.WriteString("FROM python:3.12-slim\nWORKDIR /app\nCOPY app.py .\n")
		for i := range n {
			fmt.Fprintf(&src, "RUN mkdir /data%dx\n", i)
		}
		src.WriteString("CMD [\"python\", \"app.py\"]\n")
		opt := &transform.Options{Context: buildctx.FromFS(fstest.MapFS{"app.py": {Data: []byte("print(1)\n"), Mode: 0o644}})}
		r, err := transform.Run("Dockerfile", src.String(), []*transform.Pass{nonRootPass}, opt)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(r.After, "USER 1001"); got != want {
			t.Errorf("%d directories: given a user: %v, want %v", n, got, want)
		}
	}
}
