package transform

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestQuotePath holds that git takes a diff of a file whatever its name, and that a
// terminal that shows the diff obeys none.
func TestQuotePath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("such names cannot be there")
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git")
	}
	for _, dir := range []string{"a b", "a\rb", "a\x1b[31mb", "a\x7fb", "a\tb\nc", `a"b\c`, "é", "é\a", "a\u009bb", "\xff\xfe", "€\x01"} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			continue // the file system does not take it
		}
		if err := os.WriteFile(filepath.Join(root, dir, "Dockerfile"), []byte("FROM a\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := UnifiedDiff(dir+"/Dockerfile", "FROM a\n", "FROM b\n", true)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(d, "@@")
		if strings.ContainsAny(head, "\r\x1b\x7f\a\x01\u009b") || strings.Count(head, "\n") != 2 {
			t.Errorf("%q: the header is %q", dir, head)
		}
		cmd := exec.Command(git, "apply", "--check", "-")
		cmd.Dir, cmd.Stdin = root, strings.NewReader(d)
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(root))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v: %s\n%s", dir, err, out, d)
		}
	}
}
