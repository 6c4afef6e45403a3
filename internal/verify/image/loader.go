package image

import (
	"cmp"
	"debug/elf"
	"path"
	"slices"
	"strings"
)

// loader finds libraries as the dynamic loader of the image does.
type loader struct {
	tree    *tree
	machine machine
	triplet string // of Debian's directories
	musl    bool
	cwd     string
	path    []string            // LD_LIBRARY_PATH
	cache   map[string][]string // of ld.so.cache; nil when there is none
	dirs    []string            // searched last
	main    *loaded             // the Python interpreter, nil when there is none
	names   map[string]bool     // what it has loaded
}

// loaded is an object in a process.
type loaded struct {
	path string // under which it was opened: $ORIGIN is its directory
	real string // without symbolic links
	*object
	by *loaded // what caused it to be loaded
}

// triplets are Debian's names of machines, as its multiarch directories have them.
// (wiki.debian.org/Multiarch/Tuples)
var triplets = map[elf.Machine]string{
	elf.EM_X86_64:  "x86_64-linux-gnu",
	elf.EM_386:     "i386-linux-gnu",
	elf.EM_AARCH64: "aarch64-linux-gnu",
	elf.EM_ARM:     "arm-linux-gnueabihf",
	elf.EM_PPC64:   "powerpc64le-linux-gnu",
	elf.EM_S390:    "s390x-linux-gnu",
	elf.EM_RISCV:   "riscv64-linux-gnu",
}

func (img *Image) newLoader() *loader {
	l := &loader{tree: img.tree, cwd: cmp.Or(img.Config.Config.WorkingDir, "/"), path: splitPath(img.env("LD_LIBRARY_PATH"))}
	var interp string
	program, _ := img.Python()
	if real, n := img.tree.find(program, true); program != "" && n.elf != nil {
		l.machine, l.main = n.elf.machine, &loaded{path: real, real: real, object: n.elf}
		interp = n.elf.interp
	} else {
		l.machine = img.commonMachine()
	}
	l.musl = isMusl(interp) || interp == "" && len(img.tree.glob("/lib/ld-musl-*.so.1", "/")) > 0
	l.triplet = triplets[l.machine.Machine]
	l.configure()
	if l.main != nil {
		_, _, l.names = l.load(l.main)
	}
	return l
}

func isMusl(interp string) bool { return strings.HasPrefix(path.Base(interp), "ld-musl-") }

// commonMachine is the machine of most ELF files.
func (img *Image) commonMachine() (most machine) {
	count := map[machine]int{}
	walk("/", img.tree.root, func(_ string, n *node) {
		if n.elf != nil {
			count[n.elf.machine]++
		}
	})
	for m, n := range count {
		if n > count[most] || n == count[most] && m.Machine < most.Machine {
			most = m
		}
	}
	return most
}

// configure sets the directories that are searched for every object.
func (l *loader) configure() {
	if l.musl {
		// musl, ldso/dynlink.c
		l.dirs = []string{"/lib", "/usr/local/lib", "/usr/lib"}
		for _, file := range l.tree.glob("/etc/ld-musl-*.path", "/") {
			if _, n := l.tree.find(file, true); n != nil {
				l.dirs = strings.FieldsFunc(n.text, func(r rune) bool { return r == ':' || r == '\n' })
			}
		}
		return
	}
	if _, n := l.tree.find("/etc/ld.so.cache", true); n != nil {
		l.cache = readCache(n.text)
	}
	if l.cache == nil {
		l.dirs = l.tree.configured("/etc/ld.so.conf", map[string]bool{})
	}
	if l.triplet != "" {
		l.dirs = append(l.dirs, "/lib/"+l.triplet, "/usr/lib/"+l.triplet)
	}
	if l.machine.Class == elf.ELFCLASS64 {
		l.dirs = append(l.dirs, "/lib64", "/usr/lib64")
	}
	l.dirs = append(l.dirs, "/lib", "/usr/lib")
}

// fits reports whether the image's processes can load an object.
func (l *loader) fits(n *node) bool {
	return n != nil && n.elf != nil && n.mode.IsRegular() && n.elf.machine == l.machine
}

// shown is the path that people are told: of what they asked about as they wrote
// it, of a library where it is.
func (o *loaded) shown(root *loaded) string {
	if o == root {
		return o.path
	}
	return o.real
}

