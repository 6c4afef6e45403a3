// Package passes holds refit's rewrites, each in the files that begin with its name,
// what they share, and the order in which they run.
package passes

import (
	"slices"

	"refit/transform"
)

// All returns every pass, those that only run when asked for too, in the order in
// which they run. The order matters:
//
//   - syntax comes first, so that the others meet one way to write a thing.
//   - dead-steps removes what would otherwise be moved and merged.
//   - eol-base moves to a release that is served before pin-tag pins: the last
//     patch of a line on the old release was never published on a newer one.
//   - pin-tag names the Debian release that apt-layers, slim-base and
//     multi-stage look packages up for.
//   - unused-requirements comes before the passes that look at what is installed.
//   - frontend-stage needs the release too, for the Node that its packages are, and
//     takes steps out that nothing of Python's has to be moved around.
//   - requirements-first needs the steps as people wrote them; multi-stage
//     then moves whole steps between stages.
//   - slim-base comes before multi-stage, whose builder and runtime share the
//     base; apt-layers, apk-layers, dnf-layers, pip-cache, conda-layers and
//     merge-layers come after it, when each step is where it stays.
//   - non-root, gunicorn-args and python-env look at the final stage as it will
//     be.
//   - distroless and alpine-base take the file as those before it leave it, on
//     Debian slim: where they hold back, that stays.
//   - what the environment is slimmed by comes when the builder is complete.
//   - dockerignore looks at what the result copies.
//   - pin-digest comes last: the others choose images by their tags, and a digest
//     fixes the choice.
//
// Left out on purpose: pinning apt packages (the pins vanish from the archive
// within months and break the build), and formatting (nobody asked).
func All() []*transform.Pass {
	return []*transform.Pass{
		syntaxPass,
		deadStepsPass,
		eolBasePass,
		pinTagPass,
		unusedRequirementsPass,
		frontendStagePass,
		requirementsFirstPass,
		slimBasePass,
		multiStagePass,
		aptLayersPass,
		apkLayersPass,
		dnfLayersPass,
		pipCachePass,
		condaLayersPass,
		mergeLayersPass,
		nonRootPass,
		gunicornArgsPass,
		pythonEnvPass,
		distrolessPass,
		alpineBasePass,
		headersOutPass,
		pipOutPass,
		testsOutPass,
		stripSymbolsPass,
		bytecodeOutPass,
		dockerignorePass,
		pinDigestPass,
	}
}

// Default returns the passes that run unasked, in order.
func Default() []*transform.Pass {
	return slices.DeleteFunc(All(), func(p *transform.Pass) bool { return p.OptIn })
}
