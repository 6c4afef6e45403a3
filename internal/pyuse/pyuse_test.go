package pyuse

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"refit/internal/buildctx"
	"refit/internal/facts"
)

// TestVerdicts holds the verdicts on small contexts: "name=verdict" for each requirement.
func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		what, code, requirements, want string
		files                          map[string]string
	}{
		{"imports and what they require", "import flask", "Flask Werkzeug boto3", "flask=used werkzeug=used boto3=unused", nil},
		{"what is required by what is not listed", "import flask_sqlalchemy", "flask-sqlalchemy itsdangerous tqdm", "flask-sqlalchemy=used itsdangerous=used tqdm=unused", nil},
		{"another name", "import yaml, PIL, cv2, bs4, dateutil, jwt, sklearn", "pyyaml pillow opencv-python-headless beautifulsoup4 python-dateutil pyjwt scikit-learn",
			"pyyaml=used pillow=used opencv-python-headless=used beautifulsoup4=used python-dateutil=used pyjwt=used scikit-learn=used", nil},
		{"namespaces", "from google.cloud import storage", "google-cloud-storage google-cloud-pubsub", "google-cloud-storage=used google-cloud-pubsub=unused", nil},
		{"a namespace as a whole", "from google import cloud", "google-cloud-storage google-cloud-pubsub", "google-cloud-storage=maybe google-cloud-pubsub=maybe", nil},
		{"servers", "import os", "gunicorn gevent black", "gunicorn=maybe gevent=maybe black=unused", nil},
		{"what the code does with pandas", "import pandas as pd\npd.read_excel(f)\ndf.to_markdown()", "pandas openpyxl tabulate tables xlsxwriter",
			"pandas=used openpyxl=used tabulate=used tables=unused xlsxwriter=unused", nil},
		{"forms of FastAPI", "from fastapi import FastAPI, Form", "fastapi python-multipart itsdangerous orjson", "fastapi=used python-multipart=used itsdangerous=unused orjson=unused", nil},
		{"drivers by address", "create_engine('postgresql://x')\nimport sqlalchemy", "sqlalchemy psycopg2 pymysql", "sqlalchemy=used psycopg2=used pymysql=maybe", nil},
		{"drivers without SQLAlchemy", "import os", "psycopg2 pymysql", "psycopg2=unused pymysql=unused", nil},
		{"plugins", "import os", "pytest pytest-cov", "pytest=maybe pytest-cov=maybe", map[string]string{"Makefile": "test:\n\tpytest\n"}},
		{"plugins of nothing", "import os", "pytest pytest-cov pytest-whatever types-requests", "pytest=unused pytest-cov=unused pytest-whatever=unused types-requests=unused", nil},
		{"tests in the image", "import os", "pytest pytest-cov", "pytest=maybe pytest-cov=maybe", map[string]string{"tests/test_app.py": ""}},
		{"tests that .dockerignore hides", "import os", "pytest pytest-cov", "pytest=unused pytest-cov=unused", map[string]string{".dockerignore": "tests", "tests/test_app.py": ""}},
		{"tools of building", "import os", "setuptools wheel pip tzdata", "setuptools=maybe wheel=maybe pip=maybe tzdata=maybe", nil},
		{"extras", "import uvicorn", "uvicorn[standard] httptools", "uvicorn=used httptools=used", nil},
		{"unknown", "import some_lib", "some-lib tqdm", "some-lib=used tqdm=maybe", nil},
		{"unknown and not used", "import os", "some-lib tqdm", "some-lib=maybe tqdm=maybe", nil},
		{"releases that no longer require it", "import packaging", "packaging==24.0 pyparsing", "packaging=used pyparsing=unused", nil},
		{"releases that do", "import packaging", "packaging==20.0 pyparsing", "packaging=used pyparsing=used", nil},
		{"a module of unknown origin", "import mystery", "tqdm", "tqdm=maybe", nil},
		{"modules of known origin", "import mine, sub.deep, urllib2, ujson, tqdm", "tqdm boto3", "tqdm=used boto3=unused",
			map[string]string{"lib/mine.py": "", "sub/deep/x.py": ""}},
		{"a module that hidden code imports", "import os", "tqdm", "tqdm=unused", map[string]string{".dockerignore": "tests", "tests/t.py": "import mystery"}},
		{"backports of the standard library", "import configparser, dataclasses, enum", "configparser dataclasses enum34",
			"configparser=unused dataclasses=unused enum34=unused", nil},
		{"PYTHONPATH comes before the standard library", "import configparser", "configparser", "configparser=used", map[string]string{"run.sh": "PYTHONPATH=/x python app.py"}},
		{"what only a part of is a backport", "import backports.configparser", "configparser", "configparser=used", nil},
		{"setup.py that nothing runs", "import os", "tqdm", "tqdm=unused", map[string]string{"setup.py": "VERSION = __import__(NAME).__version__"}},
		{"setup.py that something may run", "import os", "tqdm", "tqdm=maybe",
			map[string]string{"setup.py": "VERSION = __import__(NAME).__version__", "Makefile": "dist:\n\tpython setup.py sdist\n"}},
		{"what another system gets", "import os", "some-lib;sys_platform=='win32' tqdm", "some-lib=maybe tqdm=unused", nil},
		{"a comment in configuration", "import os", "tqdm black", "tqdm=unused black=maybe", map[string]string{"pyproject.toml": "lint = [\"E\"] # tqdm\nuse = [\"a # black\"]\n"}},
		{"a directive of setuptools", "import os", "attrs", "attrs=unused", map[string]string{"setup.cfg": "[metadata]\nversion = attr: app.version\n"}},
		{"a local project", "import os", "./lib tqdm", "./lib=maybe tqdm=maybe", nil},
	} {
		files := fstest.MapFS{"app.py": {Data: []byte(test.code)}}
		for name, text := range test.files {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := verdictsOf(t, files, test.requirements, nil); got != test.want {
			t.Errorf("%s: %s, want %s", test.what, got, test.want)
		}
	}
}

