package facts

import (
	"strings"
	"sync"
)

// wheelMinors are the CPython minors of the columns of wheels.tsv.
var wheelMinors = []string{"2.7", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"}

var wheelTable = sync.OnceValue(func() map[string][]string {
	t := map[string][]string{}
	readTable("wheels.tsv", 0, func(r []string) { t[r[0]] = r[1:] })
	return t
})

// WheelSince is the release of a distribution from which on its releases have a wheel for a CPython minor ("3.9") on
// Linux, so that pip does not compile; "0" for all. False means that nothing is known.
func WheelSince(distribution, minor string) (release string, ok bool) {
	row, ok := wheelTable()[NormalizeName(distribution)]
	if !ok {
		return "", false
	}
	for i, m := range wheelMinors {
		if m == minor {
			release = row[min(i, len(row)-1)]
		}
	}
	return release, release != "" && release != "-"
}

// CompareReleases orders two releases by their numbers: 1.10 is newer than 1.9, and 1.0 the same as 1.0.0.
func CompareReleases(a, b string) int { return CompareNumbers(ReleaseNumbers(a), ReleaseNumbers(b)) }

// CompareNumbers orders the numbers of two releases; missing ones are 0.
func CompareNumbers(a, b []int) int {
	for i := range max(len(a), len(b)) {
		var m, n int
		if i < len(a) {
			m = a[i]
		}
		if i < len(b) {
			n = b[i]
		}
		if m != n {
			return m - n
		}
	}
	return 0
}

// ReleaseNumbers are the numbers that a release begins with. What is not a number ends them, so that a pre-release
// counts as its release. Epochs are not known.
func ReleaseNumbers(release string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.TrimPrefix(release, "v"), ".") {
		n, digits := 0, 0
		for digits < len(part) && part[digits] >= '0' && part[digits] <= '9' && digits < maxDigits {
			n = n*10 + int(part[digits]-'0')
			digits++
		}
		if digits > 0 {
			out = append(out, n)
		}
		if digits < len(part) {
			break
		}
	}
	return out
}

// maxDigits bounds a number of a release, which may be a date.
const maxDigits = 12

var extrasTable = sync.OnceValue(func() map[string][]string {
	t := map[string][]string{}
	readTable("extras.tsv", 2, func(r []string) { t[r[0]] = strings.Fields(strings.TrimPrefix(r[1], "-")) })
	return t
})

// ExtraDistributions lists the distributions that an extra adds. False means that nothing is known of the extra.
func ExtraDistributions(distribution, extra string) ([]string, bool) {
	list, ok := extrasTable()[NormalizeName(distribution)+"["+NormalizeName(extra)+"]"]
	return list, ok
}
