//go:build unix

package builds

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipes: nobody waits for what comes out of a pipe.
func TestPipes(t *testing.T) {
	for _, name := range []string{".env", "sub/.env", "sub/a.yaml", "compose.yaml", "docker-bake.hcl"} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "sub/x"), nil)
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip(err)
		}
		for file, text := range map[string]string{"sub/a.yaml": "services: {web: {build: .}}\n", "compose.yaml": "include: [sub/a.yaml]\n"} {
			if file != name {
				write(t, filepath.Join(dir, file), []byte(text))
			}
		}
		names := []string{"compose.yaml"}
		if name == "docker-bake.hcl" {
			names = []string{name}
		}
		if notes := strings.Join(Find(dir, names, nil).Notes, "\n"); !strings.Contains(notes, "no plain file") {
			t.Errorf("%s: %s", name, notes)
		}
	}
}
