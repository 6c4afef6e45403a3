package bulk

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReadList(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"src/a/.git", "src/b/objects", "src/b/refs", "src/plain", "alone/sub"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "src/b/HEAD", "ref: refs/heads/main\n")
	write(t, "list", "\n# comment\n  alone/\nhttps://user:secret@example.com/x.git\nalone\n")
	repos, err := ReadList([]string{"src", "-", "nowhere"}, []string{"list"}, strings.NewReader("src/a\ngit@example.com:x/y.git\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range repos {
		got = append(got, filepath.ToSlash(r.Name))
	}
	want := []string{"src/a", "src/b", "git@example.com:x/y.git", "nowhere", "alone", "https://example.com/x.git"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if last := repos[len(repos)-1]; last.URL != "https://user:secret@example.com/x.git" {
		t.Errorf("%+v", last)
	}
	if _, err := ReadList(nil, []string{"missing"}, nil); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a list that is missing: %v", err)
	}
}

func TestIsURL(t *testing.T) {
	for text, want := range map[string]bool{
		"https://example.com/a": true, "ssh://git@example.com/a": true, "git@example.com:a/b.git": true, "file:///srv/a.git": true,
		"ext::sh -c id": false, "a/b": false, "C:\\src": false, "host:path": false, "ftp://example.com/a": false, "-oProxyCommand=x": false,
	} {
		if got := IsURL(text); got != want {
			t.Errorf("IsURL(%q) = %v", text, got)
		}
	}
}

func TestWithoutPassword(t *testing.T) {
	for text, want := range map[string]string{
		"https://token@example.com/a.git":    "https://example.com/a.git",
		"https://u:p@example.com/a.git":      "https://example.com/a.git",
		"ssh://git@example.com:22/a.git":     "ssh://git@example.com:22/a.git",
		"ssh://git:secret@example.com/a.git": "ssh://example.com/a.git",
		"git@example.com:a.git":              "git@example.com:a.git",
	} {
		if got := withoutPassword(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestShards holds that every repository is in one shard, that shards are of
// about the same size, and that a longer list moves nothing.
func TestShards(t *testing.T) {
	const n, count = 4000, 8
	var names []string
	sizes := make([]int, count)
	for i := range n {
		name := fmt.Sprintf("org/service-%d", i)
		names = append(names, name)
		in := 0
		for s := range count {
			if (Shard{s + 1, count}).Has(name) {
				sizes[s]++
				in++
			}
		}
		if in != 1 {
			t.Fatalf("%s is in %d shards", name, in)
		}
	}
	for s, size := range sizes {
		if size < n/count*8/10 || size > n/count*12/10 {
			t.Errorf("shard %d has %d of %d", s+1, size, n)
		}
	}
	all := func(names []string) []Repo {
		var repos []Repo
		for _, name := range names {
			repos = append(repos, Repo{Name: name})
		}
		return repos
	}
	shard := Shard{3, count}
	short := shard.Of(all(names[:1000]))
	if long := shard.Of(all(names)); !slices.Equal(long[:len(short)], short) {
		t.Error("a longer list moved repositories")
	}
	for _, url := range []string{"https://example.com/a/", "https://example.com/a.git"} {
		if (Shard{1, 2}).Has(url) != (Shard{1, 2}).Has("https://example.com/a") {
			t.Errorf("%s is not where it is without its ending", url)
		}
	}
}

func TestParseShard(t *testing.T) {
	if s, err := ParseShard("2/4"); err != nil || s != (Shard{2, 4}) {
		t.Errorf("%v, %v", s, err)
	}
	for _, text := range []string{"", "1", "0/4", "5/4", "a/b", "1/", "/2", "-1/2", "1/2/3", "+1/3", "1/+3"} {
		if _, err := ParseShard(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"a/b.git": "b-", "https://example.com/x/y": "y-", "git@example.com:x/y.git": "y-", "a b/c d?": "c-d-", "a/-x.": "x-",
		".hidden": "hidden-", strings.Repeat("x", 300): strings.Repeat("x", 80) + "-", "a/..b/": "b-",
	} {
		if got := fileName(name); !strings.HasPrefix(got, want) || len(got) != len(want)+10 {
			t.Errorf("%q: %q, want %q and ten digits", name, got, want)
		}
	}
	if fileName("a/x") == fileName("b/x") {
		t.Error("two repositories have one name")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
