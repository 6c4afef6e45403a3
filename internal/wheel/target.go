package wheel

import (
	"fmt"
	"strconv"
	"strings"

	"refit/internal/facts"
)

// The C libraries of Linux images.
const (
	Glibc = "glibc"
	Musl  = "musl"
)

// Target is what a wheel must fit: CPython on Linux. It is comparable.
type Target struct {
	Major, Minor int // of CPython
	Patch        int // -1 when it is not known
	Libc         string
	LibcMajor    int
	LibcMinor    int
	Arch         string // as uname writes it: x86_64, aarch64, armv7l, i686, ppc64le, s390x, riscv64
}

// On makes the target of a distribution release, by the word that images' tags
// have for it: On("3.12", "bookworm", "amd64"), On("3.12.4", "alpine3.20", "arm64").
func On(python, distro, arch string) (Target, error) {
	libc, ok := facts.LibcOf(distro)
	if !ok {
		return Target{}, fmt.Errorf("distribution %q: its C library is not known", distro)
	}
	a, err := Arch(arch)
	if err != nil {
		return Target{}, err
	}
	return Target{Libc: libc.Name, LibcMajor: libc.Major, LibcMinor: libc.Minor, Arch: a}.WithPython(python)
}

// String says it in words: "CPython 3.12, glibc 2.36, x86_64".
func (t Target) String() string {
	return fmt.Sprintf("CPython %s, %s %d.%d, %s", t.Python(), t.Libc, t.LibcMajor, t.LibcMinor, t.Arch)
}

// Python is the minor release, "3.12".
func (t Target) Python() string { return fmt.Sprintf("%d.%d", t.Major, t.Minor) }

// FullPython is the release with its patch number where that is known, "3.12.4".
func (t Target) FullPython() string {
	if t.Patch < 0 {
		return t.Python()
	}
	return fmt.Sprintf("%s.%d", t.Python(), t.Patch)
}

// Assumed is the release that stands for the target where one with a patch number is
// asked for: a tag without one gets the newest, and pip takes "3.12" for 3.12.0.
func (t Target) Assumed() string {
	if t.Patch < 0 {
		return t.Python() + ".99"
	}
	return t.FullPython()
}

// WithPython returns the target with another Python, "3.12" or "3.12.4".
func (t Target) WithPython(version string) (Target, error) {
	parts := strings.Split(version, ".")
	if len(parts) != 2 && len(parts) != 3 {
		return t, fmt.Errorf("python %q: want a release such as 3.12", version)
	}
	numbers := []int{0, 0, -1}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 999 {
			return t, fmt.Errorf("python %q: want a release such as 3.12", version)
		}
		numbers[i] = n
	}
	t.Major, t.Minor, t.Patch = numbers[0], numbers[1], numbers[2]
	return t, nil
}

// arches are the names that images and tools give an architecture, as uname does.
var arches = map[string]string{
	"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64", "arm64/v8": "aarch64", "armv7l": "armv7l", "arm/v7": "armv7l",
	"arm": "armv7l", "i686": "i686", "i386": "i686", "386": "i686", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64", "loong64": "loongarch64",
}

// Arch reads an architecture as uname, Go and Docker's platforms write it: "amd64", "linux/arm64", "aarch64".
func Arch(name string) (string, error) {
	if a, ok := arches[strings.TrimPrefix(name, "linux/")]; ok {
		return a, nil
	}
	return "", fmt.Errorf("architecture %q: want one such as amd64, arm64 or linux/arm/v7", name)
}

