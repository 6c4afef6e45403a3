package buildctx

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Project is what the manifests of a directory say of the dependencies of the project in it, where they say it as
// data: what a build back end would say without running anything of the project's own.
type Project struct {
	Name     string                  // normalised; "" when it is not said
	Manifest string                  // the file that names the dependencies: pyproject.toml, setup.cfg or setup.py
	Main     Dependencies            // those without extras
	Extras   map[string]Dependencies // by the extra's normalised name
	Problem  string                  // why the dependencies are not known as data; "" if they are
	Editable string                  // why "pip install -e" may leave files in the source; "" if it is a link alone
}

// Dependencies is one list of a project's manifest.
type Dependencies struct {
	Key      string   // what the manifest calls an extra
	Requires []string // as written
	Files    []string // requirement files, relative to the project, that hold the list instead
}

// Project reads the manifests of the project in a directory. An error means that it has none that can be read.
func (c *Context) Project(dir string) (*Project, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	dir = clean(dir)
	p := &Project{Extras: map[string]Dependencies{}, Editable: "without a pyproject.toml, pip may call setup.py"}
	text := func(name string) (string, bool) {
		b, err := c.readVisible(path.Join(dir, name), MaxText)
		return decodeText(b), err == nil
	}
	toml, hasToml := text("pyproject.toml")
	if hasToml {
		var doc map[string]any
		if err := decodeToml(toml, &doc); err != nil {
			return nil, fmt.Errorf("project %s: pyproject.toml: %w", dir, err)
		}
		p.Editable = moreThanLink(doc)
		found, err := p.pyproject(toml)
		if err != nil {
			return nil, fmt.Errorf("project %s: pyproject.toml: %w", dir, err)
		}
		if found {
			p.check()
			return p, nil
		}
	}
	cfg, hasCfg := text("setup.cfg")
	if hasCfg {
		p.setupCfg(cfg)
	}
	py, hasPy := text("setup.py")
	if hasPy {
		p.setupPy(py)
	}
	if !hasToml && !hasCfg && !hasPy {
		return nil, fmt.Errorf("project %s: no pyproject.toml, setup.cfg or setup.py", dir)
	}
	p.check()
	return p, nil
}

func (p *Project) problem(format string, args ...any) {
	if p.Problem == "" {
		p.Problem = fmt.Sprintf(format, args...)
	}
}

// pyproject reads pyproject.toml; found is false where it leaves the project to setuptools' older files.
func (p *Project) pyproject(text string) (found bool, err error) {
	var doc struct {
		Build struct {
			Backend string `toml:"build-backend"`
		} `toml:"build-system"`
		Project *struct {
			Name         string
			Dependencies []string
			Optional     map[string][]string `toml:"optional-dependencies"`
			Dynamic      []string
		}
		Tool struct {
			Poetry *struct {
				Dependencies map[string]any
			}
			Flit       map[string]any
			Setuptools struct {
				Dynamic struct {
					Dependencies struct{ File any }
					Optional     map[string]struct{ File any } `toml:"optional-dependencies"`
				}
			}
		}
	}
	if err := decodeToml(text, &doc); err != nil {
		return false, err
	}
	project, poetry := doc.Project, doc.Tool.Poetry
	if project == nil && poetry == nil && doc.Tool.Flit == nil {
		return false, nil
	}
	p.Manifest = "pyproject.toml"
	if project == nil || poetry != nil && len(poetry.Dependencies) > 1 {
		p.problem("its dependencies are in a table of the build back end's own")
		return true, nil
	}
	p.Name = NormalizeName(project.Name)
	p.Main.Requires = project.Dependencies
	for key, list := range project.Optional {
		p.Extras[NormalizeName(key)] = Dependencies{Key: key, Requires: list}
	}
	setuptools := doc.Build.Backend == "" || strings.HasPrefix(doc.Build.Backend, "setuptools.build_meta")
	dynamic := doc.Tool.Setuptools.Dynamic
	if slices.Contains(project.Dynamic, "dependencies") {
		if p.Main.Files = directiveFiles(dynamic.Dependencies.File); !setuptools || p.Main.Files == nil {
			p.problem("its dependencies are computed (“dynamic”)")
		}
	}
	if slices.Contains(project.Dynamic, "optional-dependencies") {
		for key, list := range dynamic.Optional {
			if files := directiveFiles(list.File); setuptools && files != nil {
				p.Extras[NormalizeName(key)] = Dependencies{Key: key, Files: files}
			}
		}
	}
	return true, nil
}

