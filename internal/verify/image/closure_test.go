package image

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// lib is a shared object that needs others.
func lib(needed ...string) tinyELF { return tinyELF{needed: needed} }

func (e tinyELF) withRunpath(p string) tinyELF { e.runpath = p; return e }
func (e tinyELF) withRpath(p string) tinyELF   { e.rpath = p; return e }
func (e tinyELF) withSoname(s string) tinyELF  { e.soname = s; return e }
func (e tinyELF) withInterp(p string) tinyELF  { e.interp = p; return e }
func (e tinyELF) of(m elf.Machine) tinyELF     { e.machine = m; return e }

// cacheOf writes an ld.so.cache with the paths of libraries.
func cacheOf(paths ...string) string {
	text := make([]byte, cacheHeader+cacheEntry*len(paths))
	copy(text, cacheMagic)
	binary.NativeEndian.PutUint32(text[cacheCount:], uint32(len(paths)))
	for i, p := range paths {
		at := cacheHeader + i*cacheEntry
		binary.NativeEndian.PutUint32(text[at+cacheKey:], uint32(len(text)+strings.LastIndex(p, "/")+1))
		binary.NativeEndian.PutUint32(text[at+cacheValue:], uint32(len(text)))
		text = append(text, p+"\x00"...)
	}
	return string(text)
}

type (
	objects = map[string]tinyELF
	texts   = map[string]string
)

// closureCase is an image, and what is missing below /app in it: LIBRARY<PATH,…
type closureCase struct {
	objects objects
	texts   texts
	links   texts
	env     []string
	want    string
}

