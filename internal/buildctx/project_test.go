package buildctx

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func projectOf(t *testing.T, files map[string]string) *Project {
	t.Helper()
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p, err := FromFS(m).Project(".")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProject(t *testing.T) {
	const head = "from setuptools import setup\n"
	for _, c := range []struct {
		name     string
		files    map[string]string
		manifest string
		requires []string
		problem  string // part of it
	}{
		{"static", map[string]string{"pyproject.toml": "[project]\nname='a'\ndependencies=['x>=1']\n"}, "pyproject.toml", []string{"x>=1"}, ""},
		{"project before setup.py", map[string]string{"pyproject.toml": "[project]\nname='a'\n", "setup.py": "import numpy"}, "pyproject.toml", nil, ""},
		{"build system alone", map[string]string{"pyproject.toml": "[build-system]\nrequires=[]\n", "setup.py": head + "setup(install_requires=['x'])"}, "setup.py", []string{"x"}, ""},
		{"itself", map[string]string{"pyproject.toml": "[project]\nname='A.b'\ndependencies=['a-B[c]']\n"}, "pyproject.toml", []string{"a-B[c]"}, "itself"},
		{"variable", map[string]string{"pyproject.toml": "[project]\nname='a'\ndependencies=['x @ https://h.example/${TOKEN}/x.whl']\n"}, "pyproject.toml", []string{"x @ https://h.example/${TOKEN}/x.whl"}, "otherwise"},
		{"poetry beside project", map[string]string{"pyproject.toml": "[project]\nname='a'\ndependencies=['x']\n[tool.poetry.dependencies]\npython='^3'\nx={path='x'}\n"}, "pyproject.toml", nil, "table"},
		{"flit's old table", map[string]string{"pyproject.toml": "[tool.flit.metadata]\nrequires=['x']\n"}, "pyproject.toml", nil, "table"},
		{"cfg", map[string]string{"setup.cfg": "[options]\ninstall_requires =\n  x\n\n  # no\n  y; python_version < '3'\nother = z\n"}, "setup.cfg", []string{"x", "y; python_version < '3'"}, ""},
		{"cfg in a line", map[string]string{"setup.cfg": "[options]\ninstall_requires = x; y\n"}, "setup.cfg", nil, "in one line"},
		{"cfg and py", map[string]string{"setup.cfg": "[options]\ninstall_requires = x\n", "setup.py": head + "setup(install_requires=['y'])"}, "setup.py", nil, "both"},
		{"py with comments", map[string]string{"setup.py": head + "setup(\n  # these\n  install_requires=(\n   'x', # one\n   \"y\",\n  ),\n)"}, "setup.py", []string{"x", "y"}, ""},
		{"py name", map[string]string{"setup.py": head + "reqs = ['x']\nsetup(install_requires=reqs)"}, "setup.py", nil, "computes"},
		{"py assigned", map[string]string{"setup.py": head + "install_requires = ['x']\nsetup()"}, "setup.py", nil, "computes"},
		{"py sum", map[string]string{"setup.py": head + "setup(install_requires=['x'] + more)"}, "setup.py", nil, "computes"},
		{"py no tuple", map[string]string{"setup.py": head + "setup(install_requires=('x'))"}, "setup.py", nil, "computes"},
		{"py format", map[string]string{"setup.py": head + "setup(install_requires=['x==%s' % v])"}, "setup.py", nil, "computes"},
		{"py keywords", map[string]string{"setup.py": head + "setup(**kw)"}, "", nil, "computes"},
		{"py import", map[string]string{"setup.py": head + "import os, mine\nsetup(install_requires=['x'])"}, "setup.py", nil, "imports mine"},
		{"py nothing", map[string]string{"setup.py": head + "setup(name='a')"}, "", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := projectOf(t, c.files)
			if p.Manifest != c.manifest || c.problem == "" && p.Problem != "" || !strings.Contains(p.Problem, c.problem) {
				t.Errorf("manifest %q, problem %q", p.Manifest, p.Problem)
			}
			if c.problem == "" && !slices.Equal(p.Main.Requires, c.requires) {
				t.Errorf("requires %q, not %q", p.Main.Requires, c.requires)
			}
		})
	}
}

func TestProjectFiles(t *testing.T) {
	p := projectOf(t, map[string]string{"pyproject.toml": `[build-system]
build-backend = "setuptools.build_meta"
[project]
name = "a"
dynamic = ["dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = {file = "a.txt, b.txt"}
[tool.setuptools.dynamic.optional-dependencies]
Full_Text = {file = ["c.txt"]}
`})
	if p.Problem != "" || !slices.Equal(p.Main.Files, []string{"a.txt", "b.txt"}) || !slices.Equal(p.Extras["full-text"].Files, []string{"c.txt"}) {
		t.Errorf("%+v", p)
	}
}

func FuzzProject(f *testing.F) {
	f.Add("[project]\nname='a'\ndependencies=['x']\n", "[options]\ninstall_requires =\n x\n", "setup(install_requires=['x', # y\n])")
	f.Add("", "[a\n=\n b", "setup(install_requires=('x'")
	f.Fuzz(func(t *testing.T, toml, cfg, py string) {
		files := fstest.MapFS{"setup.cfg": {Data: []byte(cfg)}, "setup.py": {Data: []byte(py)}}
		if toml != "" {
			files["pyproject.toml"] = &fstest.MapFile{Data: []byte(toml)}
		}
		p, err := FromFS(files).Project(".")
		if err != nil || p.Problem != "" {
			return
		}
		for _, text := range p.Main.Requires {
			if r, err := ParseRequirement(text); err != nil || r.Name == "" || r.Local() {
				t.Errorf("%q is taken as a requirement", text)
			}
		}
	})
}
