package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// quietCommands make no files that an application would write to when it runs,
// wherever they are called: package managers, what changes modes, what only
// prints.
var quietCommands = strings.Fields(`apt-get apt apk dpkg apt-key aptitude add-apt-repository dpkg-reconfigure debconf-set-selections
	rm rmdir chmod chown chgrp ln echo printf : true false set export unset cd pushd popd test [ [[ locale-gen update-locale
	update-ca-certificates update-alternatives ldconfig sleep cat ls which command type pipenv poetry easy_install virtualenv venv
	compileall ensurepip useradd adduser groupadd addgroup conda gpg source . date uname wait pyenv grep egrep head tail pwd env id whoami java gcc exit activate`)

// run notes what a RUN makes that the user gets.
func (o *fileOwner) run(in *transform.Instruction) *hold {
	s := shell.Of(o.n.f, in)
	mk := o.mkdirs(in, s)
	g := gift{in: in, script: s}
	for _, d := range mk {
		for p := d; p != "/" && o.owned(p) && !o.made[p]; p = path.Dir(p) {
			if !o.n.given(in, s, p) {
				g.dirs = append(g.dirs, p)
			}
		}
		o.make(d)
	}
	slices.Sort(g.dirs)
	g.dirs = slices.Compact(g.dirs)
	for _, tree := range o.dirs {
		if !o.writes(in, s, tree) {
			continue
		}
		if h := o.fetches(in); h != nil {
			return h
		}
		if o.made[tree] && appendable(in, s) {
			g.trees = append(g.trees, tree)
			o.lateDirs = slices.DeleteFunc(o.lateDirs, func(d string) bool { return d == tree }) // given here
		} else if !slices.Contains(o.lateDirs, tree) {
			o.lateDirs = append(o.lateDirs, tree)
		}
	}
	if len(g.trees) > 0 {
		for _, d := range g.dirs {
			if !slices.ContainsFunc(g.trees, func(t string) bool { return within(d, t) }) {
				g.trees = append(g.trees, d)
			}
		}
	}
	if len(g.dirs)+len(g.trees) > 0 {
		o.gifts = append(o.gifts, g)
	}
	return nil
}

// mkdirs are the directories that a RUN makes by mkdir and keeps, where that is
// certain, outside the system's.
func (o *fileOwner) mkdirs(in *transform.Instruction, s *shell.Script) []string {
	if !strings.Contains(s.Text, "mkdir") || !appendable(in, s) {
		return nil
	}
	var made []string
	dir := ""
	for _, c := range s.Commands() {
		name := c.Name()
		switch {
		case slices.Contains([]string{"rm", "rmdir", "mv", "find"}, name) || c.Nested || c.Op != "" && c.Op != "&&":
			return nil
		case name == "cd":
			if len(c.Words) != 2 {
				return nil
			}
			d, ok := o.n.inDir(in, dir, c.Words[1])
			if !ok {
				return nil
			}
			dir = d
		case name == "mkdir":
			for i, w := range c.Words[1:] {
				if strings.HasPrefix(w.Text, "-") || c.Words[i].Text == "-m" || c.Words[i].Text == "--mode" {
					continue
				}
				d, ok := o.n.inDir(in, dir, w)
				if ok && !isSystem(d) && plainPath.MatchString(d) {
					made = append(made, d)
				}
			}
		}
	}
	return made
}

// inDir is the path that a word names in a directory, "" for the working one.
func (n *nonRooter) inDir(in *transform.Instruction, dir string, w shell.Word) (string, bool) {
	if w.HasGlob || w.HasBrace || w.HasTilde || w.HasCmdSubst {
		return "", false
	}
	text, ok := n.f.State(in).Expand(w.Text)
	if !ok || strings.Contains(text, "$") {
		return "", false
	}
	if dir != "" && !path.IsAbs(text) {
		return path.Join(dir, text), true
	}
	return absAt(n.image, in, text)
}