var closures = map[string]closureCase{
	"default directories": {objects{"app/m.so": lib("a", "b", "c", "d"), "lib/x86_64-linux-gnu/a": lib(), "usr/lib/x86_64-linux-gnu/b": lib(), "lib64/c": lib(), "usr/lib/d": lib()}, nil, nil, nil, ""},
	"missing":             {objects{"app/m.so": lib("a", "none"), "app/n.so": lib("none"), "lib/a": lib()}, nil, nil, nil, "none<app/m.so,app/n.so"},
	"merged /usr":         {objects{"app/m.so": lib("a"), "usr/lib/x86_64-linux-gnu/a": lib()}, nil, texts{"lib": "usr/lib"}, nil, ""},
	"link to the file":    {objects{"app/m.so": lib("liba.so.1"), "lib/liba.so.1.2": lib("b")}, nil, texts{"lib/liba.so.1": "liba.so.1.2"}, nil, "b<lib/liba.so.1.2"},
	"dangling link":       {objects{"app/m.so": lib("a")}, nil, texts{"lib/a": "a.1"}, nil, "a<app/m.so"},
	"transitive":          {objects{"app/m.so": lib("a"), "lib/a": lib("b"), "lib/b": lib("c")}, nil, nil, nil, "c<lib/b"},
	"not asked about":     {objects{"opt/m.so": lib("none"), "lib/a": lib("none2")}, nil, nil, nil, ""},
	"cycle":               {objects{"app/a": lib("b", "x").withRunpath("$ORIGIN"), "app/b": lib("a").withRunpath("$ORIGIN")}, nil, nil, nil, "x<app/a"},

	"RUNPATH with $ORIGIN":         {objects{"app/p/m.so": lib("a", "b").withRunpath("/none:$ORIGIN/../p.libs:${ORIGIN}"), "app/p.libs/a": lib(), "app/p/b": lib()}, nil, nil, nil, ""},
	"$ORIGIN is where it is found": {objects{"app/m.so": lib("a").withRunpath("/x"), "opt/a": lib("b", "c").withRunpath("$ORIGIN:${ORIGIN}/y"), "x/b": lib(), "x/y/c": lib()}, nil, texts{"x/a": "../opt/a"}, nil, ""},
	"RUNPATH is not inherited":     {objects{"app/m.so": lib("a").withRunpath("/x"), "x/a": lib("b"), "x/b": lib()}, nil, nil, nil, "b<x/a"},
	"RPATH is inherited":           {objects{"app/m.so": lib("a").withRpath("/x"), "x/a": lib("b"), "x/b": lib()}, nil, nil, nil, ""},
	"RUNPATH ends inheriting":      {objects{"app/m.so": lib("a").withRpath("/x"), "x/a": lib("b").withRunpath("/y"), "x/b": lib()}, nil, nil, nil, "b<x/a"},
	"RPATH beside RUNPATH":         {objects{"app/m.so": lib("a").withRpath("/x").withRunpath("/y"), "x/a": lib()}, nil, nil, nil, "a<app/m.so"},
	"$LIB and $PLATFORM":           {objects{"app/m.so": lib("a", "b").withRunpath("/opt/$LIB:/opt/${PLATFORM}"), "opt/lib/x86_64-linux-gnu/a": lib(), "opt/x86_64/b": lib()}, nil, nil, nil, ""},
	"relative RUNPATH":             {objects{"app/m.so": lib("a", "b").withRunpath("libs"), "work/libs/a": lib()}, nil, nil, nil, "b<app/m.so"},
	"LD_LIBRARY_PATH":              {objects{"app/m.so": lib("a", "b"), "x/a": lib(), "y/b": lib()}, nil, nil, []string{"LD_LIBRARY_PATH=/w", "LD_LIBRARY_PATH=/x:/y"}, ""},
	"loaded before":                {objects{"app/m.so": lib("a", "b").withRunpath("$ORIGIN/libs"), "app/libs/a": lib("b"), "app/libs/b": lib()}, nil, nil, nil, ""},
	"loaded before by its soname":  {objects{"app/m.so": lib("a.so", "c").withRunpath("$ORIGIN/libs"), "app/libs/a.so": lib().withSoname("a.so.1"), "app/libs/c": lib("a.so.1")}, nil, nil, nil, ""},
	"of another module":            {objects{"app/m.so": lib("a"), "app/n.so": lib("a").withRunpath("$ORIGIN/libs"), "app/libs/a": lib()}, nil, nil, nil, "a<app/m.so"},
	"name with a slash":            {objects{"app/m.so": lib("/x/a", "$ORIGIN/b", "/x/none"), "x/a": lib(), "app/b": lib()}, nil, nil, nil, "/x/none<app/m.so"},

	"cache":                  {objects{"app/m.so": lib("a"), "opt/a": lib()}, texts{"etc/ld.so.cache": cacheOf("/opt/a")}, nil, nil, ""},
	"cache of what is gone":  {objects{"app/m.so": lib("a")}, texts{"etc/ld.so.cache": cacheOf("/opt/a")}, nil, nil, "a<app/m.so"},
	"configured, not cached": {objects{"app/m.so": lib("a"), "opt/a": lib()}, texts{"etc/ld.so.cache": cacheOf("/opt/b"), "etc/ld.so.conf": "/opt\n"}, nil, nil, "a<app/m.so"},
	"several in the cache":   {objects{"app/m.so": lib("a"), "y/a": lib()}, texts{"etc/ld.so.cache": "ld.so-1.7.0\x00" + cacheOf("/x/a", "/y/a")}, nil, nil, ""},
	"no cache: ld.so.conf":   {objects{"app/m.so": lib("a", "b", "c"), "x/a": lib(), "y/b": lib(), "z/c": lib()}, texts{"etc/ld.so.conf": "# comment\ninclude ld.so.conf.d/*.conf # more\n/x /none\n", "etc/ld.so.conf.d/1.conf": "/y\ninclude /etc/ld.so.conf\n", "etc/ld.so.conf.d/2.not": "/z\n"}, nil, nil, "c<app/m.so"},

	"other machine passed over": {objects{"app/m.so": lib("a"), "lib/x86_64-linux-gnu/a": lib().of(elf.EM_AARCH64), "usr/lib/a": lib()}, nil, nil, nil, ""},
	"only of another machine":   {objects{"app/m.so": lib("a"), "lib/a": lib().of(elf.EM_AARCH64)}, texts{"usr/lib/a": "INPUT ( a.1 )"}, nil, nil, "a<app/m.so"},
	"bundled for others":        {objects{"app/m.so": lib(), "app/n.so": lib(), "app/arm.so": lib("none").of(elf.EM_ARM)}, texts{"app/t64.exe": "MZ"}, nil, nil, ""},
	"interpreter":               {objects{"app/run": lib("a").withInterp("/lib64/ld.so"), "lib/a": lib(), "lib/ld.so": lib()}, nil, texts{"lib64": "lib"}, nil, ""},
	"interpreter missing":       {objects{"app/run": lib().withInterp("/lib64/ld.so")}, nil, nil, nil, "/lib64/ld.so<app/run"},
	"loader by name":            {objects{"usr/bin/python3.11": lib().withInterp("/opt/ld.so.2"), "opt/ld.so.2": lib(), "app/m.so": lib("ld.so.2")}, nil, texts{"usr/bin/python3": "python3.11"}, nil, ""},
	"loaded by Python":          {objects{"opt/py/bin/python3": lib("libpython.so", "c").withRunpath("$ORIGIN/../lib"), "opt/py/lib/libpython.so": lib(), "lib/c": lib(), "app/m.so": lib("libpython.so", "other"), "opt/py/lib/other": lib()}, nil, nil, []string{"PATH=/opt/py/bin"}, "other<app/m.so"},
	"RPATH of Python":           {objects{"opt/py/bin/python3": lib().withRpath("$ORIGIN/../lib"), "app/m.so": lib("a"), "opt/py/lib/a": lib(), "app/run": lib("a").withInterp("/lib/ld"), "lib/ld": lib()}, nil, nil, []string{"PATH=/opt/py/bin"}, "a<app/run"},

	"musl":                  {objects{"lib/ld-musl-x86_64.so.1": lib(), "usr/bin/python3": lib().withInterp("/lib/ld-musl-x86_64.so.1"), "app/m.so": lib("libc.musl-x86_64.so.1", "libm.so.6", "a", "b", "libmine.so"), "usr/local/lib/a": lib(), "lib64/b": lib()}, nil, nil, nil, "b<app/m.so libmine.so<app/m.so"},
	"musl, configured":      {objects{"lib/ld-musl-x86_64.so.1": lib(), "app/m.so": lib("a", "b"), "opt/a": lib(), "lib/b": lib()}, texts{"etc/ld-musl-x86_64.path": "/opt\n/none\n"}, nil, nil, "b<app/m.so"},
	"musl inherits RUNPATH": {objects{"lib/ld-musl-x86_64.so.1": lib(), "app/m.so": lib("a").withRunpath("$ORIGIN/libs"), "app/libs/a": lib("b"), "app/libs/b": lib()}, nil, nil, nil, ""},
}

