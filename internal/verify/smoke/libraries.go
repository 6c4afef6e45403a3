package smoke

import (
	"path"
	"slices"

	"refit/internal/lazyregexp"
)

// A shared library that is missing, as glibc's loader says it (for a program, for
// an extension module and for ctypes alike), and as musl's does.
var (
	missingGlibc = lazyregexp.New(`([^\s:'"]+\.so[.\w]*): cannot open shared object file`)
	missingMusl  = lazyregexp.New(`Error loading shared library ([^\s:'"]+): No such file`)
	missingThing = lazyregexp.New(`cannot open shared object file|Error loading shared library|ModuleNotFoundError: |ImportError: |executable file not found|: not found$|[Pp]ermission denied|: no such file or directory`)
)

// missingLibraries are the names of the libraries that a log says are missing, sorted.
func missingLibraries(log []string) []string {
	var names []string
	for _, line := range log {
		for _, re := range []*lazyregexp.Regexp{missingGlibc, missingMusl} {
			for _, m := range re.FindAllStringSubmatch(line, -1) {
				names = append(names, path.Base(m[1]))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// missingLines are the lines of after that say that something is missing, and
// are not in before.
func missingLines(before, after []string) []string {
	var old, lines []string
	for _, l := range before {
		old = append(old, plain(l))
	}
	for _, l := range after {
		if missingThing.MatchString(l) && !slices.Contains(old, plain(l)) {
			lines = append(lines, l)
		}
	}
	return lines
}

var (
	directories = lazyregexp.New(`(?:/[^\s/'":()]+)+/`)
	numbers     = lazyregexp.New(`0x[0-9a-fA-F]+|\d+`)
)

// placeless is a message without the directories in it.
func placeless(message string) string { return directories.ReplaceAllString(message, "") }

// plain is a message without what differs from one run to another: directories,
// addresses and numbers.
func plain(message string) string { return numbers.ReplaceAllString(placeless(message), "0") }
