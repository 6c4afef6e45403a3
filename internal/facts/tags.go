package facts

// Tag is one tag of a Docker Official Image, as it was when the image's list of tags last named it.
type Tag struct {
	Image, Name string
	// Target is the alias of the same build that moves least: "3.7.17-bookworm" for 3.7,
	// "bookworm-20260803" for debian's bookworm. Two tags with equal targets were the same build.
	Target string
	// Shared says that the tag covered several builds (Linux and Windows). Target is the Linux one.
	// A tag that is not shared may still float between versions and distributions.
	Shared bool
	// First is the day of the commit that listed the tag first, Until of the one that took it out;
	// YYYYMMDD. Until 0: still listed on CatalogueDay. A tag past Until exists, but is rebuilt no more.
	First, Until int
	// Version is as written in the tag, as far as it is numeric ("3.7", "11.0.12_7"); "" in "slim".
	Version string
	// Flavour is what is left of the tag without version and distribution, words joined by "-":
	// "slim", "jre", "fpm-alpine", "windows"; "" for the plain image.
	Flavour string
	// Distro is the distribution release inside: a Debian or Ubuntu codename, "alpine3.18",
	// "oraclelinux9", "windowsservercore-ltsc2022"; "" where no source says. A "?" at the end marks
	// an inference (Python tags from before July 2017, which were jessie).
	Distro string
}

// Windows reports whether the tag only ever was a Windows image when it was last listed.
func (t Tag) Windows() bool { return windowsName(t.Target) }

// FullVersion is the version of the build the tag named: "3.7.17" for 3.7; "" where the target
// has no number.
func (t Tag) FullVersion() string { return parseTag(t.Target).version }

// CatalogueDay is the day (YYYYMMDD) of the newest list of tags in the catalogue. What floats may
// have moved since.
func CatalogueDay() int { return openCatalogue().day }

// LookupTag finds a tag of an official image by its short name: LookupTag("python", "3.7").
// False means that no such tag was ever listed, or that the image is not in the catalogue.
func LookupTag(image, tag string) (Tag, bool) {
	t := table(image)
	if t == nil {
		return Tag{}, false
	}
	i := t.row(tag)
	if i < 0 {
		return Tag{}, false
	}
	return describe(t.tags[i]), true
}

// ImageDistro names the distribution release inside an official image: "bookworm", "focal",
// "alpine3.18", "oraclelinux9". For a tag that floats it is the one it had last. With ok false,
// distro is "" (unknown) or an inference to be used for explanations only. "alpine" alone is an Alpine
// image whose version was not recorded (2016 and 2017).
func ImageDistro(image, tag string) (distro string, ok bool) {
	t, found := LookupTag(image, tag)
	if !found || t.Distro == "" {
		return "", false
	}
	if n := len(t.Distro) - 1; t.Distro[n] == '?' {
		return t.Distro[:n], false
	}
	return t.Distro, true
}

// NamedDistro is the distribution release that an official image's tag itself names, so that
// every build it ever had is on that one: "bookworm" of python:3.12-bookworm and of debian:12.
// It is "" for other tags.
func NamedDistro(image, tag string) string {
	switch p := parseTag(tag); {
	case p.namesRelease():
		return p.distro
	case p.distro != "":
		return ""
	}
	return targetDistro(image, tag)
}

// describe fills the fields that the names of the tag and of its target imply.
func describe(t Tag) Tag {
	p := parseTag(t.Name)
	t.Version, t.Flavour = p.version, p.flavour()
	if t.Distro == "" {
		t.Distro = targetDistro(t.Image, t.Target)
	}
	return t
}

// targetDistro reads the distribution out of a target's name.
func targetDistro(image, target string) string {
	p := parseTag(target)
	switch {
	case p.distro != "" && p.distro != "oracle" && p.distro != "ubi":
		return p.distro
	case p.version == "":
		return ""
	}
	switch major, minor := cutVersion(p.version, 1), cutVersion(p.version, 2); image {
	case "debian":
		if r, ok := DebianRelease(major); ok {
			return r.Name
		}
	case "ubuntu", "buildpack-deps":
		if r, ok := UbuntuRelease(minor); ok {
			return r.Name
		}
	case "alpine":
		if minor != p.version || major != p.version {
			return "alpine" + minor
		}
	}
	return ""
}
