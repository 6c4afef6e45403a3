package image

import (
	"maps"
	"path"
	"slices"
)

// Missing is a library, or a program's interpreter, that the dynamic loader would
// not find.
type Missing struct {
	Library  string
	NeededBy []string // paths in the image, sorted
}

// Missing lists what the ELF files below directories, and the libraries that they
// load, need and do not find, sorted. See the package's documentation for how
// libraries are searched.
func (img *Image) Missing(dirs []string) []Missing {
	needed := map[string]map[string]bool{}
	for _, process := range img.processes(dirs) {
		for _, m := range process.missing {
			if needed[m.library] == nil {
				needed[m.library] = map[string]bool{}
			}
			needed[m.library][m.by] = true
		}
	}
	var all []Missing
	for _, library := range slices.Sorted(maps.Keys(needed)) {
		all = append(all, Missing{library, slices.Sorted(maps.Keys(needed[library]))})
	}
	return all
}

// Loaded lists the files that the ELF files below directories load, sorted.
func (img *Image) Loaded(dirs []string) []string {
	loaded := map[string]bool{}
	for _, process := range img.processes(dirs) {
		maps.Copy(loaded, process.reached)
	}
	return slices.Sorted(maps.Keys(loaded))
}

// process is what comes of loading one file by itself.
type process struct {
	root    string
	reached map[string]bool
	missing []unresolved
}

// processes loads every file below the directories, and leaves out those that
// others load: they count where they are loaded. Of files that load each other
// all stay.
func (img *Image) processes(dirs []string) []process {
	l := img.loader()
	var all []process
	index := map[string]int{}
	img.files(dirs, func(p string, n *node) {
		real, _ := img.tree.find(p, true)
		if _, known := index[real]; known || !l.fits(n) {
			return
		}
		o := &loaded{path: p, real: real, object: n.elf}
		if o.interp == "" {
			o.by = l.main // extension modules are loaded by the interpreter
		}
		missing, reached, _ := l.load(o)
		index[real] = len(all)
		all = append(all, process{real, reached, missing})
	})
	loadedByOthers := make([]bool, len(all))
	for _, p := range all {
		for real := range p.reached {
			if i, ok := index[real]; ok && !all[i].reached[p.root] {
				loadedByOthers[i] = true
			}
		}
	}
	var roots []process
	for i, p := range all {
		if !loadedByOthers[i] {
			roots = append(roots, p)
		}
	}
	return roots
}

// libraryPath finds a library in the loader's search path by its file name or its
// soname.
func (img *Image) libraryPath(soname string) (at, real string) {
	l := img.loader()
	nobody := &loaded{object: &object{}}
	if found := l.search(soname, nobody); found != nil {
		return path.Clean(found.path), found.real
	}
	for _, dir := range l.searched() {
		_, n := img.tree.find(dir, true)
		if n == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(n.children)) {
			if found := l.open(dir+"/"+name, nil); found != nil && found.soname == soname {
				return path.Clean(found.path), found.real
			}
		}
	}
	return "", ""
}

// searched lists the directories where libraries of any object are found.
func (l *loader) searched() []string {
	dirs := slices.Clone(l.dirs)
	for _, paths := range l.cache {
		for _, p := range paths {
			dirs = append(dirs, path.Dir(p))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}
