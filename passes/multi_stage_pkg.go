package passes

import (
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// pkgCall is a call of apt or apk, with what matters for sorting its packages.
type pkgCall struct {
	verb    string // install, remove, update, upgrade, clean, other
	words   []pkgWord
	all     []shell.Word // of the command
	apk     bool
	virtual string // the name that apk --virtual gives to what it adds
	clear   bool   // every word is known
	bound   bool   // it depends on what only the runtime has: sudo, a package file
	auto    bool   // what came with the removed packages goes too
}

// pkgWord is one word that names packages; more than one only where it is a
// variable of the same script.
type pkgWord struct {
	word  shell.Word
	names []string
	local bool // a variable
}

var aptVerbs = map[string]string{"install": "install", "remove": "remove", "purge": "remove", "autoremove": "remove",
	"auto-remove": "remove", "update": "update", "upgrade": "upgrade", "dist-upgrade": "upgrade", "full-upgrade": "upgrade",
	"clean": "clean", "autoclean": "clean", "build-dep": "builddep"}

var apkVerbs = map[string]string{"add": "install", "del": "remove", "update": "update", "upgrade": "upgrade", "cache": "clean"}

// packageCall reads a command as one of apt or apk, nil when it is neither.
func packageCall(c *shell.Command) *pkgCall {
	if a, ok := argv.Apt(c); ok {
		p := &pkgCall{verb: aptVerbs[a.Subcommand.Text], clear: a.Known, bound: a.Through("sudo"), all: c.Words}
		p.auto = a.Has("--auto-remove") || strings.HasPrefix(a.Subcommand.Text, "auto")
		for _, pkg := range a.Packages {
			w := pkgWord{word: pkg.Word}
			switch {
			case pkg.Plain && !pkg.Remove:
				w.names = []string{pkg.Name}
			case pkg.Word.HasVar && isVariable(pkg.Word.Raw):
				w.local = true
			default:
				p.clear = false
				p.bound = p.bound || pkg.File
			}
			p.words = append(p.words, w)
		}
		return p
	}
	a, ok := argv.Apk(c)
	if !ok {
		return nil
	}
	p := &pkgCall{apk: true, verb: apkVerbs[a.Subcommand.Text], clear: a.Known, all: c.Words}
	if v, ok := a.Option("--virtual"); ok {
		p.virtual = v.Value
	}
	for _, w := range a.Operands {
		name := strings.TrimLeft(w.Text, "!")
		if i := strings.IndexAny(name, "<>=~@"); i > 0 {
			name = name[:i]
		}
		pw := pkgWord{word: w, names: []string{name}}
		if w.HasVar && isVariable(w.Raw) {
			pw.local, pw.names = true, nil
		} else if !w.Literal() || name == "" {
			p.clear = false
		}
		p.words = append(p.words, pw)
	}
	return p
}

func isVariable(raw string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(raw, "$"), "{"), "}")
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// resolve gives the words that are variables the names that the script, or an
// ENV, assigns to them.
func (p *pkgCall) resolve(s *shell.Script, st *transform.State) {
	for i, w := range p.words {
		if !w.local {
			continue
		}
		name := strings.Trim(w.word.Raw, "${}")
		values, set := assigned(s, name)
		if value, ok := st.Env(name); ok && !set {
			values = []string{value}
		}
		if len(values) != 1 {
			p.clear = false
			continue
		}
		p.words[i].names = strings.Fields(values[0])
	}
}

// assigned are the values that a script assigns to a variable at top level; nil
// where it does so in other ways too.
func assigned(s *shell.Script, name string) (values []string, set bool) {
	for _, c := range s.Commands() {
		for _, a := range c.Assigns {
			if a.Name != name {
				continue
			}
			if a.Append || c.Nested || !a.Value.Static {
				return nil, true
			}
			values, set = append(values, a.Value.Text), true
		}
	}
	return values, set
}

// pkgPlace says in which stages a package is installed, and what stands for it in
// the runtime.
type pkgPlace struct {
	build bool
	run   bool     // under its own name
	libs  []string // instead of it
	why   string
}

