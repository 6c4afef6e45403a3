package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// splitRole says which stage a command of a RUN belongs to once the stage is split.
type splitRole uint8

const (
	roleShell   splitRole = iota // cd, set, export, an assignment: goes wherever its neighbours go
	rolePlain                    // runtime; nothing that pip does can depend on it
	rolePip                      // builder
	rolePackage                  // apt or apk: sorted package by package
	roleTidy                     // clears what apt or apk left: stays with them
	rolePipTidy                  // clears what pip left: goes with pip
	roleConfig                   // sets up pip, git, certificates or apt's sources: both stages
	roleUnknown                  // may give pip something to build with
	roleManager                  // another installer of Python packages
	roleSetup                    // python setup.py install and the like
	roleVenv                     // makes a virtual environment
	roleTool                     // brings or sets up the manager that installs: builder
	roleMixed                    // pip and something else in one compound command
)

// splitUnit is a part of a RUN that stays together: a command, a pipeline, or what
// "||" joins.
type splitUnit struct {
	top  []*shell.Command // at top level
	all  []*shell.Command // with what they contain
	role splitRole
	pip  bool // it runs pip install
}

type unitsKey struct{ *shell.Script }

// splitUnits takes the script of a RUN apart where "&&", ";" and newlines join
// its commands.
func splitUnits(in *transform.Instruction, s *shell.Script) []*splitUnit {
	return in.Memo(unitsKey{s}, func() any { return makeUnits(s) }).([]*splitUnit)
}

func makeUnits(s *shell.Script) []*splitUnit {
	var list []*splitUnit
	root := map[*shell.Command]*splitUnit{}
	for _, c := range s.Commands() {
		if c.Parent != nil {
			u := root[c.Parent]
			root[c] = u
			u.all = append(u.all, c)
			continue
		}
		joined := c.Op == "&&" || c.Op == ";" || c.Op == "newline"
		if len(list) == 0 || joined {
			list = append(list, &splitUnit{})
		}
		u := list[len(list)-1]
		root[c] = u
		u.top, u.all = append(u.top, c), append(u.all, c)
	}
	for _, u := range list {
		if u.role, u.pip = u.combine(), u.installs(); u.role == rolePlain && u.onlyState() {
			u.role = roleShell
		}
	}
	return list
}

// roles is a set of roles.
type roles uint16

func (r roles) has(x splitRole) bool { return r&(1<<x) != 0 }

// combine is the role of the unit as a whole: that of its commands when they
// agree, else the one that asks for more care.
func (u *splitUnit) combine() splitRole {
	var seen roles
	for _, c := range u.all {
		if c.Background {
			seen |= 1 << roleUnknown
		}
		if c.Kind == shell.Simple {
			seen |= 1 << roleOf(c)
		}
	}
	for _, r := range [...]splitRole{roleMixed, roleManager, roleSetup, roleVenv} {
		if seen.has(r) {
			return r
		}
	}
	if seen.has(rolePip) {
		if seen&^(1<<rolePip|1<<roleShell|1<<rolePlain|1<<rolePipTidy) != 0 {
			return roleMixed
		}
		return rolePip
	}
	if seen.has(rolePackage) {
		if len(u.all) == 1 {
			return rolePackage
		}
		return roleUnknown // within a condition or a pipeline
	}
	for _, r := range [...]splitRole{roleUnknown, roleConfig, roleTidy, rolePipTidy, rolePlain} {
		if seen.has(r) {
			return r
		}
	}
	return roleShell
}

// managers install Python packages in ways of their own.
var managers = setOf(`pipenv poetry uv pdm conda mamba micromamba easy_install easy_install-2.7 easy_install-3.6
	buildout hatch rye pipx pip-compile flit`)

// roleOf is the role of a simple command.
func roleOf(c *shell.Command) splitRole {
	if len(c.Words) == 0 {
		return redirected(c, roleShell)
	}
	if p, ok := argv.Pip(c); ok {
		return pipRole(p)
	}
	if _, ok := argv.PipSync(c); ok {
		return rolePip
	}
	if p := packageCall(c); p != nil {
		return rolePackage
	}
	if _, ok := argv.Venv(c); ok {
		return roleVenv
	}
	call, ok := argv.Of(c)
	if !ok {
		return roleUnknown
	}
	switch {
	case managers[call.Name] || strings.HasPrefix(call.Name, "easy_install"):
		return roleManager
	case call.Python == "" && isPythonName(call.Name):
		return pythonRole(call.Words)
	case call.Python != "":
		return rolePlain // a module: it comes from what pip installs, or from the application
	case call.Name == "rm":
		return removeRole(call.Words)
	case call.Name == "git" || call.Name == "update-ca-certificates" || call.Name == "ldconfig" || call.Name == "apt-key" || call.Name == "add-apt-repository":
		if len(call.Words) > 0 && call.Words[0].Text == "clone" {
			return rolePlain
		}
		return roleConfig
	case shellWords[call.Name]:
		return roleShell
	case plainTools[call.Name]:
		return redirected(c, toolRole(call, rolePlain))
	}
	return roleUnknown
}

