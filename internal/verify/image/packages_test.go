package image

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const debianStatus = `Package: libpq5
Status: install ok installed
Architecture: amd64
Version: 15.8-0+deb12u1
Description: library
 Package: not-this
 .

Package: gone
Status: deinstall ok config-files
Version: 1

Package: held
Status: hold ok installed
Version: 1:2-3

Package: half
Status: install ok half-configured
Version: 1

Package: man-db
Status: install ok triggers-pending
Version: 2

Version: 7
Status: install ok installed
`

const alpineInstalled = `C:Q1x=
P:musl
V:1.2.5-r0
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1y=
F:usr/share
F:usr/bin
R:ldd

P:zlib
V:1.3.1-r1
F:lib
R:libz.so.1.3.1
R:libz.so.1
`

func TestPackages(t *testing.T) {
	for name, c := range map[string]struct {
		files texts
		want  string
	}{
		"dpkg":         {texts{"var/lib/dpkg/status": debianStatus}, "held 1:2-3, libpq5 15.8-0+deb12u1, man-db 2"},
		"CRLF":         {texts{"var/lib/dpkg/status": "Package: a\r\nStatus: install ok installed\r\n\r\nPackage: b\r\n"}, "a "},
		"distroless":   {texts{"var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 1\n", "var/lib/dpkg/status.d/tzdata.md5sums": "0  Package: x\n", "var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2\n", "var/lib/dpkg/status.d/x": "Package: x\nStatus: deinstall ok config-files\n"}, "libc6 2, tzdata 1"},
		"both":         {texts{"var/lib/dpkg/status": debianStatus, "var/lib/dpkg/status.d/a": "Package: a\n"}, "a , held 1:2-3, libpq5 15.8-0+deb12u1, man-db 2"},
		"apk":          {texts{"lib/apk/db/installed": alpineInstalled}, "musl 1.2.5-r0, zlib 1.3.1-r1"},
		"apk in /usr":  {texts{"usr/lib/apk/db/installed": alpineInstalled}, "musl 1.2.5-r0, zlib 1.3.1-r1"},
		"empty status": {texts{"var/lib/dpkg/status": ""}, ""},
		"none":         {nil, ""},
		"rpm":          {texts{"var/lib/rpm/rpmdb.sqlite": "x"}, "unknown"},
		"rpm, later":   {texts{"usr/lib/sysimage/rpm/rpmdb.sqlite": "x"}, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			packages := openLayers(t, v1.Config{}, under("", c.files)).Packages()
			var all []string
			for _, p := range packages {
				all = append(all, p.Name+" "+p.Version)
			}
			got := strings.Join(all, ", ")
			if packages == nil {
				got = "unknown"
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestPackagesOfTheLastLayer: a status file replaces the one below it.
func TestPackagesOfTheLastLayer(t *testing.T) {
	img := openLayers(t, v1.Config{}, []*entry{reg("var/lib/dpkg/status", debianStatus)},
		[]*entry{reg("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n")})
	if got := img.Packages(); !slices.Equal(got, []Package{{"a", "1"}}) {
		t.Errorf("got %v", got)
	}
}

func TestOwner(t *testing.T) {
	debian := openLayers(t, v1.Config{}, append(under("var/lib/dpkg/info", texts{
		"libc6:amd64.list":   "/.\n/lib\n/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libc.so.6\n/usr/share/doc/libc6\n",
		"libpq5:amd64.list":  "/.\n/usr\n/usr/lib\n/usr/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu/libpq.so.5\n/usr/lib/x86_64-linux-gnu/libpq.so.5.15\n",
		"libpq-dev.list":     "/usr/lib/x86_64-linux-gnu/libpq.so\n",
		"base-files.list":    "/.\r\n/etc/debian_version\r\n",
		"base-files.md5sums": "0  etc/other\n",
	}), sym("lib", "usr/lib"), reg("usr/lib/x86_64-linux-gnu/libc.so.6", ""), reg("usr/lib/x86_64-linux-gnu/libpq.so.5.15", ""),
		sym("usr/lib/x86_64-linux-gnu/libpq.so.5", "libpq.so.5.15"), sym("usr/lib/x86_64-linux-gnu/libpq.so", "libpq.so.5.15"), sym("usr/lib/x86_64-linux-gnu/mine.so", "libpq.so.5"),
		reg("etc/debian_version", ""), sym("opt", "usr/lib/x86_64-linux-gnu"), dir("usr/share/doc/libc6")))
	distroless := openLayers(t, v1.Config{}, under("var/lib/dpkg/status.d", texts{"libssl3": "Package: libssl3\n", "libssl3.md5sums": "d41d8cd98f00b204e9800998ecf8427e  usr/lib/x86_64-linux-gnu/libssl.so.3\n"}))
	alpine := openLayers(t, v1.Config{}, under("", texts{"lib/apk/db/installed": alpineInstalled}))
	for _, c := range []struct {
		img     *Image
		p, want string
	}{
		{debian, "/lib/x86_64-linux-gnu/libc.so.6", "libc6"},
		{debian, "/usr/lib/x86_64-linux-gnu/libc.so.6", "libc6"},
		{debian, "/lib/x86_64-linux-gnu/libpq.so.5.15", "libpq5"},
		{debian, "usr/lib/x86_64-linux-gnu/libpq.so.5", "libpq5"},
		{debian, "/usr/lib/x86_64-linux-gnu/mine.so", "libpq5"},
		{debian, "/opt/libc.so.6", "libc6"},
		{debian, "/opt/libpq.so", "libpq-dev"}, // the link's, in a directory that is one
		{debian, "/etc/debian_version", "base-files"},
		{debian, "/etc/other", ""},
		{debian, "/usr/lib/x86_64-linux-gnu", ""},
		{debian, "/usr/share/doc/libc6", ""},
		{debian, "/", ""},
		{distroless, "/lib/x86_64-linux-gnu/libssl.so.3", "libssl3"},
		{alpine, "/lib/libz.so.1", "zlib"},
		{alpine, "/usr/bin/ldd", "musl"},
		{alpine, "/lib/none", ""},
	} {
		if got, ok := c.img.Owner(c.p); got != c.want || ok != (c.want != "") {
			t.Errorf("Owner(%q) = %q, %v, want %q", c.p, got, ok, c.want)
		}
	}
}

func TestOwnerOfLibrary(t *testing.T) {
	const at = "usr/lib/x86_64-linux-gnu/"
	object := func(soname string) string { return lib().withSoname(soname).build(t) }
	img := openLayers(t, v1.Config{}, append(under("var/lib/dpkg/info", texts{
		"libz-dev:amd64.list":    "/" + at + "libz.so\n/" + at + "libstatic.so\n",
		"libz1:amd64.list":       "/lib/x86_64-linux-gnu/libz.so.1\n/lib/x86_64-linux-gnu/libz.so.1.2\n",
		"libblas3:amd64.list":    "/" + at + "blas/libblas.so.3\n",
		"libodd:amd64.list":      "/" + at + "odd-2.so\n",
		"libprivate:amd64.list":  "/" + at + "private/libprivate.so\n",
		"libforeign1:arm64.list": "/" + at + "libforeign.so.1\n",
	}), sym("lib", "usr/lib"), reg(at+"libz.so.1.2", object("libz.so.1")), sym(at+"libz.so.1", "libz.so.1.2"), sym(at+"libz.so", "libz.so.1"),
		reg(at+"libstatic.so", object("libstatic.so")), reg(at+"blas/libblas.so.3", object("libblas.so.3")), sym(at+"libblas.so.3", "/etc/alternatives/blas"),
		sym("etc/alternatives/blas", "/"+at+"blas/libblas.so.3"), reg(at+"odd-2.so", object("libodd.so.2")), reg(at+"private/libprivate.so", object("libprivate.so")),
		reg(at+"libforeign.so.1", lib().of(183).withSoname("libforeign.so.1").build(t)), reg("usr/local/lib/libmine.so", object("libmine.so")), reg("etc/ld.so.conf", "/usr/local/lib\n")))
	for soname, want := range map[string]string{
		"libz.so.1":       "libz1 /lib/x86_64-linux-gnu/libz.so.1 true",
		"libz.so":         "libz1 /lib/x86_64-linux-gnu/libz.so true", // not libz-dev, which has the link
		"libstatic.so":    "libz-dev /lib/x86_64-linux-gnu/libstatic.so true",
		"libblas.so.3":    "libblas3 /lib/x86_64-linux-gnu/libblas.so.3 true",
		"libodd.so.2":     "libodd /lib/x86_64-linux-gnu/odd-2.so true",
		"libprivate.so":   "  false",
		"libforeign.so.1": "  false",
		"libmine.so":      " /usr/local/lib/libmine.so false",
		"libnone.so.1":    "  false",
	} {
		pkg, p, ok := img.OwnerOfLibrary(soname)
		if got := fmt.Sprint(pkg, " ", p, " ", ok); got != want {
			t.Errorf("%s: %q, want %q", soname, got, want)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add(debianStatus)
	f.Add("Package: a\n\n\n:\nStatus: a b installed")
	f.Fuzz(func(t *testing.T, text string) {
		some := parseStatus(text, false)
		if all := parseStatus(text, true); len(all) < len(some) {
			t.Errorf("%d packages, of which %d installed", len(all), len(some))
		}
		for _, p := range some {
			if p.Name == "" || !strings.Contains(text, p.Name) || !strings.Contains(text, p.Version) {
				t.Errorf("package %+v", p)
			}
		}
	})
}

func FuzzParseLists(f *testing.F) {
	f.Add("/.\n/usr\n/usr/bin/a\n")
	f.Add("d41d8cd98f00b204e9800998ecf8427e  usr/share/../bin/a\n")
	f.Add(alpineInstalled)
	f.Fuzz(func(t *testing.T, text string) {
		paths := append(parseList(text), parseChecksums(text)...)
		for _, p := range parseApk(text) {
			paths = append(paths, p.files...)
		}
		for _, p := range paths {
			if !strings.HasPrefix(p, "/") || strings.Contains(p+"/", "/../") {
				t.Errorf("path %q", p)
			}
		}
	})
}
