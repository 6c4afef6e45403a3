package passes

import (
	"testing"

	"refit/internal/shell"
	"refit/transform"
)

// TestCallsGit holds that only a repository which the step has cloned, and gone to,
// is one of root's.
func TestCallsGit(t *testing.T) {
	for text, want := range map[string]bool{
		"git describe > version":                                                 true,
		"git clone https://example.com/x.git /x && git describe":                 true,
		"git clone https://example.com/x.git /x && cd /x && git checkout v1":     false,
		"git clone https://example.com/x.git /x && git -C /x checkout v1":        false,
		"cd /app && git describe && git clone https://example.com/x.git /x":      true,
		"git config --system user.name x && git clone https://example.com/x.git": false,
		"git init && git add .":                                                  true,
		"pip install git+https://example.com/x.git":                              false,
	} {
		f, err := transform.Parse("Dockerfile", "FROM debian\nRUN "+text+"\n", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := callsGit(shell.Of(f, f.Instructions[1])); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
