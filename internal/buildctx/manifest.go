package buildctx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"refit/internal/lazyregexp"
)

// Manifest is what a Python manifest or lock file other than a requirement file names. It is read as data; nothing runs.
type Manifest struct {
	Path     string
	Backend  string   // pyproject.toml: build-backend
	Builds   []string // pyproject.toml: normalised names of what the build itself requires, sorted
	Project  bool     // it describes a project of its own: `pip install .` needs the source
	Names    []string // normalised names of what is installed without extras or groups, sorted
	Optional []string // those of extras, groups and development
	Locals   []string // path dependencies, as written
	Complete bool     // false: dependencies are computed, or something was not understood
}

// Manifest reads pyproject.toml, setup.cfg, setup.py, Pipfile, Pipfile.lock, poetry.lock, uv.lock or pdm.lock, told
// apart by the base name. An error means that the file cannot be read or parsed.
func (c *Context) Manifest(name string) (*Manifest, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	name = clean(name)
	read, ok := manifestReaders[path.Base(name)]
	if !ok {
		return nil, fmt.Errorf("%s: not a Python manifest", name)
	}
	b, err := c.readVisible(name, MaxText)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	m := &Manifest{Path: name, Complete: true}
	if err := read(m, decodeText(b)); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", name, err)
	}
	for _, l := range []*[]string{&m.Builds, &m.Names, &m.Optional, &m.Locals} {
		slices.Sort(*l)
		*l = slices.Compact(*l)
	}
	return m, nil
}

// The TOML parser recurses with nesting, and takes quadratic time for nested inline tables: no manifest nests deeply.
const (
	maxToml      = 256 << 10
	maxTomlDepth = 50
)

func decodeToml(text string, v any) error {
	if len(text) > maxToml || tomlDepth(text) > maxTomlDepth {
		return ErrTooLarge
	}
	_, err := toml.Decode(text, v)
	return err
}

// tomlDepth is how deeply brackets nest, strings and comments left out, or more; a dotted key counts as nesting too.
func tomlDepth(s string) int {
	deepest, depth, dots := 0, 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '.':
			dots++
		case '\n':
			dots = 0
		case '#':
			for i+1 < len(s) && s[i+1] != '\n' {
				i++
			}
		case '"', '\'':
			i = tomlStringEnd(s, i)
		}
		deepest = max(deepest, depth, dots/10)
	}
	return deepest
}

// tomlStringEnd is where the string that begins at i ends, at the latest at the end of its line.
func tomlStringEnd(s string, i int) int {
	quote := s[i : i+1]
	if strings.HasPrefix(s[i:], strings.Repeat(quote, 3)) {
		quote = s[i : i+3]
	}
	for j := i + len(quote); j < len(s); j++ {
		switch {
		case strings.HasPrefix(s[j:], quote):
			return j + len(quote) - 1
		case s[j] == '\\' && quote[0] == '"':
			j++
		case s[j] == '\n' && len(quote) == 1:
			return j
		}
	}
	return len(s)
}

var manifestReaders = map[string]func(*Manifest, string) error{
	"pyproject.toml": readPyproject, "setup.cfg": readSetupCfg, "setup.py": readSetupPy, "Pipfile": readPipfile,
	"Pipfile.lock": readPipfileLock, "poetry.lock": readTomlLock, "uv.lock": readTomlLock, "pdm.lock": readTomlLock,
}

// requirement adds one PEP 508 string to a list.
func (m *Manifest) requirement(list *[]string, s string) {
	r, err := ParseRequirement(s)
	if err != nil {
		m.Complete = false
		return
	}
	if r.Local() {
		m.Locals = append(m.Locals, r.Path)
	}
	if r.Name != "" {
		*list = append(*list, r.Name)
	}
}

// table adds the keys of a table of dependencies, as Poetry and Pipenv write them.
func (m *Manifest) table(list *[]string, deps map[string]any) {
	for name, v := range deps {
		if name == "python" {
			continue
		}
		*list = append(*list, NormalizeName(name))
		m.local(v)
	}
}

// local adds the directory of a dependency whose table has one.
func (m *Manifest) local(v any) {
	if t, ok := v.(map[string]any); ok {
		if p, ok := t["path"].(string); ok {
			m.Locals = append(m.Locals, p)
		}
	}
}

// pyproject is what a pyproject.toml says of dependencies.
type pyproject struct {
	Build struct {
		Backend  string `toml:"build-backend"`
		Requires []string
	} `toml:"build-system"`
	Project *struct {
		Dependencies []string
		Optional     map[string][]string `toml:"optional-dependencies"`
		Dynamic      []string
	}
	Groups map[string][]any `toml:"dependency-groups"`
	Tool   struct {
		Poetry *struct {
			Dependencies map[string]any
			Dev          map[string]any `toml:"dev-dependencies"`
			Group        map[string]struct{ Dependencies map[string]any }
		}
		UV struct {
			Sources map[string]any
		}
	}
}

