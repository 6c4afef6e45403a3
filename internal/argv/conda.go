package argv

import (
	"slices"

	"refit/internal/shell"
)

// CondaCmd is a call of conda, mamba or micromamba.
type CondaCmd struct {
	Call
	Args            // of the subcommand, and those before it
	Verb     string // "install", "env create", "run", …; "" when there is none
	VerbSpan shell.Span
	inner    []shell.Word // of run: what runs in the environment
}

// Fetches reports a call that downloads packages into conda's cache.
func (c *CondaCmd) Fetches() bool {
	switch c.Verb {
	case "install", "create", "update", "upgrade", "env create", "env update":
		return !c.Has("--dry-run", "--download-only")
	}
	return false
}

// Inner is the command that "conda run" runs; nil for other calls.
func (c *CondaCmd) Inner() *shell.Command {
	if c.Verb != "run" || len(c.inner) == 0 {
		return nil
	}
	in := *c.command
	in.Words = c.inner
	return &in
}

// Conda reads conda, mamba and micromamba, with any directory before them.
func Conda(cmd *shell.Command) (*CondaCmd, bool) {
	call, ok := Of(cmd)
	if !ok || call.Python != "" || call.Name != "conda" && call.Name != "mamba" && call.Name != "micromamba" {
		return nil, false
	}
	c := &CondaCmd{Call: call}
	first, rest := (&syntax{options: condaGeneral, ordered: true}).scan(call.Words)
	if len(first.Operands) > 0 {
		c.Verb, c.VerbSpan = first.Operands[0].Text, first.Operands[0].Span
	}
	if c.Verb == "env" {
		sub, after := (&syntax{options: condaGeneral, ordered: true}).scan(rest)
		first.Options, first.Known, rest = slices.Concat(first.Options, sub.Options), first.Known && sub.Known, after
		if len(sub.Operands) > 0 {
			c.Verb, c.VerbSpan = "env "+sub.Operands[0].Text, sub.Operands[0].Span
		}
	}
	x := &syntax{options: condaGeneral, more: condaOptions}
	switch {
	case c.Verb == "run":
		x = &syntax{options: condaRun, ordered: true}
	case call.Name == "micromamba" || c.Verb == "env create" || c.Verb == "env update":
		x.more = slices.Concat([]option{{"--file", "-f", value}}, condaOptions)
	}
	second, left := x.scan(rest)
	if c.Verb == "run" {
		c.inner = slices.Concat(second.Operands, left)
	}
	c.Options = slices.Concat(first.Options, second.Options)
	c.Operands = second.Operands
	c.Known = first.Known && second.Known
	c.Static = first.Static && second.Static
	c.Fed = c.Through("xargs")
	return c, true
}

// condaGeneral are options of all subcommands, by conda's command reference
// (24.11) and micromamba --help (2.0).
var condaGeneral = []option{
	{"--help", "-h", nothing}, {"--version", "-V", nothing}, {"--verbose", "-v -vv", nothing}, {"--quiet", "-q", nothing},
	{"--json", "", nothing}, {"--no-plugins", "", nothing}, {"--root-prefix", "-r", value}, {"--yes", "-y", nothing},
	{"--name", "-n", value}, {"--prefix", "-p", value}, {"--dry-run", "-d", nothing}, {"--offline", "", nothing},
	{"--rc-file", "", value}, {"--no-rc", "", nothing}, {"--no-env", "", nothing}, {"--log-level", "", value},
	{"--console", "", value},
}

// condaOptions are those of install, create, update, clean and their like, by
// the same.
var condaOptions = []option{
	{"--file", "", value}, {"--channel", "-c", value}, {"--override-channels", "", nothing}, {"--use-local", "", nothing},
	{"--no-default-packages", "", nothing}, {"--clone", "", value}, {"--revision", "", value}, {"--all", "-a --update-all", nothing},
	{"--force", "", nothing}, {"--force-reinstall", "", nothing}, {"--freeze-installed", "--no-update-deps", nothing},
	{"--update-deps", "", nothing}, {"--only-deps", "", nothing}, {"--no-deps", "", nothing}, {"--no-pin", "", nothing},
	{"--no-py-pin", "", nothing}, {"--copy", "", nothing}, {"--always-copy", "", nothing}, {"--always-softlink", "", nothing},
	{"--download-only", "", nothing}, {"--show-channel-urls", "", nothing}, {"--strict-channel-priority", "", nothing},
	{"--no-channel-priority", "", nothing}, {"--channel-priority", "", value}, {"--repodata-fn", "", value},
	{"--experimental", "", value}, {"--solver", "--experimental-solver", value}, {"--use-index-cache", "-C", nothing},
	{"--insecure", "-k", nothing}, {"--prune", "", nothing}, {"--force-remove", "", nothing}, {"--dev", "", nothing},
	{"--python", "", value}, {"--satisfied-skip-solve", "-S", nothing}, {"--update-specs", "", nothing},
	{"--index-cache", "-i", nothing}, {"--packages", "", nothing}, {"--tarballs", "-t", nothing},
	{"--force-pkgs-dirs", "-f", nothing}, {"--logfiles", "-l --lock", nothing}, {"--source-cache", "-s", nothing},
	{"--trash", "", nothing}, {"--platform", "--subdir", value}, {"--category", "", value}, {"--micromamba", "", nothing},
	{"--relocate-prefix", "", value}, {"--no-allow-uninstall", "--allow-uninstall", nothing}, {"--no-extra-safety-checks", "", nothing},
	{"--no-lock", "", nothing}, {"--retry-clean-cache", "", nothing}, {"--ssl-no-revoke", "", nothing}, {"--ssl-verify", "", value},
	{"--no-shortcuts", "", nothing}, {"--mkdir", "", nothing}, {"--safety-checks", "", value}, {"--add", "--prepend", value},
	{"--append", "", value}, {"--set", "", value}, {"--remove", "", value}, {"--remove-key", "", value}, {"--system", "", nothing},
	{"--env", "", nothing}, {"--get", "", maybe}, {"--show", "", maybe}, {"--show-sources", "", nothing}, {"--describe", "", maybe},
}

// condaRun are those of run.
var condaRun = []option{
	{"--name", "-n", value}, {"--prefix", "-p", value}, {"--cwd", "", value}, {"--verbose", "-v", nothing},
	{"--dev", "", nothing}, {"--debug-wrapper-scripts", "", nothing}, {"--no-capture-output", "--live-stream -s", nothing},
	{"--env", "-e", value}, {"--attach", "-a", value}, {"--detach", "-d", nothing}, {"--clean-env", "", nothing}, {"--root-prefix", "-r", value},
	{"--label", "", value},
}
