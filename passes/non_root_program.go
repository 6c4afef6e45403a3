package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/transform"
)

// file looks at a program that may be a file of the context.
func (r *startReader) file(program string, args []buildctx.Arg) *hold {
	name, ok := contextFile(r.n.image, r.n.s, program)
	for _, dir := range []string{"/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin", "/bin", "/sbin"} {
		if !ok && !strings.Contains(program, "/") {
			name, ok = contextFile(r.n.image, r.n.s, path.Join(dir, program))
		}
	}
	switch {
	case !ok && r.n.inCopiedTree(program):
		return nil
	case !ok && strings.Contains(program, "/") && !strings.Contains(program, "bin/") || !ok && strings.HasSuffix(program, ".sh"):
		return holdf(r.at, "unknown-script", "%s is not a file of the build context", program)
	case !ok && (r.n.installsItself() || r.n.projectProgram(path.Base(program))):
		return nil
	case !ok:
		return holdf(r.at, "unknown-program", "it is not known what %s needs", path.Base(program))
	case r.seen[name]:
		return nil
	}
	r.seen[name] = true
	s, err := r.n.ctx.Script(name)
	if err != nil {
		return holdf(r.at, "unknown-script", "%s cannot be read", name)
	}
	if !s.Shell && (isInterpreter(s.Interpreter) || path.Ext(name) == ".py") {
		return nil // the sources are looked at as a whole
	}
	if h := r.script(s, name, true); h != nil {
		return h
	}
	if (s.ExecArgs || s.RunsArgs) && len(args) > 1 && !strings.HasPrefix(args[1].Text, "-") && !slices.Contains(s.Handled, args[1].Text) {
		return r.passed(args[1:])
	}
	return nil
}

// inCopiedTree reports a Python file in a directory that a COPY of a directory
// of the context makes: whatever the build finds there has been looked at.
func (n *nonRooter) inCopiedTree(file string) bool {
	p := n.image.endDir(n.s).join(n.f.EndState(n.s).Expand(file))
	if !p.known || path.Ext(p.path) != ".py" {
		return false
	}
	for _, in := range n.seq {
		sources := contextSources(in)
		if len(sources) == 0 {
			continue
		}
		dir, _ := n.files.dest(in)
		if within(p.path, dir) && slices.ContainsFunc(sources, func(src string) bool { return n.files.isDir(in, src) }) {
			return true
		}
	}
	return false
}

// passed looks at the arguments that a script runs as a command.
func (r *startReader) passed(args []buildctx.Arg) *hold {
	var words []string
	for _, a := range args {
		if !a.Static {
			return holdf(r.at, "unknown-script", "what is run depends on a variable")
		}
		words = append(words, a.Text)
	}
	return r.script(buildctx.ParseScript("", []byte(quoted(words))), "the command", false)
}

// installsItself reports whether a step installs the context as a package, so
// that its programs are the context's own.
func (n *nonRooter) installsItself() bool {
	for _, in := range n.seq {
		if in.Keyword != "run" {
			continue
		}
		text := n.f.Text(in.Body)
		if selfInstall.MatchString(text) {
			return true
		}
	}
	return false
}

// projectProgram reports a program that a manifest of the context says is made of a
// module of the context.
func (n *nonRooter) projectProgram(name string) bool {
	return slices.ContainsFunc(n.manifestDirs("pyproject.toml"), func(dir string) bool {
		doc, err := n.ctx.Toml(path.Join(dir, "pyproject.toml"))
		if err != nil {
			return false
		}
		for _, scripts := range []map[string]any{tableAt(doc, "project", "scripts"), tableAt(doc, "tool", "poetry", "scripts")} {
			if entry, ok := scripts[name].(string); ok {
				module, _, _ := strings.Cut(entry, ":")
				return n.projectModule(strings.TrimSpace(module))
			}
		}
		return false
	})
}

// projectModule reports a module of a project of the context, beside its manifest or
// in "src" there.
func (n *nonRooter) projectModule(name string) bool {
	file := strings.ReplaceAll(name, ".", "/")
	return slices.ContainsFunc(n.manifestDirs("pyproject.toml"), func(dir string) bool {
		return slices.ContainsFunc([]string{file + ".py", file + "/__init__.py", "src/" + file + ".py", "src/" + file + "/__init__.py"}, func(p string) bool {
			exists, known := n.ctx.Exists(path.Join(dir, p))
			return exists && known
		})
	})
}

var selfInstall = lazyregexp.New(`\bpip[0-9.]*\s+install(\s+[^&;|\s]+)*\s+['"]?\.{1,2}/?(\[[^\]]*\])?['"]?(\s|$)|\bsetup\.py\s+(install|develop)\b`, "pip", "setup.py")

var (
	portEnd    = lazyregexp.New(`:(\d{1,4})$`, ":")
	portOption = lazyregexp.New(`^(-p|-P|--port|--http-port|--server\.port|--listen-port|--web-port)$`)
)

// words looks at arguments: ports, and paths that are not the user's.
func (n *nonRooter) words(in *transform.Instruction, words []string) *hold {
	for i, w := range words {
		value := w
		option, after, found := strings.Cut(w, "=")
		if found {
			value = after
		} else if i > 0 {
			option = words[i-1]
		}
		if m := portEnd.FindStringSubmatch(value); m != nil && isLow(m[1]) || portOption.MatchString(option) && isLow(value) {
			return holdf(in, "low-port", "“%s” names a port that only root may open in some container runtimes", w)
		}
		if strings.Contains(option, "path") && !strings.Contains(option, "file") || strings.Contains(option, "prefix") || strings.Contains(option, "url") {
			continue
		}
		p := strings.TrimPrefix(strings.TrimPrefix(value, "unix:"), "file://")
		if i := strings.Index(p, ":////"); i >= 0 {
			p = p[i+4:]
		}
		if path.IsAbs(p) && !n.reaches(p) {
			return holdf(in, "writes-system-path", "%s is named, which stays root's", p)
		}
	}
	return nil
}
