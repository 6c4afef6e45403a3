package bulk

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNewObjects stores objects of either kind of ids, both as git stores them and
// by git, of sizes that take one byte and more, and of more than a block; git finds
// nothing to say against them and reads them as they are.
func TestNewObjects(t *testing.T) {
	for format, length := range map[string]int{"sha1": 40, "sha256": 64} {
		for _, way := range []string{"loose", "packed"} {
			t.Run(format+" "+way, func(t *testing.T) { testNewObjects(t, format, length, way == "loose") })
		}
	}
	if _, err := newObjectsLike("0123"); err == nil {
		t.Error("ids of an unknown length are taken")
	}
}

func testNewObjects(t *testing.T, format string, length int, loose bool) {
	dir := t.TempDir()
	g := &git{limit: time.Minute}
	if _, err := g.run(t.Context(), dir, nil, "init", "-q", "--object-format="+format); err != nil {
		t.Fatal(err)
	}
	n, err := newObjectsLike(strings.Repeat("0", length))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, size := range []int{0, 1, 15, 16, 2047, 2048, 65535, 65536, 300_000} {
		text := strings.Repeat("x", size)
		want[n.add("blob", []byte(text))] = text
	}
	for range 2 { // what is there already is left
		if err := storeAs(t, g, dir, n, loose); err != nil {
			t.Fatal(err)
		}
	}
	o, err := g.openObjects(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	for id, text := range want {
		if _, got, err := o.read(id, "blob"); err != nil || string(got) != text {
			t.Errorf("%s: %d bytes of %d: %v", id, len(got), len(text), err)
		}
		if info, err := os.Stat(filepath.Join(dir, ".git", "objects", id[:2], id[2:])); err != nil || info.Mode().Perm()&0o222 != 0 {
			t.Errorf("%s: it can be written to, as no object of git's can: %v", id, err)
		}
	}
	if out, err := g.run(t.Context(), dir, nil, "fsck", "--strict"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".git", "objects", "*", "tmp_obj_*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func storeAs(t *testing.T, g *git, dir string, n *newObjects, loose bool) error {
	t.Helper()
	if loose {
		at, ok := gitDirOf(dir)
		if !ok || !isPlain(at) {
			t.Fatal("a new repository counts as one that is out of the common")
		}
		return n.storeLoose(at)
	}
	pack, err := n.pack()
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.run(t.Context(), dir, bytes.NewReader(pack), "unpack-objects", "-q", "--strict")
	return err
}

// TestOwnSettings holds in which repositories git is asked and left to do all.
func TestOwnSettings(t *testing.T) {
	for text, want := range map[string]bool{
		"[core]\n\tbare = false\n[remote \"origin\"]\n\turl = a@b:c/user.git\n": true,
		"[User]\n\tname = Ann\n":                        false,
		"[author]\nname = Ann\n":                        false,
		"[commit]\n\tgpgsign\n":                         false,
		"[gpg \"ssh\"]\n\tprogram = x\n":                false,
		"[include]\n\tpath = other\n":                   false,
		"[includeIf \"onbranch:x\"]\n\tpath = other\n":  false,
		"[core]\n\tsharedRepository = group\n":          false,
		"[core]\n\tfsyncMethod = batch\n":               false,
		"[extensions]\n\tworktreeConfig = true\n":       false,
		"[extensions]\n\tcompatObjectFormat = sha256\n": false,
		"[extensions]\n\trefStorage = reftable\n":       false,
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "config"), text)
		if isPlain(dir) != want {
			t.Errorf("plain: %v, of\n%s", !want, text)
		}
	}
	if isPlain(t.TempDir()) {
		t.Error("a repository without settings counts as plain")
	}
}

