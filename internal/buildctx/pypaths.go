package buildctx

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"

	"refit/internal/lazyregexp"
)

// What path an expression of Python source stands for: Path(__file__).parents[1] / "data", os.path.join(BASE, "..").
// What is not understood is unknown, which says nothing; a part of it that is unknown is "…".

// A pathBase is what a path begins at.
type pathBase byte

const (
	noPath   pathBase = iota
	ofRoot            // an absolute path
	ofCwd             // below the working directory, or above it
	ofSource          // relative to the directory of the source file
)

// A pyPath is a path that an expression stands for.
type pyPath struct {
	base pathBase
	text string // cleaned only where it is joined
}

// maxPathDepth bounds names that stand for names, and parentheses in parentheses; maxPathSteps all that is read for one.
const maxPathDepth, maxPathSteps = 24, 2000

var (
	// assignRE is a variable, an attribute or an annotated field that gets a value.
	assignRE = lazyregexp.New(`(?m)^[ \t]*([A-Za-z_][\w.]*)[ \t]*(?::[ \t]*[\w.\[\], ]+)?=[ \t]*([^=\s])`)
	// entryRE is an entry of a dictionary, as in Django's DATABASES.
	entryRE   = lazyregexp.New(`["']\w+["'][ \t]*:[ \t]*([^=\s])`)
	parentsRE = lazyregexp.New(`^\.parents\[\s*(\d)\s*\]`)
	dottedRE  = lazyregexp.New(`^[A-Za-z_][\w.]*`)
	// sqliteURL is what stands before the file in a database's URL.
	sqliteURL = lazyregexp.New(`^sqlite[a-z0-9+]*:///`)
	fieldIsRE = lazyregexp.New(`^\{(?:str\()?([A-Za-z_][\w.]*)\)?\}`)
)

// sameCalls give the path that they are given, or a name for it.
var sameCalls = set(`str os.fspath Path pathlib.Path PurePath pathlib.PurePath os.path.abspath os.path.realpath
	os.path.normpath abspath realpath normpath`)

// A binding is a value that a name gets.
type binding struct {
	at   int // of the name
	expr int // of the value
}

// pyPaths evaluates the expressions of one file.
type pyPaths struct {
	src      []byte
	bindings map[string][]binding // in the order of the text
	depth    int
	steps    int
	stop     int // where what is asked for ends, if not 0
}

func newPyPaths(src []byte) *pyPaths {
	p := &pyPaths{src: src, bindings: map[string][]binding{}}
	for _, m := range assignRE.Regexp().FindAllSubmatchIndex(src, -1) {
		name := string(src[m[2]:m[3]])
		p.bindings[name] = append(p.bindings[name], binding{m[2], m[4]})
	}
	return p
}

// at is the path that the expression at an offset stands for, and where it ends.
func (p *pyPaths) at(at int) (pyPath, int) {
	p.steps = 0
	return p.eval(at)
}

// before is the path that stands between two offsets, if it does.
func (p *pyPaths) before(at, end int) pyPath {
	p.stop = end
	v, to := p.at(at)
	if p.stop = 0; to != end {
		return pyPath{}
	}
	return v
}

// assigned are the paths that names and entries of dictionaries get by more than a literal.
func (p *pyPaths) assigned(found func(v pyPath, at int)) {
	value := func(at int) {
		line, _, _ := bytes.Cut(p.src[at:min(len(p.src), at+maxPortArgs)], []byte("\n"))
		if bytes.Contains(line, []byte("parent")) || bytes.Contains(line, []byte("dir")) || bytes.Contains(line, []byte("join")) || bytes.ContainsAny(line, "/+") {
			v, _ := p.at(at)
			found(v, at)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.bindings)) {
		for _, b := range p.bindings[name] {
			value(b.expr)
		}
	}
	for _, m := range entryRE.FindAllSubmatchIndex(p.src, -1) {
		value(m[2])
	}
}

// eval reads an expression.
func (p *pyPaths) eval(at int) (pyPath, int) {
	p.depth++
	defer func() { p.depth-- }()
	if p.steps++; p.depth > maxPathDepth || p.steps > maxPathSteps {
		return pyPath{}, at
	}
	v, at := p.term(at)
	for {
		next := p.blank(at)
		if v.base == noPath && bytes.HasPrefix(p.src[next:], []byte("or ")) {
			return p.eval(next + len("or "))
		}
		if next >= len(p.src) || p.src[next] != '/' && p.src[next] != '+' {
			return v, at
		}
		op := p.src[next]
		w, end := p.term(next + 1)
		if end == next+1 {
			return pyPath{}, at
		}
		if at = end; op == '/' {
			v = v.join(w)
		} else {
			v = v.concat(w)
		}
	}
}