// Tags lists what the target installs, the best first: the order of
// packaging.tags.sys_tags, by which pip chooses.
func (t Target) Tags() []Tag {
	var out []Tag
	platforms := t.Platforms()
	each := func(python, abi string) {
		for _, p := range platforms {
			out = append(out, Tag{python, abi, p})
		}
	}
	cp := fmt.Sprintf("cp%d%d", t.Major, t.Minor)
	each(cp, t.abi())
	if t.Major >= 3 && t.Minor >= 2 {
		each(cp, "abi3")
	}
	each(cp, "none")
	if t.Major >= 3 {
		for minor := t.Minor - 1; minor >= 2; minor-- {
			each(fmt.Sprintf("cp%d%d", t.Major, minor), "abi3")
		}
	}
	pys := []string{fmt.Sprintf("py%d%d", t.Major, t.Minor), fmt.Sprintf("py%d", t.Major)}
	for minor := t.Minor - 1; minor >= 0; minor-- {
		pys = append(pys, fmt.Sprintf("py%d%d", t.Major, minor))
	}
	for _, py := range pys {
		each(py, "none")
	}
	out = append(out, Tag{cp, "none", "any"})
	for _, py := range pys {
		out = append(out, Tag{py, "none", "any"})
	}
	return out
}

// abi is the tag of the interpreter's own ABI. Until 3.7 the name says how
// CPython was built; the official images are built with pymalloc and, for 2.7,
// with wide Unicode. Free-threaded builds ("cp313t") are no target.
func (t Target) abi() string {
	base := fmt.Sprintf("cp%d%d", t.Major, t.Minor)
	switch {
	case t.Major == 2:
		return base + "mu"
	case t.Minor < 8:
		return base + "m"
	}
	return base
}

// Platforms are the platform tags, the best first.
func (t Target) Platforms() []string {
	var out []string
	switch t.Libc {
	case Glibc:
		out = t.manylinux()
	case Musl:
		for minor := t.LibcMinor; minor >= 0; minor-- {
			out = append(out, fmt.Sprintf("musllinux_%d_%d_%s", t.LibcMajor, minor, t.Arch))
		}
	}
	return append(out, "linux_"+t.Arch)
}

// oldNames are the names that PEP 513, 571 and 599 gave to versions of glibc 2.
var oldNames = map[int]string{5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}

// manylinux lists the tags of PEP 600: from the version of glibc down to 2.17, and
// to 2.5 on the two architectures that manylinux1 was for.
func (t Target) manylinux() []string {
	oldest := 17
	if t.Arch == "x86_64" || t.Arch == "i686" {
		oldest = 5
	}
	var out []string
	for minor := t.LibcMinor; minor >= oldest; minor-- {
		out = append(out, fmt.Sprintf("manylinux_%d_%d_%s", t.LibcMajor, minor, t.Arch))
		if old := oldNames[minor]; old != "" {
			out = append(out, old+"_"+t.Arch)
		}
	}
	return out
}

// Ranks says how good each tag is for a target; 0 is the best.
type Ranks map[Tag]int

// Ranks makes the order of Tags searchable.
func (t Target) Ranks() Ranks {
	ranks := Ranks{}
	for i, tag := range t.Tags() {
		ranks[tag] = i
	}
	return ranks
}

// Of is the rank of a wheel's best tag; false when the wheel does not fit.
func (r Ranks) Of(f *File) (rank int, fits bool) {
	f.Tags(func(tag Tag) bool {
		if n, ok := r[tag]; ok && (!fits || n < rank) {
			rank, fits = n, true
		}
		return true
	})
	return rank, fits
}

// Best is the wheel that pip takes of several of one version: the one with the
// best tag and, of these, the one with the greatest build number. It is nil when
// none fits.
func (r Ranks) Best(files []*File) *File {
	var best *File
	bestRank := 0
	for _, f := range files {
		rank, fits := r.Of(f)
		if fits && (best == nil || rank < bestRank || rank == bestRank && laterBuild(f.Build, best.Build)) {
			best, bestRank = f, rank
		}
	}
	return best
}

// laterBuild orders build numbers: by their leading digits, then by the rest.
func laterBuild(a, b string) bool {
	m, arest := leadingNumber(a)
	n, brest := leadingNumber(b)
	if m != n {
		return m > n
	}
	return arest > brest
}

// leadingNumber is -1 for no build number, which sorts before all others.
func leadingNumber(s string) (n int, rest string) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return -1, s
	}
	n, _ = strconv.Atoi(s[:min(digits, 9)])
	return n, s[digits:]
}