func verdictsOf(t *testing.T, files fstest.MapFS, requirements string, metadata map[string]facts.Distribution) string {
	t.Helper()
	in := Input{Context: buildctx.FromFS(files), Env: buildctx.LinuxEnv("3.11"), Metadata: metadata}
	for _, text := range strings.Fields(requirements) {
		r, err := buildctx.ParseRequirement(text)
		if err != nil {
			t.Fatal(err)
		}
		in.Requirements = append(in.Requirements, *r)
	}
	report, err := Analyse(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range report.Results {
		name := r.Requirement.Name
		if name == "" {
			name = r.Requirement.Raw
		}
		got = append(got, fmt.Sprintf("%s=%s", name, r.Verdict))
		if len(r.Evidence) == 0 {
			t.Errorf("%s has no evidence", name)
		}
	}
	return strings.Join(got, " ")
}

// TestByHand: tools of development, and what an image without a command may start.
func TestByHand(t *testing.T) {
	req := buildctx.Requirement{Name: "black", File: "requirements/dev.txt", Line: 1}
	for _, in := range []Input{{}, {NoCommand: true}} {
		in.Context = buildctx.FromFS(fstest.MapFS{"app.py": {}})
		if in.NoCommand {
			req.File = "requirements.txt"
		}
		in.Requirements = []buildctx.Requirement{req, {Name: "toolz", File: "requirements.txt", Line: 2}}
		report, err := Analyse(in)
		if err != nil || report.Results[0].Verdict != Maybe || report.Results[1].Verdict != Unused {
			t.Errorf("%v %v", report, err)
		}
	}
}

// TestMetadata: what the installed distributions say of themselves comes before the table.
func TestMetadata(t *testing.T) {
	metadata := map[string]facts.Distribution{
		"some-lib": {Name: "some-lib", Modules: []string{"odd"}, ModulesKnown: true, RequiresKnown: true, Requires: []facts.Need{{Name: "tqdm"}}},
		"tqdm":     {Name: "tqdm", Modules: []string{"tqdm"}, ModulesKnown: true, RequiresKnown: true},
		"six":      {Name: "six", Modules: []string{"six"}, ModulesKnown: true, RequiresKnown: true},
	}
	files := fstest.MapFS{"app.py": {Data: []byte("import odd")}}
	if got := verdictsOf(t, files, "some-lib tqdm six", metadata); got != "some-lib=used tqdm=used six=unused" {
		t.Error(got)
	}
}
