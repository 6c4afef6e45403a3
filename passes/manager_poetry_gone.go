package passes

import (
	"slices"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// OptionsGone finds calls of Poetry with an option that its newest release does not
// have, where a step installs that release: the build fails, or will once the step is
// not cached any more. Poetry 2.0 removed "install --no-dev", which "--only main"
// replaces since 1.2 (its release notes).
func OptionsGone(f *transform.File) []transform.Remark {
	var gone []transform.Remark
	for _, in := range f.Instructions {
		if in.Keyword != "run" || in.Stage == nil || !newestPoetry(f, in.Stage) {
			continue
		}
		for _, c := range shell.Of(f, in).Commands() {
			if m, ok := readManager(c); ok && m.manager == poetryManager && m.Subcommand == "install" && m.Has("--no-dev") {
				gone = append(gone, transform.Remark{Line: in.StartLine, Why: "Poetry 2 has no “install --no-dev”, and no version is asked for: " +
					"pin it (poetry<2), or write “--only main”"})
			}
		}
	}
	return gone
}

// newestPoetry reports a stage in which pip installs Poetry without a version.
func newestPoetry(f *transform.File, s *transform.Stage) bool {
	return slices.ContainsFunc(withBases(s), func(in *transform.Instruction) bool {
		return in.Keyword == "run" && slices.ContainsFunc(shell.Of(f, in).Commands(), func(c *shell.Command) bool {
			p, ok := argv.Pip(c)
			return ok && p.IsInstall() && !p.Has("--constraint", "--requirement") &&
				slices.ContainsFunc(p.Operands, func(w shell.Word) bool { return w.Literal() && w.Text == "poetry" })
		})
	})
}
