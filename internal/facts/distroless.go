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

// copiedLibraries are Debian packages that hold shared libraries and nothing else that a program needs: what is linked
// against them needs the libraries and those that they are linked against in turn, and no plug-in, data or settings.
// Their contents (dpkg --contents) in bookworm and trixie, 2026-11: lib*.so.* in the library directory beside
// documentation and translations, and no postinst. What other packages are known for is why they are not here:
// libmariadb3 loads plug-ins to authenticate, libldap reads ldap.conf, libmagic1 a database, libxmlsec1 its
// cryptography, libproj25 and libgdal32 their data, libsasl2-2 and librdkafka1 mechanisms, libopenblas0 is an alternative.
var copiedLibraries = []string{"libacl1", "libbrotli1", "libc-ares2", "libcap2", "libcares2", "libev4", "libev4t64",
	"libevent-2.1-7", "libevent-2.1-7t64", "libfreetype6", "libgeos-c1t64", "libgeos-c1v5", "libgmp10", "libicu72",
	"libicu76", "libjpeg62-turbo", "liblcms2-2", "libleveldb1d", "liblmdb0", "liblz4-1", "liblzo2-2",
	"libmemcached11", "libmemcached11t64", "libmpc3", "libmpfr6", "libopenjp2-7", "libpcre2-8-0", "libpng16-16",
	"libpng16-16t64", "libpq5", "libre2-11", "libre2-9", "libsnappy1v5", "libsodium23", "libtiff6", "libuv1",
	"libuv1t64", "libwebp7", "libwebpdemux2", "libwebpmux3", "libxcb1", "libxml2", "libxslt1.1", "libyaml-0-2",
	"libzmq5", "libzstd1"}

// LibrariesOnly reports a Debian package of which a linked program needs the shared libraries and nothing else, so that
// they can be copied.
func LibrariesOnly(pkg string) bool { return slices.Contains(copiedLibraries, pkg) }
