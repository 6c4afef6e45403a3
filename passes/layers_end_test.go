package passes

import (
	"testing"

	"refit/transform"
)

// A file that ends in its last step without a newline has no place behind that step
// for the settings that it would pass.
func TestSettingsStayWhereTheFileEnds(t *testing.T) {
	const first = "FROM debian:12-slim\nRUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\nWORKDIR /srv\n"
	const last = "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*"
	for end, moves := range map[string]bool{"": false, "\n": true} {
		r, err := transform.Run("Dockerfile", first+last+end, []*transform.Pass{aptLayersPass}, &transform.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Changed() != moves {
			t.Errorf("with %q at the end: changed is %v\n%s", end, r.Changed(), r.After)
		}
	}
}
