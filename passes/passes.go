// Package passes holds refit's rewrites: one file for each, and the order in
// which they run.
package passes

import "refit/transform"

// All returns every pass in the order in which they run. The order matters:
//
//   - syntax comes first, so that the others meet one way to write a thing.
//   - dead-steps removes what would otherwise be moved and merged.
//   - pin-tag names the Debian release that apt-layers, slim-base and
//     multi-stage look packages up for.
//   - requirements-first needs the steps as people wrote them; multi-stage
//     then moves whole steps between stages.
//   - slim-base comes before multi-stage, whose builder and runtime share the
//     base; apt-layers, pip-cache and merge-layers come after it, when each step
//     is where it stays.
//   - non-root, gunicorn-args and python-env look at the final stage as it will
//     be.
//   - dockerignore looks at what the result copies.
//
// Left out on purpose: pinning apt packages (the pins vanish from the archive
// within months and break the build), and formatting (nobody asked).
func All() []*transform.Pass {
	return []*transform.Pass{
		syntaxPass,
		deadStepsPass,
		pinTagPass,
		requirementsFirstPass,
		slimBasePass,
		multiStagePass,
		aptLayersPass,
		pipCachePass,
		mergeLayersPass,
		nonRootPass,
		gunicornArgsPass,
		pythonEnvPass,
		dockerignorePass,
	}
}
