package argv

import "refit/internal/shell"

// SystemCmd is a call of a distribution's package manager.
type SystemCmd struct {
	Call
	Args                  // Operands are the packages
	Subcommand shell.Word // the zero Word when there is none
}

// Apk reads Alpine's apk.
func Apk(c *shell.Command) (*SystemCmd, bool) { return system(c, &apkSyntax, "apk") }

// Dnf reads dnf, yum and the smaller microdnf and tdnf.
func Dnf(c *shell.Command) (*SystemCmd, bool) {
	return system(c, &dnfSyntax, "dnf", "yum", "microdnf", "tdnf")
}

func system(c *shell.Command, x *syntax, names ...string) (*SystemCmd, bool) {
	call, ok := Of(c)
	if !ok || call.Python != "" {
		return nil, false
	}
	for _, name := range names {
		if call.Name != name {
			continue
		}
		s := &SystemCmd{Call: call, Args: read(&call, x)}
		if len(s.Operands) > 0 {
			s.Subcommand = s.Operands[0]
			s.Operands = s.Operands[1:]
		}
		return s, true
	}
	return nil, false
}

// apkSyntax is by the manual pages apk(8), apk-add(8) and apk-del(8) of
// apk-tools 2.14.
var apkSyntax = syntax{options: []option{
	{"--virtual", "-t", value}, {"--repository", "-X", value}, {"--root", "-p", value},
	{"--repositories-file", "", value}, {"--keys-dir", "", value}, {"--cache-dir", "", value},
	{"--cache-max-age", "", value}, {"--arch", "", value}, {"--progress-fd", "", value},
	{"--wait", "", value}, {"--timeout", "", value}, {"--no-cache", "", nothing},
	{"--update-cache", "-U --update", nothing}, {"--upgrade", "-u", nothing},
	{"--quiet", "-q", nothing}, {"--verbose", "-v", nothing}, {"--force", "-f", nothing},
	{"--interactive", "-i", nothing}, {"--allow-untrusted", "", nothing}, {"--purge", "", nothing},
	{"--progress", "", nothing}, {"--no-progress", "", nothing}, {"--latest", "-l", nothing},
	{"--initdb", "", nothing}, {"--rdepends", "-r", nothing}, {"--available", "-a", nothing},
	{"--simulate", "-s", nothing}, {"--no-scripts", "", nothing}, {"--no-network", "", nothing},
	{"--force-overwrite", "", nothing}, {"--force-broken-world", "", nothing},
	{"--force-refresh", "", nothing}, {"--installed", "-e", nothing}, {"--print-arch", "", nothing}, {"--force-old-apk", "", nothing}, {"--clean-protected", "", nothing},
}}

// dnfSyntax is by dnf(8) 4.18 and yum(8) 3.4.
var dnfSyntax = syntax{options: []option{
	{"--config", "-c", value}, {"--debuglevel", "-d", value}, {"--errorlevel", "-e", value},
	{"--enablerepo", "", value}, {"--disablerepo", "", value}, {"--repo", "--repoid", value},
	{"--releasever", "", value}, {"--installroot", "", value}, {"--setopt", "", value},
	{"--exclude", "-x --excludepkgs", value}, {"--disableplugin", "", value}, {"--enableplugin", "", value},
	{"--assumeyes", "-y", nothing}, {"--assumeno", "", nothing}, {"--quiet", "-q", nothing},
	{"--verbose", "-v", nothing}, {"--best", "-b", nothing}, {"--nobest", "", nothing},
	{"--allowerasing", "", nothing}, {"--nogpgcheck", "", nothing}, {"--nodocs", "", nothing},
	{"--skip-broken", "", nothing}, {"--refresh", "", nothing}, {"--cacheonly", "-C", nothing},
	{"--downloadonly", "", nothing}, {"--downloaddir", "--destdir", value}, {"--noplugins", "", nothing},
	{"--forcearch", "", value}, {"--comment", "", value}, {"--rpmverbosity", "", value},
}}
