package passes

import "slices"

// Group is passes that are about one thing, for lists and reports.
type Group struct {
	Title  string
	Tag    string // the title as one word
	Passes []string
}

// Groups puts every pass into one group.
func Groups() []Group {
	return []Group{
		{"The base image", "base-image", []string{"eol-base", "pin-tag", "slim-base", "distroless", "alpine-base", "pin-digest"}},
		{"Stages and layers", "layers", []string{"frontend-stage", "multi-stage", "merge-layers"}},
		{"Packages and requirements", "packages", []string{
			"requirements-first", "unused-requirements", "apt-layers", "apk-layers", "dnf-layers", "pip-cache", "conda-layers",
		}},
		{"Running the application", "runtime", []string{"non-root", "gunicorn-args", "python-env"}},
		{"The file and its build context", "file", []string{"syntax", "dead-steps", "dockerignore"}},
		{"A smaller Python environment", "environment", []string{"headers-out", "pip-out", "tests-out", "strip-symbols", "bytecode-out"}},
	}
}

// Urgent reports whether what a pass mends breaks builds or makes an attack worse,
// rather than costs size and time: a release that has left the mirrors, a tag that
// will stand for another image, and root.
func Urgent(name string) bool {
	return slices.Contains([]string{"eol-base", "pin-tag", "non-root"}, name)
}
