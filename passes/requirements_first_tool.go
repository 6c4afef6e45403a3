package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
)

// toolUse says what a program does with files, as far as the pass cares.
type toolUse uint8

const (
	touchesNothing toolUse = iota + 1 // it writes nothing and reads nothing of the application
	touchesArgs                       // it reads the paths among its arguments, or changes who may
	writesArgs                        // it writes the files among its arguments
	fillsArgs                         // it writes these, and files in those that are directories
	removesArgs                       // the same, and some of them are gone afterwards
	spillsHere                        // it writes files into the working directory and where an argument says
	changesSystem                     // it changes the system, beside the paths among its arguments
)

// toolUses are by the manuals of GNU coreutils 9, of the distributions' tools
// (Debian's, Alpine's and Fedora's), of curl 8 and wget 1.21.
var toolUses = map[string]toolUse{
	"true": touchesNothing, ":": touchesNothing, "false": touchesNothing, "echo": touchesNothing, "printf": touchesNothing,
	"pwd": touchesNothing, "date": touchesNothing, "uname": touchesNothing, "whoami": touchesNothing, "id": touchesNothing,
	"hostname": touchesNothing, "nproc": touchesNothing, "sleep": touchesNothing, "which": touchesNothing,
	"lsb_release": touchesNothing, "getconf": touchesNothing, "arch": touchesNothing, "set": touchesNothing,
	"umask": touchesNothing, "command": touchesNothing, "type": touchesNothing, "printenv": touchesNothing,

	"ls": touchesArgs, "cat": touchesArgs, "test": touchesArgs, "[": touchesArgs, "stat": touchesArgs, "head": touchesArgs,
	"tail": touchesArgs, "grep": touchesArgs, "mkdir": touchesArgs, "touch": writesArgs, "chmod": touchesArgs,
	"chown": touchesArgs, "chgrp": touchesArgs, "ln": fillsArgs, "cp": fillsArgs, "install": fillsArgs,
	"sed": writesArgs, "tee": writesArgs, "dos2unix": writesArgs, "export": touchesNothing, "unset": touchesNothing,
	"rm": removesArgs, "mv": removesArgs, "rmdir": removesArgs, "unlink": removesArgs,
	"curl": spillsHere, "wget": spillsHere, "tar": spillsHere, "unzip": spillsHere, "gunzip": spillsHere,

	"useradd": changesSystem, "groupadd": changesSystem, "adduser": changesSystem, "addgroup": changesSystem,
	"usermod": changesSystem, "ldconfig": changesSystem, "locale-gen": changesSystem, "localedef": changesSystem,
	"update-locale": changesSystem, "update-ca-certificates": changesSystem, "dpkg-reconfigure": changesSystem,
	"update-alternatives": changesSystem, "add-apt-repository": changesSystem, "apt-add-repository": changesSystem,
	"apt-key": changesSystem, "apt-mark": changesSystem, "apt-cache": changesSystem, "dpkg": changesSystem,
	"debconf-set-selections": changesSystem, "gpg": changesSystem, "rpm": changesSystem,
}

// pythonManagers are the other managers of Python packages.
var pythonManagers = map[string]bool{
	"poetry": true, "pipenv": true, "uv": true, "pdm": true, "conda": true, "mamba": true, "micromamba": true,
	"pip-sync": true, "pip-compile": true, "piptools": true,
}

// tool is the effect of any other program.
func (r *effectReader) tool(call *argv.Call) effect {
	name := path.Base(call.Name)
	switch name {
	case "cd", "chdir":
		return r.changeDir(call)
	case ".", "source":
		return r.activate(call)
	case "python", "python2", "python3", "node":
		if len(call.Words) == 1 && (call.Words[0].Text == "--version" || call.Words[0].Text == "-V") {
			return effect{}
		}
	}
	if file, _, ok := fetchedManifest(call.Command()); ok {
		e := effect{usesCwd: true}
		if p, ok := r.path(shell.Word{Text: file}, &e); ok {
			e.needs = append(e.needs, p)
		}
		return e
	}
	if m, ok := readManager(call.Command()); ok {
		return r.manager(m)
	}
	if name == "pip-compile" || call.Python != "" && name == "piptools" {
		return effect{pip: true, installs: true, key: "made-by-step", unknown: "pip-compile decides on versions while the image is built; a compiled file in the context could be installed first"}
	}
	if pythonManagers[name] {
		return effect{key: "package-manager", unknown: name + " manages the packages"}
	}
	use := toolUses[name]
	compiles := call.Python != "" && name == "compileall" && len(call.Words) > 0 // without a directory, all that Python finds
	if compiles {
		use = fillsArgs
	}
	if use == 0 || call.Python != "" && !compiles || call.Dir != "" && !systemPath(call.Dir) {
		return doubt("what “" + call.Name + "” does is not known")
	}
	if call.Through("xargs") || call.Through("find") {
		return doubt("what “" + call.Name + "” is given is not known")
	}
	return r.uses(call, use)
}

