package main

import "testing"

func TestPublicURL(t *testing.T) {
	for module, want := range map[string]string{
		"refit": "", "refit/v2": "", "example.com/a/refit": "https://example.com/a/refit", "": "",
	} {
		if got := publicURL(module); got != want {
			t.Errorf("%q: %q", module, got)
		}
	}
}
