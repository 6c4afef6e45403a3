package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// findPackages notes what the steps install by apt.
func (s *slimming) findPackages() {
	for _, st := range s.stages {
		for _, in := range st.Instructions {
			if in.Keyword != "run" {
				continue
			}
			for _, c := range shell.Of(s.f, in).Commands() {
				apt, ok := argv.Apt(c)
				if !ok || apt.Subcommand.Text != "install" {
					continue
				}
				for _, p := range apt.Packages {
					if _, again := s.aptAt[p.Name]; !again && p.Plain && !p.Remove {
						s.aptAt[p.Name] = in.Index
					}
				}
			}
		}
	}
}

// bringsAlong are packages that others depend on, by the Depends of Debian's
// index in every suite.
var bringsAlong = map[string][]string{
	"gcc":        {"g++", "build-essential", "gfortran"},
	"g++":        {"build-essential"},
	"libc6-dev":  {"g++", "build-essential", "gfortran"},
	"make":       {"build-essential"},
	"dpkg-dev":   {"build-essential"},
	"git":        {"git-core"},
	"gpg":        {"gnupg", "gnupg2"},
	"libpq5":     {"libpq-dev", "postgresql-client"},
	"pkg-config": {"pkgconf"},
}

// provided reports a package that the file itself installs up to the
// instruction of that index.
func (s *slimming) provided(pkg string, first int) bool {
	for _, name := range append([]string{pkg}, bringsAlong[pkg]...) {
		if at, ok := s.aptAt[name]; ok && at <= first {
			return true
		}
	}
	return false
}

// apt looks at calls that do more than install packages by their names.
func (s *slimming) apt(in *transform.Instruction, a *argv.AptCmd) {
	at := shell.In(in, a.Program.Span)
	switch a.Subcommand.Text {
	case "install":
		if i := slices.IndexFunc(a.Packages, func(p argv.AptPackage) bool { return s.archived && linksManuals(p.Name) }); i >= 0 {
			s.decline(at, "archived-suite", "%s cannot be installed on the slim images of %s: they lack the directories of manual pages",
				a.Packages[i].Name, s.suite)
		}
	case "build-dep", "source":
		s.decline(at, "outside-install", "what apt-get %s serves for is built in a way that cannot be read", a.Subcommand.Text)
	case "remove", "purge":
		for _, p := range a.Packages {
			if p.Plain && s.lost(p.Name) && !s.provided(p.Name, in.Index) {
				s.decline(at, "unknown-command", "%s is removed from the full image, and slim does not have it", p.Name)
			}
		}
	}
}

// linksManuals reports packages that link manual pages when they are installed,
// which fails where the directories are missing: in slim images until July 2021
// (debuerreotype/debuerreotype#10 and #116).
func linksManuals(pkg string) bool {
	return strings.HasPrefix(pkg, "openjdk-") || strings.HasPrefix(pkg, "default-j") || strings.HasPrefix(pkg, "postgresql")
}

// leftOut are directories that dpkg leaves empty in slim images, by the rules of
// debuerreotype's .slimify-excludes.
var leftOut = []string{"/usr/share/doc/", "/usr/share/locale/", "/usr/share/man/", "/usr/share/info/"}

// readsLeftOut finds an argument in such a directory, for commands that are not
// there to tidy up.
func readsLeftOut(name string, args []shell.Word) string {
	switch name {
	case "rm", "mkdir", "find", "du", "ls":
		return ""
	}
	for _, w := range args {
		for _, dir := range leftOut {
			if strings.HasPrefix(w.Text, dir) {
				return dir
			}
		}
	}
	return ""
}
