package golden

import (
	"errors"
	"path/filepath"
	"testing"

	"refit/internal/buildctx"
	"refit/passes"
	"refit/transform"
)

// FuzzPipeline holds for any Dockerfile, with and without a small build context,
// what must never be lost: see checkReal.
func FuzzPipeline(f *testing.F) {
	paths, err := filepath.Glob("*/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		c, err := readCase(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(c.dockerfile, c.opt.Context != nil)
	}
	for _, src := range found {
		f.Add(src, true)
		f.Add(src, false)
	}
	f.Fuzz(func(t *testing.T, src string, withContext bool) {
		file := &realFile{name: "Dockerfile", src: src}
		if withContext {
			file.opt = transform.Options{Context: buildctx.FromFS(syntheticContext(src)), Dockerfile: "Dockerfile"}
		}
		if _, err := transform.Run(file.name, src, passes.Default(), &file.opt); err != nil {
			var syntax *transform.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("not a *transform.SyntaxError: %v", err)
			}
			return
		}
		var bad problems
		checkReal(file, &bad)
		bad.report(t)
	})
}

// found are inputs that once went wrong.
var found = []string{
	"FROM python:3.12\n# check=skip=JSONArgsRecommended\nCMD python app.py\n",
}
