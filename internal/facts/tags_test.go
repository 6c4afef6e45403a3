package facts

import (
	"fmt"
	"os"
	"testing"
)

func TestLookupTag(t *testing.T) {
	for _, c := range []struct{ image, tag, want string }{
		{"python", "3.7", "3.7.17-bookworm shared=true 20180704-20231003 version=3.7 flavour= distro=bookworm"},
		{"python", "3.8-slim-buster", "3.8.17-slim-buster shared=false 20191015-20230614 version=3.8 flavour=slim distro=buster"},
		{"python", "slim", "3.14.7-slim-trixie shared=false 20141126-0 version= flavour=slim distro=trixie"},
		{"python", "3.4.2", "3.4.2 shared=false 20141003-20150305 version=3.4.2 flavour= distro=jessie?"},
		{"python", "3.7-alpine", "3.7.17-alpine3.18 shared=false 20180704-20231003 version=3.7 flavour=alpine distro=alpine3.18"},
		{"node", "14-slim", "14.21.3-buster-slim shared=false 20200422-20230502 version=14 flavour=slim distro=buster"},
		{"ubuntu", "18.04", "bionic-20230530 shared=false 20171117-20230615 version=18.04 flavour= distro=bionic"},
	} {
		g, ok := LookupTag(c.image, c.tag)
		got := fmt.Sprintf("%s shared=%v %d-%d version=%s flavour=%s distro=%s", g.Target, g.Shared, g.First, g.Until, g.Version, g.Flavour, g.Distro)
		if !ok || got != c.want || g.Image != c.image || g.Name != c.tag {
			t.Errorf("%s:%s = %s\nwant %s", c.image, c.tag, got, c.want)
		}
	}
	for _, c := range [][2]string{{"python", "3.13-slim-buster"}, {"python", "3.12-buster"}, {"python", "3.7-trixie"}, {"python", ""}, {"nothing", "latest"}} {
		if g, ok := LookupTag(c[0], c[1]); ok {
			t.Errorf("%s:%s was never listed, got %+v", c[0], c[1], g)
		}
	}
}

func TestCatalogue(t *testing.T) {
	if day := CatalogueDay(); day != 20260821 {
		t.Errorf("CatalogueDay() = %d", day)
	}
	total := 0
	for _, image := range openCatalogue().names {
		last := ""
		allTags(image, func(g Tag) {
			total++
			target, ok := LookupTag(image, g.Target)
			if !ok || target.Target != g.Target || target.Shared {
				t.Errorf("%s:%s: target %s is no simple tag of its own", image, g.Name, g.Target)
			}
			if g.Name <= last || g.First < 20130101 || g.First > 20260821 || g.Until != 0 && g.Until < g.First {
				t.Errorf("%s:%s after %s: listed %d-%d", image, g.Name, last, g.First, g.Until)
			}
			last = g.Name
		})
	}
	if len(openCatalogue().names) != 21 || total != 71585 {
		t.Errorf("%d images and %d tags, want 21 and 71585", len(openCatalogue().names), total)
	}
}

func TestNamedDistro(t *testing.T) {
	for _, c := range []struct{ image, tag, want string }{
		{"python", "3.7", ""},
		{"python", "latest", ""},
		{"python", "3.7-slim", ""},
		{"python", "3.7-slim-stretch", "stretch"},
		{"python", "3.7-alpine", ""},
		{"python", "3.7-alpine3.8", "alpine3.8"},
		{"debian", "12-slim", "bookworm"},
		{"debian", "stable", ""},
		{"ubuntu", "20.04", "focal"},
		{"alpine", "3.18.4", "alpine3.18"},
	} {
		if got := NamedDistro(c.image, c.tag); got != c.want {
			t.Errorf("NamedDistro(%s:%s) = %q, want %q", c.image, c.tag, got, c.want)
		}
	}
}

func TestImageDistro(t *testing.T) {
	for _, c := range []struct {
		image, tag, want string
		ok               bool
	}{
		{"python", "3.7", "bookworm", true},
		{"python", "3.7-slim-stretch", "stretch", true},
		{"python", "3.7-alpine3.8", "alpine3.8", true},
		{"python", "3.4.2", "jessie", false},
		{"debian", "12", "bookworm", true},
		{"debian", "7.2", "wheezy", true},
		{"debian", "stable", "", false},
		{"ubuntu", "20.04", "focal", true},
		{"ubuntu", "12.10", "quantal", true},
		{"alpine", "3.18.4", "alpine3.18", true},
		{"alpine", "edge", "", false},
		{"eclipse-temurin", "17-jre-alpine", "alpine3.24", true},
		{"mysql", "8-oracle", "oraclelinux9", true},
		{"amazoncorretto", "11", "al2023", true},
		{"nginx", "1.19", "", false},
		{"busybox", "latest", "", false},
		{"nothing", "latest", "", false},
	} {
		if got, ok := ImageDistro(c.image, c.tag); got != c.want || ok != c.ok {
			t.Errorf("ImageDistro(%s:%s) = %q, %v, want %q, %v", c.image, c.tag, got, ok, c.want, c.ok)
		}
	}
}

func TestReleases(t *testing.T) {
	for _, c := range []struct {
		find    func(string) (Release, bool)
		name    string
		version string
		apt     bool
	}{
		{DebianRelease, "bookworm", "12", true},
		{DebianRelease, "10", "10", false},
		{DebianRelease, "stretch", "9", false},
		{UbuntuRelease, "20.04", "20.04", true},
		{UbuntuRelease, "eoan", "19.10", false},
		{AlpineRelease, "alpine3.18", "3.18", true},
		{AlpineRelease, "3.18.4", "3.18", true},
	} {
		if r, ok := c.find(c.name); !ok || r.Version != c.version || r.AptWorks() != c.apt {
			t.Errorf("%s: %+v, %v", c.name, r, ok)
		}
	}
	for _, name := range []string{"", "hamm", "3", "bookworm-slim"} {
		for i, find := range []func(string) (Release, bool){DebianRelease, UbuntuRelease, AlpineRelease} {
			if r, ok := find(name); ok {
				t.Errorf("table %d knows %q: %+v", i, name, r)
			}
		}
	}
}

func BenchmarkDecodePython(b *testing.B) { benchmarkDecode(b, "python") }
func BenchmarkDecodePHP(b *testing.B)    { benchmarkDecode(b, "php") }

func benchmarkDecode(b *testing.B, image string) {
	r := &reader{b: tagsBin}
	r.uint()
	var block []byte
	for n := r.uint(); n > 0; n-- {
		name, z := r.string(r.uint()), []byte(nil)
		if z = r.bytes(r.uint()); name == image {
			block = z
		}
	}
	for b.Loop() {
		decodeTags(image, block)
	}
}

func BenchmarkSimpleTag(b *testing.B) {
	SimpleTag("python", "3.7", Minor)
	for b.Loop() {
		SimpleTag("python", "3.7", Minor)
	}
}

func BenchmarkSlimTag(b *testing.B) {
	SlimTag("python", "3.7")
	for b.Loop() {
		SlimTag("python", "3.7")
	}
}

func TestCatalogueIsSmall(t *testing.T) {
	info, err := os.Stat("tags.bin")
	if err != nil || info.Size() > 250_000 {
		t.Errorf("tags.bin: %v, %d bytes", err, info.Size())
	}
}

// allTags calls do with every tag ever listed of the image, sorted by name.
func allTags(image string, do func(Tag)) {
	for _, row := range table(image).tags {
		do(describe(row))
	}
}