// uses is the effect of a program of the table.
func (r *effectReader) uses(call *argv.Call, use toolUse) effect {
	e := effect{system: use == changesSystem}
	if use == touchesNothing {
		return e
	}
	name, words := path.Base(call.Name), call.Words
	if strings.HasPrefix(name, "ch") { // chmod, chown, chgrp: the first operand is no file
		i := slices.IndexFunc(words, func(w shell.Word) bool { return !strings.HasPrefix(w.Text, "-") })
		words = words[i+1:]
	}
	for _, w := range words {
		r.argument(&e, use, w)
	}
	switch use {
	case spillsHere:
		e.spills = slices.Clone(e.touches)
		if !saysWhere(name, call.Words) {
			e.usesCwd = true
			e.spills = append(e.spills, r.dir)
		}
	case fillsArgs:
		e.spills = slices.Clone(e.touches)
	case removesArgs:
		e.spills = slices.Clone(e.touches)
		e.cleans = name == "rm" && slices.ContainsFunc(e.touches, systemPath)
	}
	if name == "mkdir" {
		e.makes = slices.Clone(e.touches)
	}
	return e
}

// saysWhere reports whether a program that fetches or unpacks is told by an
// option where to write, so that it leaves the working directory alone.
func saysWhere(name string, words []shell.Word) bool {
	has := func(letters string, long ...string) bool {
		return slices.ContainsFunc(words, func(w shell.Word) bool {
			name, _, _ := strings.Cut(w.Text, "=")
			short := strings.HasPrefix(name, "-") && !strings.HasPrefix(name, "--")
			return short && strings.ContainsAny(w.Text, letters) || slices.Contains(long, name)
		})
	}
	switch name {
	case "curl":
		return !has("OJ", "--remote-name", "--remote-name-all", "--remote-header-name")
	case "wget":
		return has("OP", "--output-document", "--directory-prefix")
	case "tar":
		return has("C", "--directory")
	case "unzip":
		return has("d")
	}
	return false
}

// argument adds a path that an argument may name. What names no file, such as
// a pattern, becomes a path as well, of a file that nobody has.
func (r *effectReader) argument(e *effect, use toolUse, w shell.Word) {
	if text, _, ok := strings.Cut(w.Text, "="); ok && strings.HasPrefix(text, "-") {
		w.Text = w.Text[len(text)+1:]
	} else if strings.HasPrefix(w.Text, "-") {
		return
	}
	slash := strings.Contains(w.Text, "/")
	switch {
	case strings.Contains(w.Text, "://"):
	case !slash && (use == changesSystem || use == spillsHere): // a name
	default:
		w.Text = strings.TrimPrefix(w.Text, "@") // of curl
		if p, ok := e.path(r, w); ok && w.HasGlob && use == writesArgs {
			e.spills = append(e.spills, p)
		}
	}
}

// changeDir is "cd DIR": what follows runs there.
func (r *effectReader) changeDir(call *argv.Call) effect {
	e := effect{}
	if len(call.Words) != 1 {
		r.dir = ""
		return doubt("where “cd” goes is not known")
	}
	p, ok := r.path(call.Words[0], &e)
	if !ok {
		r.dir = ""
		return doubt("where “cd” goes is not known")
	}
	r.dir = p
	e.dirs = append(e.dirs, p)
	return e
}

// activate is ". DIR/bin/activate" or conda's, which only put an environment on
// PATH, and "source activate NAME".
func (r *effectReader) activate(call *argv.Call) effect {
	e := effect{}
	if len(call.Words) == 1 && strings.HasSuffix(call.Words[0].Text, "/bin/activate") {
		if p, ok := r.path(call.Words[0], &e); ok {
			e.local = append(e.local, path.Dir(path.Dir(p)))
			return e
		}
	}
	if n := len(call.Words); n > 0 && (n == 2 && call.Words[0].Text == "activate" || n == 1 && strings.HasSuffix(call.Words[0].Text, "/etc/profile.d/conda.sh")) {
		return e
	}
	return doubt("it reads a script into its shell")
}
