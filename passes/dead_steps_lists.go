package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// deadLists removes a RUN that only downloads package lists, if nothing reads
// them: no later step of the stage, or of one that starts from it, installs
// packages before it downloads them anew, and neither does the program that the
// container starts. Every command that may run must be known not to; a script
// that cannot be read may.
func deadLists(f *inImage, in *transform.Instruction) *transform.Finding {
	if !onlyLists(f, in) {
		return nil
	}
	switch listsUsed(f, in.Stage, in.Index-in.Stage.From.Index) {
	case used:
		return nil
	case maybeUsed:
		return &transform.Finding{At: in.Body, Reason: "lists-maybe-used",
			Why: "a later step, or what the container starts, may install packages from these lists"}
	}
	fd := removal(f.File, "no later step installs a package: the lists would only make the image larger", in)
	return &fd
}

// onlyLists reports a RUN that updates package lists and at most tidies up.
func onlyLists(f *inImage, in *transform.Instruction) bool {
	if len(in.Node.Flags) > 0 || len(in.Node.Heredocs) > 0 {
		return false
	}
	s := shell.Of(f.File, in)
	updates := false
	for _, c := range s.Commands() {
		if c.Nested || c.Op != "" && c.Op != "&&" && c.Op != ";" || c.Negated || c.Background || len(c.Redirs) > 0 {
			return false
		}
		switch f.packageStep(c) {
		case "update":
			updates = true
		case "clean":
		default:
			return false
		}
	}
	return updates
}

// packageStep sorts a command of a package manager: "update", "clean" for what
// only empties caches, "none" for other things that read no lists, "install" for
// the rest; "" for other commands.
func (f *inImage) packageStep(c *shell.Command) string {
	if apt, ok := argv.Apt(c); ok {
		switch apt.Subcommand.Text {
		case "update":
			return "update"
		case "clean", "autoclean":
			return "clean"
		case "remove", "purge", "autoremove":
			return "none"
		}
		return "install"
	}
	if apk, ok := argv.Apk(c); ok {
		switch sub := apk.Subcommand.Text; {
		case sub == "update":
			return "update"
		case sub == "del", sub == "info", apk.Has("--no-cache"), f.fetches[c]:
			return "none" // apk add --no-cache fetches the lists itself
		}
		return "install"
	}
	return ""
}

// use is what is known of a use.
type use uint8

const (
	unused use = iota
	maybeUsed
	used
)

// listsUsed looks at the instructions of a stage from one on, and at the stages
// that start from it.
func listsUsed(f *inImage, s *transform.Stage, from int) use {
	result := unused
	for _, in := range s.Instructions[from:] {
		u, again := listsUsedBy(f, in)
		if result = max(result, u); again || result == used {
			return result
		}
	}
	for _, edge := range f.Users(s) {
		if edge.Kind == transform.EdgeFrom {
			result = max(result, listsUsed(f, edge.At.Stage, 0))
		}
	}
	return result
}

// listsUsedBy looks at one instruction. again reports that it downloads the lists
// anew before it uses them.
func listsUsedBy(f *inImage, in *transform.Instruction) (u use, again bool) {
	switch in.Keyword {
	case "cmd":
		if takesCmd(f, in.Stage) {
			return unused, false
		}
	case "run", "entrypoint", "healthcheck":
	case "onbuild":
		return maybeUsed, false
	default:
		return unused, false
	}
	s := shell.Of(f.File, in)
	if s.Form == shell.Opaque || !s.ToolsKnown() {
		return maybeUsed, false
	}
	managers := 0
	for _, c := range s.Commands() {
		switch f.packageStep(c) {
		case "update":
			managers++
			if in.Keyword == "run" && (!c.Maybe || !c.Nested && c.Op == "&&") {
				return u, true
			}
		case "install":
			return used, false
		case "clean", "none":
			managers++
		default:
			if missesLists(c) {
				return used, false
			}
			u = max(u, scriptUse(f, in, c))
		}
	}
	for _, tool := range s.Tools() {
		switch base := path.Base(tool); {
		case isManager(base) && managers > 0 || isShell(base) || quietTools[base]:
		case !interpreter.MatchString(base):
			u = max(u, programUse(f, in, tool))
		}
	}
	return u, false
}

// missesLists reports an rm of the lists that fails where there are none.
func missesLists(c *shell.Command) bool {
	return c.Name() == "rm" && !removesQuietly(c) && slices.ContainsFunc(c.Words, func(w shell.Word) bool {
		return strings.HasPrefix(w.Text, "/var/lib/apt/lists") || strings.HasPrefix(w.Text, "/var/cache/apk")
	})
}

