package passes

import (
	"slices"
	"strings"

	"refit/internal/lazyregexp"
)

var (
	composeBuild = lazyregexp.New(`(?m)^\s+(build|extends|<<)\s*:`, ":")
	composeImage = lazyregexp.New(`(?m)^\s+image:\s*["']?([^\s"'#]+)`, "image")
)

// composeNames are the compose files that are read as text.
var composeNames = []string{"docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml", "docker-compose.override.yml"}

// composeVariable is a variable of a service whose value is an absolute path.
var composeVariable = lazyregexp.New(`(?m)^\s*(?:-\s*)?["']?([A-Z][A-Z0-9_]*)["']?(?:=|:\s)\s*["']?(/[^\s"']*)`)

// ownServices are the parts of a compose file, as text, that may describe
// containers of an image that is built here: all services but those that only
// pull an image. The file is read by its indentation, without anchors: a part
// that is written elsewhere, under x-…, is one of them.
func ownServices(text string) []string {
	var own, pulled []string
	built := map[string]bool{}
	for _, block := range composeBlocks(text) {
		image := composeImage.FindStringSubmatch(block)
		switch {
		case image == nil:
			own = append(own, block)
		case composeBuild.MatchString(block):
			own = append(own, block)
			built[image[1]] = true
		default:
			pulled = append(pulled, block)
		}
	}
	return append(own, slices.DeleteFunc(pulled, func(block string) bool {
		return !built[composeImage.FindStringSubmatch(block)[1]]
	})...)
}

// composeBlocks are the services of a compose file, and its other parts at top
// level.
func composeBlocks(text string) []string {
	var blocks []string
	services, depth := false, ""
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		if bare == "" || strings.HasPrefix(bare, "#") {
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		switch {
		case indent == "":
			services, depth = strings.HasPrefix(bare, "services:"), ""
			blocks = append(blocks, "")
		case services && (depth == "" || indent == depth):
			depth = indent
			blocks = append(blocks, "")
		}
		if len(blocks) > 0 {
			blocks[len(blocks)-1] += line
		}
	}
	return blocks
}
