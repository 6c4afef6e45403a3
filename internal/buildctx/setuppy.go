package buildctx

import (
	"bytes"
	"slices"
	"strings"

	"refit/internal/lazyregexp"
)

var (
	setupCallRE = lazyregexp.New(`\bsetup\s*\(`)
	pyImportRE  = lazyregexp.New(`(?m)^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([^\n#]+))`)
)

// setupImports are what a setup.py may import without its result depending on what else is installed: setuptools and
// modules of the standard library.
var setupImports = set(`setuptools distutils os sys re io pathlib codecs ast glob datetime json textwrap typing
	platform __future__ contextlib shutil itertools functools collections string configparser warnings`)

// setupPy reads a literal install_requires out of setup.py, which is a program: everything that may compute the
// dependencies, or make them depend on what is installed, is a problem.
func (p *Project) setupPy(text string) {
	src := []byte(text)
	if strings.Contains(text, "setup_requires") {
		p.problem("setup.py asks for setup_requires, which are installed while it builds")
	}
	if len(setupCallRE.FindAllStringIndex(text, -1)) != 1 || strings.Contains(text, "**") {
		p.problem("setup.py computes what it says")
	}
	for _, m := range pyImportRE.FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Split(m[1]+m[2], ",") {
			top, _, _ := strings.Cut(strings.TrimSpace(name), ".")
			top, _, _ = strings.Cut(top, " ")
			if !setupImports[top] {
				p.problem("setup.py imports %s", top)
			}
		}
	}
	at := installRequiresRE.FindAllStringIndex(text, -1)
	switch n := strings.Count(text, "install_requires"); {
	case n == 0:
		return
	case p.Manifest != "":
		p.problem("setup.py and setup.cfg both name dependencies")
	case n != 1 || len(at) != 1:
		p.problem("setup.py computes its dependencies")
	}
	p.Manifest = "setup.py"
	if strings.Contains(text, "extras_require") {
		p.Extras = map[string]Dependencies{} // in code, and read by nobody
	}
	if p.Problem != "" {
		return
	}
	list, ok := literalList(src[at[0][1]:])
	if before := lastCode(text[:at[0][0]]); !ok || before != '(' && before != ',' {
		p.problem("setup.py computes its dependencies")
		return
	}
	p.Main.Requires = list
}

// lastCode is the last byte of a text that is neither blank nor part of a comment line.
func lastCode(text string) byte {
	for _, line := range slices.Backward(strings.Split(text, "\n")) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			if i := strings.LastIndex(line, ", #"); i >= 0 {
				return ','
			}
			return line[len(line)-1]
		}
	}
	return 0
}

// literalList reads a Python list or tuple of plain strings that ends an argument.
func literalList(src []byte) (list []string, ok bool) {
	src = src[:min(len(src), maxInstallRequires)]
	if len(src) == 0 || src[0] != '[' && src[0] != '(' {
		return nil, false
	}
	end := byte(']')
	if src[0] == '(' {
		end = ')'
	}
	rest := skipPyBlank(src[1:])
	for len(rest) > 0 && rest[0] != end {
		s, tail, ok := pyString(rest)
		if !ok || !s.Static || strings.ContainsAny(s.Text, "\n\\") {
			return nil, false
		}
		list = append(list, s.Text)
		rest = skipPyBlank(tail)
		switch {
		case len(rest) == 0:
			return nil, false
		case rest[0] == ',':
			rest = skipPyBlank(rest[1:])
		case rest[0] != end || end == ')' && len(list) == 1:
			return nil, false // strings side by side, an operator, or no tuple
		}
	}
	if len(rest) == 0 {
		return nil, false
	}
	rest = skipPyBlank(rest[1:])
	return list, len(rest) > 0 && (rest[0] == ',' || rest[0] == ')')
}

// skipPyBlank skips white space and comments.
func skipPyBlank(src []byte) []byte {
	for {
		src = bytes.TrimLeft(src, " \t\r\n")
		if len(src) == 0 || src[0] != '#' {
			return src
		}
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			return nil
		}
		src = src[i:]
	}
}
