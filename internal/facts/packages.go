package facts

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// packagesGz lists the names that apt-get install takes in the main index of bullseye, bookworm
// and trixie: of packages, and those that exactly one provides. Made by gendeb from
// apt-cache dumpavail after apt-get update against the main mirrors, 2026-11-28.
//
//go:embed packages.gz
var packagesGz []byte

// packageLines are the lines of the list, a name and the letters of its suites, sorted by name.
var packageLines = sync.OnceValue(func() []string {
	z, err := gzip.NewReader(bytes.NewReader(packagesGz))
	if err != nil {
		panic(fmt.Sprintf("facts: packages.gz: %v", err)) // it is part of this program
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(fmt.Sprintf("facts: packages.gz: %v", err))
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
})

// Installable reports whether apt-get install takes a package's name on a Debian release that
// Suites lists.
func Installable(suite, pkg string) bool {
	lines := packageLines()
	i, found := slices.BinarySearchFunc(lines, pkg, func(line, pkg string) int {
		name, _, _ := strings.Cut(line, "\t")
		return strings.Compare(name, pkg)
	})
	if !found {
		return false
	}
	_, letters, _ := strings.Cut(lines[i], "\t")
	return inSuite(letters, suite)
}

type renameRow struct {
	now cell
	why string
}

var renameTable = sync.OnceValue(func() map[string]renameRow {
	t := map[string]renameRow{}
	readTable("renames.tsv", 3, func(r []string) { t[r[0]] = renameRow{cell(r[1]), r[2]} })
	return t
})

// RenamedPackage tells what took the place of a package that is gone from a Debian release: the
// same under another name, and why.
func RenamedPackage(suite, pkg string) (now []string, why string, ok bool) {
	row, ok := renameTable()[pkg]
	if !ok || suiteIndex(suite) < 0 {
		return nil, "", false
	}
	now, ok = row.now.in(suite)
	return now, row.why, ok && !slices.Equal(now, []string{pkg})
}
