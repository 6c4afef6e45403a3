package buildctx

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxPython is the amount of Python source that is read in one context.
const maxPython = 16 << 20

// maxUnknown is the number of places kept in Uses.Unknown.
const maxUnknown = 100

// Use is one thing that Python source does, and the first place that does it.
type Use struct {
	What string
	File string
	Line int
}

// Uses is what the Python sources of a context use outside Python, read off their text without running or fully
// parsing it. It errs on the side of using: text in a string or docstring may count.
type Uses struct {
	Complete   bool // every *.py that the build sees was read
	Files      int
	Imports    []Use // top-level modules, the context's own too
	Commands   []Use // programs run through subprocess, os.system and the like, or looked for by shutil.which
	Unknown    []Use // such calls that do not say the program; What is the function
	Libraries  []Use // names given to ctypes: find_library("x"), CDLL("libx.so.1")
	LowPorts   []Use // ports below 1024 that a server is bound to
	Home       []Use // paths in the home of root, "~/…", expanduser, Path.home
	Places     []Use // absolute paths under /var, /data and others where programs write, devices, and private keys; "../x"
	Writes     []Use // absolute paths, and those above the working directory ("../x"), given to what makes or changes files
	Around     []Use // names for places above the directory of the source file, relative to that: "../data"
	Climbs     []Use // the same, where something is written
	Beside     []Use // what is written in the directory of the source file or below it, or is named there as data
	Prefix     []Use // paths in the image's own Python, in strings or as the interpreter: /usr/local/bin/python
	Privileged []Use // calls that need root: os.chown, os.setuid, raw sockets
}

// Imported says whether some file imports the top-level module.
func (u *Uses) Imported(module string) bool {
	return slices.ContainsFunc(u.Imports, func(i Use) bool { return i.What == module })
}

// PythonUses scans the *.py files that the build sees, and programs of Python without an ending. The error says why nothing is known.
func (c *Context) PythonUses() (*Uses, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	return c.python()
}

// ScanPython scans a program; name is what the uses say it stands in.
func ScanPython(name, text string) *Uses {
	s := &pyScanner{out: &Uses{Complete: true, Files: 1}, seen: map[seenKey]bool{}}
	s.scan(name, []byte(text))
	return s.out
}

// maxBare bounds the files without an ending that are looked into.
const maxBare = 256 << 10

// asksForPython reports a program whose first line says that Python runs it.
func asksForPython(b []byte) bool {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return bytes.HasPrefix(line, []byte("#!")) && bytes.Contains(line, []byte("python"))
}

func (c *Context) scanPython() (*Uses, error) {
	if _, err := c.ignore(); err != nil {
		return nil, err
	}
	entries, complete := c.Files()
	s := &pyScanner{out: &Uses{Complete: complete}, seen: map[seenKey]bool{}}
	budget := int64(maxPython)
	for _, e := range entries {
		bare := path.Ext(e.Path) == ""
		if e.Dir || path.Ext(e.Path) != ".py" && !(bare && e.Regular && e.Size <= maxBare) {
			continue
		}
		if hidden, err := c.hidden(e.Path, false); err != nil || hidden {
			continue
		}
		if e.Size > budget {
			s.out.Complete = s.out.Complete && bare
			continue
		}
		b, err := c.readVisible(e.Path, MaxText)
		if err != nil {
			s.out.Complete = s.out.Complete && bare
			continue
		}
		if bare && !asksForPython(b) {
			continue
		}
		budget -= int64(len(b))
		s.out.Files++
		s.scan(e.Path, b)
	}
	for _, l := range []*[]Use{&s.out.Imports, &s.out.Commands, &s.out.Libraries, &s.out.LowPorts, &s.out.Home, &s.out.Places, &s.out.Writes, &s.out.Climbs, &s.out.Around, &s.out.Beside, &s.out.Prefix, &s.out.Privileged} {
		slices.SortStableFunc(*l, func(a, b Use) int { return cmp.Compare(a.What, b.What) })
	}
	return s.out, nil
}

type seenKey struct {
	list *[]Use
	what string
}

type pyScanner struct {
	out  *Uses
	seen map[seenKey]bool
	file string
	src  []byte
	// counting lines goes on from the last place asked for
	lineAt, line int
	routes       map[int]bool // quotes of strings that are no paths
	paths        *pyPaths     // nil until one is asked for
}

