package golden

import (
	"path/filepath"
	"strings"
	"testing"

	"refit/passes"
	"refit/transform"
)

// TestProfiles takes the cases for the whole list, and the examples, through it
// for every profile: what holds for the default holds for all.
func TestProfiles(t *testing.T) {
	cases := map[string]*kase{}
	for pattern, read := range map[string]func(string) (*kase, error){
		"all/*.txtar": readCase, "distroless/*.txtar": readCase, "multi-stage/*.txtar": readCase, "../examples/*/*Dockerfile": exampleCase,
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: nothing there: %v", pattern, err)
		}
		for _, path := range paths {
			c, err := read(path)
			if err != nil {
				t.Fatal(err)
			}
			cases[path] = c
		}
	}
	for path, c := range cases {
		for _, profile := range transform.Profiles() {
			t.Run(strings.TrimPrefix(path, "../")+"/"+string(profile), func(t *testing.T) {
				t.Parallel()
				with := *c
				with.opt.Profile = profile
				check(t, &with, passes.Default())
			})
		}
	}
}
