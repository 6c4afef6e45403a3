package facts

import (
	"regexp"
	"strings"
	"sync"
)

// uvTag is the tag of one of uv's own images with Python: perhaps uv's version, then
// the minor version of Python and the distribution.
var uvTag = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[0-9]+\.[0-9]+(?:\.[0-9]+)?-)?python(3\.[0-9]+)-([a-z]+[0-9.]*)(-slim)?$`)
})

// UVPythonTag is the tag of the official Python image that ghcr.io/astral-sh/uv:TAG is
// made from: "3.12-slim-bookworm" for "0.8.3-python3.12-bookworm-slim". It was that
// image when that version of uv came out: the minor version of Python and the
// distribution are the same, the patch version may be an older one. False is said of
// the images without Python ("latest", "0.8", "bookworm-slim"), and of what no list of
// Python's tags has.
//
// Source: astral-sh/uv on GitHub, .github/workflows/build-docker.yml, whose image-mapping
// has lines such as python:3.12-slim-bookworm,python3.12-bookworm-slim. To that image they
// add /usr/local/bin/uv and uvx, ENV UV_TOOL_BIN_DIR (from 0.8.0 on), ENTRYPOINT [] and
// CMD ["/usr/local/bin/uv"].
func UVPythonTag(tag string) (string, bool) {
	m := uvTag().FindStringSubmatch(tag)
	if m == nil {
		return "", false
	}
	name := m[1] + m[3] + "-" + m[2]
	if _, ok := LookupTag("python", name); !ok || m[3] != "" && strings.HasPrefix(m[2], "alpine") {
		return "", false
	}
	return name, true
}
