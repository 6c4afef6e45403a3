package image

import (
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestDistributions(t *testing.T) {
	const site = "opt/venv/lib/python3.11/site-packages/"
	img := openLayers(t, v1.Config{}, append(under("", texts{
		site + "Flask-3.0.dist-info/METADATA":                           "Metadata-Version: 2.1\nName: Flask\nVersion: 3.0\nLicense: x\n\nName: no\n",
		site + "zope.interface-6.dist-info/METADATA":                    "name: zope.interface\r\nversion: 6\r\n\r\n",
		site + "a_b-1.dist-info/RECORD":                                 "",
		site + "ruamel.yaml.clib-0.2.dist-info/METADATA":                "Name: ruamel..yaml_-clib\nVersion: 0.2\n",
		site + "old-1.0-py3.11.egg-info":                                "Name: old\nVersion: 1.0\n",
		site + "older-1.0-py3.11.egg-info/PKG-INFO":                     "Name: Older\nVersion: 1.0.1\n",
		site + "empty.dist-info/METADATA":                               "",
		site + ".dist-info/RECORD":                                      "",
		site + "setuptools/_vendor/wheel-0.4.dist-info/METADATA":        "Name: wheel\nVersion: 0.4\n",
		site + "flask/__init__.py":                                      "",
		"usr/lib/python3/dist-packages/PyYAML-6.0.egg-info":             "Name: PyYAML\nVersion: 6.0\n",
		"app/requests-2.dist-info/METADATA":                             "Name: requests\nVersion: 2\n",
		"root/.cache/uv/archive/x/linked-1.dist-info/METADATA":          "Name: Linked\nVersion: 1\n",
		"usr/local/lib/python3.11/site-packages/gone-1.dist-info/WHEEL": "",
	}), hard(site+"linked-1.dist-info/METADATA", "root/.cache/uv/archive/x/linked-1.dist-info/METADATA"), sym("opt/venv/lib64", "lib")),
		[]*entry{reg("usr/local/lib/python3.11/site-packages/.wh.gone-1.dist-info", "")})
	var got []string
	for _, d := range img.Distributions() {
		got = append(got, strings.TrimPrefix(d.Dir, "/")+" "+d.Name+" "+d.Version)
	}
	const in = "opt/venv/lib/python3.11/site-packages "
	want := []string{
		in + "a-b 1", in + "empty ", in + "flask 3.0", in + "linked 1", in + "old 1.0", in + "older 1.0.1", in + "ruamel-yaml-clib 0.2", in + "zope-interface 6",
		"usr/lib/python3/dist-packages pyyaml 6.0",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNormalise(t *testing.T) {
	for name, want := range map[string]string{
		"Flask": "flask", "a.b": "a-b", "a-_.b": "a-b", "Friendly--Bard": "friendly-bard", "x_": "x-", "_x": "-x", "": "", "Ünï": "ünï",
	} {
		if got := normalise(name); got != want {
			t.Errorf("normalise(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestPython(t *testing.T) {
	for name, c := range map[string]struct {
		entries []*entry
		path    string
		want    string
	}{
		"official":       {[]*entry{exe("usr/local/bin/python3.11", ""), sym("usr/local/bin/python3", "python3.11"), exe("usr/bin/python3.9", ""), sym("usr/bin/python3", "python3.9")}, "", "/usr/local/bin/python3 3.11"},
		"venv":           {[]*entry{exe("usr/local/bin/python3.11", ""), sym("venv/bin/python", "/usr/local/bin/python3.11"), sym("venv/bin/python3", "python")}, "/venv/bin:/usr/local/bin", "/venv/bin/python3 3.11"},
		"copied":         {[]*entry{exe("venv/bin/python3", ""), dir("venv/lib/python3.12/site-packages"), reg("venv/lib/python3.1", "")}, "/venv/bin", "/venv/bin/python3 3.12"},
		"only python":    {[]*entry{exe("opt/conda/bin/python", ""), dir("opt/conda/lib/python3.10")}, "/bin:/opt/conda/bin", "/opt/conda/bin/python 3.10"},
		"pypy":           {[]*entry{exe("opt/pypy/bin/pypy3.10", ""), sym("opt/pypy/bin/python3", "pypy3.10")}, "/opt/pypy/bin", "/opt/pypy/bin/python3 3.10"},
		"two digits":     {[]*entry{exe("bin/python3.13", ""), sym("bin/python3", "python3.13")}, "", "/bin/python3 3.13"},
		"shim":           {[]*entry{exe("shims/python3", "#!/bin/bash\n")}, "/shims", "/shims/python3 "},
		"not executable": {[]*entry{reg("bin/python3", "")}, "", " "},
		"dangling":       {[]*entry{sym("bin/python3", "python3.11")}, "", " "},
		"a directory":    {[]*entry{dir("bin/python3")}, "", " "},
		"outside PATH":   {[]*entry{exe("usr/bin/python3", "")}, "/bin", " "},
	} {
		t.Run(name, func(t *testing.T) {
			config := v1.Config{}
			if c.path != "" {
				config.Env = []string{"PATH=/wrong", "PATH=" + c.path}
			}
			program, version := openLayers(t, config, c.entries).Python()
			if got := program + " " + version; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzParseMetadata(f *testing.F) {
	f.Add("Metadata-Version: 2.1\nName: Flask\nVersion: 3.0\n\nName: no\n")
	f.Add("Name: A\nRequires-Dist: B.c (>=1)\nRequires-Dist: d[e]>=2; extra == 'f'\nRequires-Dist:\n")
	f.Add("Name\nVERSION:\r\n: \n")
	f.Fuzz(func(t *testing.T, text string) {
		name, version, requires := parseMetadata(text)
		for _, r := range requires {
			if strings.ContainsAny(r, " ;[(<>=!~@\n") {
				t.Errorf("requires %q", r)
			}
		}
		if !strings.Contains(text, name) || !strings.Contains(text, version) || strings.ContainsAny(name+version, "\n") {
			t.Errorf("name %q, version %q", name, version)
		}
		once := normalise(name)
		if again := normalise(once); again != once {
			t.Errorf("%q, %q, %q", name, once, again)
		}
	})
}
