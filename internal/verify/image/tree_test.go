package image

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestLayers puts layers on top of each other. A wanted file is PATH=CONTENT.
func TestLayers(t *testing.T) {
	for name, c := range map[string]struct {
		layers [][]*entry
		want   string
	}{
		"later layers win":           {[][]*entry{{reg("a", "1"), reg("b", "1")}, {reg("a", "2")}}, "/a=2 /b=1"},
		"whiteout":                   {[][]*entry{{reg("d/a", "1"), reg("d/b", "1")}, {reg("d/.wh.a", "")}}, "/d/b=1"},
		"whiteout of a directory":    {[][]*entry{{reg("d/a", "1"), reg("b", "1")}, {reg(".wh.d", "")}}, "/b=1"},
		"whiteout of nothing":        {[][]*entry{{reg("a", "1")}, {reg("x/.wh.y", "")}}, "/a=1"},
		"whiteout and new":           {[][]*entry{{reg("d/old", "1")}, {reg("d/new", "2"), reg(".wh.d", "")}}, "/d/new=2"},
		"whiteout is not a file":     {[][]*entry{{reg(".wh.a", "")}, {reg("a", "1")}}, "/a=1"},
		"opaque":                     {[][]*entry{{reg("d/a", "1"), reg("d/e/b", "1"), reg("c", "1")}, {dir("d"), reg("d/.wh..wh..opq", ""), reg("d/n", "2")}}, "/c=1 /d/n=2"},
		"opaque after its files":     {[][]*entry{{reg("d/a", "1")}, {reg("d/n", "2"), reg("d/.wh..wh..opq", "")}}, "/d/n=2"},
		"aufs' own files":            {[][]*entry{{reg("a", "1"), reg(".wh..wh.plnk", "x")}}, "/a=1"},
		"strange whiteouts":          {[][]*entry{{reg("d/a", "1")}, {reg("d/.wh...", ""), reg("d/.wh..", ""), reg("d/.wh.", "")}}, "/d/a=1"},
		"directories merge":          {[][]*entry{{reg("d/a", "1")}, {dir("d"), reg("d/b", "2")}}, "/d/a=1 /d/b=2"},
		"directory for file":         {[][]*entry{{reg("a", "1")}, {dir("a"), reg("a/b", "2")}}, "/a/b=2"},
		"file for directory":         {[][]*entry{{reg("a/b", "1")}, {reg("a", "2")}}, "/a=2"},
		"link for directory":         {[][]*entry{{reg("a/b", "1"), reg("c/d", "1")}, {sym("a", "c")}}, "/c/d=1"},
		"through a link below":       {[][]*entry{{dir("usr/lib"), sym("lib", "usr/lib")}, {reg("lib/a", "2")}}, "/usr/lib/a=2"},
		"whiteout through a link":    {[][]*entry{{reg("usr/lib/a", "1"), sym("lib", "usr/lib")}, {reg("lib/.wh.a", "")}}, ""},
		"COPY --link over a link":    {[][]*entry{{reg("usr/lib/a", "1"), sym("lib", "usr/lib")}, {dir("lib"), reg("lib/b", "2")}}, "/lib/b=2 /usr/lib/a=1"},
		"hard link":                  {[][]*entry{{reg("a", "1"), hard("b", "a")}}, "/a=1 /b=1"},
		"hard link to a layer below": {[][]*entry{{reg("a", "1")}, {hard("d/b", "/a"), reg(".wh.c", "")}}, "/a=1 /d/b=1"},
		"hard link outlives":         {[][]*entry{{reg("a", "1"), hard("b", "a")}, {reg("a", "2")}}, "/a=2 /b=1"},
		"no way out":                 {[][]*entry{{reg("../../a", "1"), reg("/b", "1"), reg("./c", "1")}}, "/a=1 /b=1 /c=1"},
		"through a dangling link":    {[][]*entry{{sym("a", "nowhere"), reg("a/b", "1")}}, "/a/b=1"},
		"empty layer":                {[][]*entry{{reg("a", "1")}, {}}, "/a=1"},
	} {
		t.Run(name, func(t *testing.T) {
			img := openLayers(t, v1.Config{}, c.layers...)
			var want []string
			for _, file := range strings.Fields(c.want) {
				p, body, _ := strings.Cut(file, "=")
				want = append(want, fmt.Sprintf("%s sha256:%x %d", p, sha256.Sum256([]byte(body)), len(body)))
			}
			var got []string
			for _, e := range img.Files("/") {
				got = append(got, fmt.Sprintf("%s %s %d", e.Path, e.Digest, e.Size))
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestStat(t *testing.T) {
	img := openLayers(t, v1.Config{}, []*entry{
		reg("usr/lib/a", "1"), sym("lib", "usr/lib"), sym("usr/lib/up", "../../etc/b"), reg("etc/b", "2"),
		sym("absolute", "/lib/a"), sym("loop", "loop2"), sym("loop2", "loop"), sym("dangling", "x"), sym("out", "../../../etc/b"),
	})
	for p, want := range map[string]string{
		"/lib/a": "/usr/lib/a", "lib/up": "/etc/b", "/absolute": "/usr/lib/a", "/lib": "/usr/lib", "/": "/", "/out": "/etc/b",
		"/lib/../lib/a": "/usr/lib/a", // as the kernel has it: /lib/.. is /usr
		"/loop":         "", "/dangling": "", "/etc/b/c": "", "/none": "",
	} {
		got, ok := img.Stat(p)
		if ok != (want != "") || got.Path != want {
			t.Errorf("Stat(%q) = %q, %v, want %q", p, got.Path, ok, want)
		}
	}
	if e, _ := img.Stat("/lib"); !e.Mode.IsDir() || e.Digest != "" {
		t.Errorf("/lib is %+v", e)
	}
}

func TestStatBoundsLinks(t *testing.T) {
	entries := []*entry{reg("l0", "end")}
	for i := range 60 {
		entries = append(entries, sym(fmt.Sprintf("l%d", i+1), fmt.Sprintf("l%d", i)))
	}
	img := openLayers(t, v1.Config{}, entries)
	if _, ok := img.Stat("/l40"); !ok {
		t.Error("40 links are not followed")
	}
	if _, ok := img.Stat("/l41"); ok {
		t.Error("41 links are followed")
	}
}

func TestFilesBelow(t *testing.T) {
	img := openLayers(t, v1.Config{}, []*entry{
		reg("app/b", ""), reg("app/a/x", ""), sym("app/link", "b"), dir("app/empty"), reg("apple", ""), reg("opt/venv/f", ""), sym("venv", "opt/venv"),
	})
	for dirs, want := range map[string]string{
		"/app":         "/app/a/x /app/b",
		"app /app/a":   "/app/a/x /app/b",
		"/venv /apple": "/apple /venv/f",
		"/none":        "",
	} {
		if got := names(img.Files(strings.Fields(dirs)...)); got != want {
			t.Errorf("below %s: %s, want %s", dirs, got, want)
		}
	}
}

func TestModes(t *testing.T) {
	img := openLayers(t, v1.Config{}, []*entry{
		withMode(reg("usr/bin/su", ""), 0o4755), withMode(reg("usr/bin/wall", ""), 0o2755), reg("usr/bin/ls", ""),
		hard("bin/su", "usr/bin/su"), sym("bin/wall", "/usr/bin/wall"),
		{Typeflag: tarDirectory, Name: "var/mail/", Mode: 0o2775},
	}, []*entry{reg("usr/bin/.wh.wall", "")})
	if got := strings.Join(img.Setuid(), " "); got != "/bin/su /usr/bin/su" {
		t.Errorf("setuid: %s", got)
	}
	if e, ok := img.Stat("/bin/su"); !ok || e.Mode != fs.ModeSetuid|0o755 {
		t.Errorf("mode of su: %v", e.Mode)
	}
}

const tarDirectory = '5'
