package wheel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

var (
	bookworm311 = Target{Major: 3, Minor: 11, Patch: -1, Libc: Glibc, LibcMajor: 2, LibcMinor: 36, Arch: "x86_64"}
	alpine311   = Target{Major: 3, Minor: 11, Patch: -1, Libc: Musl, LibcMajor: 1, LibcMinor: 2, Arch: "x86_64"}
)

// TestTags holds the whole order against what packaging 26.4 prints, by its digest
// (testdata/tags.py).
func TestTags(t *testing.T) {
	for _, tc := range []struct {
		target Target
		lines  int
		digest string
	}{
		{bookworm311, 914, "5bb76b428e8c0f255a08a9b84dad1fdf6f1f16a1e57c189b2f9fc5e09fd2ab54"},
		{Target{3, 12, -1, Musl, 1, 2, "aarch64"}, 123, "9778991472ca1bf0ed037c958d41e318410d0d9d2856f9083a08c3cac5fe6dd9"},
		{Target{3, 13, -1, Musl, 1, 2, "x86_64"}, 132, "15ed09d5f34465ac8b6c703b45cbe6c8e48eee815a31e3f65f66b73d7af1a20c"},
		{Target{3, 7, -1, Glibc, 2, 31, "aarch64"}, 299, "d44c3833256d513131a5567d0ed5366dd68b47654c13262b4914687c0c3d63fc"},
		{Target{3, 9, -1, Glibc, 2, 41, "i686"}, 873, "ff4b8d968368c6f6e33961b2a738adef09bec135bbf79fd1f7abebec97ba5982"},
	} {
		var b strings.Builder
		tags := tc.target.Tags()
		for _, tag := range tags {
			fmt.Fprintln(&b, tag)
		}
		sum := sha256.Sum256([]byte(b.String()))
		if len(tags) != tc.lines || hex.EncodeToString(sum[:]) != tc.digest {
			t.Errorf("%s: %d tags, digest %x; packaging lists %d, %s", tc.target, len(tags), sum, tc.lines, tc.digest)
		}
	}
}

func TestFits(t *testing.T) {
	glibc, musl := bookworm311.Ranks(), alpine311.Ranks()
	for _, tc := range []struct {
		file        string
		glibc, musl bool
	}{
		{"numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", true, false},
		{"numpy-2.1.0-cp311-cp311-musllinux_1_2_x86_64.whl", false, true},
		{"numpy-2.1.0-cp311-cp311-musllinux_1_1_x86_64.whl", false, true},
		{"numpy-2.1.0-cp311-cp311-musllinux_1_3_x86_64.whl", false, false},
		{"numpy-2.1.0-cp312-cp312-manylinux_2_17_x86_64.whl", false, false},
		{"numpy-2.1.0-cp311-cp311-manylinux_2_17_aarch64.whl", false, false},
		{"new-1-cp311-cp311-manylinux_2_37_x86_64.whl", false, false},
		{"new-1-cp311-cp311-manylinux_2_36_x86_64.whl", true, false},
		{"old-1-cp311-cp311-manylinux1_x86_64.whl", true, false},
		{"cryptography-43.0.0-cp39-abi3-manylinux_2_28_x86_64.whl", true, false},
		{"cryptography-43.0.0-cp39-abi3-musllinux_1_2_x86_64.whl", false, true},
		{"cryptography-43.0.0-cp312-abi3-manylinux_2_28_x86_64.whl", false, false},
		{"free-1-cp311-cp311t-manylinux_2_28_x86_64.whl", false, false},
		{"free-1-cp313-cp313t-manylinux_2_28_x86_64.whl", false, false},
		{"pypy-1-pp311-pypy311_pp73-manylinux_2_28_x86_64.whl", false, false},
		{"uv-0.5.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", true, false},
		{"uv-0.5.0-py3-none-musllinux_1_1_x86_64.whl", false, true},
		{"many-1-cp39.cp310.cp311-none-manylinux2010_x86_64.whl", true, false},
		{"here-1-cp311-cp311-linux_x86_64.whl", true, true},
		{"six-1.16.0-py2.py3-none-any.whl", true, true},
		{"two-1-py2-none-any.whl", false, false},
		{"ahead-1-py312-none-any.whl", false, false},
		{"mac-1-cp311-cp311-macosx_11_0_arm64.whl", false, false},
		{"win-1-cp311-cp311-win_amd64.whl", false, false},
		{"Upper-1-CP311-CP311-Manylinux2014_x86_64.whl", true, false},
	} {
		f, err := ParseFile(tc.file)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, fits := glibc.Of(f); fits != tc.glibc {
			t.Errorf("%s fits %s: %v", tc.file, bookworm311, fits)
		}
		if _, fits := musl.Of(f); fits != tc.musl {
			t.Errorf("%s fits %s: %v", tc.file, alpine311, fits)
		}
	}
}