// sort decides where a package goes. What is not known stays in the runtime, and
// is installed in the builder too, as it may be needed there.
func (sp *split) sort(pkg string) pkgPlace {
	switch {
	case sp.purged[pkg] && (sp.alpine || sp.autoremoved || !buildPackage(pkg)):
		return pkgPlace{build: true, why: pkg + " stays in the builder: the file removes it again after the installation"}
	case strings.HasPrefix(pkg, "python") && strings.HasSuffix(pkg, "-dev") && !sp.alpine:
		return pkgPlace{build: true, why: pkg + " stays in the builder: headers only"}
	case strings.HasSuffix(pkg, "-dev"):
		return sp.sortDev(pkg)
	case buildPackage(pkg):
		return sp.sortCompiler(pkg)
	case pkg == "git" || pkg == "mercurial" || pkg == "subversion" || pkg == "openssh-client":
		return pkgPlace{build: sp.vcs || len(sp.tools) > 0, run: true}
	case runtimeOnly(pkg):
		return pkgPlace{build: sp.tools[pkg], run: true}
	}
	return pkgPlace{build: !sp.known || !fetchers[pkg] || len(sp.tools) > 0, run: true}
}

// fetchers are tools for other steps; the build of a distribution that is known
// calls none of them.
var fetchers = setOf(`curl wget unzip gnupg gnupg2 xz-utils bzip2 file patch ca-certificates apt-transport-https lsb-release
	software-properties-common`)

func (sp *split) sortDev(pkg string) pkgPlace {
	if sp.alpine && (pkg == "musl-dev" || pkg == "libc-dev" || pkg == "linux-headers" || pkg == "python3-dev" || pkg == "python-dev") {
		return pkgPlace{build: true, why: pkg + " stays in the builder: headers only"}
	}
	libs, ok := facts.RuntimeForDev(pkg, sp.suite)
	if !ok || sp.alpine {
		return pkgPlace{build: true, run: true, why: pkg + " is in both stages: which libraries programs need that were linked against it is not known"}
	}
	p := pkgPlace{build: true}
	for _, lib := range libs {
		if sp.slim || !facts.SlimLacksPackage(sp.suite, lib) {
			p.libs = append(p.libs, lib)
		}
	}
	switch {
	case len(p.libs) > 0:
		p.why = pkg + " stays in the builder, and the runtime has " + strings.Join(p.libs, ", ") + ", which programs linked against it load"
	case len(libs) > 0:
		p.why = pkg + " stays in the builder: the image has " + strings.Join(libs, ", ")
	default:
		p.why = pkg + " stays in the builder: headers only"
	}
	return p
}

// sortCompiler leaves compilers in the builder. What they compile may load their
// own libraries, which slim and Alpine images lack, and which came with them.
func (sp *split) sortCompiler(pkg string) pkgPlace {
	p := pkgPlace{build: true, why: pkg + " stays in the builder: it only serves to compile"}
	var libs []string
	switch {
	case sp.known && !sp.compilerLib || !sp.slim && !sp.alpine:
		return p
	case strings.HasPrefix(pkg, "gfortran"):
		libs = []string{"libgfortran5", "libgomp1"}
		if sp.alpine {
			libs = []string{"libgfortran", "libgomp"}
		} else if sp.suite == "stretch" || sp.suite == "jessie" {
			libs = []string{"libgfortran3", "libgomp1"}
		}
	case strings.HasPrefix(pkg, "gcc"), strings.HasPrefix(pkg, "g++"), pkg == "build-essential", pkg == "build-base":
		libs = []string{"libgomp1"}
		if sp.alpine {
			libs = []string{"libgcc", "libgomp", "libstdc++"}
		}
	default:
		return p
	}
	p.libs = libs
	p.why += ", but what pip compiles with it may load " + strings.Join(libs, ", ")
	return p
}

// isCompilerLib reports a library that comes with a compiler.
func isCompilerLib(lib string) bool {
	for _, p := range []string{"libgomp", "libgfortran", "libquadmath", "libatomic", "libitm"} {
		if strings.HasPrefix(lib, p) {
			return true
		}
	}
	return false
}

// runtimePackages are programs for the running container; no build of a Python
// distribution calls them.
var runtimePackages = setOf(`vim nano less htop procps psmisc lsof strace net-tools iputils-ping telnet netcat netcat-openbsd netcat-traditional
	dnsutils bind9-dnsutils iproute2 nginx nginx-full nginx-light supervisor cron anacron rsyslog logrotate redis-server redis-tools
	postgresql postgresql-client mysql-client mysql-server mariadb-client mariadb-server default-mysql-client sqlite3 memcached
	ffmpeg imagemagick ghostscript poppler-utils tesseract-ocr wkhtmltopdf xvfb chromium chromium-driver firefox-esr gettext graphviz
	sudo gosu tini dumb-init openssh-server tmux screen zip tree jq apt-utils bash-completion locales tzdata nodejs npm
	fontconfig libreoffice xfonts-base apache2 vim-tiny iptables rabbitmq-server bash su-exec shadow busybox-suid dcron tcpdump
	whois rsync inotify-tools mediainfo sox espeak pandoc`)

