package main

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/lock"
	"refit/passes"
	"refit/transform"
)

// brokenLock finds a lock file that the Dockerfile installs from and that no tool can
// read: the image does not build, and what it would hold is not known.
func (in *input) brokenLock(src string, ctx *buildctx.Context) error {
	if ctx == nil || !slices.ContainsFunc([]string{"uv", "poetry", "pdm", "pipenv"}, func(tool string) bool { return strings.Contains(src, tool) }) {
		return nil
	}
	f, err := transform.Parse(in.path, src, &transform.Options{Dockerfile: in.name, Context: ctx})
	if err != nil {
		return err
	}
	for _, name := range passes.Installs(f) {
		if err := lock.Broken(ctx.FS(), name); err != nil {
			at, what, _ := strings.Cut(err.Error(), ": ") // "uv.lock:3: …"
			return &fileError{displayPath(filepath.Join(in.context.dir, filepath.FromSlash(at))), errors.New(what)}
		}
	}
	return nil
}
