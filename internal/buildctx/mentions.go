package buildctx

import (
	"encoding/json"
	"path"
	"strings"

	"refit/internal/lazyregexp"
	"refit/internal/pysource"
)

// Mentions is what the texts of a context name, each thing with the place that tells most: where distributions are
// used, it leaves a trace here. Files that .dockerignore hides are read too, for a test or a tool may need what the
// image has not.
type Mentions struct {
	Imports  map[string]Place // modules that Python code imports, by their dotted names
	Names    map[string]Place // names that Python code uses
	Strings  map[string]Place // words of strings in Python code
	Commands map[string]Place // words of scripts that start things: shell scripts, Procfile, compose and supervisor files
	Words    map[string]Place // words of other texts: configuration, CI, Makefile
	// Computed are imports of modules that are known only when they run, in files that the build sees.
	Computed []Place
	// Gaps are what the build sees and nobody can read; What says why.
	Gaps []Place
}

// Place is where something stands.
type Place struct {
	What   string
	File   string
	Line   int
	Hidden bool // by .dockerignore
}

// Limits of what is read for Mentions; what is over them is a gap.
const (
	maxCode  = 32 << 20 // of Python in one context
	maxTexts = 16 << 20 // of other texts
	maxOther = 256 << 10
)

// Mentions reads the texts of the context. The error says why nothing is known.
func (c *Context) Mentions() (*Mentions, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	return c.mentions()
}

// ImportedModules are the modules that Python code imports, by their dotted names as in pysource.Source.Imports.
func ImportedModules(code string) []string {
	var names []string
	for _, m := range pysource.Read(code).Imports {
		names = append(names, m.Text)
	}
	return names
}

type mentionReader struct {
	c           *Context
	out         *Mentions
	code, texts int64 // left to be read
	file        string
	hidden      bool
}

func (c *Context) readMentions() (*Mentions, error) {
	if _, err := c.ignore(); err != nil {
		return nil, err
	}
	r := &mentionReader{c: c, code: maxCode, texts: maxTexts, out: &Mentions{Imports: map[string]Place{}, Names: map[string]Place{},
		Strings: map[string]Place{}, Commands: map[string]Place{}, Words: map[string]Place{}}}
	entries, complete := c.Files()
	for i := range entries {
		if entries[i].Regular {
			r.entry(&entries[i])
		}
	}
	if !complete {
		r.file, r.hidden = ".", false
		r.gap("the context is too large, or in part unreadable")
	}
	return r.out, nil
}

// entry reads one file, or says that it cannot be read.
func (r *mentionReader) entry(e *Entry) {
	class := classOf(e.Path)
	if class == classNone {
		return
	}
	r.file = e.Path
	hidden, err := r.c.hidden(e.Path, false)
	r.hidden = hidden && err == nil
	budget, limit := &r.texts, int64(maxOther)
	switch class {
	case classCompiled:
		r.gap("it is compiled: what it imports is not known")
		return
	case classPython, classNotebook:
		budget, limit = &r.code, MaxText
	case classUnknown:
		if e.Size == 0 {
			return
		}
	}
	if e.Size > limit || e.Size > *budget {
		if class != classUnknown && class != classWords { // large data names nothing that code does not load by itself
			r.gap("it is too large to be read")
		}
		return
	}
	b, err := r.c.ReadFile(e.Path)
	if err != nil {
		r.gap("it cannot be read")
		return
	}
	*budget -= int64(len(b))
	r.read(class, decodeText(b))
}

func (r *mentionReader) read(class fileClass, text string) {
	if class == classUnknown {
		class = classByStart(text)
	}
	switch class {
	case classPython:
		r.python(text)
	case classNotebook:
		r.notebook(text)
	case classCommands:
		r.words(r.out.Commands, text)
	case classWords:
		r.words(r.out.Words, text)
	}
}

func (r *mentionReader) gap(why string) {
	if !r.hidden && len(r.out.Gaps) < maxUnknown {
		r.out.Gaps = append(r.out.Gaps, Place{What: why, File: r.file})
	}
}

// add keeps the first place, but rather one that the build sees.
func (r *mentionReader) add(m map[string]Place, what string, line int) {
	if old, ok := m[what]; !ok || old.Hidden && !r.hidden {
		m[what] = Place{what, r.file, line, r.hidden}
	}
}

// codingRE is PEP 263's declaration of an encoding, which a distribution may bring: "# coding: future_fstrings".
var codingRE = lazyregexp.New(`^(?:[ \t\f]*(?:#[^\n]*)?\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)`)

func (r *mentionReader) python(text string) {
	if m := codingRE.FindStringSubmatch(text); m != nil {
		r.add(r.out.Strings, m[1], 1)
	}
	src := pysource.Read(text)
	for _, p := range src.Imports {
		r.add(r.out.Imports, p.Text, p.Line)
	}
	for _, p := range src.Loads {
		r.add(r.out.Imports, p.Text, p.Line)
	}
	for _, p := range src.Names {
		r.add(r.out.Names, p.Text, p.Line)
	}
	for _, p := range src.Strings {
		stringWords(p.Text, func(w string) { r.add(r.out.Strings, w, p.Line) })
	}
	for _, p := range src.Computed {
		if !r.hidden && len(r.out.Computed) < maxUnknown {
			r.out.Computed = append(r.out.Computed, Place{What: p.Text, File: r.file, Line: p.Line})
		}
	}
}

