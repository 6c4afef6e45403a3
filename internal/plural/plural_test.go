package plural

import "testing"

func TestOf(t *testing.T) {
	for want, got := range map[string]string{
		"0 files": Of(0, "file"), "1 file": Of(1, "file"), "2 files": Of(2, "file"), "1 shared library": Of(1, "shared library"),
		"3 shared libraries": Of(3, "shared library"), "2 keys": Of(2, "key"), "package": Noun(1, "package"), "is": Verb(1), "are": Verb(0),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
