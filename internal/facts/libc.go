package facts

import "strings"

// Libc is the C library of a distribution release.
type Libc struct {
	Name         string // "glibc" or "musl"
	Major, Minor int
}

// LibcOf finds the C library of a release by the distribution word of an image's
// tag: "bookworm", "jammy", "alpine3.20". A later Alpine branch has the library of
// the last one in the table.
func LibcOf(distro string) (Libc, bool) {
	if branch, ok := strings.CutPrefix(distro, "alpine"); ok {
		if _, known := AlpineRelease(branch); !known && branch != "" {
			return Libc{}, false
		}
		minor := 2
		if branch != "" && CompareReleases(branch, "3.13") < 0 {
			minor = 1
		}
		return Libc{"musl", 1, minor}, true
	}
	minor, ok := glibcMinor[distro]
	return Libc{"glibc", 2, minor}, ok
}

// glibcMinor is the minor version of glibc 2 in each release. Debian and Ubuntu: the
// upstream version of the package libc6 (bookworm's is apt-cache's of 2026-11-28, the
// others are from memory). Red Hat's
// and Amazon's families: glibc of the release, from memory. Alpine went from musl
// 1.1.24 to 1.2.2 with 3.13 (its release notes), and has stayed on 1.2.
var glibcMinor = map[string]int{
	"wheezy": 13, "jessie": 19, "stretch": 24, "buster": 28, "bullseye": 31, "bookworm": 36, "trixie": 41,
	"trusty": 19, "xenial": 23, "bionic": 27, "focal": 31, "jammy": 35, "noble": 39, "plucky": 41, "questing": 42,
	"centos7": 17, "oraclelinux7": 17, "oraclelinux8": 28, "oraclelinux9": 34, "ubi8": 28, "ubi9": 34, "al2": 26, "al2023": 34,
}
