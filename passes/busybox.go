package passes

import (
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
)

// applets are commands that BusyBox and coreutils have, and the short options
// that mean the same to both, by BusyBox 1.36's own help (busybox APPLET --help).
// What is built into dash and into BusyBox's ash alike is here too.
var applets = map[string]string{
	"[": "defhknprstuwxzoabglL", "cat": "", "cd": "", "chmod": "R", "chown": "Rh", "cp": "rRapfL", "dirname": "", "basename": "",
	"echo": "n", "exec": "", "exit": "", "export": "", "false": "", "find": "", "id": "ugn", "ln": "sfn", "ls": "la1", "mkdir": "pm", "mv": "f", "printf": "",
	"pwd": "", "rm": "rRf", "rmdir": "p", "set": "eux", "shift": "", "sleep": "", "test": "defhknprstuwxzoabglL", "touch": "", "true": "",
	"umask": "", "unset": "", "wait": "", ":": "", "trap": "", "read": "r", "return": "", "kill": "", "local": "", ".": "",
}

// appletOptions says why a call of an applet may differ from coreutils' own; "" if
// it does not.
func appletOptions(name string, args []string) string {
	if name == "find" {
		return findOptions(args)
	}
	allowed, ok := applets[name]
	if !ok {
		return "BusyBox may not have " + name + ", or have another one"
	}
	for _, a := range args {
		switch {
		case a == "-" || !strings.HasPrefix(a, "-") || name == "echo" && strings.Trim(a[1:], allowed) != "":
		case name == "exec" || name == "kill" || name == "exit" || name == "printf":
		case strings.HasPrefix(a, "--"), strings.Trim(a[1:], allowed) != "":
			return "BusyBox' " + name + " may not know " + a
		}
	}
	return ""
}

// findWords are the tests and actions of find that BusyBox' has too.
var findWords = setOf("-name -type -path -maxdepth -mindepth -xdev -user -group -perm -newer -size -print -delete -exec -o -a -not -prune")

func findOptions(args []string) string {
	for i, a := range args {
		switch {
		case !strings.HasPrefix(a, "-"):
		case !findWords[a]:
			return "BusyBox' find may not know " + a
		case a == "-exec" && i+1 < len(args):
			end := i + 2
			for end < len(args) && args[end] != ";" && args[end] != "+" {
				end++
			}
			if why := appletOptions(args[i+1], args[i+2:min(end, len(args))]); why != "" {
				return why
			}
			if end+1 < len(args) {
				return findOptions(args[end+1:])
			}
			return ""
		}
	}
	return ""
}

// busyboxUser writes a command that makes a user or a group as BusyBox has it
// (addgroup --help, adduser --help of BusyBox 1.36); groups are those that the
// step has made, by number.
func busyboxUser(c *shell.Command, groups map[string]string) (commands []string, ok bool) {
	if u, is := argv.User(c); is {
		return busyboxAdduser(u, groups)
	}
	call, is := argv.Of(c)
	if !is || call.Name != "groupadd" || len(call.Wrappers) > 0 {
		return nil, false
	}
	system, number, name := false, "", ""
	words := call.Words
	for i := 0; i < len(words); i++ {
		switch flag, value, attached := strings.Cut(words[i].Text, "="); {
		case !words[i].Static:
			return nil, false
		case flag == "-r" || flag == "--system":
			system = true
		case flag == "-g" || flag == "--gid":
			if !attached {
				if i++; i == len(words) || !words[i].Static {
					return nil, false
				}
				value = words[i].Text
			}
			number = value
		case strings.HasPrefix(flag, "-") || name != "":
			return nil, false
		default:
			name = words[i].Text
		}
	}
	if !userName.MatchString(name) || number != "" && !busyboxID(number) {
		return nil, false
	}
	if number != "" {
		groups[number] = name
	}
	return []string{addgroup(name, number, system)}, true
}

// busyboxID reports a number that adduser and addgroup take (LAST_ID of BusyBox'
// configuration is 60000 unless a distribution raises it).
func busyboxID(number string) bool {
	n, err := strconv.Atoi(number)
	return err == nil && n > 0 && n <= 60000
}

func addgroup(name, number string, system bool) string {
	text := "addgroup"
	if system {
		text += " -S"
	}
	if number != "" {
		text += " -g " + number
	}
	return text + " " + name
}

// busyboxAdduser writes useradd and Debian's adduser. What is not said is written
// out: BusyBox makes a home directory, and puts a system user into no group of its own.
func busyboxAdduser(u *argv.UserCmd, groups map[string]string) ([]string, bool) {
	if !u.Known || !u.Static || u.Fed || len(u.Wrappers) > 0 || len(u.Operands) != 1 || !userName.MatchString(u.Operands[0].Text) {
		return nil, false
	}
	name := u.Operands[0].Text
	options, group, ok := busyboxOptions(u, groups)
	if !ok {
		return nil, false
	}
	var commands []string
	if group == "" && u.Has("--system") {
		if !u.ByUseradd && !u.Has("--group") {
			return nil, false // nogroup's number is another on Alpine
		}
		commands = append(commands, addgroup(name, "", true))
		group = name
	}
	text := "adduser -D" + options
	if group != "" {
		text += " -G " + group
	}
	if u.ByUseradd && !u.Has("--create-home") || !u.ByUseradd && u.Has("--no-create-home") {
		text += " -H"
	}
	return append(commands, text+" "+name), true
}

// busyboxOptions are the options of useradd or adduser that BusyBox's has too, and
// the group that they name.
func busyboxOptions(u *argv.UserCmd, groups map[string]string) (text, group string, ok bool) {
	for _, o := range u.Options {
		switch o.Name {
		case "--uid":
			if !busyboxID(o.Value) {
				return "", "", false
			}
			text += " -u " + o.Value
		case "--home":
			if !plainPath.MatchString(o.Value) {
				return "", "", false
			}
			text += " -h " + o.Value
		case "--shell":
			if o.Value != "/bin/sh" && !strings.HasSuffix(o.Value, "/nologin") && o.Value != "/bin/false" {
				return "", "", false
			}
			shell := o.Value
			if strings.HasSuffix(shell, "/nologin") {
				shell = "/sbin/nologin"
			}
			text += " -s " + shell
		case "--gid", "--ingroup":
			if group = o.Value; groups[group] != "" {
				group = groups[group]
			}
			if !userName.MatchString(group) {
				return "", "", false
			}
		case "--system":
			text += " -S"
			if !u.ByUseradd && !u.Has("--home", "--no-create-home") {
				return "", "", false // Debian's adduser gives it a home that depends on the release
			}
		case "--create-home", "--no-create-home", "--no-log-init", "--user-group", "--comment", "--gecos", "--disabled-password",
			"--disabled-login", "--group", "--quiet":
		default:
			return "", "", false
		}
	}
	return text, group, true
}