// term is a value with the attributes and methods behind it.
func (p *pyPaths) term(at int) (pyPath, int) {
	v, at := p.atom(p.space(at))
	for {
		rest := p.src[at:]
		if at == p.stop {
			return v, at
		}
		if m := parentsRE.Regexp().FindSubmatch(rest); m != nil {
			for range m[1][0] - '0' + 1 {
				v = v.parent()
			}
			at += len(m[0])
			continue
		}
		if len(rest) < 2 || rest[0] != '.' {
			return v, at
		}
		name := dottedRE.Regexp().Find(rest[1:])
		if name == nil {
			return pyPath{}, at
		}
		first, _, _ := strings.Cut(string(name), ".")
		end := at + 1 + len(first)
		args, called := []pyPath(nil), end < len(p.src) && p.src[end] == '('
		if called {
			args, end = p.args(end)
		}
		switch {
		case first == "parent" && !called:
			v = v.parent()
		case called && (first == "resolve" || first == "absolute" || first == "as_posix" || first == "__str__"):
		case called && first == "format":
			v.text = fieldRE.ReplaceAllString(v.text, "…")
		case called && first == "joinpath":
			for _, a := range args {
				v = v.join(a)
			}
		default:
			return pyPath{}, at // a method that does something with the path
		}
		at = end
	}
}

// atom is a string, a name, a call or something in parentheses.
func (p *pyPaths) atom(at int) (pyPath, int) {
	if at >= len(p.src) {
		return pyPath{}, at
	}
	if p.src[at] == '(' {
		v, end := p.eval(at + 1)
		if end = p.space(end); end < len(p.src) && p.src[end] == ')' {
			return v, end + 1
		}
		return pyPath{}, at
	}
	if v, end, ok := p.literal(at); ok {
		return v, end
	}
	name := string(dottedRE.Regexp().Find(p.src[at:]))
	if name == "" {
		return pyPath{}, at
	}
	end := at + len(name)
	if end < len(p.src) && p.src[end] == '(' {
		return p.call(name, end)
	}
	// B.parent: the attributes of a path are not part of its name
	for n := name; ; {
		switch v, ok := p.named(n, at); {
		case ok:
			return v, at + len(n)
		case !strings.Contains(n, "."):
			return pyPath{}, end
		}
		n = n[:strings.LastIndexByte(n, '.')]
	}
}

// literal is a string without a sign behind it; fields of an f-string are unknown but for a name that it begins with.
func (p *pyPaths) literal(at int) (pyPath, int, bool) {
	n := at
	for n < len(p.src) && n < at+2 && bytes.IndexByte([]byte("rRfFuU"), p.src[n]) >= 0 {
		n++
	}
	if n >= len(p.src) || p.src[n] != '"' && p.src[n] != '\'' {
		return pyPath{}, at, false
	}
	i := bytes.IndexAny(p.src[n+1:], string(p.src[n])+"\n")
	if i < 0 || p.src[n+1+i] == '\n' {
		return pyPath{}, at, false
	}
	text, end := p.src[n+1:n+1+i], n+2+i
	if !bytes.ContainsAny(p.src[at:n], "fF") {
		return textPath(string(text)), end, true
	}
	text = text[len(sqliteURL.Regexp().Find(text)):]
	if m := fieldIsRE.Regexp().FindSubmatch(text); m != nil {
		v, ok := p.named(string(m[1]), at)
		if name, up := strings.CutSuffix(string(m[1]), ".parent"); !ok && up {
			v, _ = p.named(name, at)
			v = v.parent()
		}
		return v.concat(textPath(fieldRE.ReplaceAllString(string(text[len(m[0]):]), "…"))), end, true
	}
	if bytes.HasPrefix(text, []byte("{")) {
		return pyPath{}, end, true
	}
	return textPath(fieldRE.ReplaceAllString(string(text), "…")), end, true
}

func textPath(text string) pyPath {
	if path.IsAbs(text) {
		return pyPath{ofRoot, text}
	}
	return pyPath{ofCwd, text}
}

// named is the value of a name: what it got last above that place, or else below it, as a function sees a global.
func (p *pyPaths) named(name string, at int) (pyPath, bool) {
	switch name {
	case "__file__":
		return pyPath{ofSource, "file"}, true
	case "os.sep", "os.path.sep", "sep":
		return pyPath{ofRoot, "/"}, true
	case "os.pardir", "os.path.pardir":
		return pyPath{ofCwd, ".."}, true
	case "os.curdir", "os.path.curdir":
		return pyPath{ofCwd, "."}, true
	}
	expr := -1
	for _, b := range p.bindings[name] {
		if (b.expr < at || expr < 0) && (at < b.at || at > b.expr+maxPortArgs || !p.within(b, at)) {
			expr = b.expr
		}
	}
	if expr < 0 {
		return pyPath{}, false
	}
	v, _ := p.eval(expr)
	return v, true
}

