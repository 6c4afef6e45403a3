package facts

import (
	"slices"
	"sort"
	"strings"
)

// SlimTag finds the slim variant of an image's tag: the same version on the same distribution
// release, with the distribution named wherever a tag names it:
//
//	python:3.7-bookworm   3.7-slim-bookworm
//	python:3.7            3.7-slim-bookworm
//	python:3.7.3          3.7.3-slim-stretch
//	node:14               14-buster-slim
//	debian:bookworm       bookworm-slim
//
// It answers only with a tag that was listed and whose build has the same full version; none for
// tags that are slim already, for other variants (alpine, onbuild, …) and for Windows.
func SlimTag(image, tag string) (string, bool) {
	from, ok := LookupTag(image, tag)
	if !ok || from.Windows() || from.Flavour != "" {
		return "", false
	}
	if p := SimpleTag(image, tag, Minor); p.Outcome == Pinned {
		if from, ok = LookupTag(image, p.Tag); !ok {
			return "", false
		}
	}
	return sibling(from, []string{"slim"}, from.Distro, from.FullVersion())
}

// OnDistro finds the tag with the same version (as far as it is written) and variant on another
// distribution release: OnDistro("python", "3.8-slim-buster", "bookworm") is 3.8-slim-bookworm.
// The patch release may differ, since a line may go on after its last build on the older
// distribution; a version written in full stays. Tags of debian and buildpack-deps name the release
// itself: OnDistro("debian", "10-slim", "bookworm") is 12-slim.
func OnDistro(image, tag, distro string) (string, bool) {
	from, ok := LookupTag(image, tag)
	if !ok || from.Windows() || distro == "" {
		return "", false
	}
	if image == "debian" || image == "buildpack-deps" {
		return onRelease(from, distro)
	}
	if from.Version == "" {
		return "", false
	}
	return sibling(from, parseTag(from.Name).words, distro, "")
}

// onRelease exchanges the release that a tag of debian or buildpack-deps names, by its codename or
// by its number. Point releases, snapshots and backports have no counterpart.
func onRelease(from Tag, distro string) (string, bool) {
	old, ok := DebianRelease(from.Distro)
	release, known := DebianRelease(distro)
	p := parseTag(from.Name)
	if !ok || !known || p.dated || containsAll(p.words, []string{"backports"}) {
		return "", false
	}
	name := ""
	switch {
	case p.distro == old.Name && p.version == "":
		name = release.Name + strings.TrimPrefix(from.Name, old.Name)
	case p.version == old.Version && p.distro == "":
		name = release.Version + strings.TrimPrefix(from.Name, old.Version)
	}
	to, ok := LookupTag(from.Image, name)
	return name, ok && to.Distro == distro
}

// Distros lists the distribution releases that the version and variant of the tag were published
// on, in the order in which they were first listed.
func Distros(image, tag string) []string {
	from, ok := LookupTag(image, tag)
	if !ok || from.Version == "" {
		return nil
	}
	words := parseTag(from.Name).words
	first := map[string]int{}
	var distros []string
	eachWithHead(image, from.Version, func(t Tag) {
		p := parseTag(t.Name)
		if p.version == from.Version && p.namesRelease() && !t.Windows() && sameWords(p.words, words) {
			if _, seen := first[p.distro]; !seen {
				distros = append(distros, p.distro)
				first[p.distro] = t.First
			}
		}
	})
	slices.SortFunc(distros, func(a, b string) int { return first[a] - first[b] })
	return distros
}

// sibling finds the tag with the version of from, exactly these words, and the distribution. With a
// fullVersion the build must have it too.
func sibling(from Tag, words []string, distro, fullVersion string) (string, bool) {
	own := parseTag(from.Name)
	named := own.namesRelease() || distro != from.Distro
	best := ""
	head, _, _ := strings.Cut(from.Name, "-")
	eachWithHead(from.Image, head, func(t Tag) {
		if t.Distro != distro || t.Windows() || t.Shared || best != "" && len(t.Name) >= len(best) {
			return
		}
		p := parseTag(t.Name)
		if p.version == own.version && p.namesRelease() == named && sameWords(p.words, words) &&
			(fullVersion == "" || t.FullVersion() == fullVersion) {
			best = t.Name
		}
	})
	return best, best != ""
}

// eachWithHead calls yield with every tag whose first word is head.
func eachWithHead(image, head string, yield func(Tag)) {
	t := table(image)
	if t == nil {
		return
	}
	for _, name := range [...]string{head, head + "-"} {
		i := sort.Search(len(t.tags), func(i int) bool { return t.tags[i].Name >= name })
		for ; i < len(t.tags) && strings.HasPrefix(t.tags[i].Name, name); i++ {
			if name == head && t.tags[i].Name != head {
				break
			}
			yield(describe(t.tags[i]))
		}
	}
}

// sameWords reports whether two tags have the same variant words, in any order.
func sameWords(a, b []string) bool {
	return len(a) == len(b) && containsAll(a, b)
}
