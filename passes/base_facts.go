package passes

import (
	"strings"

	"refit/transform"
)

// A baseFact is what an official image's configuration says.
type baseFact struct {
	dir string // WORKDIR; "" when it is another one than "/", or not known
	// runsCmd reports that the image has no ENTRYPOINT, or one that executes any
	// command it is given without looking at it.
	runsCmd bool
}

// officialBases are from the Dockerfiles of the official images in the
// docker-library repositories on GitHub: those with a dir set no WORKDIR, and
// none has an ENTRYPOINT but node, php and maven, whose scripts end in exec "$@"
// and change only commands that start with "-" or that are not to be found.
func officialBase(name string) (baseFact, bool) {
	switch name {
	case "alpine", "amazonlinux", "almalinux", "buildpack-deps", "busybox", "centos", "debian", "fedora", "gcc",
		"java", "openjdk", "oraclelinux", "pypy", "python", "rockylinux", "ruby", "ubuntu":
		return baseFact{dir: "/", runsCmd: true}, true
	case "node":
		return baseFact{dir: "/", runsCmd: true}, true
	case "golang", "php", "maven", "rust", "perl":
		return baseFact{runsCmd: true}, true
	}
	return baseFact{}, false
}

// baseFactOf is what is known of the image that a stage starts from. The onbuild
// variants of the official images set a WORKDIR and run triggers.
func baseFactOf(s *transform.Stage) (baseFact, bool) {
	img, ok := pythonUnder(s) // uv's own image sets no WORKDIR, and no ENTRYPOINT
	if !ok || !img.Official || strings.Contains(img.Tag, "onbuild") || isWindows(s) {
		return baseFact{}, false
	}
	return officialBase(img.Name)
}

// imageDir is the working directory of the image that s itself starts from.
func imageDir(s *transform.Stage) workdir {
	if strings.EqualFold(s.Base.Ref, "scratch") {
		return workdir{"/", true}
	}
	fact, ok := baseFactOf(s)
	return workdir{fact.dir, ok && fact.dir != ""}
}

// isWindows reports a stage for Windows: its tag says so, as the names of
// Microsoft's images and the official variants on them do.
func isWindows(s *transform.Stage) bool {
	ref := strings.ToLower(s.Root().Base.Raw)
	return strings.Contains(ref, "mcr.microsoft.com/windows") || strings.Contains(ref, "windowsservercore") ||
		strings.Contains(ref, "nanoserver")
}
