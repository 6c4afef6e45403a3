package passes

import (
	"maps"
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/transform"
)

// application looks at what the Python sources and other files that the image
// holds use outside Python.
func (s *slimming) application() {
	if s.ctx == nil || s.no != nil || len(s.copied) == 0 {
		return
	}
	at := s.root.From.Body
	s.binaries(at)
	uses, err := s.ctx.PythonUses()
	if err != nil || !uses.Complete {
		s.decline(at, "unknown-command", "not all Python sources of the build context can be read")
		return
	}
	s.programs(at, uses, s.isCopied)
	s.systemData(at)
	s.pods(at)
}

// senders are calls of Flask, Django and Starlette that look the type of a file up
// as mimetypes does.
var senders = []string{"send_file", "send_from_directory", "FileResponse"}

// systemData notes data of the full image that sources name, or that what they
// call reads: its font, and the types of files.
func (s *slimming) systemData(at transform.Span) {
	m, err := s.ctx.Mentions()
	if err != nil {
		return
	}
	for _, word := range slices.Sorted(maps.Keys(m.Strings)) {
		if u := m.Strings[word]; strings.HasPrefix(word, "DejaVu") && strings.HasSuffix(word, ".ttf") && s.isCopied(u.File) {
			s.need([]string{"fonts-dejavu-core"}, nil, at, u.File+" names "+word)
			break
		}
	}
	for _, name := range senders {
		if u, ok := m.Names[name]; ok && s.isCopied(u.File) {
			s.need([]string{"media-types"}, nil, at, u.File+" calls "+name)
			break
		}
	}
}

// pods notes the tools that manifests of Kubernetes run in containers. They may be
// other images' containers: a tool too many does no harm.
func (s *slimming) pods(at transform.Span) {
	for _, p := range podFiles(s.ctx) {
		for _, words := range p.commands() {
			for _, name := range p.programs(words) {
				if pkg, lacks := s.slimLacks(path.Base(name)); lacks {
					s.need([]string{pkg}, nil, at, p.name+" runs "+path.Base(name))
				}
			}
		}
	}
}

// programs looks at what Python programs use, those of the files that count.
func (s *slimming) programs(at transform.Span, uses *buildctx.Uses, counts func(file string) bool) {
	for _, u := range uses.Commands {
		if counts(u.File) {
			s.sourceRuns(at, u)
		}
	}
	for _, u := range uses.Unknown {
		if counts(u.File) && !isTest(u.File) {
			s.decline(at, "unknown-command", "%s:%d starts a program or loads a library that is only known when it runs", u.File, u.Line)
		}
	}
	for _, u := range uses.Libraries {
		if counts(u.File) {
			s.library(at, u)
		}
	}
	for _, u := range uses.Imports {
		if runners[u.What] && counts(u.File) && !isTest(u.File) {
			s.decline(at, "unknown-command", "%s imports %s, which runs programs that are not read", u.File, u.What)
		}
		if pkgs := importNeeds[u.What]; pkgs != nil && counts(u.File) {
			s.need(pkgs, nil, at, u.File+" imports "+u.What)
		}
	}
}

// runners are modules whose calls run programs, beside those of Python's own library.
var runners = setOf("invoke fabric fabric2 plumbum pexpect delegator envoy doit")

// importNeeds are modules of Python's own library that use a file of the system
// which slim lacks: mimetypes reads /etc/mime.types, tkinter loads libtk.
var importNeeds = map[string][]string{
	"mimetypes": {"media-types"},
	"tkinter":   {"libtk8.6"},
	"turtle":    {"libtk8.6"},
	"Tkinter":   {"libtk8.6"},
}

// sourceRuns notes a program that Python code runs.
func (s *slimming) sourceRuns(at transform.Span, u buildctx.Use) {
	name := path.Base(u.What)
	if (builders[name] || installers[name]) && isTest(u.File) {
		return
	}
	if installers[name] {
		s.decline(at, "outside-install", "%s:%d runs %s, and what that brings is not known", u.File, u.Line, name)
		return
	}
	if strings.HasSuffix(name, ".sh") {
		s.scriptNamed(at, u, name)
		return
	}
	if _, lacks := s.slimLacks(name); !lacks && !builders[name] && !facts.SlimHasCommand("bookworm", name) && s.ownScript(at, name) {
		return
	}
	s.tool(u.What, nil, at, u.File+" runs "+name)
}

