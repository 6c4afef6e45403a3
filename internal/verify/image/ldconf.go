package image

import (
	"encoding/binary"
	"maps"
	"path"
	"slices"
	"strings"
)

// cacheMagic begins the only format of /etc/ld.so.cache since glibc 2.32; before,
// it stood behind an older one. (glibc, sysdeps/generic/dl-cache.h)
const cacheMagic = "glibc-ld.so.cache1.1"

// The layout of that format: the header, its counter, and an entry with the
// places of its two strings, counted from the header.
const (
	cacheHeader = 48
	cacheCount  = 20
	cacheEntry  = 24
	cacheKey    = 4
	cacheValue  = 8
)

// readCache reads a cache: the paths of each library, in the order in which the
// loader tries them. It returns nil for anything that is not a cache.
func readCache(text string) map[string][]string {
	start := strings.Index(text, cacheMagic)
	if start < 0 || len(text)-start < cacheHeader {
		return nil
	}
	text = text[start:]
	word := func(at int) int { return int(binary.NativeEndian.Uint32([]byte(text[at : at+4]))) }
	name := func(at int) string {
		if at >= len(text) {
			return ""
		}
		s, _, _ := strings.Cut(text[at:min(len(text), at+pathMax)], "\x00")
		return s
	}
	count := min(word(cacheCount), (len(text)-cacheHeader)/cacheEntry)
	found := map[string][]string{}
	for at := cacheHeader; count > 0; at, count = at+cacheEntry, count-1 {
		key := name(word(at + cacheKey))
		found[key] = append(found[key], name(word(at+cacheValue)))
	}
	return found
}

// configured lists the directories that a loader's configuration names, in order.
// seen holds the files that were read.
func (t *tree) configured(file string, seen map[string]bool) []string {
	real, n := t.find(file, true)
	if n == nil || seen[real] {
		return nil
	}
	seen[real] = true
	var dirs []string
	for line := range strings.Lines(n.text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n:,", r) })
		switch {
		case len(words) == 0 || words[0] == "hwcap":
		case words[0] == "include":
			for _, pattern := range words[1:] {
				for _, p := range t.glob(pattern, path.Dir(file)) {
					dirs = append(dirs, t.configured(p, seen)...)
				}
			}
		default:
			for _, dir := range words {
				dir, _, _ = strings.Cut(dir, "=") // a type that older ones had
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// glob lists the files that match a pattern, which may have its wildcards in the
// last name only.
func (t *tree) glob(pattern, from string) []string {
	if !path.IsAbs(pattern) {
		pattern = path.Join(from, pattern)
	}
	dir, last := path.Split(pattern)
	_, n := t.find(dir, true)
	if n == nil {
		return nil
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		if ok, err := path.Match(last, name); ok && err == nil {
			found = append(found, dir+name)
		}
	}
	return found
}
