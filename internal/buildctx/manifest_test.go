package buildctx

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestManifest(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"pyproject.toml", "[build-system]\nbuild-backend='hatchling.build'\n[project]\ndependencies=['Flask>=1','x @ file:./x']\n[project.optional-dependencies]\ndev=['pytest']\n[dependency-groups]\nlint=['ruff',{include-group='a'}]",
			"hatchling.build true [flask x] [pytest ruff] [./x] true"},
		{"pyproject.toml", "[project]\nname='a'\ndynamic=['dependencies']", " true [] [] [] false"},
		{"pyproject.toml", "[tool.poetry.dependencies]\npython='^3'\nDjango='^4'\nlib={path='../lib'}\n[tool.poetry.group.t.dependencies]\nmypy='*'\n[tool.poetry.dev-dependencies]\nblack='*'",
			" true [django lib] [black mypy] [../lib] true"},
		{"pyproject.toml", "[tool.black]\nline-length=100\n", " false [] [] [] true"},
		{"pyproject.toml", "[project]\ndependencies=['a']\n[tool.uv.sources]\na={path='libs/a'}\nb=[{index='x'}]", " true [a] [] [libs/a] true"},
		{"sub/setup.cfg", "[metadata]\nname = x\n[options]\ninstall_requires =\n  # no\n  Flask>=1  # why\n  six; python_version<'3'\n[options.extras_require]\ndev = pytest", " true [flask six] [pytest] [] true"},
		{"setup.cfg", "[options]\ninstall_requires = file: requirements.txt", " true [] [] [] false"},
		{"setup.cfg", "[flake8]\nmax-line-length = 100", " false [] [] [] true"},
		{"setup.py", "setup(name='x', install_requires=[\n'Flask', \"six>1\"])", " true [flask six] [] [] true"},
		{"setup.py", "setup(install_requires=read())", " true [] [] [] false"},
		{"setup.py", "setup(install_requires=['a', b])", " true [a] [] [] false"},
		{"Pipfile", "[packages]\nflask='*'\nlib={path='.', editable=true}\n[dev-packages]\npytest='*'", " false [flask lib] [pytest] [.] true"},
		{"Pipfile.lock", `{"default":{"Flask":{"version":"==1"}},"develop":{}}`, " false [flask] [] [] true"},
		{"poetry.lock", "[[package]]\nname = \"Flask\"\nversion = '1'\n[package.x]\nname = 'no'\n[[package]]\nname = 'six'", " false [flask six] [] [] true"},
	}
	for _, tt := range tests {
		m, err := files(tt.name, tt.text).Manifest(tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := fmt.Sprintf("%s %v %v %v %v %v", m.Backend, m.Project, m.Names, m.Optional, m.Locals, m.Complete); got != tt.want {
			t.Errorf("%s %q:\n got %s\nwant %s", tt.name, tt.text, got, tt.want)
		}
	}
	c := files("pyproject.toml", "[", "Pipfile.lock", "{", "x", "")
	for _, name := range []string{"pyproject.toml", "Pipfile.lock", "x", "uv.lock"} {
		if m, err := c.Manifest(name); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
	m, err := files("pyproject.toml", "[build-system]\nrequires=['setuptools>=75', 'Setuptools_SCM']").Manifest("pyproject.toml")
	if err != nil || fmt.Sprint(m.Builds) != "[setuptools setuptools-scm]" {
		t.Errorf("build requirements: %+v, %v", m, err)
	}
	var unknown *Context
	if _, err := unknown.Manifest("setup.py"); err != ErrUnknown {
		t.Errorf("nil context: %v", err)
	}
}

func TestManifestHostile(t *testing.T) {
	for _, unit := range []string{"[", "{a=", "'a' ", "'a',", "install_requires=['a',", "a.", "[["} {
		for _, name := range []string{"setup.py", "setup.cfg", "pyproject.toml"} {
			for _, prefix := range []string{"x=", "install_requires=["} {
				start := time.Now()
				for _, size := range []int{MaxText, maxToml} {
					_, _ = files(name, prefix+strings.Repeat(unit, (size-100)/len(unit))).Manifest(name)
				}
				if d := time.Since(start); d > patience {
					t.Errorf("%s %q: %v", name, unit, d)
				}
			}
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add("setup(install_requires=['a', 'b' \"c\"])")
	f.Add("[options]\ninstall_requires =\n  a\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"setup.py", "setup.cfg", "pyproject.toml"} {
			m, err := files(name, text).Manifest(name)
			if (m == nil) == (err == nil) {
				t.Fatal(name, m, err)
			}
		}
	})
}
