// Package review shows what refit would do to Dockerfiles as a page in the
// browser: served on the loopback interface, where passes can be switched and the
// result be applied, or written as one file for others to read.
package review

import "refit/internal/report"

// File is a Dockerfile under review.
type File struct {
	Path string
	// Context names the build context. Those of one context follow each other: one
	// sees the companions that those before it bring. "" is no context.
	Context  string
	On       []string // the passes that the command line and the configuration ask for
	Switches []string // the passes that can be switched on and off
}

// Engine is the command as the page needs it.
type Engine interface {
	// Files are what is reviewed. The list stays the same.
	Files() []File
	// Look starts to read the disk anew, for files of one build context.
	Look() Look
}

// Look is one way through Dockerfiles of one build context, in their order.
type Look interface {
	// Rewrite takes a file through the passes of these names. What it brings is in
	// the build context of the files that follow.
	Rewrite(file int, passes []string) *report.Entry
	// Write writes what Rewrite made of a file, all of it or nothing, if the disk is
	// still as it was read.
	Write(file int) error
	Close()
}

// Selection is which passes were switched, on or off.
type Selection struct {
	All  map[string]bool         `json:"all"`  // for all files
	File map[int]map[string]bool `json:"file"` // for one, which wins
}

// passes are the names of those that are on for a file.
func (s *Selection) passes(i int, f *File) []string {
	on := map[string]bool{}
	for _, name := range f.On {
		on[name] = true
	}
	var names []string
	for _, name := range f.Switches {
		want := on[name]
		if v, ok := s.All[name]; ok {
			want = v
		}
		if v, ok := s.File[i][name]; ok {
			want = v
		}
		if want {
			names = append(names, name)
		}
	}
	return names
}
