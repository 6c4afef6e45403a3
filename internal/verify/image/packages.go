package image

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Package is an installed package of the distribution.
type Package struct {
	Name    string
	Version string
}

// Where the package managers keep what is installed. status.d is what distroless
// images have: a file for each package, and one with its files' checksums.
const (
	dpkgStatus    = "/var/lib/dpkg/status"
	dpkgStatusDir = "/var/lib/dpkg/status.d/"
	dpkgInfo      = "/var/lib/dpkg/info/"
	apkInstalled  = "/lib/apk/db/installed"
)

// rpmDatabases are where rpm has had its database, which is not read.
var rpmDatabases = []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm"}

// Packages lists what dpkg or apk has installed, sorted by name. It is nil, not
// empty, when the packages are rpm's: then they are unknown.
func (img *Image) Packages() []Package {
	all := slices.Clone(img.dpkg())
	for _, p := range img.apk() {
		all = append(all, p.Package)
	}
	slices.SortStableFunc(all, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	if len(all) > 0 {
		return all
	}
	for _, dir := range rpmDatabases {
		if _, n := img.tree.find(dir, true); n != nil && len(n.children) > 0 {
			return nil
		}
	}
	return []Package{}
}

// texts visits the files of a directory whose text was kept, in order.
func (img *Image) texts(dir string, visit func(name, text string)) {
	_, n := img.tree.find(dir, true)
	if n == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		if _, file := img.tree.find(dir+name, true); file != nil && file.mode.IsRegular() {
			visit(name, file.text)
		}
	}
}

func (img *Image) readDpkg() []Package {
	var all []Package
	if _, n := img.tree.find(dpkgStatus, true); n != nil {
		all = parseStatus(n.text, false)
	}
	img.texts(dpkgStatusDir, func(name, text string) {
		if path.Ext(name) != ".md5sums" {
			all = append(all, parseStatus(text, true)...)
		}
	})
	return all
}

// parseStatus reads the paragraphs of installed packages in dpkg's status format
// (deb822(5)). Those without a Status field count when installed says so.
func parseStatus(text string, installed bool) []Package {
	var all []Package
	p, ok := Package{}, installed
	flush := func() {
		if ok && p.Name != "" {
			all = append(all, p)
		}
		p, ok = Package{}, installed
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			flush()
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(field) {
		case "package":
			p.Name = value
		case "version":
			p.Version = value
		case "status":
			words := strings.Fields(value)
			ok = len(words) == 3 && (words[2] == "installed" || strings.HasPrefix(words[2], "triggers-"))
		}
	}
	flush()
	return all
}

// apkPackage is a package of apk and what it owns.
type apkPackage struct {
	Package
	files []string
}

func (img *Image) readApk() []apkPackage {
	for _, file := range []string{apkInstalled, "/usr" + apkInstalled} {
		if _, n := img.tree.find(file, true); n != nil {
			return parseApk(n.text)
		}
	}
	return nil
}

// parseApk reads apk's database (apk-installed(5)): lines of a letter and a value,
// P and V the package and its version, F a directory, R a file in it.
func parseApk(text string) []apkPackage {
	var all []apkPackage
	var p apkPackage
	var dir string
	flush := func() {
		if p.Name != "" {
			all = append(all, p)
		}
		p, dir = apkPackage{}, ""
	}
	for line := range strings.Lines(text) {
		field, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok {
			flush()
			continue
		}
		switch field {
		case "P":
			p.Name = value
		case "V":
			p.Version = value
		case "F":
			dir = value
		case "R":
			p.files = append(p.files, path.Join("/", dir, value))
		}
	}
	flush()
	return all
}

// readOwners maps each path to the first package that has it, directories too.
func (img *Image) readOwners() map[string]string {
	owners := map[string]string{}
	own := func(p, pkg string) {
		if _, taken := owners[p]; !taken {
			owners[p] = pkg
		}
	}
	img.texts(dpkgInfo, func(name, text string) {
		if name, ok := strings.CutSuffix(name, ".list"); ok {
			pkg, _, _ := strings.Cut(name, ":") // NAME:ARCHITECTURE.list
			for _, p := range parseList(text) {
				own(p, pkg)
			}
		}
	})
	img.texts(dpkgStatusDir, func(name, text string) {
		if pkg, ok := strings.CutSuffix(name, ".md5sums"); ok {
			for _, p := range parseChecksums(text) {
				own(p, pkg)
			}
		}
	})
	for _, pkg := range img.apk() {
		for _, p := range pkg.files {
			own(p, pkg.Name)
		}
	}
	return owners
}

// parseList reads a package's list of files: a path in each line.
func parseList(text string) []string {
	var paths []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.HasPrefix(line, "/") && line != "/." {
			paths = append(paths, path.Clean(line))
		}
	}
	return paths
}

// parseChecksums reads a package's md5sums: a sum and a path without its first
// slash in each line.
func parseChecksums(text string) []string {
	var paths []string
	for line := range strings.Lines(text) {
		if _, p, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "  "); ok {
			paths = append(paths, path.Clean("/"+p))
		}
	}
	return paths
}

// Owner is the package that a file or link belongs to, whichever way the path is
// spelled where /lib is a link to /usr/lib. Directories belong to nobody.
func (img *Image) Owner(p string) (pkg string, ok bool) {
	p = path.Clean("/" + p)
	real, n := img.tree.find(p, true)
	if n != nil && n.mode.IsDir() {
		return "", false
	}
	inDir, _ := img.tree.find(path.Dir(p), true)
	for _, spelling := range []string{p, path.Join(inDir, path.Base(p)), real} {
		if pkg, ok := img.ownerAs(spelling); ok && spelling != "" {
			return pkg, true
		}
	}
	return "", false
}

// ownerAs looks a path up with and without the /usr that merging the directories
// of programs and libraries has put before it.
func (img *Image) ownerAs(p string) (pkg string, ok bool) {
	owners := img.owners()
	if pkg, ok = owners[p]; ok {
		return pkg, ok
	}
	if without, merged := strings.CutPrefix(p, "/usr/"); merged {
		pkg, ok = owners["/"+without]
	} else {
		pkg, ok = owners["/usr"+p]
	}
	return pkg, ok
}

// OwnerOfLibrary finds a shared library, by its soname or file name, where the
// loader searches, and the package it belongs to. The package of the file counts
// before that of a link to it: the link libx.so may be of a package for
// development.
func (img *Image) OwnerOfLibrary(soname string) (pkg, at string, ok bool) {
	at, real := img.libraryPath(soname)
	if at == "" {
		return "", "", false
	}
	if pkg, ok = img.Owner(real); !ok {
		pkg, ok = img.Owner(at)
	}
	return pkg, at, ok
}
