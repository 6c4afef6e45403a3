package facts

import (
	"strings"
	"sync"
)

var alpineTable = sync.OnceValue(func() map[string][]string {
	t := map[string][]string{}
	readTable("alpine.tsv", 4, func(r []string) {
		for _, name := range strings.Fields(r[0]) {
			t[name] = strings.Fields(r[1])
		}
	})
	return t
})

// AlpinePackages lists what Alpine, from 3.15 on, has for a Debian package. False means that
// nothing is known of it.
func AlpinePackages(debian string) ([]string, bool) {
	names, ok := alpineTable()[debian]
	return names, ok
}

// AlpineTag finds the Alpine variant of a Python image's slim tag: the same version, as far as it
// is written, on the newest Alpine branch that it was published on.
//
//	3.12-slim-bookworm   3.12-alpine3.22
//	3.7-slim             3.7-alpine3.18
func AlpineTag(tag string) (alpine string, ok bool) {
	from, ok := LookupTag("python", tag)
	if !ok || from.Flavour != "slim" || from.Version == "" || from.Windows() {
		return "", false
	}
	distros := Distros("python", from.Version)
	for i := len(distros) - 1; i >= 0; i-- {
		if branch, on := strings.CutPrefix(distros[i], "alpine"); on && CompareReleases(branch, "3.15") >= 0 {
			alpine = from.Version + "-" + distros[i]
			_, ok = LookupTag("python", alpine)
			return alpine, ok
		}
	}
	return "", false
}
