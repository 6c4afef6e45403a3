package shell

import (
	"path"
	"strings"
)

// A wrapper is a command that runs another one, given in its arguments.
type wrapper struct {
	values string   // its short options that take a value
	long   []string // its long options whose value is the next word
	skip   int      // operands before the command
	assign bool     // NAME=value operands may stand before the command
}

// wrapperFor describes the wrappers by their manual pages: coreutils 9 (env,
// nice, nohup, timeout, stdbuf, chroot), util-linux 2.40 (ionice, setsid,
// taskset, flock, setpriv), findutils 4.10 (xargs), sudo 1.9, procps, POSIX.1
// (command, exec, time), and the README files of gosu, su-exec, tini and
// dumb-init.
func wrapperFor(name string) (wrapper, bool) {
	switch name {
	case "env":
		return wrapper{values: "uCS", long: []string{"--unset", "--chdir", "--split-string"}, assign: true}, true
	case "sudo", "doas":
		return wrapper{values: "ugUhpCcDRTtr", long: []string{"--user", "--group", "--prompt", "--chdir"}, assign: true}, true
	case "nohup", "builtin", "command", "chronic", "busybox", "setsid", "fakeroot":
		return wrapper{}, true
	case "exec":
		return wrapper{values: "a"}, true
	case "time":
		return wrapper{values: "fo", long: []string{"--format", "--output"}}, true
	case "nice":
		return wrapper{values: "n", long: []string{"--adjustment"}}, true
	case "ionice":
		return wrapper{values: "cnpPu", long: []string{"--class", "--classdata"}}, true
	case "stdbuf":
		return wrapper{values: "ioe", long: []string{"--input", "--output", "--error"}}, true
	case "timeout":
		return wrapper{values: "ks", long: []string{"--kill-after", "--signal"}, skip: 1}, true
	case "xargs":
		return wrapper{values: "adEILnPs", long: []string{"--arg-file", "--delimiter", "--max-args", "--max-procs", "--max-lines", "--replace", "--max-chars", "--process-slot-var"}}, true
	case "gosu", "su-exec":
		return wrapper{skip: 1}, true
	case "chroot":
		return wrapper{long: []string{"--userspec", "--groups"}, skip: 1}, true
	case "taskset":
		return wrapper{skip: 1}, true
	case "flock":
		return wrapper{values: "wE", long: []string{"--timeout", "--wait", "--conflict-exit-code"}, skip: 1}, true
	case "tini":
		return wrapper{values: "pe"}, true
	case "dumb-init":
		return wrapper{values: "r", long: []string{"--rewrite"}}, true
	case "setpriv":
		return wrapper{long: []string{"--reuid", "--regid", "--groups", "--inh-caps", "--ambient-caps", "--bounding-set"}}, true
	}
	return wrapper{}, false
}

// ran is what a command runs besides itself.
type ran struct {
	command []Word   // the command that it wraps
	others  [][]Word // further commands: find's -exec
	scripts []Word   // scripts in one word: sh -c
	unknown bool     // it runs something that is not known
}

// runs finds what the command in words, whose name is static, runs in turn.
func runs(words []Word) ran {
	name := path.Base(words[0].Text)
	args := words[1:]
	switch name {
	case "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "rbash":
		return shellRuns(args)
	case "su", "runuser":
		return suRuns(args)
	case "eval":
		return evalRuns(args)
	case "find":
		return findRuns(args)
	case "command":
		if len(args) > 0 && (args[0].Text == "-v" || args[0].Text == "-V") {
			return ran{} // it only asks
		}
	case "busybox":
		if len(args) > 0 && strings.HasPrefix(args[0].Text, "-") {
			return ran{} // --install and the like
		}
	case "flock":
		if i := indexOf(args, "-c"); i >= 0 && i+1 < len(args) {
			return ran{scripts: args[i+1 : i+2]}
		}
	}
	w, ok := wrapperFor(name)
	if !ok {
		return ran{}
	}
	return w.runs(args)
}