func readPyproject(m *Manifest, text string) error {
	var doc pyproject
	if err := decodeToml(text, &doc); err != nil {
		return err
	}
	m.Backend = doc.Build.Backend
	for _, s := range doc.Build.Requires {
		m.requirement(&m.Builds, s)
	}
	m.Project = doc.Project != nil || doc.Tool.Poetry != nil || m.Backend != ""
	if p := doc.Project; p != nil {
		for _, s := range p.Dependencies {
			m.requirement(&m.Names, s)
		}
		for _, list := range p.Optional {
			for _, s := range list {
				m.requirement(&m.Optional, s)
			}
		}
		m.Complete = m.Complete && !slices.Contains(p.Dynamic, "dependencies")
	}
	for _, list := range doc.Groups {
		for _, v := range list {
			if s, ok := v.(string); ok {
				m.requirement(&m.Optional, s)
			}
		}
	}
	if p := doc.Tool.Poetry; p != nil {
		m.table(&m.Names, p.Dependencies)
		m.table(&m.Optional, p.Dev)
		for _, g := range p.Group {
			m.table(&m.Optional, g.Dependencies)
		}
	}
	for _, v := range doc.Tool.UV.Sources {
		m.local(v)
	}
	return nil
}

func readPipfile(m *Manifest, text string) error {
	var doc struct {
		Packages map[string]any
		Dev      map[string]any `toml:"dev-packages"`
	}
	if err := decodeToml(text, &doc); err != nil {
		return err
	}
	m.table(&m.Names, doc.Packages)
	m.table(&m.Optional, doc.Dev)
	return nil
}

func readPipfileLock(m *Manifest, text string) error {
	var doc struct {
		Default map[string]any
		Develop map[string]any
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return err
	}
	m.table(&m.Names, doc.Default)
	m.table(&m.Optional, doc.Develop)
	return nil
}

// readTomlLock reads the packages of a lock file, line by line as its tools write it: these files are large. Which of
// them a group brought is not looked at.
func readTomlLock(m *Manifest, text string) error {
	inPackage := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inPackage = line == "[[package]]"
		} else if rest, ok := strings.CutPrefix(line, "name = "); ok && inPackage {
			m.Names = append(m.Names, NormalizeName(strings.Trim(rest, `"'`)))
		}
	}
	return nil
}

// readSetupCfg reads install_requires and extras of setuptools' declarative file.
func readSetupCfg(m *Manifest, text string) error {
	section, key := "", ""
	for _, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
			continue
		case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]"):
			section, key = trimmed[1:len(trimmed)-1], ""
			m.Project = m.Project || section == "metadata" || section == "options"
			continue
		case line[0] != ' ' && line[0] != '\t':
			k, v, _ := strings.Cut(trimmed, "=")
			key, trimmed = strings.TrimSpace(k), strings.TrimSpace(v)
		}
		list := &m.Names
		switch {
		case section == "options" && key == "install_requires":
		case section == "options.extras_require" && key != "":
			list = &m.Optional
		default:
			continue
		}
		if trimmed = cutComment(trimmed); strings.HasPrefix(trimmed, "file:") {
			m.Complete = false
		} else if trimmed != "" {
			m.requirement(list, trimmed)
		}
	}
	return nil
}

// maxInstallRequires is how much of setup.py is read as a list.
const maxInstallRequires = 32 << 10

var installRequiresRE = lazyregexp.New(`\binstall_requires\s*=\s*`)

// readSetupPy reads a literal install_requires; everything else in setup.py is a program.
func readSetupPy(m *Manifest, text string) error {
	m.Project = true
	at := installRequiresRE.FindAllStringIndex(text, -1)
	m.Complete = len(at) == 1
	if len(at) == 0 {
		return nil
	}
	rest := []byte(text[at[0][1]:min(len(text), at[0][1]+maxInstallRequires)])
	if len(rest) == 0 || rest[0] != '[' {
		m.Complete = false
		return nil
	}
	for rest = rest[1:]; ; {
		rest = skipPyBlank(bytes.TrimLeft(skipPyBlank(rest), ","))
		if len(rest) > 0 && rest[0] == ']' {
			return nil
		}
		s, tail, ok := pyString(rest)
		if !ok || !s.Static {
			m.Complete = false // a variable, or the end
			return nil
		}
		m.requirement(&m.Names, s.Text)
		rest = tail
	}
}

// Toml reads a TOML file as it is: pyproject.toml, or Pipfile.
func (c *Context) Toml(name string) (map[string]any, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	b, err := c.readVisible(name, MaxText)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := decodeToml(decodeText(b), &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return doc, nil
}
