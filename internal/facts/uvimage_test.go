package facts

import "testing"

func TestUVPythonTag(t *testing.T) {
	for tag, want := range map[string]string{
		"python3.12-bookworm-slim":       "3.12-slim-bookworm",
		"python3.12-bookworm":            "3.12-bookworm",
		"python3.13-trixie-slim":         "3.13-slim-trixie",
		"0.8.3-python3.12-bookworm-slim": "3.12-slim-bookworm",
		"0.5-python3.13-alpine":          "3.13-alpine",
		"python3.12-alpine3.20":          "3.12-alpine3.20",
		"python3.12-alpine-slim":         "",
		"python3.12-slim-bookworm":       "",
		"python3.12":                     "",
		"python3.99-bookworm":            "",
		"python3.12-bookworm-slim-dev":   "",
		"python3.12.4-bookworm":          "",
		"latest":                         "",
		"0.8.3":                          "",
		"bookworm-slim":                  "",
		"debian":                         "",
		"alpine":                         "",
		"":                               "",
	} {
		if got, ok := UVPythonTag(tag); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", tag, got, ok, want)
		}
	}
}
