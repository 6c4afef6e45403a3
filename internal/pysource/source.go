package pysource

import (
	"slices"
	"strings"
)

// Place is something that a file says, and the line on which it does.
type Place struct {
	Text string
	Line int
}

// Source is what one file says.
type Source struct {
	// Imports are the modules that import statements name, "a.b" as it is written. "from a import b" gives "a.b",
	// since b may be a module, and "from a import *" gives "a". Relative imports are not among them.
	Imports []Place
	// Loads are modules that are imported by a call that names them: import_module("a.b"), __import__("a").
	Loads []Place
	// Computed are such calls whose module is known only when they run; Text is the function. Calls that find plugins
	// by what other distributions declare are among them.
	Computed []Place
	// Strings are the values of string literals, docstrings left out. Those of f-strings include their fields.
	Strings []Place
	// Names are the names that the code uses, each once.
	Names []Place
}

// Read goes through a file. It takes anything.
func Read(src string) *Source {
	r := &reader{lexer: lexer{src: strings.TrimPrefix(src, "\ufeff")}, out: &Source{}, names: map[string]bool{}, unpickled: map[string]bool{}, line: 1, fresh: true}
	for r.statement() {
	}
	return r.out
}

type reader struct {
	lexer
	out   *Source
	names map[string]bool
	fresh bool // a line begins here
	// unpickled are the unpicklers that Computed has
	unpickled map[string]bool
	// counting lines goes on from the last place
	counted, line int
}

func (r *reader) place(what string, at int) Place {
	if at < r.counted {
		r.counted, r.line = 0, 1
	}
	r.line += strings.Count(r.src[r.counted:at], "\n")
	r.counted = at
	return Place{what, r.line}
}

// statement reads up to the end of a simple statement, or of the head of a compound one. It is false at the end.
func (r *reader) statement() bool {
	t := r.next()
	first := t.at == 0 || t.kind == newline || r.fresh // on its line
	for t.kind == newline {
		t = r.next()
	}
	switch {
	case t.kind == end:
		return false
	case t.kind == name && (t.text == "import" || t.text == "cimport"):
		t = r.importNames(r.next())
	case t.kind == name && t.text == "from":
		t = r.fromImport(t)
	case t.kind == name && t.text == "lazy": // Python 3.15, PEP 810
		next := r.next()
		switch next.text {
		case "import":
			t = r.importNames(r.next())
		case "from":
			t = r.fromImport(next)
		default:
			r.use(t)
			t = next
		}
	case t.kind == text && first:
		t = r.docstring(t)
	}
	return r.expression(t)
}

// docstring passes strings that are a whole statement.
func (r *reader) docstring(first token) token {
	strs := []token{first}
	t := r.next()
	for t.kind == text {
		strs = append(strs, t)
		t = r.next()
	}
	if t.kind != newline && t.kind != end && t.text != ";" {
		for _, s := range strs {
			r.literal(s)
		}
	}
	return t
}

// expression reads the rest of a statement, from t on. A colon or semicolon outside brackets ends it too, so that
// "try: import x" is seen; one that belongs to a lambda or an annotation does no harm.
func (r *reader) expression(t token) bool {
	var before [3]token // the last first
	target, told := t, false
	for ; ; t = r.next() {
		if !told && t.kind == name && environment[t.text] && target.kind == name && namesModules(target.text) {
			told = true
			r.out.Computed = append(r.out.Computed, r.place(target.text, target.at))
		}
		switch {
		case t.kind == end:
			return false
		case t.kind == newline, r.depth == 0 && t.kind == op && (t.text == ";" || t.text == ":"):
			r.fresh = t.kind == newline
			return true
		case t.kind == text:
			r.literal(t)
		case t.kind == name:
			r.use(t)
		case t.text == "(" && before[0].kind == name:
			if f := before[0].text; loaders[f] && !defines(before[1]) {
				t = r.load(before[0])
				before = [3]token{}
				if t.kind == end {
					return false
				}
			} else if finders[f] && !defines(before[1]) {
				r.out.Computed = append(r.out.Computed, r.place(f, before[0].at))
			}
		}
		before = [3]token{t, before[0], before[1]}
	}
}

// environment are names by which settings come from outside: os.environ, django-environ, python-decouple.
var environment = map[string]bool{"environ": true, "getenv": true, "env": true, "config": true}

// namesModules reports a setting of Django's, or of its kind, whose values are modules to import.
func namesModules(setting string) bool {
	switch setting {
	case "INSTALLED_APPS", "MIDDLEWARE", "MIDDLEWARE_CLASSES", "STORAGES":
		return true
	}
	return slices.ContainsFunc([]string{"_APPS", "_MIDDLEWARE", "_STORAGE", "_BACKEND", "_BACKENDS"}, func(s string) bool { return strings.HasSuffix(setting, s) })
}

