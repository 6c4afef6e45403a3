package smoke

import (
	"context"
	_ "embed" // the program that imports
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Imports is how importing the application's modules went.
type Imports struct {
	Trouble string   // why it could not be tried; "" when it was
	Modules []Import // in the order of the plan
}

// The ways in which an import ends.
const (
	Imported  ImportKind = "ok"
	Raised    ImportKind = "exception"
	Exited    ImportKind = "exit"    // the module ended the interpreter
	Signalled ImportKind = "signal"  // the interpreter was killed, as by a segmentation fault
	TimedOut  ImportKind = "timeout" // as a script without a main guard may
	Untried   ImportKind = "untried" // there was no time left
)

// ImportKind is how an import ended.
type ImportKind string

// Import is how importing one module ended.
type Import struct {
	Name      string
	Kind      ImportKind
	Exception string   // its type; of Raised only
	Message   string   // the exception's, the exit status or the signal's name
	Trace     []string // the end of the traceback
}

// importBudget is how many timeouts all modules together may take.
const importBudget = 3

//go:embed imports.py
var importsProgram string

// imports imports every module in a process of its own.
func (r *runner) imports(ctx context.Context, f *Findings) error {
	f.Imports = &Imports{Trouble: r.noImports()}
	if f.Imports.Trouble != "" {
		return nil
	}
	total := importBudget * r.plan.Timeout
	cmd, err := r.program(importsProgram, map[string]any{
		"python": r.plan.Python, "modules": r.plan.Modules,
		"seconds": r.plan.Timeout.Seconds(), "total": total.Seconds(),
	})
	if err != nil {
		return err
	}
	cmd.Dir = r.plan.Dir
	end, out, err := r.once(ctx, cmd, total+30*time.Second)
	if err != nil {
		return err
	}
	type line struct{ Name, Kind, Exception, Message, Trace string }
	found := map[string]Import{}
	for _, l := range values[line](out) {
		found[l.Name] = Import{l.Name, ImportKind(l.Kind), l.Exception, l.Message, tail(l.Trace)}
	}
	if len(found) == 0 && !end.TimedOut {
		f.Imports.Trouble = lastLine(end.Log, "Python "+end.String())
		return nil
	}
	for _, name := range r.plan.Modules {
		m, ok := found[name]
		if !ok {
			m = Import{Name: name, Kind: Untried}
		}
		f.Imports.Modules = append(f.Imports.Modules, m)
	}
	return nil
}

// noImports says why there is nothing to import; "" when there is.
func (r *runner) noImports() string {
	switch {
	case r.plan.Python == "":
		return noPython
	case len(r.plan.Modules) > 0:
		return ""
	case r.plan.Dir == "" || r.plan.Dir == "/":
		return "the image has no working directory of its own to look for modules in"
	}
	return "there is no Python module in " + r.plan.Dir
}

// find finds a module; nil for none of that name.
func (im *Imports) find(name string) *Import {
	for i := range im.Modules {
		if im.Modules[i].Name == name {
			return &im.Modules[i]
		}
	}
	return nil
}

// works reports whether a module imports.
func (im *Imports) works() bool {
	return slices.ContainsFunc(im.Modules, func(m Import) bool { return m.Kind == Imported })
}

// failures say how each module's import ended.
func (im *Imports) failures() []string {
	var says []string
	for _, m := range im.Modules {
		says = append(says, m.Name+" "+m.String())
	}
	return says
}

// lastLine is the end of a log, or what stands for an empty one.
func lastLine(log []string, otherwise string) string {
	if len(log) == 0 {
		return otherwise
	}
	return log[len(log)-1]
}

// String says how the import ended, as the predicate of a sentence.
func (m *Import) String() string {
	switch m.Kind {
	case Imported:
		return "imports"
	case Raised:
		message, _, _ := strings.Cut(m.Message, "\n")
		return strings.TrimSuffix(fmt.Sprintf("raises %s: %s", m.Exception, message), ": ")
	case Exited:
		return "exits with " + m.Message
	case Signalled:
		return "is killed by " + m.Message
	case TimedOut:
		return "does not come to an end"
	}
	return "was not tried for want of time"
}

// notModules are files beside an application that belong to a tool.
var notModules = []string{"setup", "conftest", "noxfile", "fabfile", "tests", "test", "__main__", "__init__"}

// Modules are the top-level modules and packages in a directory of an image,
// given the paths of the application's files in it. Tests and the files of build
// tools are none, and neither is what has no module's name.
func Modules(files []string, dir string) []string {
	dir = path.Clean("/" + dir)
	var names []string
	for _, file := range files {
		rel, ok := strings.CutPrefix(path.Clean("/"+file), strings.TrimSuffix(dir, "/")+"/")
		if name := moduleName(rel); ok && name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// moduleName is the module that a file is, or whose package it makes; "" for none.
func moduleName(rel string) string {
	name, ok := strings.CutSuffix(rel, "/__init__.py")
	if !ok {
		name, ok = strings.CutSuffix(rel, ".py")
	}
	if stem, isLib := strings.CutSuffix(rel, ".so"); isLib { // extension modules: x.so, x.abi3.so, x.cpython-311-….so
		name, _, _ = strings.Cut(stem, ".")
		ok = true
	}
	if !ok || !identifier(name) || slices.Contains(notModules, name) ||
		strings.HasPrefix(name, "test_") || strings.HasSuffix(name, "_test") {
		return ""
	}
	return name
}

// keywords of Python 3 that could be a file's name.
var keywords = []string{
	"and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
	"except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
	"or", "pass", "raise", "return", "try", "while", "with", "yield", "None", "True", "False",
}

func identifier(name string) bool {
	for i, c := range name {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && !slices.Contains(keywords, name)
}
