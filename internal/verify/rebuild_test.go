package verify

import (
	"strings"
	"testing"
)

func TestTouch(t *testing.T) {
	const text = "import app"
	a, b := touch(text), touch(text)
	if a == b {
		t.Error("twice the same")
	}
	if !strings.HasPrefix(a, text+"\n") || !strings.HasSuffix(a, "\n") || strings.TrimSpace(a) != text {
		t.Errorf("more than blank lines: %q", a)
	}
}