func pipRole(p *argv.PipCmd) splitRole {
	switch p.Subcommand.Text {
	case "cache":
		return rolePipTidy
	case "config":
		return roleConfig
	case "wheel", "download":
		return roleMixed
	}
	if p.UV {
		return roleManager
	}
	return rolePip
}

// pythonRole looks for setup.py, which installs or compiles.
func pythonRole(args []shell.Word) splitRole {
	for _, w := range args {
		if strings.HasSuffix(w.Text, "setup.py") {
			return roleSetup
		}
		if strings.HasSuffix(w.Text, "get-pip.py") || strings.HasSuffix(w.Text, "get-poetry.py") {
			return roleManager
		}
	}
	return rolePlain
}

// removeRole tells the caches apart that a RUN removes, and the settings and keys,
// which no layer of the builder is to keep either.
func removeRole(args []shell.Word) splitRole {
	lists, cache, settings := false, false, false
	for _, w := range args {
		switch {
		case strings.HasPrefix(w.Text, "-"):
		case strings.HasPrefix(w.Text, "/var/lib/apt") || strings.HasPrefix(w.Text, "/var/cache/a"):
			lists = true
		case strings.Contains(w.Text, ".cache"):
			cache = true
		case w.Text == "/tmp/*" || w.Text == "/var/tmp/*" || w.Text == "/tmp/pip*":
		case looksThere(w.Text) && !containsAny(w.Text, linked):
			settings = true
		default:
			return rolePlain
		}
	}
	switch {
	case settings:
		return roleConfig
	case lists:
		return roleTidy
	case cache:
		return rolePipTidy
	}
	return rolePlain
}

// shellWords act on the shell alone, or do nothing.
var shellWords = setOf(`cd set export unset umask : true shopt source . trap`)

// plainTools touch files, users and services; what pip installs does not depend
// on them unless they write where pip, the compiler or the linker looks, which
// toolRole and redirected hold against.
var plainTools = setOf(`mkdir chmod chown chgrp useradd groupadd adduser addgroup usermod groupmod ln echo printf ls cat pwd env
	date uname whoami id which touch sleep locale-gen localedef dpkg-reconfigure update-locale debconf-set-selections sed mv cp
	install curl wget tar unzip gunzip xz bzip2 gzip find grep egrep awk head tail sort tr cut tee basename dirname [ test exit
	getent passwd chpasswd npm yarn bower gulp grunt service a2enmod a2ensite a2dissite crontab setcap du df groups
	sha256sum sha512sum md5sum stat file type command false xargs wc mktemp fc-cache supervisorctl openssl ssh-keyscan
	ssh-keygen gpg gpgconf django-admin django-admin.py alembic flask celery pytest spacy playwright jupyter nltk streamlit
	manage.py dumb-init tini gosu update-alternatives rename readlink realpath diff unlink rmdir dos2unix mkfifo mknod tree hostname
	nginx java javac mvn git-lfs aws gcloud kubectl helm terraform dotnet`)

// looked are the places where pip, git and apt look for settings and keys.
var looked = []string{"/etc/pip", "/etc/apt", "/etc/ssl", ".pip", "pip.conf", ".config/pip", ".netrc", ".pypirc", ".pydistutils",
	"ca-certificates", ".ssh", ".gitconfig", "known_hosts", "/etc/environment"}

// linked are the places where compilers, linkers and Python look.
var linked = []string{"/usr/lib", "/usr/include", "/usr/local/lib", "/usr/local/include", "/etc/ld", "site-packages", "/opt/venv"}

// looksThere reports whether text names a place where settings lie.
func looksThere(text string) bool { return containsAny(text, looked) }

// toolRole is roleUnknown for a tool that unpacks or copies into the system, and
// roleConfig for one that sets up pip, certificates or apt.
func toolRole(call argv.Call, r splitRole) splitRole {
	switch call.Name {
	case "mkdir", "chown", "chmod":
		if slices.ContainsFunc(call.Words, func(w shell.Word) bool { return looksThere(w.Text) }) {
			return roleConfig
		}
		return r
	case "ls", "echo", "printf", "which", "grep", "egrep", "rm":
		return r
	}
	for i, w := range call.Words {
		switch {
		case containsAny(w.Text, linked):
			return roleUnknown
		case looksThere(w.Text):
			return roleConfig
		}
		unpacks := call.Name == "tar" || call.Name == "unzip" || call.Name == "cp" || call.Name == "mv" || call.Name == "ln"
		if unpacks && i > 0 && systemRoot(w.Text) {
			return roleUnknown
		}
	}
	return r
}

// systemRoot reports a directory under which libraries and headers lie.
func systemRoot(dir string) bool {
	switch strings.TrimSuffix(strings.TrimPrefix(dir, "--directory="), "/") {
	case "", "/usr", "/usr/local":
		return dir != ""
	}
	return false
}

// redirected raises the role of a command that writes where installations look.
func redirected(c *shell.Command, r splitRole) splitRole {
	for _, d := range c.Redirs {
		switch {
		case !strings.HasPrefix(d.Op, ">"):
		case containsAny(d.Target.Text, linked):
			return roleUnknown
		case looksThere(d.Target.Text):
			return roleConfig
		}
	}
	return r
}
