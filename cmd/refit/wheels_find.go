package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"refit/internal/lock"
	"refit/internal/report"
	"refit/internal/wheeltable"
)

// wheelsRun shows the tables of one call of explain wheels.
type wheelsRun struct {
	o      *wheelsOptions
	asking *asking
	out    *bufio.Writer
	stderr *os.File
	tables int
	shown  map[shownTable]bool
	err    error // the last one; those before it have been told
}

// shownTable tells tables apart. The base is "" for that of any Dockerfile.
type shownTable struct{ lock, base string }

// path shows what a path of the command line stands for. A directory is searched: a
// project that is broken does not keep the others back.
func (r *wheelsRun) path(ctx context.Context, path string) {
	if path == "-" {
		r.fail(usageError("explain wheels reads a project's files: name a directory, a Dockerfile or a lock file, not -"))
		return
	}
	before := r.tables
	err := r.project(ctx, path, false)
	if info, statErr := os.Stat(path); statErr != nil || !info.IsDir() || ctx.Err() != nil {
		r.fail(err)
		return
	}
	found, walkErr := projectsBelow(path)
	r.fail(walkErr)
	for _, p := range found {
		info, err := os.Stat(p)
		if err = r.project(ctx, p, err == nil && info.IsDir()); !errors.Is(err, lock.ErrNone) {
			r.fail(err)
		}
		if ctx.Err() != nil {
			return
		}
	}
	if !errors.Is(err, lock.ErrNone) || r.tables == before && r.err == nil {
		r.fail(err)
	}
}

func (r *wheelsRun) fail(err error) {
	if err == nil {
		return
	}
	if r.err != nil {
		fmt.Fprintf(r.stderr, "refit: %s\n", report.Clean(r.err.Error()))
	}
	r.err = err
}

// project shows the tables of one project. Alone, a lock file is shown only where no
// Dockerfile has led to it.
func (r *wheelsRun) project(ctx context.Context, path string, alone bool) error {
	p, err := openProject(path)
	if err != nil {
		return err
	}
	defer p.close()
	for _, name := range p.locks {
		key := shownTable{lock: filepath.Join(realDir(p.dir), name)}
		if b := p.base(); b != nil {
			key.base = b.Python + " " + b.Distro
		}
		if r.shown[key] || alone && r.shown[shownTable{lock: key.lock}] {
			continue
		}
		r.shown[key], r.shown[shownTable{lock: key.lock}] = true, true
		t, err := p.table(ctx, r.o, r.asking, name)
		if err != nil {
			return err
		}
		if err := r.show(t); err != nil {
			return err
		}
	}
	return nil
}

func (r *wheelsRun) show(t *wheeltable.Table) error {
	if r.tables++; r.tables > 1 && r.o.format != formatJSON {
		fmt.Fprintln(r.out)
	}
	return renderWheels[r.o.format](r.out, t)
}

// projectsBelow are the Dockerfiles in a directory and those below, and the
// directories below that have a lock file, which come last.
func projectsBelow(dir string) ([]string, error) {
	var dockerfiles, dirs []string
	err := filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // a directory that cannot be read has no project to show
		case d.IsDir() && at != dir && isForeign(at, d.Name()):
			return fs.SkipDir
		case d.IsDir():
		case isDockerfileName(d.Name()):
			dockerfiles = append(dockerfiles, at)
		case filepath.Dir(at) != filepath.Clean(dir) && lock.FormatOf(d.Name()) != lock.Requirements:
			dirs = append(dirs, filepath.Dir(at))
		}
		return nil
	})
	return append(dockerfiles, slices.Compact(dirs)...), err
}