// loaders import the module that their first argument names.
var loaders = map[string]bool{
	"import_module": true, "__import__": true, "import_string": true, "find_spec": true, "import_object": true, "load_module": true,
	"importorskip": true, "symbol_by_name": true, "resolve_name": true, "import_from_string": true, "run_module": true,
}

// finders import what other distributions declare as entry points.
var finders = map[string]bool{
	"entry_points": true, "iter_entry_points": true, "load_setuptools_entrypoints": true, "load_entry_point": true,
	"ExtensionManager": true, "NamedExtensionManager": true, "DriverManager": true, "HookManager": true, "EnabledExtensionManager": true,
}

func defines(t token) bool { return t.kind == name && (t.text == "def" || t.text == "class") }

func (r *reader) use(t token) {
	if unpicklers[t.text] && !r.onlyPickles(t) {
		r.unpickles(t)
	}
	if !r.names[t.text] {
		r.names[t.text] = true
		r.out.Names = append(r.out.Names, r.place(t.text, t.at))
	}
}

func (r *reader) literal(t token) {
	if t.value != "" {
		r.out.Strings = append(r.out.Strings, r.place(t.value, t.at))
	}
}

// load reads the first argument of a call that imports.
func (r *reader) load(f token) token {
	t := r.next()
	if t.kind != text {
		if t.text == "__name__" || t.text == "__package__" || t.text == ")" && f.text != "__import__" {
			return t // something of the package itself
		}
		r.out.Computed = append(r.out.Computed, r.place(f.text, f.at))
		return t
	}
	module, whole := t.value, true
	if strings.ContainsAny(t.pre, "ft") {
		module, _, whole = strings.Cut(t.value, "{")
		whole = !whole
		if strings.HasPrefix(t.value, "{__name__}") || strings.HasPrefix(t.value, "{__package__}") {
			return t
		}
	}
	next := r.next()
	if next.text != ")" && next.text != "," {
		whole = false // "a." + b, or "a.%s" % b
		module, _, _ = strings.Cut(module, "%")
	}
	head, _, dotted := strings.Cut(module, ".")
	switch {
	case dotted && head == "": // relative
	case whole || dotted && isName(head):
		r.out.Loads = append(r.out.Loads, r.place(strings.TrimSuffix(module, "."), t.at))
	default:
		r.out.Computed = append(r.out.Computed, r.place(f.text, f.at))
	}
	return next
}

func isName(s string) bool {
	return s != "" && isNameStart(s[0]) && !slices.ContainsFunc([]byte(s), func(c byte) bool { return !isNamePart(c) })
}

// importNames reads "a.b as c, d".
func (r *reader) importNames(t token) token {
	for {
		at := t.at
		module, next := r.dotted(t)
		if module == "" {
			return next
		}
		r.out.Imports = append(r.out.Imports, r.place(module, at))
		if head, _, _ := strings.Cut(module, "."); unpicklers[head] && (pickling[head] == nil || module != head || next.kind == name) {
			r.unpickles(token{text: head, at: at})
		}
		for next.kind == name { // as c
			next = r.next()
		}
		if next.text != "," {
			return next
		}
		t = r.next()
	}
}

// dotted reads "a.b.c" and returns what follows it.
func (r *reader) dotted(t token) (string, token) {
	var b strings.Builder
	for t.kind == name {
		b.WriteString(t.text)
		if t = r.next(); t.text != "." {
			break
		}
		b.WriteByte('.')
		t = r.next()
	}
	return strings.TrimSuffix(b.String(), "."), t
}

// fromImport reads "a.b import c as d, e", with or without parentheses.
func (r *reader) fromImport(from token) token {
	module, t := r.dotted(r.next())
	for module == "" && t.text == "." { // relative
		t = r.next()
	}
	if module == "" && t.kind == name && t.text != "import" { // ".a import b"
		_, t = r.dotted(t)
	}
	if t.kind != name || t.text != "import" && t.text != "cimport" {
		if module == "import" || t.kind != name {
			return t // "yield from x", which is an expression
		}
		return t
	}
	for t = r.next(); t.text == "(" || t.text == ","; t = r.next() {
	}
	head, _, _ := strings.Cut(module, ".")
	source := token{text: head, at: from.at}
	if module != "" && t.kind != name { // "*"
		r.out.Imports = append(r.out.Imports, r.place(module, from.at))
		if unpicklers[head] {
			r.unpickles(source)
		}
	}
	for t.kind == name {
		if unpicklers[head] && (module != head || !pickling[head][t.text]) {
			r.unpickles(source)
		}
		if module != "" {
			r.out.Imports = append(r.out.Imports, r.place(module+"."+t.text, t.at))
		}
		r.use(t)
		for t = r.next(); t.kind == name; t = r.next() { // as d
		}
		for t.text == "," {
			t = r.next()
		}
	}
	return t
}
