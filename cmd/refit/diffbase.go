package main

import (
	"os"
	"path/filepath"
	"strings"

	"refit/internal/report"
)

// diffBase is the directory that the paths of all diffs are relative to. git
// apply takes them relative to the directory that it is run in, below the root of
// a repository too, and none that leads out of it; so one directory that holds
// every file is chosen before the first is worked on: the current one, else the
// root of the repository, else the root of the file system.
type diffBase struct {
	dir  string // with links resolved
	here bool   // it is the current directory
}

// baseOf chooses the directory for what may be changed for these inputs.
func baseOf(inputs []*input) *diffBase {
	dir, err := os.Getwd()
	if err != nil {
		return &diffBase{dir: string(filepath.Separator)}
	}
	here := &diffBase{realDir(dir), true}
	paths := touched(inputs)
	if len(paths) == 0 || here.holds(paths) {
		return here
	}
	if root := repositoryOf(paths[0]); root != "" {
		if b := (&diffBase{dir: root}); b.holds(paths) {
			return b
		}
	}
	return &diffBase{dir: volumeRoot(dir)}
}

// touched are the Dockerfiles and the build contexts.
func touched(inputs []*input) []string {
	var paths []string
	for _, in := range inputs {
		if in.abs != "" {
			paths = append(paths, realPath(in.abs))
		}
		if in.context != nil {
			paths = append(paths, realDir(in.context.dir))
		}
	}
	return paths
}

// reportRoot is the directory that reports for forges and editors name files
// relative to. Those know files by their paths in the repository, wherever in it
// refit was run: it is the root of the repository where there is one, else the
// current directory. A file outside of it has no relative path.
func reportRoot(inputs []*input) *diffBase {
	dir, err := os.Getwd()
	if err != nil {
		return &diffBase{dir: "/"}
	}
	here, paths := realDir(dir), touched(inputs)
	roots := []string{repositoryOf(here)}
	if len(paths) > 0 {
		roots = append(roots, repositoryOf(paths[0]))
	}
	for _, root := range append(roots, here) {
		if b := (&diffBase{dir: root}); root != "" && b.holds(paths) {
			return b
		}
	}
	if roots[0] != "" {
		here = roots[0]
	}
	return &diffBase{dir: here}
}

// place is where a file is; standard input is a Dockerfile in the current directory.
func (b *diffBase) place(abs string) report.Place {
	if abs == "" {
		return report.Place{Rel: b.path("")}
	}
	rel, _ := b.below(abs)
	return report.Place{Abs: abs, Rel: rel}
}

func (b *diffBase) holds(paths []string) bool {
	for _, p := range paths {
		if !within(b.dir, p) {
			return false
		}
	}
	return true
}

// volumeRoot is the root of the file system that an absolute path is in; Windows
// has one for each drive.
func volumeRoot(abs string) string { return filepath.VolumeName(abs) + string(filepath.Separator) }

// repositoryOf is the root of the git repository that a path lies in, or "".
func repositoryOf(path string) string {
	for dir := path; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// path is a file as a diff names it: the file itself and not a link, which git
// apply would not patch, unless it lies elsewhere. Standard input is a Dockerfile
// in the current directory.
func (b *diffBase) path(abs string) string {
	if abs == "" {
		abs, _ = filepath.Abs("Dockerfile") // "" where that fails
	}
	if rel, ok := b.below(abs); ok {
		return rel
	}
	return strings.TrimPrefix(filepath.ToSlash(abs), "/")
}

// below is a file's path relative to the directory, with slashes, where it lies
// in it.
func (b *diffBase) below(abs string) (string, bool) {
	inRealDir := filepath.Join(realDir(filepath.Dir(abs)), filepath.Base(abs))
	for _, p := range []string{realPath(abs), inRealDir} {
		if rel, err := filepath.Rel(b.dir, p); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), true
		}
	}
	return "", false
}

// realPath is a path with links resolved, also when there is no file yet.
func realPath(abs string) string {
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	return filepath.Join(realDir(filepath.Dir(abs)), filepath.Base(abs))
}