func (s *pyScanner) scan(file string, src []byte) {
	s.file, s.src, s.lineAt, s.line = file, src, 0, 1
	s.routes, s.paths = map[int]bool{}, nil
	s.imports()
	s.calls()
	s.keywords()
	s.outside()
	s.literals()
	s.places()
}

// add records a use at an offset, unless the same is known from elsewhere or the line is a comment.
func (s *pyScanner) add(list *[]Use, what string, at int) {
	key := seenKey{list, what}
	if what == "" || s.seen[key] || s.commented(at) {
		return
	}
	s.seen[key] = true
	*list = append(*list, Use{what, s.file, s.lineOf(at)})
}

func (s *pyScanner) unknown(what string, at int) {
	if len(s.out.Unknown) < maxUnknown && !s.commented(at) {
		s.out.Unknown = append(s.out.Unknown, Use{what, s.file, s.lineOf(at)})
	}
}

func (s *pyScanner) lineOf(at int) int {
	if at < s.lineAt {
		s.lineAt, s.line = 0, 1
	}
	s.line += bytes.Count(s.src[s.lineAt:at], []byte("\n"))
	s.lineAt = at
	return s.line
}

// maxComment is how far back a comment is looked for.
const maxComment = 500

// commented says whether the line's first character makes it a comment.
func (s *pyScanner) commented(at int) bool {
	before := s.src[max(0, at-maxComment):at]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.HasPrefix(bytes.TrimLeft(before[start:], " \t"), []byte("#"))
}

func (s *pyScanner) imports() {
	at := 0
	for line := range bytes.Lines(s.src) {
		text := strings.TrimSpace(string(line))
		if rest, ok := strings.CutPrefix(text, "import "); ok {
			rest, _, _ = strings.Cut(rest, "#")
			rest, _, _ = strings.Cut(rest, ";")
			for _, m := range strings.Split(rest, ",") {
				if f := strings.Fields(m); len(f) > 0 {
					s.module(f[0], at)
				}
			}
		} else if rest, ok := strings.CutPrefix(text, "from "); ok {
			if f := strings.Fields(rest); len(f) > 1 && strings.HasPrefix(f[1], "import") && f[0][0] != '.' {
				s.module(f[0], at)
			}
		}
		at += len(line)
	}
}

func (s *pyScanner) module(dotted string, at int) {
	name, _, _ := strings.Cut(dotted, ".")
	if pyNameRE.MatchString(name) {
		s.add(&s.out.Imports, name, at)
	}
}

// calls looks at the name before every opening parenthesis: what starts programs, loads libraries, binds ports.
func (s *pyScanner) calls() {
	names := s.localNames()
	for open := 0; ; open++ {
		i := bytes.IndexByte(s.src[open:], '(')
		if i < 0 {
			return
		}
		open += i
		name, at := callee(s.src[:open])
		if name == "" || s.definition(at) {
			continue
		}
		base := name[strings.LastIndexByte(name, '.')+1:]
		s.route(name, base, open, at)
		s.written(name, base, open+1)
		switch {
		case rootCalls[name]:
			s.add(&s.out.Privileged, name, at)
		case name == base && names[name] != "":
			s.starter(names[name], name, open+1, at)
		case processCalls[name]:
			s.starter(base, name, open+1, at)
		case anywhereCalls[base]:
			s.starter(base, name, open+1, at)
		case names[strings.TrimSuffix(name, base)] == "subprocess." && processCalls["subprocess."+base]:
			s.starter(base, name, open+1, at)
		case base == "expanduser", name == "Path.home", name == "pathlib.Path.home":
			s.add(&s.out.Home, base, at)
		case base == "import_module", name == "__import__":
			if m, _, ok := pyString(bytes.TrimLeft(s.src[open+1:], " \t\r\n")); ok && m.Static {
				s.module(m.Text, at)
			}
		case serverCalls[base] || strings.HasSuffix(base, "Server"):
			s.port(open)
		}
	}
}

// callee is the dotted name that ends the text, and where it begins.
func callee(src []byte) (name string, at int) {
	end := len(src)
	for end > 0 && src[end-1] == ' ' {
		end--
	}
	at = end
	for at > 0 && end-at < maxName && (src[at-1] == '.' || src[at-1] == '_' || isAlnum(src[at-1])) {
		at--
	}
	return string(src[at:end]), at
}

