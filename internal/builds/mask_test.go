package builds

import "testing"

func TestMask(t *testing.T) {
	var m mask
	m.add("TOKEN", "hunter22/Swordfish and x")
	m.add("N", "3")
	m.add("LONG", "abcdefghijkl")
	for text, want := range map[string]string{
		"this CMD runs /hunter22/swordfish and x": "this CMD runs /${TOKEN}",
		"it runs swordfish, at line 13":           "it runs ${TOKEN}, at line 13",
		"HUNTER22x":                               "${TOKEN}x",
		"3 or 33":                                 "${N} or 33",
		"it runs abcdefg… and abcdef…":            "it runs ${LONG}… and ${LONG}…",
		"nothing":                                 "nothing",
	} {
		if got := m.hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := (*mask)(nil).hide("a"); got != "a" {
		t.Error(got)
	}
}
