package buildctx

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// builtins of dash, BusyBox ash or bash: they need no file in the image.
var builtins = set(`: . [ [[ alias bg bind break builtin caller cd command compgen complete continue declare dirs disown echo enable
	eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd pwd read
	readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask unalias unset wait`)

// rootCommands fail, or do nothing useful, for an ordinary user.
var rootCommands = set(`chown chgrp gosu su-exec sudo su setpriv runuser chpst setuidgid s6-setuidgid doas useradd usermod
	userdel groupadd groupmod groupdel adduser deluser addgroup delgroup passwd chpasswd cron crond nginx apache2 apache2ctl httpd
	sshd supervisord service systemctl mount umount sysctl iptables ldconfig update-ca-certificates chroot rsyslogd dockerd
	s6-svscan runsvdir setcap`)

// installers fetch or build software.
var installers = set(`apt apt-get aptitude dpkg apk yum dnf microdnf rpm zypper pip pip2 pip3 pipx easy_install conda mamba micromamba npm
	yarn pnpm gem cargo go gcc g++ cc c++ clang make cmake`)

// wrapper describes a command that runs the command in its arguments.
type wrapper struct {
	values   string // options that take the next word, separated by spaces
	operands int    // words between its options and the command
	assigns  bool   // VAR=value may stand before the command
	sub      string // subcommand that runs something
}

// wrappers by their manual pages.
var wrappers = map[string]wrapper{
	"exec":                     {values: "-a"},
	"command":                  {},
	"builtin":                  {},
	"env":                      {values: "-u --unset -C --chdir", assigns: true},
	"sudo":                     {values: "-u -g -h -p -C -D -R -T -r -t -U --user --group", assigns: true},
	"doas":                     {values: "-u -C"},
	"gosu":                     {operands: 1},
	"su-exec":                  {operands: 1},
	"setuidgid":                {operands: 1},
	"s6-setuidgid":             {operands: 1},
	"setpriv":                  {values: "--reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig"},
	"chpst":                    {values: "-u -U -b -/ -n -l -L -m -d -o -p -f -c -e -t"},
	"runuser":                  {values: "-u -g -G"},
	"chroot":                   {operands: 1},
	"nohup":                    {},
	"setsid":                   {},
	"nice":                     {values: "-n"},
	"ionice":                   {values: "-c -n -p"},
	"timeout":                  {values: "-k -s --signal --kill-after", operands: 1},
	"stdbuf":                   {values: "-i -o -e"},
	"time":                     {values: "-f -o"},
	"xargs":                    {values: "-a -d -E -I -L -n -P -s"},
	"flock":                    {values: "-w -E", operands: 1},
	"tini":                     {values: "-p -e"},
	"dumb-init":                {values: "-r"},
	"catatonit":                {},
	"unbuffer":                 {},
	"ddtrace-run":              {},
	"opentelemetry-instrument": {},
	"newrelic-admin":           {sub: "run-program"},
	"poetry":                   {sub: "run"},
	"pipenv":                   {sub: "run"},
	"pdm":                      {sub: "run"},
	"hatch":                    {sub: "run"},
	"uv":                       {sub: "run"},
	"conda":                    {values: "-n -p --name --prefix", sub: "run"},
}

// call records a command, and the one that it runs in turn.
func (r *scriptReader) call(c Call) {
	first := c.Args[0]
	if isArgs(first) {
		r.out.ExecArgs = r.out.ExecArgs || c.Exec
		r.out.RunsArgs = r.out.RunsArgs || !c.Exec
		return
	}
	if !first.Static || first.Text == "" {
		r.out.Dynamic = true
		r.out.Calls = append(r.out.Calls, c)
		return
	}
	c.Name = path.Base(first.Text)
	r.out.Calls = append(r.out.Calls, c)
	rest := c.Args[1:]
	switch name := c.Name; {
	case name == "gunicorn":
		r.out.Gunicorn = append(r.out.Gunicorn, c)
	case isPython(name):
		r.module(c, rest)
	case name == "read":
		for _, a := range rest {
			if a.Static && syntax.ValidName(a.Text) {
				r.out.Assigned = append(r.out.Assigned, a.Text)
			}
		}
	case name == "eval":
		r.out.Dynamic = true
	case name == "." || name == "source":
		if len(rest) > 0 {
			r.out.Sources = append(r.out.Sources, rest[0].Text)
		}
	case isShell(name):
		r.shell(c, rest)
	case name == "su" || name == "runuser" && indexArg(rest, "-c") >= 0:
		if i := indexArg(rest, "-c"); i >= 0 && i+1 < len(rest) {
			r.script(c, rest[i+1])
		}
	case name == "trap":
		if len(rest) > 1 && rest[0].Text != "-" && rest[0].Text != "" {
			r.script(c, rest[0])
		}
	case name == "find":
		r.find(c, rest)
	case name == "command" && len(rest) > 0 && strings.HasPrefix(strings.ToLower(rest[0].Text), "-v"):
	case strings.Contains(name, "wait-for") || name == "dockerize":
		if i := indexArg(rest, "--"); i >= 0 {
			r.inner(c, rest[i+1:])
		}
	default:
		r.writes(name, rest)
		if w, ok := wrappers[name]; ok {
			r.inner(c, w.command(rest))
		}
	}
}

func isArgs(a Arg) bool {
	switch a.Text {
	case `"$@"`, `$@`, `"${@}"`, `${@}`, `$*`, `"$*"`, `${*}`:
		return !a.Static
	}
	return false
}

