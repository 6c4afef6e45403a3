package passes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"refit/internal/argv"
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
	sc := shell.Of(s.f, in)
	if len(in.Node.Heredocs) > 0 || !updates(sc) {
		return transform.Edit{}, false
	}
	for _, c := range sc.Top() {
		a, ok := argv.Apt(c)
		if !ok || a.Subcommand.Text != "install" || c.Subproc || c.Op == "||" || !a.Known || a.Fed || len(a.Packages) == 0 ||
			a.Has("--target-release", "--download-only", "--simulate", "--only-upgrade", "--no-upgrade") || !a.AssumesYes() {
			continue
		}
		last := a.Packages[len(a.Packages)-1]
		if !last.Plain || followedByOr(sc, c) {
			continue
		}
		sep := " "
		if n := len(a.Packages); n > 1 {
			gap := s.f.Text(transform.Span{Start: shell.In(in, a.Packages[n-2].Word.Span).End, End: shell.In(in, last.Word.Span).Start})
			if strings.Contains(gap, "\n") && strings.Trim(gap, " \t\r\n"+string(s.f.Escape)) == "" {
				sep = gap
			}
		}
		at := shell.In(in, last.Word.Span).End
		text := ""
		for _, name := range names {
			text += sep + name
		}
		return insertAt(at, text), true
	}
	return transform.Edit{}, false
}

// updates reports a step that fetches the package lists itself.
func updates(sc *shell.Script) bool {
	return slices.ContainsFunc(sc.Top(), func(c *shell.Command) bool {
		a, ok := argv.Apt(c)
		return ok && a.Subcommand.Text == "update"
	})
}

// followedByOr reports a command whose failure the script forgives.
func followedByOr(sc *shell.Script, c *shell.Command) bool {
	top := sc.Top()
	i := slices.Index(top, c)
	return i+1 < len(top) && (top[i+1].Op == "||" || top[i+1].Op == "|")
}

// newStep writes a RUN of its own, below FROM and what sets up the stage, or
// below what sets up apt before its first update: lists that later steps rely on
// stay.
func (s *slimming) newStep(first int, names []string) transform.Edit {
	after := s.root.From
	head := true
	for _, in := range s.root.Instructions {
		if in.Index >= first || in.Keyword == "run" && strings.Contains(s.f.Text(in.Body), "update") {
			break
		}
		switch in.Keyword {
		case "arg", "env", "label", "maintainer", "shell":
			if head {
				after = in
			}
			continue
		}
		head = false
		if strings.Contains(s.f.Text(in.Body), "/etc/apt") && runsAsRoot(s.f.State(in).User) {
			after = in
		}
	}
	e := string(s.f.Escape)
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s apt-get update %s\n    && apt-get install -y --no-install-recommends %s\n", s.f.Cased("RUN"), e, e)
	for _, name := range names {
		fmt.Fprintf(&b, "        %s %s\n", name, e)
	}
	b.WriteString("    && rm -rf /var/lib/apt/lists/*")
	return insertBehind(after, b.String())
}