// appendable reports whether a command can be joined to the end of a RUN, where
// it runs whenever the RUN succeeds.
func appendable(in *transform.Instruction, s *shell.Script) bool {
	if s.Form != shell.ShellForm || s.Text == "" || strings.ContainsAny(s.Text[len(s.Text)-1:], `;&|\`) {
		return false
	}
	for _, m := range mountsOf(in) {
		t := path.Clean("/" + m.target)
		if inRun := m.target == "" && (m.kind == "secret" || m.kind == "ssh"); !inRun && !isSystem(t) && !within(t, "/var") {
			return false
		}
	}
	for _, l := range s.Leaks() {
		switch l.Kind {
		case shell.LeakExit, shell.LeakComment, shell.LeakBackslash, shell.LeakHeredoc, shell.LeakOpaque, shell.LeakFunc, shell.LeakSource, shell.LeakTrap:
			return false
		}
	}
	return true
}

// fetches reports a step that brings code into a tree: what it does is unknown.
func (o *fileOwner) fetches(in *transform.Instruction) *hold {
	for _, c := range shell.Of(o.n.f, in).Commands() {
		call, ok := argv.Of(c)
		if !ok || len(call.Words) == 0 {
			continue
		}
		switch call.Name + " " + call.Words[0].Text {
		case "git clone", "git init", "git checkout", "git pull", "hg clone", "svn co", "svn checkout", "svn export":
			return holdf(in, "unknown-code", "the step fetches code with %s: what it does when it runs is not known", call.Name)
		}
		if n := call.Name; (n == "tar" || n == "unzip") && !o.unpacksElsewhere(call.Words) {
			return holdf(in, "unknown-code", "the step unpacks files with %s: what they do when they run is not known", n)
		}
	}
	return nil
}

// unpacksElsewhere reports arguments that name a directory outside the user's.
func (o *fileOwner) unpacksElsewhere(words []shell.Word) bool {
	for i, w := range words {
		if i > 0 && (words[i-1].Text == "-C" || words[i-1].Text == "-d" || words[i-1].Text == "--directory") {
			return path.IsAbs(w.Text) && !o.owned(path.Clean(w.Text))
		}
	}
	return false
}

// writes reports whether a RUN may make files in a tree.
func (o *fileOwner) writes(in *transform.Instruction, s *shell.Script, tree string) bool {
	dir, _ := absAt(o.n.image, in, ".")
	text := s.Text
	if s.Form == shell.Opaque {
		text = o.n.f.Text(in.Body)
	}
	for _, v := range s.Vars() {
		if value, ok := o.n.f.State(in).Env(v.Name); ok {
			text += "\n" + value
		}
	}
	if !within(dir, tree) && !mentions(text, tree) {
		return false
	}
	if s.Form == shell.Opaque {
		return true
	}
	for _, c := range s.Commands() {
		if o.makesFiles(in, c, dir, tree) {
			return true
		}
	}
	return false
}

// makesFiles reports whether a command may make files in a tree.
func (o *fileOwner) makesFiles(in *transform.Instruction, c *shell.Command, dir, tree string) bool {
	for _, r := range c.Redirs {
		if strings.Contains(r.Op, ">") && r.Op != ">&" && r.Fd != "2" {
			if p, ok := o.n.inDir(in, dir, r.Target); !ok || within(p, tree) {
				return true
			}
		}
	}
	if c.Kind != shell.Simple || len(c.Words) == 0 {
		return false
	}
	call, ok := argv.Of(c)
	if !ok {
		return true
	}
	if pip, ok := argv.Pip(c); ok {
		return pip.Has("--target", "--prefix", "--root", "--dest") || pip.Subcommand.Text == "download"
	}
	switch call.Name {
	case "mkdir":
		for _, d := range c.Words[1:] {
			if p, ok := o.n.inDir(in, dir, d); (!ok || within(p, tree)) && !strings.HasPrefix(d.Text, "-") && !slices.Contains(o.mkdirs(in, shell.Of(o.n.f, in)), p) {
				return true
			}
		}
		return false
	case "tar", "unzip":
		return !o.unpacksElsewhere(call.Words)
	case "curl":
		return slices.ContainsFunc(call.Words, func(w shell.Word) bool {
			long := strings.HasPrefix(w.Text, "--")
			return long && (strings.HasPrefix(w.Text, "--output") || strings.HasPrefix(w.Text, "--remote-name")) ||
				!long && strings.HasPrefix(w.Text, "-") && strings.ContainsAny(w.Text, "oO")
		})
	case "sed":
		return slices.ContainsFunc(call.Words, func(w shell.Word) bool { return strings.HasPrefix(w.Text, "-i") })
	case "sh", "bash", "ash", "dash":
		return true
	}
	if strings.HasPrefix(call.Name, "python") {
		if len(call.Words) == 2 && call.Words[0].Text == "-c" && onlyPrints(call.Words[1].Text) {
			return false
		}
		return len(call.Words) == 0 || call.Words[0].Text != "-V" && call.Words[0].Text != "--version" && call.Words[0].Text != "setup.py"
	}
	return !slices.Contains(quietCommands, call.Name)
}

// readers are modules of the standard library that only read and compute.
var readers = strings.Fields("ast configparser json platform re site sys sysconfig tomllib")

// onlyPrints reports a program given to Python that reads files and prints, such
// as the one by which requirements-first reads a manifest.
func onlyPrints(code string) bool {
	return !containsAny(code, []string{"write", "'w", `"w`, "'a'", `"a"`, "'x'", `"x"`, "exec", "__"}) &&
		!slices.ContainsFunc(buildctx.ImportedModules(code), func(m string) bool { return !slices.Contains(readers, m) })
}

// mentions reports whether a text names the directory or something below it.
func mentions(text, dir string) bool {
	for {
		i := strings.Index(text, dir)
		if i < 0 {
			return false
		}
		before, after := text[:i], text[i+len(dir):]
		if (before == "" || strings.ContainsAny(before[len(before)-1:], " \t\n='\":,(<>")) && (after == "" || !isNameByte(after[0])) {
			return true
		}
		text = after
	}
}

func isNameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// removed reports whether a step removes the directory as a whole.
func (n *nonRooter) removed(dir string) bool {
	for _, in := range n.seq {
		if in.Keyword != "run" || !strings.Contains(n.f.Text(in.Body), "rm") {
			continue
		}
		for _, c := range shell.Of(n.f, in).Commands() {
			if name := c.Name(); name != "rm" && name != "rmdir" && name != "mv" {
				continue
			}
			for _, w := range c.Words[1:] {
				if p, ok := n.inDir(in, "", w); ok && within(dir, p) && !strings.HasPrefix(w.Text, "-") {
					return true
				}
			}
		}
	}
	return false
}
