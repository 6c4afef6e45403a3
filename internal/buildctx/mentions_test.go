package buildctx

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestMentions(t *testing.T) {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		".dockerignore":        "tests\n",
		"app/views.py":         "import flask\ndef f():\n  from google.cloud import storage\n  el.on('click')\n",
		"app/settings.py":      "INSTALLED_APPS = ['rest_framework']\nURL = 'mysql+pymysql://db'\nHELP = 'Ask six people to click here: celery.apps, or a-b'\nos.system('alembic upgrade head && gunicorn -k gevent x')\n",
		"app/plain.py":         "#!/usr/bin/python\n# -*- coding: future_fstrings -*-\n'''import no'''\n# import no2\n",
		"tests/test_a.py":      "import pytest, flask\nimport_module(x)\n",
		"run":                  "#!/usr/bin/env python\nimport click\n",
		"start":                "#!/bin/sh\nexec waitress-serve app\n",
		"Procfile":             "web: uvicorn app:app\n",
		"tox.ini":              "[flake8]\n# black\n",
		"nb.ipynb":             `{"cells":[{"cell_type":"code","source":["%load_ext memory_profiler\n","import seaborn\n"]},{"cell_type":"markdown","source":"import no3"}]}`,
		"requirements/dev.txt": "ruff\n",
		"poetry.lock":          "name = \"mypy\"\n",
		"Makefile":             "install:\n\tpip install nose\ntest:\n\tpytest\n",
		"node_modules/x.py":    "import no4\n",
		"x.egg-info/PKG-INFO":  "Requires-Dist: no5\n",
		"libz.so":              "ELF",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	m, err := FromFS(files).Mentions()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what      string
		in        map[string]Place
		has, lack string
	}{
		{"imports", m.Imports, "flask google.cloud.storage click pytest seaborn", "no no2 no3 no4"},
		{"strings", m.Strings, "future_fstrings click rest_framework mysql pymysql celery.apps a-b alembic gunicorn gevent", "six people"},
		{"commands", m.Commands, "waitress-serve uvicorn", "flake8"},
		{"words", m.Words, "flake8 pytest memory_profiler", "black nose ruff mypy no5 Requires-Dist"},
		{"names", m.Names, "INSTALLED_APPS os system", "rest_framework"},
	} {
		for _, w := range strings.Fields(test.has) {
			if _, ok := test.in[w]; !ok {
				t.Errorf("%s: %s is missing", test.what, w)
			}
		}
		for _, w := range strings.Fields(test.lack) {
			if p, ok := test.in[w]; ok {
				t.Errorf("%s: %s is there: %v", test.what, w, p)
			}
		}
	}
	if p := m.Imports["flask"]; p.Hidden || p.File != "app/views.py" || p.Line != 1 {
		t.Errorf("flask: %+v", p)
	}
	if p := m.Imports["pytest"]; !p.Hidden {
		t.Errorf("pytest: %+v", p)
	}
	if len(m.Computed) != 0 || len(m.Gaps) != 0 {
		t.Errorf("computed %v, gaps %v", m.Computed, m.Gaps)
	}
}

func TestMentionsGaps(t *testing.T) {
	files := fstest.MapFS{
		"fast.abi3.so":   {Data: []byte("ELF")},
		"broken.ipynb":   {Data: []byte("{")},
		"large.py":       {Data: make([]byte, MaxText+1)},
		"large.json":     {Data: make([]byte, maxOther+1)},
		"plug.py":        {Data: []byte("import_module(name)\n")},
		"old/module.pyc": {Data: []byte("x")},
	}
	m, err := FromFS(files).Mentions()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range append(m.Gaps, m.Computed...) {
		got = append(got, g.File)
	}
	if strings.Join(got, " ") != "broken.ipynb fast.abi3.so large.py old/module.pyc plug.py" {
		t.Errorf("%v", got)
	}
}
