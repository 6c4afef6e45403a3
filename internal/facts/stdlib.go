package facts

import "sync"

// lifetime is from which release of Python to before which the standard library has a module; "-" is no bound.
type lifetime struct{ since, until string }

// oldestStdlib is the first release that the table of the standard library is about.
const oldestStdlib = "3.6"

var stdlib = sync.OnceValue(func() map[string]lifetime {
	m := map[string]lifetime{}
	readTable("stdlib.tsv", 3, func(r []string) { m[r[0]] = lifetime{r[1], r[2]} })
	return m
})

// StandardModule reports whether a top-level module is in the standard library of a release of Python, such as "3.11".
// It is false where the release is "" or not in the table.
func StandardModule(module, python string) bool {
	l, ok := stdlib()[module]
	return ok && python != "" && CompareReleases(python, oldestStdlib) >= 0 &&
		(l.since == "-" || CompareReleases(python, l.since) >= 0) && (l.until == "-" || CompareReleases(python, l.until) < 0)
}

// EverStandard reports whether any release of Python has a top-level module in its standard library.
func EverStandard(module string) bool {
	_, ok := stdlib()[module]
	return ok
}
