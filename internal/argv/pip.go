package argv

import (
	"slices"
	"strings"

	"refit/internal/shell"
)

// PipCmd is a call of pip, or of uv's "uv pip".
type PipCmd struct {
	Call
	Args                  // of the subcommand, and those before it; Operands are the requirements
	Subcommand shell.Word // the zero Word when there is none
	UV         bool       // it is "uv pip"
	Sync       bool       // it is pip-sync, which PipSync reads
}

// IsInstall reports pip install.
func (p *PipCmd) IsInstall() bool { return p.Subcommand.Text == "install" }

// Pip reads pip, pip3, pip3.11, python -m pip and uv pip, with any directory
// before them.
func Pip(c *shell.Command) (*PipCmd, bool) {
	call, ok := Of(c)
	if !ok {
		return nil, false
	}
	p := &PipCmd{Call: call}
	switch v, isPip := strings.CutPrefix(call.Name, "pip"); {
	case isPip && isVersion(v):
	case isPip && call.Python == "" && strings.HasPrefix(v, "-") && isVersion(v[1:]): // Debian's old pip-3.2
	case call.Name == "uv":
		p.UV = true
	default:
		return nil, false
	}
	words := call.Words
	if p.UV {
		first, rest := (&syntax{options: uvOptions, ordered: true}).scan(words)
		if len(first.Operands) == 0 || first.Operands[0].Text != "pip" {
			return nil, false
		}
		p.Options, words = first.Options, rest
	}
	p.read(words)
	return p, true
}

// read takes the words behind "pip" apart.
func (p *PipCmd) read(words []shell.Word) {
	general := &syntax{options: pipGeneral, abbreviate: true, ordered: true}
	if p.UV {
		general.more = uvOptions
	}
	first, rest := general.scan(words)
	if len(first.Operands) > 0 {
		p.Subcommand = first.Operands[0]
	}
	second, _ := p.syntax().scan(rest)
	p.Options = slices.Concat(p.Options, first.Options, second.Options)
	p.Operands = second.Operands
	p.Known = first.Known && second.Known
	p.Static = first.Static && second.Static
	p.Fed = p.Through("xargs")
}

// syntax is that of the subcommand. What install, download and wheel take is
// nearly the same, the rest is read by the general options alone.
func (p *PipCmd) syntax() *syntax {
	x := &syntax{options: pipGeneral, abbreviate: true}
	switch p.Subcommand.Text {
	case "install", "download", "wheel":
		x.more = pipInstall
	case "uninstall", "freeze":
		x.more = pipOther
	case "sync", "compile":
		x.more = pipInstall
	}
	if p.UV {
		x.options = slices.Concat(uvOptions, pipGeneral)
	}
	return x
}

// pipGeneral are the options of every subcommand, which may stand before it
// too. Read from pip 23.2 (pip._internal.cli.cmdoptions, general_group), with
// those that older versions had.
var pipGeneral = []option{
	{"--help", "-h", nothing}, {"--debug", "", nothing}, {"--isolated", "", nothing},
	{"--require-virtualenv", "--require-venv", nothing}, {"--python", "", value},
	{"--verbose", "-v", nothing}, {"--version", "-V", nothing}, {"--quiet", "-q", nothing},
	{"--log", "--log-file --local-log", value}, {"--no-input", "", nothing},
	{"--keyring-provider", "", value}, {"--proxy", "", value}, {"--retries", "", value},
	{"--timeout", "--default-timeout", value}, {"--exists-action", "", value},
	{"--trusted-host", "", value}, {"--cert", "", value}, {"--client-cert", "", value},
	{"--cache-dir", "", value}, {"--no-cache-dir", "", nothing},
	{"--disable-pip-version-check", "", nothing}, {"--no-color", "", nothing},
	{"--no-python-version-warning", "", nothing}, {"--use-feature", "", value},
	{"--use-deprecated", "", value}, {"--resume-retries", "", value},
}

