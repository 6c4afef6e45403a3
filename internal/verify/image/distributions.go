package image

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Distribution is an installed distribution of Python.
type Distribution struct {
	Name    string // normalised as PEP 503 says
	Version string
	// Requires are the distributions that it needs, in PEP 503 form, whatever their markers.
	Requires []string
	Dir      string // the site-packages or dist-packages directory
}

// Distributions lists what is installed in any site-packages or dist-packages
// directory, sorted by directory and name. What a distribution has vendored in
// directories of its own is not listed.
func (img *Image) Distributions() []Distribution {
	var all []Distribution
	walk("/", img.tree.root, func(p string, n *node) {
		if base := path.Base(p); !n.mode.IsDir() || base != "site-packages" && base != "dist-packages" {
			return
		}
		for name, child := range n.children {
			if d, ok := img.distribution(p, name, child); ok {
				all = append(all, d)
			}
		}
	})
	slices.SortFunc(all, func(a, b Distribution) int {
		return cmp.Or(strings.Compare(a.Dir, b.Dir), strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
	return all
}

// distribution reads one entry of a site-packages directory. Where the metadata
// says nothing, the directory's name does: NAME-VERSION.dist-info, or for an egg
// NAME-VERSION-pyX.Y.egg-info.
func (img *Image) distribution(dir, entry string, n *node) (d Distribution, ok bool) {
	stem, kind, _ := cutLast(entry, ".")
	var text string
	switch {
	case kind == "dist-info" && n.mode.IsDir():
		text = img.text(path.Join(dir, entry, "METADATA"))
	case kind == "egg-info" && n.mode.IsDir():
		text = img.text(path.Join(dir, entry, "PKG-INFO"))
	case kind == "egg-info":
		text = n.text
	default:
		return Distribution{}, false
	}
	name, version, requires := parseMetadata(text)
	fromName := strings.Split(stem, "-")
	if name == "" {
		name = fromName[0]
	}
	if version == "" && len(fromName) > 1 {
		version = fromName[1]
	}
	return Distribution{normalise(name), version, requires, dir}, name != ""
}

// text is what was kept of a file.
func (img *Image) text(p string) string {
	if _, n := img.tree.find(p, true); n != nil {
		return n.text
	}
	return ""
}

// cutLast cuts at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// parseMetadata reads the headers of a METADATA or PKG-INFO file.
func parseMetadata(text string) (name, version string, requires []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		field, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(field) {
		case "name":
			name = cmp.Or(name, strings.TrimSpace(value))
		case "version":
			version = cmp.Or(version, strings.TrimSpace(value))
		case "requires-dist":
			value = strings.TrimSpace(value)
			end := strings.IndexAny(value+" ", " ;[(<>=!~@")
			requires = append(requires, normalise(value[:end]))
		}
	}
	return name, version, requires
}

// normalise spells a name as PEP 503 says: lower case, and one hyphen for every
// run of hyphens, underscores and dots.
func normalise(name string) string {
	var b strings.Builder
	run := false
	for _, r := range strings.ToLower(name) {
		if separator := strings.ContainsRune("-_.", r); separator {
			run = true
			continue
		}
		if run {
			b.WriteByte('-')
			run = false
		}
		b.WriteRune(r)
	}
	if run {
		b.WriteByte('-')
	}
	return b.String()
}