func isManager(name string) bool {
	switch name {
	case "apt", "apt-get", "aptitude", "apk":
		return true
	}
	return false
}

// scriptUse looks at a command that hands a file, or its input, to a shell.
// What follows -c is among the script's own commands.
func scriptUse(f *inImage, in *transform.Instruction, c *shell.Command) use {
	words := c.Effective()
	switch {
	case len(words) == 0:
		return unused
	case reads(words[0]):
		if len(words) > 1 && (activation(c) != "" || isProfile(words[1].Text)) {
			return unused
		}
		return maybeUsed
	case isShell(path.Base(words[0].Text)):
	case in.Keyword == "run" && interpreter.MatchString(path.Base(words[0].Text)):
		return programOfLanguage(words[1:])
	default:
		return unused
	}
	for _, w := range words[1:] {
		switch {
		case strings.HasPrefix(w.Text, "-") && strings.HasSuffix(w.Text, "c"):
			return unused
		case !strings.HasPrefix(w.Text, "-"):
			return fileUse(f, in, w.Text)
		}
	}
	if in.Keyword == "run" {
		return maybeUsed // what it reads from a pipe
	}
	return unused // a shell for a person
}

// programOfLanguage tells whether an interpreter is given a program that may
// install packages: any file but those that build tools name.
func programOfLanguage(args []shell.Word) use {
	for _, w := range args {
		switch {
		case w.Text == "-c", w.Text == "-m", w.Text == "-e":
			return unused
		case strings.HasPrefix(w.Text, "-"):
			continue
		}
		switch path.Base(w.Text) {
		case "setup.py", "manage.py", "get-pip.py":
			return unused
		}
		return maybeUsed
	}
	return unused
}

// takesCmd reports an ENTRYPOINT that reads the CMD as its own arguments: an
// interpreter, which is given a program of the application.
func takesCmd(f *inImage, s *transform.Stage) bool {
	in := lastIn(s, "entrypoint")
	if in == nil {
		return false
	}
	args := shell.Of(f.File, in).Args
	return len(args) > 0 && interpreter.MatchString(path.Base(args[0].Text)) && !isShell(path.Base(args[0].Text))
}

// programUse tells whether a program that is not known by its name may install
// packages of the distribution.
func programUse(f *inImage, in *transform.Instruction, tool string) use {
	if !strings.Contains(tool, "/") {
		tool = path.Join("/usr/local/bin", tool)
	}
	return fileUse(f, in, tool)
}

// fileUse looks into the script of the context that stands at a path of the
// image.
func fileUse(f *inImage, in *transform.Instruction, file string) use {
	abs, ok := absAt(f, in, file)
	if !ok {
		return maybeUsed
	}
	name, from := fileAt(f, in.Stage, abs)
	if from != fromContext {
		return maybeUsed
	}
	s, err := contextOf(f.File).Script(name)
	switch {
	case err != nil || !s.Shell || s.Problem != "" || s.Dynamic || len(s.Sources) > 0:
		return maybeUsed
	case len(s.Installs) > 0:
		return used
	}
	for _, c := range s.Commands {
		if !quietTools[c] && !interpreter.MatchString(c) || isShell(c) {
			return maybeUsed
		}
	}
	return unused
}

// quietTools are commands that install no packages of the distribution: of
// coreutils, findutils, tar, sed, grep, util-linux, shadow, of the shell itself,
// installers of other kinds, and servers.
var quietTools = setOf(`
	[ : true false test echo printf cd set export unset umask ulimit exit
	activate exec read shift wait trap command type hash pwd sleep date
	mkdir rmdir rm cp mv ln touch cat tee ls chmod chown chgrp install mktemp
	head tail sort uniq wc cut tr basename dirname readlink realpath stat env id
	find xargs grep egrep sed awk gawk mawk tar gzip gunzip unzip zip bzip2 xz
	curl wget git svn hg gpg sha256sum sha1sum md5sum openssl ssh-keyscan ssh-keygen
	useradd groupadd usermod adduser addgroup passwd chpasswd su sudo gosu uname nproc
	ldconfig locale-gen update-locale localedef update-ca-certificates update-alternatives a2enmod
	a2dismod a2ensite a2dissite service crontab pip pip2 pip3 pipenv poetry uv pdm conda
	virtualenv npm npx yarn pnpm gem bundle composer go cargo easy_install jupyter
	django-admin django-admin.py dos2unix dpkg-divert which yes timeout nice nohup time
	gunicorn uvicorn hypercorn daphne waitress-serve uwsgi flask celery nginx httpd apache2
	apache2ctl apachectl sshd redis-server postgres mysqld mongod memcached streamlit
	pserve airflow scrapy pytest tox cron crond supervisord
`)
