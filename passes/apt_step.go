package passes

import (
	"fmt"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// aptStepAfter is the instruction of a stage behind which a new step installs
// packages, before the instruction of index first: FROM and what sets up the
// stage, or what sets up apt before its first update. Lists that later steps
// rely on stay.
func aptStepAfter(f *transform.File, s *transform.Stage, first int) *transform.Instruction {
	after := s.From
	head := true
	for _, in := range s.Instructions {
		if in.Index >= first || in.Keyword == "run" && strings.Contains(f.Text(in.Body), "update") {
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
		if containsAny(f.Text(in.Body), []string{"/etc/apt", "/etc/apk"}) && runsAsRoot(f.State(in).User) {
			after = in
		}
	}
	return after
}

// aptInstallStep writes a RUN that installs packages and leaves nothing else.
func aptInstallStep(f *transform.File, names []string) string {
	e := string(f.Escape)
	var b strings.Builder
	fmt.Fprintf(&b, "%s apt-get update %s\n    && apt-get install -y --no-install-recommends %s\n", f.Cased("RUN"), e, e)
	for _, name := range names {
		fmt.Fprintf(&b, "        %s %s\n", name, e)
	}
	b.WriteString("    && rm -rf /var/lib/apt/lists/*")
	return b.String()
}

// openInstall is the apt-get install of a script that takes one more of Debian's
// packages: one that fetches the lists in the same script, asks nothing, and
// whose failure is not forgiven; nil when there is none.
func openInstall(sc *shell.Script) (*shell.Command, *argv.AptCmd) {
	if !updates(sc) {
		return nil, nil
	}
	for _, c := range sc.Top() {
		a, ok := argv.Apt(c)
		if !ok || a.Subcommand.Text != "install" || c.Subproc || c.Op == "||" || !a.Known || a.Fed || len(a.Packages) == 0 ||
			a.Has("--target-release", "--download-only", "--simulate", "--only-upgrade", "--no-upgrade") || !a.AssumesYes() {
			continue
		}
		if a.Packages[len(a.Packages)-1].Plain && !followedByOr(sc, c) {
			return c, a
		}
	}
	return nil, nil
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

// namesInstaller is a quick look for a step that may install Python packages,
// before its script is read.
func namesInstaller(f *transform.File, in *transform.Instruction) bool {
	return in.Keyword == "run" && containsAny(f.Text(in.Body), []string{"pip", "venv", "virtualenv", "poetry", "uv", "pdm", "conda", "mamba"})
}