// within reports a place in the statement in which a name gets its value: B = B.parent.
func (p *pyPaths) within(b binding, at int) bool {
	return !bytes.ContainsAny(p.src[b.at:at], "\n;")
}

// call is the path that a call gives.
func (p *pyPaths) call(name string, open int) (pyPath, int) {
	args, end := p.args(open)
	base := name[strings.LastIndexByte(name, '.')+1:]
	var first pyPath
	if len(args) > 0 {
		first = args[0]
	}
	switch {
	case name == "os.getcwd", base == "cwd" && strings.Contains(name, "Path"):
		return pyPath{ofCwd, "."}, end
	case name == "os.path.join", sameCalls[name], name == "join":
		for _, a := range args[min(1, len(args)):] {
			first = first.join(a)
		}
		return first, end
	case name == "os.path.dirname", name == "dirname":
		return first.parent(), end
	case (name == "os.getenv" || name == "os.environ.get" || name == "getenv" || name == "environ.get") && len(args) == 2:
		return args[1], end
	}
	// B.joinpath("x"), B.resolve(): the name before is the path
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		at := open - len(name)
		if v, ok := p.named(name[:dot], at); ok {
			return v, at + dot
		}
		if parent, ok := strings.CutSuffix(name[:dot], ".parent"); ok {
			if v, ok := p.named(parent, at); ok {
				return v, at + len(parent)
			}
		}
	}
	return pyPath{}, end
}

// args are the arguments of a call, and where it ends.
func (p *pyPaths) args(open int) ([]pyPath, int) {
	var args []pyPath
	for at := open + 1; ; {
		at = p.space(at)
		if at >= len(p.src) || p.src[at] == ')' {
			return args, min(len(p.src), at+1)
		}
		v, end := p.eval(at)
		if end = p.space(end); end >= len(p.src) || p.src[end] != ',' && p.src[end] != ')' {
			v, end = pyPath{}, p.argEnd(at)
		}
		args = append(args, v)
		if at = end; at < len(p.src) && p.src[at] == ',' {
			at++
		}
	}
}

// argEnd is where an argument that is not understood ends.
func (p *pyPaths) argEnd(at int) int {
	depth := 0
	for ; at < len(p.src); at++ {
		switch c := p.src[at]; {
		case c == '(' || c == '[' || c == '{':
			depth++
		case depth == 0 && (c == ',' || c == ')'):
			return at
		case c == ')' || c == ']' || c == '}':
			depth--
		}
	}
	return at
}

// blank is the place behind blanks of the same line, or of the next where that begins with an operator in parentheses.
func (p *pyPaths) blank(at int) int {
	next := p.space(at)
	if bytes.IndexByte(p.src[at:next], '\n') >= 0 && (next >= len(p.src) || p.src[next] != '/' && p.src[next] != '+') {
		return at
	}
	return next
}

// space is the place behind blanks and ends of lines.
func (p *pyPaths) space(at int) int {
	for at < len(p.src) && bytes.IndexByte([]byte(" \t\r\n\\"), p.src[at]) >= 0 {
		at++
	}
	return at
}

// join puts one path behind another, as os.path.join does.
func (v pyPath) join(w pyPath) pyPath {
	switch {
	case v.base == noPath && w.base != ofRoot && w.base != ofSource:
		return pyPath{}
	case w.base == noPath:
		return pyPath{v.base, path.Join(v.text, "…")}
	case w.base != ofCwd:
		return w
	}
	return pyPath{v.base, path.Join(v.text, w.text)}
}

// concat puts one text behind another. What is put to a directory's name directly stands beside the directory.
func (v pyPath) concat(w pyPath) pyPath {
	dir := v.base != ofRoot && (path.Clean(v.text) == "." || path.Base(v.text) == "..") && v.text != ""
	switch {
	case v.base == noPath:
		return pyPath{}
	case w.base == noPath:
		return pyPath{v.base, v.text + "…"}
	case v.base == ofSource && dir && !path.IsAbs(w.text):
		return pyPath{v.base, path.Join(v.text, "..", "…"+w.text)}
	case v.base == ofCwd && (v.text == "" || sqliteURL.Regexp().FindString(v.text) == v.text):
		return w
	}
	return pyPath{v.base, v.text + w.text}
}

func (v pyPath) parent() pyPath {
	text := path.Clean(v.text)
	switch {
	case v.base == noPath:
		return v
	case text == "." || path.Base(text) == "..":
		return pyPath{v.base, path.Join(text, "..")}
	}
	return pyPath{v.base, path.Dir(text)}
}