func isPython(name string) bool {
	return strings.TrimRight(name, "0123456789.") == "python" || name == "pypy3" || name == "pypy"
}

func isShell(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash", "ksh":
		return true
	}
	return false
}

func indexArg(args []Arg, text string) int {
	for i, a := range args {
		if a.Static && a.Text == text {
			return i
		}
	}
	return -1
}

// maxWrappers is the number of commands that may run one another: env nice sudo …
const maxWrappers = 12

// inner records the command that a wrapper runs.
func (r *scriptReader) inner(outer Call, args []Arg) {
	if len(args) == 0 {
		return
	}
	if r.chain++; r.chain > maxWrappers {
		r.out.Dynamic = true
		r.chain--
		return
	}
	defer func() { r.chain-- }()
	via := outer.Name
	if via == "exec" && outer.Via != "" {
		via = outer.Via
	}
	r.call(Call{Args: args, Exec: outer.Exec || outer.Name == "exec", Via: via, Line: outer.Line, Fed: outer.Fed, Here: outer.Here})
}

// find handles the commands of find -exec … \;
func (r *scriptReader) find(c Call, rest []Arg) {
	for i := 0; i < len(rest); i++ {
		switch rest[i].Text {
		case "-exec", "-execdir", "-ok", "-okdir":
			start := i + 1
			for i = start; i < len(rest) && rest[i].Text != ";" && rest[i].Text != "+"; i++ {
			}
			r.inner(c, rest[start:i])
		}
	}
}

// command finds the wrapped command behind the wrapper's own options and operands.
func (w wrapper) command(args []Arg) []Arg {
	values := strings.Fields(w.values)
	operands, sub := w.operands, w.sub
	for i := 0; i < len(args); i++ {
		a := args[i].Text
		switch {
		case args[i].Static && a == "--":
			if sub == "" && operands == 0 {
				return args[i+1:]
			}
		case args[i].Static && len(a) > 1 && a[0] == '-':
			for _, v := range values {
				if a == v {
					i++
				}
			}
		case sub != "":
			if a != sub {
				return nil
			}
			sub = ""
		case w.assigns && isAssignment(a):
		case operands > 0:
			operands--
		default:
			return args[i:]
		}
	}
	return nil
}

func isAssignment(s string) bool {
	i := strings.IndexByte(s, '=')
	return i > 0 && !strings.ContainsAny(s[:i], "$/\"' ")
}

// shell handles sh -c 'script', sh FILE and sh <<here-document.
func (r *scriptReader) shell(c Call, rest []Arg) {
	command := false
	for i := 0; i < len(rest); i++ {
		a := rest[i]
		switch {
		case a.Static && strings.HasPrefix(a.Text, "--"):
		case a.Static && (strings.HasPrefix(a.Text, "-") || strings.HasPrefix(a.Text, "+")):
			command = command || strings.Contains(a.Text, "c")
			if strings.HasSuffix(strings.ToLower(a.Text), "o") { // -o pipefail, -O extglob
				i++
			}
		case command:
			r.script(c, a)
			return
		default:
			r.out.Sources = append(r.out.Sources, a.Text)
			return
		}
	}
	if c.Fed && (c.Here == "" || r.parse(c.Here, c.Name, c.Line) != nil) {
		r.out.Dynamic = true
	}
}

// script reads a script in a word. What a double-quoted one expands is unknown, the text around it is not.
func (r *scriptReader) script(c Call, a Arg) {
	text := a.Text
	if !a.Static {
		r.out.Dynamic = true
		if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
			return
		}
		text = strings.NewReplacer(`\"`, `"`, `\$`, `$`, "\\`", "`", `\\`, `\`).Replace(text[1 : len(text)-1])
	}
	if r.parse(text, c.Name+" -c", c.Line) != nil {
		r.out.Dynamic = true
	}
}

// module handles python -m MODULE, whose commands are those of the module's own program.
func (r *scriptReader) module(c Call, rest []Arg) {
	for i, a := range rest {
		if !a.Static || !strings.HasPrefix(a.Text, "-") {
			return
		}
		if a.Text != "-m" || i+1 >= len(rest) {
			continue
		}
		switch rest[i+1].Text {
		case "gunicorn", "gunicorn.app.wsgiapp", "pip":
			args := append([]Arg{{strings.SplitN(rest[i+1].Text, ".", 2)[0], true}}, rest[i+2:]...)
			r.call(Call{Args: args, Exec: c.Exec, Via: c.Name + " -m", Line: c.Line})
		}
		return
	}
}

// writes takes the paths that a well-known command creates or changes.
func (r *scriptReader) writes(name string, rest []Arg) {
	var operands []Arg
	for i, a := range rest {
		mode := i > 0 && rest[i-1].Text == "-m" && name == "mkdir"
		if !mode && (!a.Static || !strings.HasPrefix(a.Text, "-")) {
			operands = append(operands, a)
		}
	}
	switch name {
	case "mkdir", "touch", "tee", "truncate":
	case "cp", "mv", "ln":
		operands = operands[max(0, len(operands)-1):]
	case "chown", "chmod", "chgrp":
		operands = operands[min(1, len(operands)):]
	default:
		return
	}
	for _, a := range operands {
		r.write(a)
	}
}

// NeedsRoot reports whether a program fails, or does nothing useful, for an ordinary user.
func NeedsRoot(command string) bool { return rootCommands[command] }
