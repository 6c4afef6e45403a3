// Command gendeb writes packages.gz, the names that apt-get install takes on each
// Debian release that the tables know, from what apt says itself:
//
//	apt-cache dumpavail >trixie.txt    # on that release, main only, after apt-get update
//	go run ./internal/facts/gendeb -out internal/facts/packages.gz bullseye.txt bookworm.txt trixie.txt
//
// A line is a name and the letters of the releases (l = bullseye, b = bookworm,
// t = trixie). A name that no package has, and that exactly one provides, is
// listed too: apt-get takes that one.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// letters stand for the releases, in the order of the arguments.
const letters = "lbt"

func main() {
	out := flag.String("out", "packages.gz", "file to write")
	flag.Parse()
	if err := run(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "facts/gendeb:", err)
		os.Exit(1)
	}
}

func run(out string, files []string) error {
	if len(files) != len(letters) {
		return fmt.Errorf("want the output of apt-cache dumpavail for bullseye, bookworm and trixie: %d files, not %d", len(letters), len(files))
	}
	suites := map[string]string{}
	for i, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("reading what apt knows: %w", err)
		}
		names, err := installable(f)
		_ = f.Close() // it was only read
		if err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		for name := range names {
			suites[name] += letters[i : i+1]
		}
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("compressing the names: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(suites)) {
		_, _ = fmt.Fprintf(z, "%s\t%s\n", name, suites[name]) // to memory
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("compressing the names: %w", err)
	}
	if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the names: %w", err)
	}
	return nil
}

// installable reads the names of packages, and those that one package provides.
func installable(r io.Reader) (map[string]bool, error) {
	names := map[string]bool{}
	providers := map[string]map[string]bool{}
	pkg := ""
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "Package":
			pkg = value
			names[pkg] = true
		case "Provides":
			for provided := range strings.SplitSeq(value, ", ") {
				name, _, _ := strings.Cut(provided, " ")
				if providers[name] == nil {
					providers[name] = map[string]bool{}
				}
				providers[name][pkg] = true
			}
		}
	}
	for name, by := range providers {
		if len(by) == 1 && !isInternal(name) {
			names[name] = true
		}
	}
	return names, lines.Err()
}

// isInternal reports a name that packages of one language provide for each other
// (features of Rust crates, hashes of Haskell and OCaml interfaces, …): half of
// all names that are provided.
func isInternal(name string) bool {
	for _, prefix := range [...]string{"librust-", "libghc-", "golang-", "node-", "ruby-", "r-api-", "gir1.2-", "perl-", "dh-sequence-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.ContainsAny(name, ":+") || strings.HasSuffix(name, "-perl")
}