// TestGitDir holds that only a repository whose objects lie in it is written to.
func TestGitDir(t *testing.T) {
	dir := t.TempDir()
	main := mkdir(t, dir, "main")
	g := &git{limit: time.Minute}
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "a"},
		{"worktree", "add", "-q", "../other"}, {"clone", "-q", "--bare", ".", "../bare"}} {
		cmd := g.command(t.Context(), main, args...)
		cmd.Env = append(cmd.Env, "GIT_ALLOW_PROTOCOL=file")
		if _, err := output(t.Context(), cmd); err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
	}
	for name, want := range map[string]string{"main": filepath.Join("main", ".git"), "bare": "bare", "other": "", ".": ""} {
		at, ok := gitDirOf(filepath.Join(dir, name))
		if ok != (want != "") || ok && at != filepath.Join(dir, want) {
			t.Errorf("%s: %s, %v", name, at, ok)
		}
	}
}

// TestTreeOrder holds that trees are in git's order, in which a directory sorts as
// if its name ended with a slash.
func TestTreeOrder(t *testing.T) {
	dir := t.TempDir()
	g := &git{limit: time.Minute}
	for _, name := range []string{"a.b", "a/x", "a-b", "a0", "b"} {
		write(t, filepath.Join(mkdir(t, dir, filepath.Dir(name)), filepath.Base(name)), name)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "a"}} {
		if _, err := g.run(t.Context(), dir, nil, args...); err != nil {
			t.Fatal(err)
		}
	}
	b, err := g.openBranch(t.Context(), dir, "new")
	if err != nil {
		t.Fatal(err)
	}
	defer b.objects.close()
	for _, name := range []string{"a/y", "a/z/deep", "c.d/x", "c-d", "b"} {
		write(t, filepath.Join(mkdir(t, dir, filepath.Dir(name)), filepath.Base(name)), "new "+name)
	}
	t.Setenv("GIT_AUTHOR_NAME", "me")
	t.Setenv("GIT_AUTHOR_EMAIL", "me@example.com")
	t.Setenv("GIT_COMMITTER_NAME", "me")
	t.Setenv("GIT_COMMITTER_EMAIL", "me@example.com")
	made, err := b.commit(t.Context(), dir, []string{"a/y", "a/z/deep", "c.d/x", "c-d", "b"}, "message\n")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := g.run(t.Context(), dir, nil, "fsck", "--strict"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := g.run(t.Context(), dir, nil, "add", "."); err != nil {
		t.Fatal(err)
	}
	if tree, err := g.run(t.Context(), dir, nil, "write-tree"); err != nil || tree != made.tree {
		t.Errorf("tree %s, git makes %s: %v", made.tree, tree, err)
	}
}

func mkdir(t *testing.T, dir, name string) string {
	t.Helper()
	at := filepath.Join(dir, name)
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	return at
}

// TestCommitText holds that a commit is written as git commit-tree writes it, and
// left to git where names are not plain.
func TestCommitText(t *testing.T) {
	for _, name := range []string{"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"} {
		t.Setenv(name, "") // have it put back
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Unix(1_700_000_000, 0).In(time.FixedZone("", -5*3600-1800))
	s := &settings{all: map[string]string{"user.name": "Ann", "user.email": "ann@example.com", "committer.name": "Bob"}}
	const want = "tree t\nparent p\nauthor Ann <ann@example.com> 1700000000 -0530\ncommitter Bob <ann@example.com> 1700000000 -0530\n\nwhy\n"
	if text, ok := s.commitText("t", "p", "why\n", at); !ok || text != want {
		t.Errorf("%v: %s", ok, text)
	}
	for _, name := range []string{"", "Ann.", " Ann", "A<nn", "A\nnn", "A\xffnn"} {
		s.all["user.name"] = name
		if text, ok := s.commitText("t", "p", "why\n", at); ok {
			t.Errorf("%q: %s", name, text)
		}
	}
	s.all["user.name"] = "Ann"
	t.Setenv("GIT_AUTHOR_EMAIL", "")
	if _, ok := s.commitText("t", "p", "why\n", at); ok {
		t.Error("an empty variable is passed over, which git refuses")
	}
}