// installers bring Python distributions.
var installers = setOf("pip pip3 uv uvx pipx poetry pdm pipenv pip-sync")

// ownScript reads the scripts of the context that have the name of a program, and
// reports whether there are any.
func (s *slimming) ownScript(at transform.Span, name string) bool {
	found := false
	entries, _ := s.ctx.Files()
	for _, e := range entries {
		if e.Regular && path.Base(e.Path) == name && s.isCopied(e.Path) {
			found = true
			s.scriptAt(nil, at, e.Path, "/")
		}
	}
	return found
}

// scriptNamed reads every script of the context with that name.
func (s *slimming) scriptNamed(at transform.Span, u buildctx.Use, name string) {
	found := false
	entries, _ := s.ctx.Files()
	for _, e := range entries {
		if e.Regular && path.Base(e.Path) == name {
			found = true
			s.scriptAt(nil, at, e.Path, "/")
		}
	}
	if !found && !isTest(u.File) {
		s.decline(at, "unknown-command", "%s:%d runs %s, which is not in the build context", u.File, u.Line, name)
	}
}

// isTest reports a source that only test runs use.
func isTest(file string) bool {
	base := path.Base(file)
	if strings.HasPrefix(base, "test_") || strings.HasSuffix(base, "_test.py") || base == "conftest.py" || base == "setup.py" {
		return true
	}
	for _, dir := range strings.Split(path.Dir(file), "/") {
		if dir == "tests" || dir == "test" {
			return true
		}
	}
	return false
}

// slimLibraries are libraries that slim has on every release: of the C library,
// and what Python itself is linked with.
var slimLibraries = setOf("c m pthread dl rt util crypt z ssl crypto sqlite3 ffi bz2 lzma uuid stdc++ gcc_s")

// libraryPackages hold other libraries by their names, in Debian.
var libraryPackages = map[string]string{
	"pq": "libpq5", "xml2": "libxml2", "xslt": "libxslt1.1", "cairo": "libcairo2", "gomp": "libgomp1", "yaml": "libyaml-0-2",
	"mariadb": "libmariadb3", "expat": "libexpat1",
}

// library notes a shared library that Python code loads by name.
func (s *slimming) library(at transform.Span, u buildctx.Use) {
	name := path.Base(u.What)
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "lib"), ".so")
	switch pkg := libraryPackages[name]; {
	case slimLibraries[name] || strings.HasSuffix(u.What, ".dll") || strings.HasSuffix(u.What, ".dylib"):
	case pkg != "":
		s.need([]string{pkg}, nil, at, u.File+" loads "+u.What)
	default:
		s.decline(at, "unknown-library", "%s:%d loads the library %s, and what has it is not known", u.File, u.Line, u.What)
	}
}

// maxLooked bounds the files without an ending whose first bytes are read.
const maxLooked = 200

// binaries declines when the image gets compiled programs or libraries.
func (s *slimming) binaries(at transform.Span) {
	if file := compiledFile(s.ctx, s.isCopied); file != "" {
		s.decline(at, "binary-in-context", "%s is compiled, and the libraries that it loads are not known", file)
	}
}

// compiledFile finds a compiled program or library among the files of the context
// that are copied, "" where there is none.
func compiledFile(ctx *buildctx.Context, copied func(string) bool) string {
	entries, _ := ctx.Files()
	looked := 0
	for _, e := range entries {
		base := path.Base(e.Path)
		if !e.Regular || !copied(e.Path) {
			continue
		}
		binary := strings.HasSuffix(base, ".so") || strings.Contains(base, ".so.") || strings.HasSuffix(base, ".whl")
		if ext := path.Ext(base); !binary && (ext == "" || ext == ".bin" || ext == ".run") && e.Size > elfHeader && looked < maxLooked {
			looked++
			b, err := ctx.ReadFile(e.Path)
			binary = err != nil || strings.HasPrefix(string(b), "\x7fELF")
		}
		if binary {
			return e.Path
		}
	}
	return ""
}

// elfHeader is the size of the smallest ELF header; nothing smaller can run.
const elfHeader = 52