// directiveFiles are the names that setuptools' “file” directive gives, as one string with commas or as a list.
func directiveFiles(v any) []string {
	var names []string
	switch v := v.(type) {
	case string:
		for _, name := range strings.Split(v, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	case []any:
		for _, name := range v {
			s, ok := name.(string)
			if !ok {
				return nil
			}
			names = append(names, s)
		}
	}
	return names
}

// setupCfg reads setuptools' declarative file.
func (p *Project) setupCfg(text string) {
	ini := readIni(text)
	p.Name = NormalizeName(ini["metadata"]["name"])
	list, has := ini["options"]["install_requires"]
	if has {
		p.Manifest = "setup.cfg"
		p.Main = p.cfgList("install_requires", list)
	}
	if _, has := ini["options"]["setup_requires"]; has {
		p.problem("setup.cfg asks for setup_requires, which are installed while it builds")
	}
	for key, list := range ini["options.extras_require"] {
		d := p.cfgList(key, list)
		d.Key = key
		p.Extras[NormalizeName(key)] = d
	}
}

// cfgList takes a list of setup.cfg apart: a line each, or in one line with semicolons between.
func (p *Project) cfgList(key, list string) (d Dependencies) {
	if files, ok := strings.CutPrefix(strings.TrimSpace(list), "file:"); ok {
		d.Files = directiveFiles(strings.TrimSpace(files))
		return d
	}
	if !strings.Contains(list, "\n") && strings.Contains(list, ";") {
		p.problem("%s in setup.cfg is in one line", key)
	}
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" {
			d.Requires = append(d.Requires, line)
		}
	}
	return d
}

// readIni reads sections and values as Python's configparser does, for files that it takes.
func readIni(text string) map[string]map[string]string {
	out := map[string]map[string]string{}
	section, key := "", ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]") && line[0] == '[':
			section, key = trimmed[1:len(trimmed)-1], ""
		case line[0] == ' ' || line[0] == '\t':
			if key != "" {
				out[section][key] += "\n" + trimmed
			}
		default:
			i := strings.IndexAny(trimmed, "=:")
			if i < 0 {
				key = ""
				continue
			}
			key = strings.ToLower(strings.TrimSpace(trimmed[:i]))
			if out[section] == nil {
				out[section] = map[string]string{}
			}
			out[section][key] = strings.TrimSpace(trimmed[i+1:])
		}
	}
	return out
}

// check looks for what cannot be installed by its name alone.
func (p *Project) check() {
	for _, d := range append([]Dependencies{p.Main}, p.extras()...) {
		for _, text := range d.Requires {
			r, err := ParseRequirement(text)
			switch {
			case err != nil || r.Name == "":
				p.problem("the requirement “%s” is not understood", text)
			case r.Local():
				p.problem("the requirement “%s” is a part of the source", text)
			case r.Name == p.Name:
				p.problem("the requirement “%s” is the project itself", text)
			case strings.ContainsAny(text, "$#\\"):
				p.problem("the requirement “%s” would be read otherwise in a requirement file", text)
			}
		}
	}
}

func (p *Project) extras() []Dependencies {
	var list []Dependencies
	for _, d := range p.Extras {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b Dependencies) int { return strings.Compare(a.Key, b.Key) })
	return list
}
