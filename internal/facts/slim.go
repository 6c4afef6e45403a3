package facts

import (
	"strings"
	"sync"
)

// slimTables is what slim.tsv, lacks.tsv and has.tsv say, each value the letters of its suites.
type slimTables struct {
	packages map[string]string
	lacks    map[string][]commandRow
	has      map[string]string
}

type commandRow struct{ pkg, suites string }

var slimTable = sync.OnceValue(func() slimTables {
	t := slimTables{map[string]string{}, map[string][]commandRow{}, map[string]string{}}
	readTable("slim.tsv", 3, func(r []string) { t.packages[r[0]] += r[2] })
	readTable("lacks.tsv", 3, func(r []string) {
		for _, c := range strings.Fields(r[2]) {
			t.lacks[c] = append(t.lacks[c], commandRow{r[0], r[1]})
		}
	})
	readTable("has.tsv", 3, func(r []string) {
		for _, c := range strings.Fields(r[2]) {
			t.has[c] += r[1]
		}
	})
	return t
})

// inSuite reports whether the letters of a row name the suite. Before bullseye nothing is recorded.
func inSuite(letters, suite string) bool {
	i := suiteIndex(suite)
	return i >= 0 && strings.IndexByte(letters, suiteLetters[i]) >= 0
}

// SlimLacksPackage reports whether the full Python image of a suite has a Debian package that the
// slim one lacks. False also for packages that neither has.
func SlimLacksPackage(suite, pkg string) bool {
	return inSuite(slimTable().packages[pkg], suite)
}

// SlimLacksCommand finds the Debian package that has a command which the full Python image of a
// suite offers and the slim one lacks. A command of which neither this nor SlimHasCommand knows
// anything may be in either image, or in none.
func SlimLacksCommand(suite, command string) (pkg string, lacks bool) {
	for _, row := range slimTable().lacks[command] {
		if inSuite(row.suites, suite) {
			return row.pkg, true
		}
	}
	return "", false
}

// SlimHasCommand reports whether the slim Python image of a suite is known to have a command: a
// program, or a builtin of dash or bash.
func SlimHasCommand(suite, command string) bool {
	return inSuite(slimTable().has[command], suite)
}
