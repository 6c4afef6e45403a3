package facts

import "slices"

// Distroless is an image of GoogleContainerTools/distroless with a Debian release's own Python.
type Distroless struct {
	Image  string // without a tag; "latest" and "nonroot" are published
	Python string // minor version of /usr/bin/python3
	Frozen string // why it is no longer rebuilt; "" when it is
}

// DistrolessPython finds the image for a Debian release. From GoogleContainerTools/distroless: python3/python.bzl
// and python3/testdata, which hold the Python versions; pull request 1986 (2026-01-29), by which debian13's image is
// ready; pull request 2084 (2026-05-11), which retires debian12's by the support policy.
func DistrolessPython(suite string) (Distroless, bool) {
	switch suite {
	case "bookworm":
		return Distroless{"gcr.io/distroless/python3-debian12", "3.11", "distroless retired it in May 2026"}, true
	case "trixie":
		return Distroless{"gcr.io/distroless/python3-debian13", "3.13", ""}, true
	}
	return Distroless{}, false
}

// distrolessPackages are Debian packages whose files both images have, by static/, base/, cc/ and python3/ of
// GoogleContainerTools/distroless. The certificates come as one file.
var distrolessPackages = []string{"base-files", "ca-certificates", "libbz2-1.0", "libc6", "libexpat1", "libffi8",
	"libgcc-s1", "libgomp1", "liblzma5", "libsqlite3-0", "libstdc++6", "media-types", "netbase", "tzdata", "zlib1g"}

// DistrolessHas reports whether the images of DistrolessPython have the files of a Debian package.
func DistrolessHas(pkg string) bool { return slices.Contains(distrolessPackages, pkg) }
