// Package wheeltable is the table of a project's dependencies and of how each
// target gets them: from a wheel, as pure Python, or by compiling.
package wheeltable

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"refit/internal/facts"
	"refit/internal/lazyregexp"
	"refit/internal/wheel"
)

// Column is a target of the table.
type Column struct {
	Label  string   // short: "bookworm", "alpine3.22", with the architecture where there are several
	Images []string // base images that are this target
	Distro string   // the distribution release, as tags write it
	Target wheel.Target
}

// Musl reports a column on Alpine.
func (c *Column) Musl() bool { return c.Target.Libc == wheel.Musl }

// DefaultPython is the release that is taken where neither the base image nor
// --python names one.
const DefaultPython = "3.12"

// Base is a base image as a target.
type Base struct {
	Ref    string // as written
	Python string // "" when the name does not tell
	Distro string // likewise
}

var (
	pythonWordRE = lazyregexp.New(`(?:^|[-_/:])(?:python|py)-?(3\.[0-9]{1,2}(?:\.[0-9]{1,2})?)(?:$|[-_:])`)
	debianWordRE = lazyregexp.New(`debian-?([0-9]{2})(?:$|[-_:])`)
)

// ReadBase reads what the name of a base image says: the catalogue knows the tags
// of the official images, distroless images follow Debian's release, and other
// names often have both in them ("uv:python3.12-bookworm-slim").
func ReadBase(ref string) Base {
	b := Base{Ref: ref}
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return b
	}
	tag := "latest"
	if t, ok := named.(reference.Tagged); ok {
		tag = t.Tag()
	}
	if short, official := strings.CutPrefix(named.Name(), "docker.io/library/"); official {
		_, pinned := named.(reference.Digested) // the tag may have stood for another build
		t, ok := facts.LookupTag(short, tag)
		if ok && short == "python" {
			b.Python = minorOrPatch(t.Version)
		}
		if pinned {
			b.Distro = facts.NamedDistro(short, tag)
			return b
		}
		b.Distro, _ = facts.ImageDistro(short, tag)
		if ok && short == "python" {
			b.Python = cmp.Or(b.Python, minorOrPatch(t.FullVersion()))
		}
		return b
	}
	words := named.Name() + ":" + tag
	if m := pythonWordRE.FindStringSubmatch(words); m != nil {
		b.Python = m[1]
	}
	b.Distro = facts.TagDistro(tag)
	if m := debianWordRE.FindStringSubmatch(words); m != nil && b.Distro == "" {
		if r, ok := facts.DebianRelease(m[1]); ok {
			b.Distro = r.Name
		}
		if d, ok := facts.DistrolessPython(b.Distro); ok && b.Python == "" && strings.Contains(words, "distroless/python3") {
			b.Python = d.Python
		}
	}
	return b
}

// minorOrPatch is a version of at least two numbers, "" otherwise: the patch
// release counts only where it was written.
func minorOrPatch(version string) string {
	if strings.Count(version, ".") < 1 {
		return ""
	}
	return version
}

// Columns are the targets of a table: the project's own base image, and the slim
// and Alpine variants of the same Python; for each platform.
func Columns(base *Base, python string, platforms []string) ([]Column, error) {
	type entry struct{ image, distro string }
	minor := minorOf(python)
	var list []entry
	if base != nil && base.Distro != "" {
		image := base.Ref
		if tag := minor + "-" + base.Distro; base.Python != "" && minorOf(base.Python) != minor {
			image = base.Distro
			if _, ok := facts.LookupTag("python", tag); ok {
				image = "python:" + tag
			}
		}
		list = append(list, entry{image, base.Distro})
	}
	for _, variant := range []string{"slim", "alpine"} {
		tag := minor + "-" + variant
		if base != nil && variant == "slim" { // on the base's own release, where there is one
			if _, ok := facts.LookupTag("python", tag+"-"+base.Distro); ok {
				tag += "-" + base.Distro
			}
		}
		distro, ok := facts.ImageDistro("python", tag)
		if !ok {
			return nil, fmt.Errorf("python %s: the catalogue of images has no python:%s", python, tag)
		}
		list = append(list, entry{"python:" + tag, distro})
	}
	var out []Column
	for _, platform := range platforms {
		for _, e := range list {
			target, err := wheel.On(python, e.distro, platform)
			if err != nil {
				return nil, err
			}
			label := e.distro
			if len(platforms) > 1 {
				label += "/" + target.Arch
			}
			i := slices.IndexFunc(out, func(c Column) bool { return c.Target == target && c.Distro == e.distro })
			if i < 0 {
				out = append(out, Column{Label: label, Images: []string{e.image}, Distro: e.distro, Target: target})
			} else if !slices.Contains(out[i].Images, e.image) {
				out[i].Images = append(out[i].Images, e.image)
			}
		}
	}
	return out, nil
}

// minorOf is "3.12" of "3.12.4".
func minorOf(python string) string {
	parts := strings.SplitN(python, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
