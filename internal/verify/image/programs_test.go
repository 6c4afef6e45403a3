package image

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestShell(t *testing.T) {
	for name, c := range map[string]struct {
		entries []*entry
		want    string
	}{
		"Debian":         {[]*entry{sym("bin", "usr/bin"), sym("usr/bin/sh", "dash"), exe("usr/bin/dash", ""), exe("usr/bin/bash", "")}, "/bin/sh"},
		"without sh":     {[]*entry{exe("usr/bin/bash", "")}, "/usr/bin/bash"},
		"Alpine":         {[]*entry{sym("bin/sh", "/bin/busybox"), exe("bin/busybox", "")}, "/bin/sh"},
		"distroless":     {[]*entry{exe("usr/bin/python3", "")}, ""},
		"debug":          {[]*entry{exe("busybox/sh", "")}, "/busybox/sh"},
		"on PATH":        {[]*entry{exe("opt/bin/bash", "")}, "/opt/bin/bash"},
		"elsewhere":      {[]*entry{exe("opt/bash", "")}, ""},
		"dangling":       {[]*entry{sym("bin/sh", "dash")}, ""},
		"not executable": {[]*entry{reg("bin/sh", "")}, ""},
	} {
		if got := openLayers(t, v1.Config{Env: []string{"PATH=/opt/bin"}}, c.entries).Shell(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCompiler(t *testing.T) {
	for name, c := range map[string]struct {
		entries []*entry
		want    string
	}{
		"gcc":               {[]*entry{sym("usr/bin/gcc", "gcc-12"), exe("usr/bin/gcc-12", ""), exe("usr/bin/x86_64-linux-gnu-gcc-12", "")}, "/usr/bin/gcc"},
		"version only":      {[]*entry{exe("usr/bin/gcc-12", ""), exe("usr/bin/x86_64-linux-gnu-gcc-12", "")}, "/usr/bin/gcc-12"},
		"target only":       {[]*entry{exe("usr/bin/x86_64-linux-gnu-g++", "")}, "/usr/bin/x86_64-linux-gnu-g++"},
		"clang":             {[]*entry{exe("usr/bin/clang-14", ""), exe("usr/bin/clang-cpp-14", "")}, "/usr/bin/clang-14"},
		"through links":     {[]*entry{sym("usr/bin/cc", "/etc/alternatives/cc"), sym("etc/alternatives/cc", "/usr/lib/tcc"), exe("usr/lib/tcc", "")}, "/usr/bin/cc"},
		"conda's":           {[]*entry{exe("opt/bin/x86_64-conda-linux-gnu-cc", "")}, "/opt/bin/x86_64-conda-linux-gnu-cc"},
		"binutils":          {[]*entry{exe("usr/bin/gcc-ar-12", ""), exe("usr/bin/ld", ""), exe("usr/bin/c++filt", ""), exe("usr/bin/ccache", ""), exe("usr/bin/12", "")}, ""},
		"a dangling link":   {[]*entry{sym("usr/bin/gcc", "gcc-12")}, ""},
		"not on a bin path": {[]*entry{exe("usr/lib/gcc/cc", "")}, ""},
	} {
		if got := openLayers(t, v1.Config{Env: []string{"PATH=/opt/bin"}}, c.entries).Compiler(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestHome(t *testing.T) {
	img := openLayers(t, v1.Config{}, []*entry{reg("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nbroken\n\napp:x:1000:1000::/home/app:/bin/sh\nnone:x:2:2:::\nlast:x:3:3::/last:")})
	for user, want := range map[string]string{
		"": "/root", "root": "/root", "0": "/root", "0:0": "/root", "app": "/home/app", "app:staff": "/home/app", "1000": "/home/app", "1000:0": "/home/app",
		"none": "/", "unknown": "/", "4711": "/", "last": "/last", ":app": "/root",
	} {
		if got := img.Home(user); got != want {
			t.Errorf("Home(%q) = %q, want %q", user, got, want)
		}
	}
	if got := openLayers(t, v1.Config{}).Home(""); got != "/" {
		t.Errorf("without passwd: %q", got)
	}
}
