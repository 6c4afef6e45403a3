package passes

import (
	"path"
	"slices"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// Installs lists the files of the build context that the steps of a file install
// Python distributions from, in order: requirement files of pip, and the lock files
// of poetry, uv, pdm and pipenv. It says nothing of what it cannot find.
func Installs(f *transform.File) []string {
	image := &inImage{File: f}
	var out []string
	add := func(in *transform.Instruction, abs string) bool {
		name, from := fileAt(image, in.Stage, abs)
		if file, ok := bindMounted(image, in, abs); ok {
			name, from = file, fromContext
		}
		if from != fromContext {
			return false
		}
		if info, err := contextOf(f).Stat(name); err != nil || !info.Mode().IsRegular() {
			return false
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
		return true
	}
	for _, in := range f.Instructions {
		if in.Stage == nil || in.Keyword != "run" {
			continue
		}
		dir := ""
		if w := image.dirAt(in); w.known {
			dir = w.path
		}
		sc := shell.Of(f, in)
		for _, tool := range sc.Tools() {
			for _, name := range lockFiles[tool] {
				if dir != "" && path.Ext(name) == ".lock" && add(in, absolute(dir, name)) {
					break
				}
			}
		}
		for _, c := range sc.Commands() {
			dir = changeDir(f.State(in), c, dir)
			if p, ok := argv.Pip(c); ok && p.IsInstall() && dir != "" {
				for _, o := range p.All("--requirement") {
					add(in, absolute(dir, o.Value))
				}
			}
		}
	}
	return out
}
