package passes

import (
	"strings"

	"refit/internal/facts"
	"refit/transform"
)

// distroOf is the distribution release inside the image that a stage starts
// from, through other stages or not: "bookworm", "focal", "alpine3.18". It is
// "" where that is not known.
func distroOf(s *transform.Stage) string {
	img, ok := baseImage(s.Root())
	if !ok || !img.Official {
		return ""
	}
	tag := img.Tag
	if tag == "" {
		tag = "latest"
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
