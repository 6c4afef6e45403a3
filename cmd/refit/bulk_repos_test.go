package main

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// newRepository makes a git repository whose one commit has these files in its
// root, without a process of git: tests need thousands.
func newRepository(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	git := filepath.Join(dir, ".git")
	for _, d := range []string{"objects", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(git, filepath.FromSlash(d)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var tree bytes.Buffer
	for _, name := range sortedKeys(files) {
		writeText(t, filepath.Join(dir, name), files[name])
		blob := writeObject(t, git, "blob", files[name])
		fmt.Fprintf(&tree, "100644 %s\x00%s", name, blob)
	}
	const who = "a <a@example.com> 1700000000 +0000"
	root := writeObject(t, git, "tree", tree.String())
	head := writeObject(t, git, "commit", fmt.Sprintf("tree %x\nauthor %s\ncommitter %s\n\nstart\n", root, who, who))
	writeText(t, filepath.Join(git, "HEAD"), "ref: refs/heads/main\n")
	writeText(t, filepath.Join(git, "config"), "[core]\nrepositoryformatversion = 0\nbare = false\nlogAllRefUpdates = true\n")
	writeText(t, filepath.Join(git, "refs", "heads", "main"), fmt.Sprintf("%x\n", head))
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// writeObject stores a loose object and returns its id.
func writeObject(t *testing.T, git, kind, content string) []byte {
	t.Helper()
	text := fmt.Sprintf("%s %d\x00%s", kind, len(content), content)
	sum := sha1.Sum([]byte(text))
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, err := z.Write([]byte(text))
	if err == nil {
		err = z.Close()
	}
	id := fmt.Sprintf("%x", sum)
	if err == nil {
		err = os.MkdirAll(filepath.Join(git, "objects", id[:2]), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(git, "objects", id[:2], id[2:]), packed.Bytes(), 0o444)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sum[:]
}

// dockerfiles are texts for n repositories: real ones where REFIT_CORPUS has them,
// else variations.
func dockerfiles(t *testing.T, n int) []string {
	t.Helper()
	var texts []string
	paths, err := filepath.Glob(filepath.Join(os.Getenv("REFIT_CORPUS"), "*", "*.Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("REFIT_CORPUS") == "" {
		paths = nil
	}
	for _, p := range paths[:min(n, len(paths))] {
		texts = append(texts, readText(t, p))
	}
	for i := len(texts); i < n; i++ {
		switch text := fmt.Sprintf("FROM python:3.%d\nRUN apt-get update\nRUN apt-get install -y git\n# %d\nCMD [\"python\"]\n", 8+i%5, i); i % 10 {
		case 7:
			texts = append(texts, "FROM scratch\n") // nothing to change
		case 8:
			texts = append(texts, "FROM python:3.12\nRUNN x\n") // broken
		default:
			texts = append(texts, text)
		}
	}
	return texts
}

// layOut makes a repository of each Dockerfile in a new directory "repos" below
// the one that it returns.
func layOut(t *testing.T, texts []string) string {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		files := map[string]string{"Dockerfile": text}
		if i%3 == 0 {
			files[".env"] = "SECRET=1\n"
		}
		newRepository(t, filepath.Join(dir, "repos", fmt.Sprintf("r%04d", i)), files)
	}
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bulkCommand is refit bulk in a directory, with its own place for temporary
// files and an author.
func bulkCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("refit", append([]string{"bulk"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Join(dir, "tmp"), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=me", "GIT_AUTHOR_EMAIL=me@example.com", "GIT_COMMITTER_NAME=me", "GIT_COMMITTER_EMAIL=me@example.com")
	return cmd
}

// gitIn runs git in a directory and returns what it prints.
func gitIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git -C %s %s: %v\n%s", dir, strings.Join(args, " "), err, out)
	}
	return string(out)
}
