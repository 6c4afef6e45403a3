//go:build unix

package buildctx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestDisk is about what only a real directory has: links, FIFOs, holes, modes.
func TestDisk(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "ctx")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "sub", "requirements.txt"), 0o755))
	must(os.WriteFile(filepath.Join(parent, "outside"), []byte("secret"), 0o644))
	must(os.WriteFile(filepath.Join(dir, "sub", "real"), []byte("real"), 0o644))
	for name, target := range map[string]string{
		"in": "sub/real", "indir": "sub", "sub/up": "../sub/real", "out": "../outside", "abs": "/etc/passwd",
		"loop": "loop2", "loop2": "loop", "dangling": "nothing", "self": ".",
	} {
		must(os.Symlink(target, filepath.Join(dir, name)))
	}
	must(syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644))
	big, err := os.Create(filepath.Join(dir, "big"))
	must(err)
	must(big.Truncate(2 << 30))
	must(big.Close())
	c, err := Open(dir)
	must(err)
	defer c.Close()

	for _, name := range []string{"in", "indir/real", "sub/up", "self/self/sub/real", "indir/up"} {
		if b, err := c.ReadFile(name); string(b) != "real" || err != nil {
			t.Errorf("ReadFile(%q) = %q, %v", name, b, err)
		}
		if ok, known := c.Exists(name); !ok || !known {
			t.Errorf("Exists(%q) = %v, %v", name, ok, known)
		}
	}
	start := time.Now()
	for name, want := range map[string]error{
		"out": ErrLeaves, "abs": ErrLeaves, "loop": syscall.ELOOP, "dangling": fs.ErrNotExist, "fifo": ErrNotRegular,
		"big": ErrTooLarge, "sub": ErrNotRegular, "none": fs.ErrNotExist, "in/none": fs.ErrNotExist,
		"sub/requirements.txt": ErrNotRegular,
	} {
		if b, err := c.ReadFile(name); b != nil || !errors.Is(err, want) {
			t.Errorf("ReadFile(%q) = %d bytes, %v; want %v", name, len(b), err, want)
		}
		if _, err := c.Requirements(name); !errors.Is(err, want) {
			t.Errorf("Requirements(%q): %v; want %v", name, err, want)
		}
	}
	if d := time.Since(start); d > patience {
		t.Errorf("took %v", d)
	}
	if _, known := c.Exists("out"); known {
		t.Error("a link out of the context is known")
	}
	if _, err := c.ReadFile("a\x00b"); err == nil {
		t.Error("NUL in a path is no error")
	}
	if _, complete := c.Files(); !complete {
		t.Error("Files incomplete")
	}
	if _, err := Open(filepath.Join(dir, "in")); err == nil {
		t.Error("a file opens as a context")
	}
}