// pipInstall are the options of install, download and wheel. Read from pip
// 23.2 (pip._internal.commands), those from --group on from later and older
// versions' documentation.
var pipInstall = []option{
	{"--requirement", "-r", value}, {"--constraint", "-c", value},
	{"--no-deps", "--no-dependencies", nothing}, {"--pre", "", nothing},
	{"--editable", "-e", value}, {"--dry-run", "", nothing}, {"--target", "-t", value},
	{"--platform", "", value}, {"--python-version", "", value}, {"--implementation", "", value},
	{"--abi", "", value}, {"--user", "", nothing}, {"--no-user", "", nothing}, {"--root", "", value},
	{"--prefix", "", value}, {"--src", "--source --source-dir --source-directory", value},
	{"--upgrade", "-U", nothing}, {"--upgrade-strategy", "", value},
	{"--force-reinstall", "", nothing}, {"--ignore-installed", "-I", nothing},
	{"--ignore-requires-python", "", nothing}, {"--no-build-isolation", "", nothing},
	{"--use-pep517", "", nothing}, {"--no-use-pep517", "", nothing},
	{"--check-build-dependencies", "", nothing}, {"--break-system-packages", "", nothing},
	{"--config-settings", "-C --config-setting", value}, {"--global-option", "", value},
	{"--compile", "", nothing}, {"--no-compile", "", nothing},
	{"--no-warn-script-location", "", nothing}, {"--no-warn-conflicts", "", nothing},
	{"--no-binary", "", value}, {"--only-binary", "", value}, {"--prefer-binary", "", nothing},
	{"--require-hashes", "", nothing}, {"--progress-bar", "", value},
	{"--root-user-action", "", value}, {"--report", "", value}, {"--no-clean", "", nothing},
	{"--index-url", "-i --pypi-url", value}, {"--extra-index-url", "", value},
	{"--no-index", "", nothing}, {"--find-links", "-f", value},
	{"--dest", "-d --destination-dir --destination-directory", value},
	{"--wheel-dir", "-w", value}, {"--no-verify", "", nothing}, {"--build-option", "", value},
	{"--group", "", value}, {"--uploaded-prior-to", "", value}, {"--build-constraint", "", value},
	{"--install-option", "", value}, {"--build", "-b --build-dir --build-directory", value},
	{"--process-dependency-links", "", nothing}, {"--use-wheel", "", nothing},
	{"--no-use-wheel", "", nothing}, {"--egg", "", nothing}, {"--use-mirrors", "-M", nothing},
	{"--mirrors", "", value}, {"--allow-external", "", value}, {"--allow-unverified", "", value},
	{"--allow-all-external", "", nothing}, {"--download", "", value},
	{"--download-cache", "", value}, {"--no-install", "", nothing}, {"--no-download", "", nothing},
}

// pipOther are options of uninstall and freeze, by pip 23.2.
var pipOther = []option{
	{"--requirement", "-r", value}, {"--yes", "-y", nothing}, {"--local", "-l", nothing},
	{"--user", "", nothing}, {"--path", "", value}, {"--all", "", nothing},
	{"--exclude-editable", "", nothing}, {"--exclude", "", value},
	{"--break-system-packages", "", nothing}, {"--root-user-action", "", value},
}

// uvOptions are those of "uv" and "uv pip" that pip has not, or has otherwise.
// Read from uv's command line reference.
var uvOptions = []option{
	{"--system", "", nothing}, {"--no-system", "", nothing}, {"--python", "-p", value},
	{"--no-cache-dir", "--no-cache -n", nothing}, {"--link-mode", "", value},
	{"--compile-bytecode", "--compile", nothing}, {"--no-compile-bytecode", "", nothing},
	{"--index", "", value}, {"--default-index", "", value}, {"--index-strategy", "", value},
	{"--extra", "", value}, {"--all-extras", "", nothing}, {"--prerelease", "", value},
	{"--resolution", "", value}, {"--override", "", value}, {"--torch-backend", "", value},
	{"--build-constraint", "-b --build-constraints", value}, {"--exact", "", nothing},
	{"--strict", "", nothing}, {"--refresh", "", nothing}, {"--refresh-package", "", value},
	{"--reinstall", "--force-reinstall", nothing}, {"--reinstall-package", "", value},
	{"--upgrade-package", "-P", value}, {"--offline", "", nothing}, {"--no-sources", "", nothing},
	{"--native-tls", "", nothing}, {"--no-build", "", nothing}, {"--no-build-package", "", value},
	{"--no-binary-package", "", value}, {"--no-verify-hashes", "", nothing},
	{"--verify-hashes", "", nothing}, {"--no-config", "", nothing}, {"--config-file", "", value},
	{"--directory", "", value}, {"--project", "", value}, {"--no-progress", "", nothing},
	{"--allow-insecure-host", "--trusted-host", value}, {"--exclude-newer", "", value},
	{"--output-file", "-o", value}, {"--generate-hashes", "", nothing}, {"--python-platform", "", value},
}
