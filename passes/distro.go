package passes

import (
	"cmp"
	"strings"

	"refit/internal/facts"
	"refit/transform"
)

// distroOf is the distribution release inside the image that a stage starts
// from, through other stages or not: "bookworm", "focal", "alpine3.18". It is
// "" where that is not known.
func distroOf(s *transform.Stage) string {
	img, ok := baseImage(s.Root())
	if !ok {
		return ""
	}
	distro := img.distro()
	if otherByArg(s, distro) {
		return ""
	}
	return distro
}

// otherByArg reports that a build argument may choose another distribution release
// than this one, which its default stands for: python:3.12-${VARIANT}. The registry
// that an argument chooses is taken for one that mirrors the same images.
func otherByArg(s *transform.Stage, distro string) bool {
	raw := strings.ToLower(s.Root().Base.Raw)
	image := raw[strings.LastIndex(raw, "/")+1:]
	return strings.Contains(image, "$") && (distro == "" || !strings.Contains(image, distro))
}

// distro is the distribution release inside an official image, "" where that is not
// known. A digest may be that of any build that the tag once had, so that only a
// release which the tag names says what is in it.
func (img image) distro() string {
	if !img.Official {
		return ""
	}
	tag := cmp.Or(img.Tag, "latest")
	if img.Digest {
		return facts.NamedDistro(img.Name, tag)
	}
	distro, ok := facts.ImageDistro(img.Name, tag)
	if !ok {
		return ""
	}
	return distro
}

// onAlpine reports a stage on Alpine, as far as its base's name tells.
func onAlpine(s *transform.Stage) bool {
	return strings.Contains(strings.ToLower(s.Root().Base.Ref), "alpine") || strings.HasPrefix(distroOf(s), "alpine")
}
