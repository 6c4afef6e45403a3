package passes

import (
	"maps"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// install makes the edits that install what is needed: in a step of the base
// stage that installs packages before any of them is used, or in a new one.
func (s *slimming) install() []transform.Edit {
	names := slices.Sorted(maps.Keys(s.needs))
	first := len(s.f.Instructions)
	for _, n := range s.needs {
		first = min(first, n.first)
	}
	for _, in := range s.root.Instructions {
		if in.Index >= first {
			break
		}
		if in.Keyword != "run" || !runsAsRoot(s.f.State(in).User) {
			continue
		}
		if edit, ok := s.join(in, names); ok {
			return []transform.Edit{edit}
		}
	}
	return []transform.Edit{s.newStep(first, names)}
}

// join adds packages to the list of an apt-get install, if the step has one that
// surely runs and takes Debian's packages.
func (s *slimming) join(in *transform.Instruction, names []string) (transform.Edit, bool) {
	if len(in.Node.Heredocs) > 0 {
		return transform.Edit{}, false
	}
	_, a := openInstall(shell.Of(s.f, in))
	if a == nil {
		return transform.Edit{}, false
	}
	last := a.Packages[len(a.Packages)-1]
	sep := " "
	if n := len(a.Packages); n > 1 {
		gap := s.f.Text(transform.Span{Start: shell.In(in, a.Packages[n-2].Word.Span).End, End: shell.In(in, last.Word.Span).Start})
		if strings.Contains(gap, "\n") && strings.Trim(gap, " \t\r\n"+string(s.f.Escape)) == "" {
			sep = gap
		}
	}
	text := ""
	for _, name := range names {
		text += sep + name
	}
	return insertAt(shell.In(in, last.Word.Span).End, text), true
}

// newStep writes a RUN of its own.
func (s *slimming) newStep(first int, names []string) transform.Edit {
	return insertBehind(aptStepAfter(s.f, s.root, first), "\n"+aptInstallStep(s.f, names))
}