func TestBest(t *testing.T) {
	for _, tc := range []struct {
		want  string
		files []string
	}{
		{"", nil},
		{"", []string{"a-1-cp312-cp312-manylinux2014_x86_64.whl"}},
		{"a-1-cp311-cp311-manylinux_2_28_x86_64.whl", []string{"a-1-py3-none-any.whl", "a-1-cp39-abi3-manylinux_2_28_x86_64.whl", "a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1-cp311-cp311-manylinux_2_28_x86_64.whl"}},
		{"a-1-cp39-abi3-manylinux1_x86_64.whl", []string{"a-1-cp38-abi3-manylinux_2_28_x86_64.whl", "a-1-cp39-abi3-manylinux1_x86_64.whl"}},
		{"a-1-10-py3-none-any.whl", []string{"a-1-9-py3-none-any.whl", "a-1-10-py3-none-any.whl", "a-1-py3-none-any.whl"}},
		{"a-1-2b-py3-none-any.whl", []string{"a-1-2b-py3-none-any.whl", "a-1-2a-py3-none-any.whl"}},
	} {
		var files []*File
		for _, name := range tc.files {
			f, err := ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		got := ""
		if best := bookworm311.Ranks().Best(files); best != nil {
			got = best.Name
		}
		if got != tc.want {
			t.Errorf("best of %v: %q, want %q", tc.files, got, tc.want)
		}
	}
}

func TestParseFile(t *testing.T) {
	f, err := ParseFile("ruamel.yaml.clib-0.2.8-3rc-cp39.cp310-abi3-manylinux1_x86_64.manylinux2010_x86_64.whl")
	if err != nil {
		t.Fatal(err)
	}
	if f.Project != "ruamel.yaml.clib" || f.Version != "0.2.8" || f.Build != "3rc" || !slices.Equal(f.Pythons, []string{"cp39", "cp310"}) ||
		!slices.Equal(f.ABIs, []string{"abi3"}) || len(f.Platforms) != 2 || f.Any() {
		t.Errorf("%+v", f)
	}
	for _, bad := range []string{"", "a.whl", "a-1.tar.gz", "a-1-py3-none.whl", "a-1-x-py3-none-any.whl", "a-1-1-2-py3-none-any.whl", "a-1-py3-none-.whl",
		"-1-py3-none-any.whl", "a-1-py3..py2-none-any.whl", "a-1-py3-none-any.whl.metadata"} {
		if f, err := ParseFile(bad); err == nil {
			t.Errorf("%q: %+v", bad, f)
		}
	}
}

func TestOn(t *testing.T) {
	if got, err := On("3.11", "bookworm", "amd64"); err != nil || got != bookworm311 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := On("3.11", "alpine3.22", "linux/amd64"); err != nil || got != alpine311 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range [][3]string{{"3", "bookworm", "amd64"}, {"3.11", "sid", "amd64"}, {"3.11", "bookworm", "vax"}} {
		if got, err := On(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%v: %v", bad, got)
		}
	}
}

func TestWithPython(t *testing.T) {
	got, err := bookworm311.WithPython("3.12.4")
	if err != nil || got.Python() != "3.12" || got.Patch != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "3", "3.x", "3.-1", "3.12.1.1", "3.12rc1"} {
		if _, err := bookworm311.WithPython(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if a, err := Arch("linux/arm64"); err != nil || a != "aarch64" {
		t.Error(a, err)
	}
	if _, err := Arch("vax"); err == nil {
		t.Error("vax is taken")
	}
}

// FuzzParseFile looks for names that are read as something they are not: the parts
// put together again are the name.
func FuzzParseFile(f *testing.F) {
	f.Add("numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
	f.Add("a-1-2b-py2.py3-none-any.whl")
	f.Fuzz(func(t *testing.T, name string) {
		w, err := ParseFile(name)
		if err != nil {
			return
		}
		parts := []string{w.Project, w.Version}
		if w.Build != "" {
			parts = append(parts, w.Build)
		}
		parts = append(parts, strings.Join(w.Pythons, "."), strings.Join(w.ABIs, "."), strings.Join(w.Platforms, "."))
		if got := strings.Join(parts, "-") + ".whl"; !strings.EqualFold(got, name) {
			t.Fatalf("%q is read as %q", name, got)
		}
	})
}