// runs skips a wrapper's options and operands.
func (w wrapper) runs(args []Word) ran {
	skip := w.skip
	for len(args) > 0 {
		word := args[0]
		switch {
		case word.Text == "--":
			args = args[1:]
			return afterOperands(args, skip)
		case strings.HasPrefix(word.Text, "-") && len(word.Text) > 1:
			n, ok := w.option(word.Text)
			if !ok || n > len(args) {
				return ran{unknown: true}
			}
			args = args[n:]
		case w.assign && isAssignment(word.Text):
			args = args[1:]
		case skip > 0:
			skip--
			args = args[1:]
		default:
			return ran{command: args}
		}
	}
	return ran{}
}

func afterOperands(args []Word, skip int) ran {
	if len(args) <= skip {
		return ran{}
	}
	return ran{command: args[skip:]}
}

// option returns how many words an option takes. env -S, whose value is itself
// a command line, is not followed.
func (w wrapper) option(text string) (words int, ok bool) {
	if strings.HasPrefix(text, "--") {
		for _, l := range w.long {
			if text == l {
				return 2, text != "--split-string"
			}
		}
		return 1, !strings.HasPrefix(text, "--split-string=")
	}
	for i := 1; i < len(text); i++ {
		if strings.IndexByte(w.values, text[i]) < 0 {
			continue
		}
		if text[i] == 'S' && w.assign {
			return 0, false
		}
		if i == len(text)-1 {
			return 2, true
		}
		break
	}
	return 1, true
}

func isAssignment(text string) bool {
	name, _, ok := strings.Cut(text, "=")
	return ok && name != "" && !strings.ContainsAny(name, "-/.$ ")
}

// shellRuns reads a shell's arguments: options, with -c among them a script,
// otherwise a file.
func shellRuns(args []Word) ran {
	script := false
	for len(args) > 0 {
		text := args[0].Text
		switch {
		case !args[0].Static && !args[0].Quoted:
			return ran{unknown: !script}.orScript(script, args)
		case len(text) < 2 || text[0] != '-' && text[0] != '+':
			return ran{}.orScript(script, args)
		case text == "--":
			return ran{}.orScript(script, args[1:])
		case text == "--rcfile" || text == "--init-file":
			args = args[min(2, len(args)):]
			continue
		case !strings.HasPrefix(text, "--"):
			script = script || strings.Contains(text, "c")
			if strings.ContainsAny(text, "oO") { // -o pipefail, -ceuxo pipefail
				args = args[1:]
			}
		}
		args = args[min(1, len(args)):]
	}
	return ran{unknown: script}
}

// orScript is r, or the script at args[0] after a -c.
func (r ran) orScript(script bool, args []Word) ran {
	switch {
	case !script:
		return r
	case len(args) == 0:
		return ran{unknown: true}
	}
	return ran{scripts: args[:1]}
}

// suRuns reads su -c SCRIPT and runuser -u USER COMMAND.
func suRuns(args []Word) ran {
	for i, a := range args {
		switch {
		case a.Text == "-c" || a.Text == "--command":
			if i+1 < len(args) {
				return ran{scripts: args[i+1 : i+2]}
			}
			return ran{unknown: true}
		case strings.HasPrefix(a.Text, "--command="):
			return ran{unknown: true}
		case a.Text == "--":
			return ran{command: args[i+1:]}
		}
	}
	if i := indexOf(args, "-u"); i >= 0 {
		return wrapper{values: "ugG", long: []string{"--user", "--group"}}.runs(args)
	}
	return ran{}
}

// evalRuns is eval's script, when it is in one word.
func evalRuns(args []Word) ran {
	if len(args) == 1 {
		return ran{scripts: args}
	}
	return ran{unknown: len(args) > 1}
}

// findRuns lists what find's -exec and its relatives run.
func findRuns(args []Word) ran {
	var r ran
	for i := 0; i < len(args); i++ {
		switch args[i].Text {
		case "-exec", "-execdir", "-ok", "-okdir":
		default:
			continue
		}
		end := i + 1
		for end < len(args) && args[end].Text != ";" && args[end].Text != "+" {
			end++
		}
		if i+1 < end {
			r.others = append(r.others, args[i+1:end])
		}
		i = end
	}
	return r
}

func indexOf(words []Word, text string) int {
	for i, w := range words {
		if w.Text == text {
			return i
		}
	}
	return -1
}
