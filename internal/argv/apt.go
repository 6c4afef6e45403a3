package argv

import (
	"strings"

	"refit/internal/shell"
)

// AptCmd is a call of apt, apt-get or aptitude.
type AptCmd struct {
	SystemCmd
	Packages []AptPackage // what install, remove, purge and the like are given
}

// AptPackage is one package that apt is given.
type AptPackage struct {
	Word    shell.Word
	Name    string // as dpkg knows it; "" unless Plain
	Version string // after "="
	Suite   string // after "/"
	Arch    string // after ":"
	Remove  bool   // a "-" behind the name: remove it
	File    bool   // a path to a package file
	Plain   bool   // a package's name, and not a pattern, a task, a path or something expanded
}

// Apt reads apt, apt-get and aptitude.
func Apt(c *shell.Command) (*AptCmd, bool) {
	cmd, ok := system(c, &aptSyntax, "apt", "apt-get", "aptitude")
	if !ok {
		return nil, false
	}
	a := &AptCmd{SystemCmd: *cmd}
	switch a.Subcommand.Text {
	case "update", "clean", "autoclean", "upgrade", "dist-upgrade", "full-upgrade":
		return a, true
	}
	for _, w := range a.Operands {
		a.Packages = append(a.Packages, aptPackage(w))
	}
	return a, true
}

// Config is the value of a configuration item that -o sets, for example
// "APT::Install-Recommends". Names are compared as apt does, without case.
func (a *AptCmd) Config(item string) (val string, ok bool) {
	for _, o := range a.All("--option") {
		if key, v, _ := strings.Cut(o.Value, "="); strings.EqualFold(key, item) {
			val, ok = v, true
		}
	}
	return val, ok
}

// SetsRecommends reports whether the call itself says, either way, if
// recommended packages are installed.
func (a *AptCmd) SetsRecommends() bool {
	_, ok := a.Config("APT::Install-Recommends")
	return ok || a.Has("--install-recommends", "--no-install-recommends")
}

// AssumesYes reports whether apt asks no questions: -y, or -qq, which implies
// it (apt-get's manual, --quiet).
func (a *AptCmd) AssumesYes() bool {
	quiet := 0
	yes := false
	for _, o := range a.Options {
		switch o.Name {
		case "--assume-yes", "--force-yes":
			yes = !isFalse(o)
		case "--quiet":
			quiet++
			if o.Value == "2" {
				quiet = 2
			}
		}
	}
	if v, ok := a.Config("APT::Get::Assume-Yes"); ok {
		yes = v == "true" || v == "1" || v == "yes"
	}
	return yes || quiet >= 2
}

func isFalse(o Option) bool {
	switch strings.ToLower(o.Value) {
	case "no", "false", "without", "off", "disable", "0":
		return true
	}
	return false
}

// aptPackage reads one operand as apt-get's manual says under "install".
func aptPackage(w shell.Word) AptPackage {
	p := AptPackage{Word: w}
	text := w.Text
	if strings.HasPrefix(text, "/") || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../") || strings.HasSuffix(text, ".deb") {
		p.File = true
		return p
	}
	text, p.Version, _ = strings.Cut(text, "=")
	if p.Version == "" {
		text, p.Suite, _ = strings.Cut(text, "/")
	}
	switch {
	case strings.HasSuffix(text, "-"):
		p.Remove = true
		text = text[:len(text)-1]
	case strings.HasSuffix(text, "+") && !strings.HasSuffix(text, "++"):
		text = text[:len(text)-1]
	}
	text, p.Arch, _ = strings.Cut(text, ":")
	if w.Literal() && isPackageName(text) {
		p.Name, p.Plain = text, true
	}
	return p
}

// isPackageName holds Debian policy 5.6.7: lower-case letters, digits, plus,
// minus and full stop, at least two of them.
func isPackageName(text string) bool {
	return len(text) >= 2 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == "" &&
		text[0] != '-' && text[0] != '+' && text[0] != '.'
}

// aptSyntax is apt's command line. Read from the manual pages of apt-get 2.6
// and from apt's apt-private/private-cmndline.cc. A boolean may be written
// --no-X and --X=no.
var aptSyntax = syntax{
	equals: true, negate: true,
	options: []option{
		{"--assume-yes", "-y --yes", maybe}, {"--assume-no", "", maybe}, {"--force-yes", "", maybe},
		{"--quiet", "-q --silent", maybe}, {"--install-recommends", "", maybe},
		{"--install-suggests", "", maybe}, {"--fix-missing", "-m --ignore-missing", maybe},
		{"--fix-broken", "-f", maybe}, {"--fix-policy", "", maybe}, {"--download-only", "-d", maybe},
		{"--simulate", "-s --just-print --recon --no-act --dry-run", maybe},
		{"--target-release", "-t --default-release", value}, {"--option", "-o", value},
		{"--config-file", "-c", value}, {"--host-architecture", "-a", value},
		{"--build-profiles", "-P", value}, {"--error-on", "-e", value}, {"--with-source", "", value},
		{"--allow-unauthenticated", "", maybe}, {"--allow-insecure-repositories", "", maybe},
		{"--allow-weak-repositories", "", maybe}, {"--allow-downgrades", "", maybe},
		{"--allow-remove-essential", "", maybe}, {"--allow-change-held-packages", "", maybe},
		{"--allow-releaseinfo-change", "", maybe}, {"--allow-releaseinfo-change-suite", "", maybe},
		{"--allow-releaseinfo-change-codename", "", maybe}, {"--allow-releaseinfo-change-origin", "", maybe},
		{"--allow-releaseinfo-change-label", "", maybe}, {"--allow-releaseinfo-change-version", "", maybe},
		{"--reinstall", "", maybe}, {"--purge", "", maybe}, {"--only-upgrade", "", maybe},
		{"--upgrade", "", maybe}, {"--ignore-hold", "", maybe}, {"--trivial-only", "", maybe},
		{"--mark-auto", "", maybe}, {"--print-uris", "", maybe}, {"--show-upgraded", "-u", maybe},
		{"--verbose-versions", "-V", maybe}, {"--show-progress", "", maybe}, {"--build", "-b --compile", maybe},
		{"--remove", "", maybe}, {"--auto-remove", "--autoremove", maybe}, {"--list-cleanup", "", maybe},
		{"--download", "", maybe}, {"--diff-only", "", maybe}, {"--dsc-only", "", maybe},
		{"--tar-only", "", maybe}, {"--arch-only", "", maybe}, {"--indep-only", "", maybe},
		{"--only-source", "", maybe}, {"--source", "", maybe}, {"--solver", "", value},
		{"--planner", "", value}, {"--update", "-U", maybe}, {"--help", "-h", maybe}, {"--version", "-v", maybe},
		{"--no-install-recommends", "--without-recommends -R", maybe}, {"--with-recommends", "-r", maybe},
		{"--all-versions", "", maybe}, {"--upgradable", "--upgradeable", maybe}, {"--installed", "", maybe},
		{"--manual-installed", "", maybe}, {"--with-new-pkgs", "", maybe}, {"--verbose", "", maybe},
	},
}
