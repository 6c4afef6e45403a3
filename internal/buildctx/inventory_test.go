package buildctx

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestInventory(t *testing.T) {
	m := fstest.MapFS{}
	for name, size := range map[string]int{
		".dockerignore": 5, ".git/HEAD": 10, ".git/objects/aa/bb": 100, ".gitignore": 1, ".env": 3, ".env.example": 3, ".env.prod": 3,
		"app/__pycache__/a.pyc": 7, "app/a.py": 8, "app/certs/server.pem": 9, "app/tests/test_a.py": 4, "app/tests/data.bin": 6,
		"front/dist/x.js": 1, "dist/x-1.0.tar.gz": 2, "x.egg-info/PKG-INFO": 2, "setup.py": 1, "my-env/pyvenv.cfg": 1, "my-env/lib/x": 50,
		"data/huge.csv": LargeFile, "data/small.csv": 1, "Dockerfile": 1, "docker-compose.prod.yml": 1, "web.Dockerfile": 1,
		"node_modules/a/b": 5, "README.md": 1, "db.sqlite3": 2, "debug.log": 1, ".vscode/settings.json": 1, ".github/workflows/ci.yml": 1,
		"docs/index.md": 3, "app/b.py~": 1, ".DS_Store": 1, "id_rsa": 1, "licenses.py": 1,
	} {
		m[name] = &fstest.MapFile{Data: make([]byte, size), Mode: 0o644}
	}
	m[".dockerignore"].Data = []byte(".git\n")
	inv, err := FromFS(m).Inventory()
	if err != nil || !inv.Complete {
		t.Fatalf("%+v, %v", inv, err)
	}
	var got []string
	for _, it := range inv.Items {
		s := it.Path + " " + string(it.Kind)
		if it.Ignored {
			s += " ignored"
		}
		if it.Path == ".git" && it.Bytes != 110 || it.Path == "app/tests" && it.Bytes != 10 || it.Path == "my-env" && it.Bytes != 51 {
			t.Errorf("%+v: wrong size", it)
		}
		got = append(got, s)
	}
	want := `.DS_Store editor
.dockerignore docker
.env secret
.env.prod secret
.git vcs ignored
.github ci
.gitignore vcs
.vscode editor
Dockerfile docker
README.md docs
app/__pycache__ python-cache
app/b.py~ editor
app/certs/server.pem secret
app/tests tests
data/huge.csv large
db.sqlite3 database
debug.log log
dist build-output
docker-compose.prod.yml docker
docs docs
id_rsa secret
my-env venv
node_modules node-modules
web.Dockerfile docker
x.egg-info build-output`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s", s)
	}
	if top := inv.TopLevel[0]; top.Path != "data" || top.Bytes != LargeFile+1 || top.Files != 2 || !top.Dir {
		t.Errorf("largest = %+v", top)
	}
	var unknown *Context
	if _, err := unknown.Inventory(); err != ErrUnknown {
		t.Errorf("nil context: %v", err)
	}
}
