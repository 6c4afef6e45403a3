package builds

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrivateFile holds that a service which is given a file that only its owner may
// read, or of which that is not known, is not taken for one that any user can run.
func TestPrivateFile(t *testing.T) {
	const compose = "secrets: {key: {file: ./key.pem}}\nconfigs: {conf: {file: ./app.conf}}\nservices:\n  a: {build: ., secrets: [key], configs: [conf]}\n"
	for _, c := range []struct {
		key, conf os.FileMode // 0: there is none
		want      string
	}{
		{0o644, 0o644, ""},
		{0o600, 0o644, "it reads key.pem,"},
		{0o640, 0o644, "it reads key.pem,"},
		{0o644, 0o600, "it reads app.conf,"},
		{0, 0o644, "it reads key.pem,"},
	} {
		dir := t.TempDir()
		for name, mode := range map[string]os.FileMode{"compose.yaml": 0o644, "key.pem": c.key, "app.conf": c.conf} {
			if mode == 0 {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(compose), mode); err != nil {
				t.Fatal(err)
			}
		}
		found := Find(dir, []string{"compose.yaml"}, nil)
		if len(found.Builds) != 1 || found.Builds[0].Run == nil {
			t.Fatalf("%+v", found)
		}
		if got := found.Builds[0].Run.Rights; c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
			t.Errorf("%o %o: %q, want %q", c.key, c.conf, got, c.want)
		}
	}
}
