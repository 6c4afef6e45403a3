package passes

import (
	"slices"
	"strings"

	"refit/internal/lazyregexp"
	"refit/transform"
)

// mount gives a step the caches of what it installs by.
func (p *pipCacher) mount(s *pipStep) transform.Finding {
	var tools []string
	for _, c := range s.calls {
		tool := "pip"
		if c.UV {
			tool = "uv"
		}
		if !slices.Contains(tools, tool) {
			tools = append(tools, tool)
		}
	}
	if len(s.managers) > 0 && p.managedCache(s) == "" {
		for _, m := range s.managers {
			for _, tool := range m.manager.caches {
				if !slices.Contains(tools, tool) {
					tools = append(tools, tool)
				}
			}
		}
	}
	flags := ""
	for _, tool := range tools {
		flags += " " + cacheMount(tool, cacheOwner(s.in.Stage))
	}
	return transform.Finding{
		At:    s.in.Body,
		Why:   s.tool() + "'s cache stays on the builder: the layer is smaller, and the next build downloads only what changed",
		Edits: []transform.Edit{addFlags(p.f, s.in, flags)},
	}
}

// musl is the owner of caches on Alpine.
const musl = "musl"

// notInID is what the name of a cache does without.
var notInID = lazyregexp.New(`[^a-z0-9._]+`)

// cacheOwner names the images that may share a cache of wheels: pip and the others do
// not tell those that they compiled for one C library from those for another. It is the
// distribution's release, or else the image; "" where a build argument may choose either.
func cacheOwner(s *transform.Stage) string {
	if onAlpine(s) && !otherByArg(s, "alpine") {
		return musl
	}
	if distro := distroOf(s); distro != "" {
		return distro
	}
	if otherByArg(s, "") {
		return ""
	}
	ref, digest, _ := strings.Cut(strings.ToLower(s.Root().Base.Ref), "@sha256:")
	return strings.Trim(notInID.ReplaceAllString(ref+"-"+digest[:min(len(digest), 12)], "-"), "-")
}

// cacheMount is the mount of a tool's cache, by the directory below ~/.cache.
func cacheMount(tool, owner string) string {
	return "--mount=type=cache,target=/root/.cache/" + tool + ",id=" + cacheID(tool, owner)
}

func cacheID(tool, owner string) string { return strings.ReplaceAll(tool, "/", "-") + "-" + owner }