// open loads a file, nil when it cannot be.
func (l *loader) open(p string, by *loaded) *loaded {
	if !path.IsAbs(p) {
		p = l.cwd + "/" + p
	}
	if real, n := l.tree.find(p, true); l.fits(n) {
		return &loaded{p, real, n.elf, by}
	}
	return nil
}

// search finds a library that an object needs.
func (l *loader) search(name string, by *loaded) *loaded {
	if strings.Contains(name, "/") {
		for _, p := range l.expand(name, by) {
			if found := l.open(p, by); found != nil {
				return found
			}
		}
		return nil
	}
	for _, dir := range l.ownDirs(by) {
		if found := l.open(dir+"/"+name, by); found != nil {
			return found
		}
	}
	for _, p := range l.cache[name] {
		if found := l.open(p, by); found != nil {
			return found
		}
	}
	for _, dir := range l.dirs {
		if found := l.open(dir+"/"+name, by); found != nil {
			return found
		}
	}
	return nil
}

// ownDirs lists the directories that an object's own needs are searched in first.
func (l *loader) ownDirs(by *loaded) []string {
	var dirs []string
	if l.musl {
		dirs = append(dirs, l.path...)
		for o := by; o != nil; o = o.by {
			dirs = append(dirs, l.expandAll(cmp.Or(o.runpath, o.rpath), o)...)
		}
		return dirs
	}
	if by.runpath == "" {
		for o := by; o != nil; o = o.by {
			dirs = append(dirs, l.expandAll(o.rpath, o)...)
		}
	}
	dirs = append(dirs, l.path...)
	return append(dirs, l.expandAll(by.runpath, by)...)
}

// expandAll expands a list of directories of an object.
func (l *loader) expandAll(list string, o *loaded) []string {
	var dirs []string
	for _, dir := range splitPath(list) {
		dirs = append(dirs, l.expand(dir, o)...)
	}
	return dirs
}

// expand replaces the variables of a path (ld.so(8), "Dynamic string tokens").
// $LIB is one of several, by the distribution.
func (l *loader) expand(p string, o *loaded) []string {
	if !strings.Contains(p, "$") {
		return []string{p}
	}
	var paths []string
	for _, lib := range []string{"lib/" + l.triplet, "lib64", "lib"} {
		platform, _, _ := strings.Cut(l.triplet, "-")
		expanded := strings.NewReplacer(
			"${ORIGIN}", path.Dir(o.path), "$ORIGIN", path.Dir(o.path),
			"${LIB}", lib, "$LIB", lib,
			"${PLATFORM}", platform, "$PLATFORM", platform,
		).Replace(p)
		if !slices.Contains(paths, expanded) {
			paths = append(paths, expanded)
		}
	}
	return paths
}

// splitPath splits a list of directories; an empty one would be the working
// directory, which no image means.
func splitPath(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == ';' })
}

// standsFor reports whether the loader itself is what a name means: its own file,
// or with musl the libraries that it replaces.
func (l *loader) standsFor(name string) bool {
	if l.musl {
		short, _, dot := strings.Cut(strings.TrimPrefix(name, "lib"), ".")
		return dot && strings.HasPrefix(name, "lib") && slices.Contains(muslLibraries, short)
	}
	return l.main != nil && name == path.Base(l.main.interp)
}

// muslLibraries are what musl's loader takes the place of (ldso/dynlink.c).
var muslLibraries = []string{"c", "pthread", "rt", "m", "dl", "util", "xnet"}

// unresolved is a name that an object needs and that is not found.
type unresolved struct{ library, by string }

// load loads an object and what it needs, breadth first as the loader does. It
// returns what is not found, the files that were loaded and their names.
func (l *loader) load(root *loaded) (missing []unresolved, reached, names map[string]bool) {
	reached, names = map[string]bool{root.real: true}, map[string]bool{}
	if root.interp != "" && l.open(root.interp, root) == nil {
		missing = append(missing, unresolved{root.interp, root.path})
	}
	for queue := []*loaded{root}; len(queue) > 0; queue = queue[1:] {
		o := queue[0]
		for _, name := range o.needed {
			if names[name] || l.names[name] || l.standsFor(name) {
				continue
			}
			found := l.search(name, o)
			if found == nil {
				missing = append(missing, unresolved{name, o.shown(root)})
				continue
			}
			names[name] = true
			if found.soname != "" {
				names[found.soname] = true
			}
			if !reached[found.real] {
				reached[found.real] = true
				queue = append(queue, found)
			}
		}
	}
	return missing, reached, names
}