// runtimeOnly reports a package that no build needs: a shared library without
// its headers, a font, or a program for the running container.
func runtimeOnly(pkg string) bool {
	for _, p := range []string{"fonts-", "ttf-", "tesseract-ocr-", "postgresql-client-", "texlive", "libreoffice-", "language-pack-"} {
		if strings.HasPrefix(pkg, p) {
			return true
		}
	}
	if strings.HasPrefix(pkg, "lib") && strings.Trim(pkg[len(pkg)-1:], "0123456789") == "" {
		return true
	}
	return runtimePackages[pkg]
}

// packages lists what the file installs and removes again: what stays in the
// builder, unless a step between the two may use it.
func (sp *split) packages() {
	sp.findTools()
	sp.purged = map[string]bool{}
	virtual := map[string][]string{}
	used := map[string]bool{} // installed, and something ran since
	var fresh []string        // installed, and nothing did
	for _, st := range sp.steps {
		for _, u := range st.units {
			if u.role != rolePackage {
				if !u.basic() {
					for _, name := range fresh {
						used[name] = true
					}
					fresh = fresh[:0]
				}
				continue
			}
			p := packageCall(u.top[0])
			p.resolve(st.script, sp.f.State(st.in))
			st.calls[u] = p
			sp.autoremoved = sp.autoremoved || p.auto
			for _, name := range p.names() {
				switch p.verb {
				case "install":
					used[name] = false
					fresh = append(fresh, name)
					if p.virtual != "" {
						virtual[p.virtual] = append(virtual[p.virtual], name)
					}
				case "remove":
					sp.purge(name, virtual[name], used)
				}
			}
		}
	}
}

// purge notes that a package, or what a virtual one stands for, is removed.
func (sp *split) purge(name string, members []string, used map[string]bool) {
	all := true
	for _, m := range append(members[:len(members):len(members)], name) {
		if used[m] && !buildPackage(m) {
			all = false
			continue
		}
		if m != name || all {
			sp.purged[m] = true
		}
	}
}

// names are the packages of a call.
func (p *pkgCall) names() []string {
	var names []string
	for _, w := range p.words {
		names = append(names, w.names...)
	}
	return names
}

// buildPackage reports compilers, build tools and headers, which checkCompilers
// looks after.
func buildPackage(pkg string) bool { return facts.BuildOnly(pkg) || pkg == "build-base" }

// basic reports a unit that uses no package: pip's, and what makes directories,
// users and marks.
func (u *splitUnit) basic() bool {
	switch u.role {
	case rolePip, rolePipTidy, roleTidy, roleShell:
		return true
	}
	return !slices.ContainsFunc(u.all, func(c *shell.Command) bool { return c.Kind == shell.Simple && !basicTools[c.Name()] })
}

var basicTools = setOf(`mkdir chmod chown chgrp useradd groupadd adduser addgroup echo rm touch true : ls pwd id find set cd`)

// runtimeWords are the words of an installation that the runtime can do without,
// those that libraries take the place of, and whether anything is left.
func (sp *split) runtimeWords(p *pkgCall) (gone []pkgWord, swap map[int][]string, left bool) {
	swap = map[int][]string{}
	for _, w := range p.words {
		for _, name := range w.names {
			if sp.sort(name).run {
				sp.installed[name] = true // it needs not stand for another one too
			}
		}
	}
	for i, w := range p.words {
		keep, libs := false, []string(nil)
		for _, name := range w.names {
			where := sp.sort(name)
			keep = keep || where.run
			libs = append(libs, where.libs...)
		}
		libs = slices.DeleteFunc(libs, func(l string) bool { return sp.installed[l] })
		switch {
		case keep:
			left = true
		case len(libs) > 0:
			swap[i], left = libs, true
			for _, l := range libs {
				sp.installed[l] = true
			}
		default:
			gone = append(gone, w)
		}
	}
	return gone, swap, left
}

// builderWords are the words of an installation that the builder can do without.
func (sp *split) builderWords(p *pkgCall) (gone []pkgWord, left bool) {
	for _, w := range p.words {
		if slices.ContainsFunc(w.names, func(name string) bool { return sp.sort(name).build }) {
			left = true
			continue
		}
		gone = append(gone, w)
	}
	return gone, left
}