const maxName = 80

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// starter records one call that starts a program or loads a library.
func (s *pyScanner) starter(base, name string, argsAt, at int) {
	args, ok := pyArgs(s.src[argsAt:])
	switch {
	case !ok:
		s.unknown(name, at)
	case base != "find_library" && base != "CDLL" && base != "LoadLibrary":
		s.command(name, base, args, at)
	case args.list == nil && args.str.Static:
		s.add(&s.out.Libraries, args.str.Text, at)
	default:
		s.unknown(name, at)
	}
}

// definition says whether the name is being defined here: "def run(".
func (s *pyScanner) definition(at int) bool {
	before := bytes.TrimRight(s.src[max(0, at-8):at], " \t")
	return bytes.HasSuffix(before, []byte("def")) || bytes.HasSuffix(before, []byte("class"))
}

func (s *pyScanner) command(name, base string, args pyArg, at int) {
	if args.list == nil && strings.TrimSpace(args.str.Text) == "" {
		return // os.system("") turns on colours on Windows
	}
	script := &Script{}
	r := &scriptReader{out: script, funcs: map[string]bool{}}
	byShell := false
	switch {
	case args.list != nil:
		r.call(Call{Args: args.list, Line: 1})
	case base == "which" || strings.HasPrefix(base, "exec") || base == "create_subprocess_exec" || base == "posix_spawn":
		r.call(Call{Args: []Arg{args.str}, Line: 1})
	default:
		byShell = true
		if r.parse(args.str.Text, "", 1) != nil {
			script.Dynamic = true
		}
	}
	r.finish()
	for _, c := range script.Commands {
		s.add(&s.out.Commands, c, at)
	}
	// What a shell has built in is a program where there is none: ["kill", "1"]. Where there is, it is the program.
	for _, c := range script.Calls {
		switch {
		case c.Name == "":
		case byShell && len(script.Commands) == 0:
			s.add(&s.out.Commands, "sh", at)
		case !byShell:
			s.add(&s.out.Commands, c.Name, at)
		}
	}
	if n := len(args.list); n > 0 && !args.list[n-1].Static {
		// ["sudo", "-u", user, …]: what the wrapper runs may be in the unknown rest.
		last := script.Calls[len(script.Calls)-1].Name
		script.Dynamic = script.Dynamic || wrappers[last].operands > 0 || wrappers[last].values != "" || isShell(last)
	}
	if script.Dynamic || len(script.Sources) > 0 || len(script.Calls) == 0 && !script.RunsArgs {
		s.unknown(name, at)
	}
}

// port looks for a low port in a server's arguments.
func (s *pyScanner) port(open int) {
	args := s.src[open:min(len(s.src), open+maxPortArgs)]
	for _, re := range portREs {
		if m := re.Regexp().FindSubmatchIndex(args); m != nil {
			s.lowPort(args[m[2]:m[3]], open+m[2])
		}
	}
}

const maxPortArgs = 400

func (s *pyScanner) lowPort(digits []byte, at int) {
	if n, err := strconv.Atoi(string(digits)); err == nil && n > 0 && n < 1024 {
		s.add(&s.out.LowPorts, strconv.Itoa(n), at)
	}
}

// literals finds paths in a home directory, the bind setting of a server's configuration, and
// the default of the variable by which platforms tell a server its port.
func (s *pyScanner) literals() {
	for _, text := range []string{"/root", "~"} {
		for at := 0; ; at++ {
			i := bytes.Index(s.src[at:], []byte(text))
			if i < 0 {
				break
			}
			at += i
			if at == 0 || s.src[at-1] != '"' && s.src[at-1] != '\'' || s.routes[at-1] {
				continue
			}
			if m := homeRE.Regexp().FindSubmatch(s.src[at:min(len(s.src), at+maxPortArgs)]); m != nil {
				s.add(&s.out.Home, string(m[1]), at)
			}
		}
	}
	if bytes.Contains(s.src, []byte("PORT")) {
		for _, m := range portNameRE.Regexp().FindAllSubmatchIndex(s.src, -1) {
			s.lowPort(s.src[m[2]:m[3]], m[2])
		}
	}
	if !bytes.Contains(s.src, []byte("bind")) {
		return
	}
	for _, m := range bindRE.Regexp().FindAllSubmatchIndex(s.src, -1) {
		s.lowPort(s.src[m[2]:m[3]], m[2])
	}
}
