// Package wheel knows the file names of Python wheels and which of them an
// interpreter installs: what pip's vendored "packaging" library decides, without
// an interpreter at hand.
//
// Sources: the file name is PEP 427 and its binary distribution format
// specification; compatibility tags are PEP 425; the platforms of Linux are PEP
// 513, 571, 599 and 600 (manylinux) and PEP 656 (musllinux).
package wheel

import (
	"errors"
	"fmt"
	"strings"
)

// Tag is one compatibility tag: interpreter, ABI and platform.
type Tag struct{ Python, ABI, Platform string }

// String writes the tag as a wheel's name does.
func (t Tag) String() string { return t.Python + "-" + t.ABI + "-" + t.Platform }

// File is what the file name of a wheel says.
type File struct {
	Name    string // the file's
	Project string // as it is written in the name: "ruamel.yaml" is ruamel.yaml or ruamel_yaml
	Version string
	Build   string // the build number, "" where there is none
	// The three compressed sets of tags: the wheel fits where any combination does.
	Pythons, ABIs, Platforms []string
}

// errName is what is wrong with a name that is none of a wheel's.
var errName = errors.New("not the file name of a wheel")

// ParseFile reads a file name such as numpy-2.1.0-cp312-cp312-musllinux_1_2_x86_64.whl.
func ParseFile(name string) (*File, error) {
	stem, ok := strings.CutSuffix(name, ".whl")
	parts := strings.Split(stem, "-")
	if !ok || len(parts) != 5 && len(parts) != 6 {
		return nil, fmt.Errorf("%q: %w", name, errName)
	}
	f := &File{Name: name, Project: parts[0], Version: parts[1]}
	if len(parts) == 6 {
		f.Build = parts[2]
		if f.Build == "" || f.Build[0] < '0' || f.Build[0] > '9' { // PEP 427: it must start with a digit
			return nil, fmt.Errorf("%q: build number %q: %w", name, f.Build, errName)
		}
	}
	tags := parts[len(parts)-3:]
	f.Pythons, f.ABIs, f.Platforms = splitSet(tags[0]), splitSet(tags[1]), splitSet(tags[2])
	if f.Project == "" || f.Version == "" || f.Pythons == nil || f.ABIs == nil || f.Platforms == nil {
		return nil, fmt.Errorf("%q: %w", name, errName)
	}
	return f, nil
}

// splitSet reads a compressed set of tags, "py2.py3"; nil where a part is empty.
// Tags are compared in lower case, as packaging does.
func splitSet(s string) []string {
	set := strings.Split(strings.ToLower(s), ".")
	for _, tag := range set {
		if tag == "" {
			return nil
		}
	}
	return set
}

// Any reports a wheel for every platform: it has no compiled code.
func (f *File) Any() bool {
	for _, p := range f.Platforms {
		if p == "any" {
			return true
		}
	}
	return false
}

// Tags yields every combination that the name stands for.
func (f *File) Tags(yield func(Tag) bool) {
	for _, python := range f.Pythons {
		for _, abi := range f.ABIs {
			for _, platform := range f.Platforms {
				if !yield(Tag{python, abi, platform}) {
					return
				}
			}
		}
	}
}
