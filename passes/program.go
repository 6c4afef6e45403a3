package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// startsAlone reports whether the program of a CMD or ENTRYPOINT starts without
// a shell. A shell also runs a script that does not begin with "#!", which the
// kernel refuses.
//
// Programs that packages install can be started. A file that the context may
// have brought must be seen to be a program or to begin with "#!", and no step
// may have written it.
func startsAlone(f *inImage, in *transform.Instruction, name string) bool {
	if interpreter.MatchString(path.Base(name)) || otherLanguage(name) {
		return true
	}
	var places []string
	if strings.Contains(name, "/") {
		p, ok := absAt(f, in, name)
		if !ok {
			return false
		}
		places = []string{p}
	} else {
		dirs, ok := searchPath(f, in.Stage)
		if !ok {
			return false
		}
		for _, d := range dirs {
			places = append(places, path.Join(d, name))
		}
	}
	seen := false
	for _, p := range places {
		switch name, origin := fileAt(f, in.Stage, p); origin {
		case fromContext:
			if !hasMagic(f, name) || rewritten(f, in.Stage, p) {
				return false
			}
			return true
		case maybeContext:
			return false
		case notContext:
			if rewritten(f, in.Stage, p) {
				return false
			}
			seen = seen || isBin(path.Dir(p))
		}
	}
	return seen
}

// interpreter matches programs that nobody replaces by a script of their own.
var interpreter = lazyregexp.New(`^(python[0-9.]*|pypy3?|node|java|ruby|perl|php|bash|sh|ash|dash|zsh)$`)

// isPythonName reports python, python3, python3.12.
func isPythonName(name string) bool { return versioned(name, "python") }

// versioned reports a name, or one with a version behind it.
func versioned(name, base string) bool {
	version, ok := strings.CutPrefix(name, base)
	return ok && strings.Trim(version, "0123456789.") == ""
}

// isPOSIXShell reports the shells of the images that can be read as sh.
func isPOSIXShell(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash":
		return true
	}
	return false
}

// posixShell reports that SHELL leaves scripts to such a shell.
func posixShell(sh []string) bool {
	return len(sh) == 0 || isPOSIXShell(path.Base(sh[0]))
}

func isShell(name string) bool { return isPOSIXShell(name) || name == "zsh" || name == "ksh" }

// otherLanguage reports a script that a shell cannot run: it works only because
// it begins with "#!". What npm links into .bin begins with it by rule.
func otherLanguage(name string) bool {
	switch path.Ext(name) {
	case ".py", ".rb", ".pl", ".js", ".php", ".lua":
		return true
	}
	return path.Base(path.Dir(name)) == ".bin" && path.Base(path.Dir(path.Dir(name))) == "node_modules"
}

// isBin reports a directory that holds what packages, or go install, put there.
func isBin(dir string) bool {
	switch dir {
	case "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/go/bin":
		return true
	}
	return false
}

// searchPath is where a command is looked for: the usual directories and those
// that the file puts into PATH. ok is false when one of them is not known.
func searchPath(f *inImage, s *transform.Stage) (dirs []string, ok bool) {
	dirs = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
	for ; s != nil; s = s.Base.Stage {
		for _, in := range s.Instructions {
			cmd, _ := in.Command()
			c, isEnv := cmd.(*instructions.EnvCommand)
			if !isEnv {
				continue
			}
			for _, kv := range c.Env {
				if kv.Key != "PATH" {
					continue
				}
				for _, d := range strings.Split(strings.Trim(kv.Value, `"`), ":") {
					if d == "$PATH" || d == "${PATH}" {
						continue
					}
					abs, known := f.State(in).Expand(d)
					if !known || !path.IsAbs(abs) {
						return nil, false
					}
					dirs = append(dirs, path.Clean(abs))
				}
			}
		}
	}
	return dirs, true
}

// hasMagic reports a file of the context that the kernel can start.
func hasMagic(f *inImage, name string) bool {
	b, err := contextOf(f.File).ReadFile(name)
	return err == nil && (strings.HasPrefix(string(b), "#!") || strings.HasPrefix(string(b), "\x7fELF"))
}

// rewritten reports that a step of the stage, or of one that it starts from, may
// have written the file p: it names the file and is none of the commands that
// leave a first line alone.
func rewritten(f *inImage, s *transform.Stage, p string) bool {
	for ; s != nil; s = s.Base.Stage {
		for _, in := range s.Instructions {
			if in.Keyword == "run" && strings.Contains(f.Text(in.Body), path.Base(p)) && mayWrite(f, in, p) {
				return true
			}
		}
	}
	return false
}

func mayWrite(f *inImage, in *transform.Instruction, p string) bool {
	s := shell.Of(f.File, in)
	if s.Form == shell.Opaque {
		return true
	}
	moves := slices.ContainsFunc(s.Commands(), func(c *shell.Command) bool { return c.Name() == "cd" || c.Name() == "pushd" })
	for _, c := range s.Commands() {
		for _, r := range c.Redirs {
			if path.Base(r.Target.Text) == path.Base(p) {
				return true
			}
		}
		if !keepsFirstLine(c.Name()) && namesFile(f, in, c, p, moves) {
			return true
		}
	}
	return false
}

// keepsFirstLine reports commands that do not write the files they are given, or
// leave their first line alone, and package managers, whose arguments are not
// files.
func keepsFirstLine(name string) bool {
	switch name {
	case "chmod", "chown", "chgrp", "dos2unix", "sed", "ls", "cat", "test", "[", "which", "file", "bash", "sh",
		"apt-get", "apt", "apk", "yum", "dnf", "pip", "pip3", "npm", "yarn", "gem", "conda", "go", "cargo":
		return true
	}
	return false
}

// namesFile reports a command whose arguments may mean the file p. moves says
// that its working directory is not that of the step.
func namesFile(f *inImage, in *transform.Instruction, c *shell.Command, p string, moves bool) bool {
	if len(c.Words) < 2 {
		return false
	}
	dir, base := path.Split(p)
	intoDir, sameName := false, false
	for _, w := range c.Words[1:] {
		abs, ok := absAt(f, in, w.Text)
		switch {
		case ok && abs == p, !path.IsAbs(w.Text) && path.Base(w.Text) == base && (moves || strings.Contains(w.Text, "/")):
			return true
		case ok && abs+"/" == dir:
			intoDir = true
		}
		sameName = sameName || path.Base(w.Text) == base
	}
	return intoDir && sameName
}