func TestMissing(t *testing.T) {
	for name, c := range closures {
		t.Run(name, func(t *testing.T) {
			var entries []*entry
			for _, p := range slices.Sorted(maps.Keys(c.links)) {
				entries = append(entries, sym(p, c.links[p]))
			}
			for p, e := range c.objects {
				entries = append(entries, exe(p, e.build(t)))
			}
			entries = append(entries, under("", c.texts)...)
			img := openLayers(t, v1.Config{Env: c.env, WorkingDir: "/work"}, entries)
			var got []string
			for _, m := range img.Missing([]string{"/app", "/none"}) {
				got = append(got, m.Library+"<"+strings.Join(m.NeededBy, ","))
			}
			// Paths are written without their first slash above.
			if text := strings.NewReplacer("</", "<", ",/", ",").Replace(strings.Join(got, " ")); text != c.want {
				t.Errorf("missing %q, want %q", text, c.want)
			}
		})
	}
}

// TestManyModules: closures must not cost more than the files they go over.
func TestManyModules(t *testing.T) {
	var entries []*entry
	for i := range 1000 {
		entries = append(entries, reg(fmt.Sprintf("app/m%d.so", i), lib("a0", "none").build(t)))
	}
	for i := range 30 {
		entries = append(entries, reg(fmt.Sprintf("lib/a%d", i), lib(fmt.Sprintf("a%d", i+1)).build(t)))
	}
	got := openLayers(t, v1.Config{}, entries).Missing([]string{"/app"})
	if len(got) != 2 || got[0].Library != "a30" || len(got[0].NeededBy) != 1 || len(got[1].NeededBy) != 1000 {
		t.Errorf("got %d libraries", len(got))
	}
}

func FuzzReadCache(f *testing.F) {
	f.Add(cacheOf("/lib/a.so.1", "/opt/b.so"))
	f.Add("ld.so-1.7.0\x00\x00\x00\x00" + cacheOf("/lib/a"))
	f.Add(cacheMagic)
	f.Fuzz(func(t *testing.T, text string) {
		for name, paths := range readCache(text) {
			if len(name) > pathMax || len(paths) > len(text)/cacheEntry {
				t.Errorf("%d paths of a name of %d bytes", len(paths), len(name))
			}
		}
	})
}