// notebook reads the code of a Jupyter notebook. Its lines are those of the cell.
func (r *mentionReader) notebook(text string) {
	type cell struct {
		Type   string `json:"cell_type"`
		Source any    `json:"source"`
		Input  any    `json:"input"` // format 3
	}
	var nb struct {
		Cells      []cell
		Worksheets []struct{ Cells []cell }
	}
	if err := json.Unmarshal([]byte(text), &nb); err != nil {
		r.gap("it is no notebook that can be read")
		return
	}
	for _, w := range nb.Worksheets {
		nb.Cells = append(nb.Cells, w.Cells...)
	}
	for _, c := range nb.Cells {
		if c.Type == "code" {
			r.cell(joinSource(c.Source) + joinSource(c.Input))
		}
	}
}

// cell reads one cell: its magic lines are commands, and what a cell magic is given may be Python.
func (r *mentionReader) cell(text string) {
	var code strings.Builder
	for line := range strings.Lines(text) {
		switch bare := strings.TrimLeft(line, " \t"); {
		case strings.HasPrefix(bare, "%"), strings.HasPrefix(bare, "!"):
			r.words(r.out.Words, bare)
			code.WriteByte('\n')
		default:
			code.WriteString(line)
		}
	}
	r.python(code.String())
}

// joinSource is a string, or the strings of a list.
func joinSource(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		var b strings.Builder
		for _, s := range v {
			text, _ := s.(string)
			b.WriteString(text)
		}
		return b.String()
	}
	return ""
}

// words adds the words of a text, comments left out where a line is one.
func (r *mentionReader) words(m map[string]Place, text string) {
	line := 0
	for l := range strings.Lines(text) {
		line++
		bare := strings.TrimSpace(l)
		if tail := path.Ext(r.file); tail == ".toml" || tail == ".yml" || tail == ".yaml" {
			bare = withoutComment(bare)
		} else if baseLower(r.file) == "setup.cfg" {
			bare = directiveRE.ReplaceAllString(bare, "= ")
		}
		if strings.HasPrefix(bare, "#") || strings.HasPrefix(bare, ";") || strings.HasPrefix(bare, "//") {
			continue
		}
		if !installsPython(bare) {
			EachWord(bare, func(w string) { r.add(m, w, line) })
		}
	}
}

// directiveRE is how setup.cfg has setuptools look up a value; attr is no module there.
var directiveRE = lazyregexp.New(`=\s*(attr|file):`)

// withoutComment is a line of TOML or YAML without the comment at its end, where no string can hold the "#".
func withoutComment(line string) string {
	code, comment, ok := strings.Cut(line, " #")
	if !ok || strings.ContainsAny(comment, "\"'") || strings.Count(code, `"`)%2 != 0 || strings.Count(code, "'")%2 != 0 {
		return line
	}
	return code
}

// installsPython reports a line that asks for distributions by name, which is no use of them.
func installsPython(line string) bool {
	return strings.Contains(line, "pip install") || strings.Contains(line, "pip3 install") || strings.Contains(line, "pip uninstall")
}

// EachWord yields the words that can be names of modules, distributions and commands. "a+b://c" gives three.
func EachWord(s string, yield func(string)) {
	for len(s) > 0 {
		i := 0
		for i < len(s) && isWordByte(s[i]) {
			i++
		}
		if w := strings.Trim(s[:i], ".-"); w != "" && len(w) <= maxWord && s[:i] != ".py" { // as in *.py, which is not the module py
			yield(w)
		}
		s = s[min(i+1, len(s)):]
	}
}

const maxWord = 120

func isWordByte(c byte) bool { return isAlnum(c) || c == '_' || c == '-' || c == '.' }

// stringWords yields the words of a string in code that can mean something to Python: all of them where the string is
// no prose, and in prose, or a command line, those in places where programs and modules are named.
func stringWords(s string, yield func(string)) {
	if !strings.ContainsAny(strings.TrimSpace(s), " \t\n") {
		EachWord(s, yield)
		return
	}
	for line := range strings.Lines(s) {
		start := true
		for _, field := range strings.Fields(line) {
			EachWord(field, func(w string) {
				if start || strings.ContainsAny(w, "._-") || strings.ContainsAny(field, ":/=+") {
					yield(w)
				}
			})
			start = introduces[field] || strings.HasSuffix(field, ";")
		}
	}
}

// introduces are the words behind which a program or a module is named.
var introduces = set("-m -k -b -A import from && || ; | sudo exec env nohup time and,")

func baseLower(name string) string { return strings.ToLower(path.Base(name)) }
