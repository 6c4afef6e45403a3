package image

import (
	"cmp"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// defaultPath is BuildKit's for an image whose environment has no PATH
// (util/system).
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// searchPath lists the directories of the image's PATH.
func (img *Image) searchPath() []string {
	return strings.FieldsFunc(cmp.Or(img.env("PATH"), defaultPath), func(r rune) bool { return r == ':' })
}

// executable reports whether a path leads to a file that can be executed.
func (img *Image) executable(p string) bool {
	_, n := img.tree.find(p, true)
	return n != nil && n.mode.IsRegular() && n.mode&0o111 != 0
}

// Setuid lists the regular files with a setuid or setgid bit, sorted.
func (img *Image) Setuid() []string {
	var paths []string
	walk("/", img.tree.root, func(p string, n *node) {
		if n.mode.IsRegular() && n.mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			paths = append(paths, p)
		}
	})
	slices.Sort(paths)
	return paths
}

// shells are the names of shells, the likeliest first.
var shells = []string{"sh", "bash", "dash", "ash", "busybox", "ksh", "mksh", "zsh", "fish"}

// Shell is the path of a shell, "" for none.
func (img *Image) Shell() string {
	dirs := slices.Concat([]string{"/bin", "/usr/bin"}, img.searchPath(), []string{"/busybox"}) // the last is distroless's
	for _, name := range shells {
		for _, dir := range dirs {
			if p := path.Join(dir, name); img.executable(p) {
				return p
			}
		}
	}
	return ""
}

// Compiler is the path of a C or C++ compiler, "" for none.
func (img *Image) Compiler() string {
	best := ""
	for _, dir := range slices.Concat(img.searchPath(), strings.Split(defaultPath, ":")) {
		_, n := img.tree.find(dir, true)
		if n == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(n.children)) {
			if p := path.Join(dir, name); isCompiler(name) && (best == "" || len(name) < len(path.Base(best))) && img.executable(p) {
				best = p
			}
		}
	}
	return best
}

// isCompiler knows compilers by their names, with or without a target before and a
// version after: gcc, x86_64-linux-gnu-gcc-12, clang++-14.
func isCompiler(name string) bool {
	if before, version, ok := cutLast(name, "-"); ok && strings.Trim(version, "0123456789.") == "" {
		name = before
	}
	if _, last, ok := cutLast(name, "-"); ok {
		name = last
	}
	switch name {
	case "gcc", "cc", "g++", "c++", "clang", "clang++", "tcc", "icx", "icpx":
		return true
	}
	return false
}

// Python is the interpreter that the image's PATH finds, as python3 or as python,
// and its version, such as "3.11". Both are "" when there is none, the version
// alone when neither the interpreter's name nor its library tells it.
func (img *Image) Python() (program, version string) {
	for _, name := range []string{"python3", "python"} {
		for _, dir := range img.searchPath() {
			if p := path.Join(dir, name); img.executable(p) {
				return p, img.pythonVersion(p)
			}
		}
	}
	return "", ""
}

// pythonVersion goes by the names of the links that lead to the interpreter's
// file, then by the library directory beside them.
func (img *Image) pythonVersion(program string) string {
	real, _ := img.tree.find(program, true)
	if version := versionInName(path.Base(real)); version != "" {
		return version
	}
	for _, p := range []string{program, real} {
		_, lib := img.tree.find(path.Dir(p)+"/../lib", true)
		if lib == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(lib.children)) {
			if version := versionInName(name); version != "" && lib.children[name].mode.IsDir() {
				return version
			}
		}
	}
	return ""
}

// versionInName reads the version of a name such as python3.11 or pypy3.10.
func versionInName(name string) string {
	version, ok := strings.CutPrefix(name, "python")
	if !ok {
		version, ok = strings.CutPrefix(name, "pypy")
	}
	major, minor, dot := strings.Cut(version, ".")
	if !ok || !dot || !digits(major) || !digits(minor) {
		return ""
	}
	return version
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// Home is the home directory of a user as an image declares one: a name or a
// number, with or without a group, "" for root. It is "/" for a user whom
// /etc/passwd does not know.
func (img *Image) Home(user string) string {
	name, _, _ := strings.Cut(user, ":")
	name = cmp.Or(name, "0")
	for line := range strings.Lines(img.text("/etc/passwd")) {
		// name:password:uid:gid:comment:home:shell
		fields := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(fields) >= 6 && (fields[0] == name || fields[2] == name) {
			return cmp.Or(fields[5], "/")
		}
	}
	return "/"
}
