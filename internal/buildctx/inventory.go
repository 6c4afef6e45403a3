package buildctx

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Kind names what a recognised thing in a context is.
type Kind string

// The kinds that Inventory knows.
const (
	VCS         Kind = "vcs"          // .git and its like, .gitignore and its like
	PythonCache Kind = "python-cache" // __pycache__, *.pyc, .pytest_cache, .tox, coverage data
	Venv        Kind = "venv"         // a directory with pyvenv.cfg
	NodeModules Kind = "node-modules" // node_modules
	BuildOutput Kind = "build-output" // dist or build of a Python project, *.egg-info
	Secret      Kind = "secret"       // .env, private keys, cloud and registry credentials
	Editor      Kind = "editor"       // .vscode, .idea, swap files, .DS_Store
	Tests       Kind = "tests"        // directories of tests
	Docker      Kind = "docker"       // Dockerfiles, compose files, ignore files
	CI          Kind = "ci"           // .github, .gitlab-ci.yml and their like
	Docs        Kind = "docs"         // docs directories, README, LICENSE and their like
	Log         Kind = "log"          // *.log
	Database    Kind = "database"     // local databases: *.sqlite3, *.db, *.rdb
	Large       Kind = "large"        // any other file of LargeFile bytes or more
)

// LargeFile is the size from which a file that is nothing else is reported.
const LargeFile = 1 << 20

// Item is something recognised.
type Item struct {
	Path    string
	Kind    Kind
	Dir     bool
	Bytes   int64 // of everything in it
	Ignored bool  // already hidden by .dockerignore
}

// Usage is the size of one entry of the context's root.
type Usage struct {
	Path  string
	Dir   bool
	Bytes int64
	Files int
}

// Inventory is what a context holds, before .dockerignore.
type Inventory struct {
	Items    []Item  // in lexical order; nothing within an item is an item
	TopLevel []Usage // largest first
	Bytes    int64
	Files    int
	Complete bool // false: something could not be read, or there was too much; then sizes are lower bounds
}

// Inventory recognises what is in the context.
func (c *Context) Inventory() (*Inventory, error) {
	if c == nil {
		return nil, ErrUnknown
	}
	return scanned(c, &c.scans.inventory, c.takeInventory)
}

func (c *Context) takeInventory() (*Inventory, error) {
	if _, err := c.ignore(); err != nil {
		return nil, err
	}
	entries, complete := c.Files()
	inv := &Inventory{Complete: complete}
	top := map[string]int{}
	item := -1 // the directory item that we are in
	for _, e := range entries {
		inv.Files += e.Files
		inv.Bytes += e.Size
		name, _, nested := strings.Cut(e.Path, "/")
		i, ok := top[name]
		if !ok {
			i = len(inv.TopLevel)
			top[name] = i
			inv.TopLevel = append(inv.TopLevel, Usage{Path: name, Dir: nested || e.Dir})
		}
		inv.TopLevel[i].Bytes += e.Size
		inv.TopLevel[i].Files += e.Files
		if item >= 0 && below(e.Path, inv.Items[item].Path) {
			inv.Items[item].Bytes += e.Size
			continue
		}
		item = -1
		kind := c.kindOf(e)
		if kind == "" {
			continue
		}
		hidden, _ := c.hidden(e.Path, e.Dir)
		inv.Items = append(inv.Items, Item{Path: e.Path, Kind: kind, Dir: e.Dir, Bytes: e.Size, Ignored: hidden})
		if e.Dir {
			item = len(inv.Items) - 1
		}
	}
	slices.SortStableFunc(inv.TopLevel, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Path, b.Path))
	})
	return inv, nil
}

func (c *Context) kindOf(e Entry) Kind {
	base := strings.ToLower(path.Base(e.Path))
	if e.Dir {
		if e.Folded != "" {
			return e.Folded
		}
		return c.dirKind(e.Path, base)
	}
	switch {
	case isSecret(base):
		return Secret
	case isDocker(base):
		return Docker
	}
	if k := fileNames[base]; k != "" {
		return k
	}
	if k := fileExts[path.Ext(base)]; k != "" {
		return k
	}
	if strings.HasSuffix(base, "~") {
		return Editor
	}
	if stem, _, _ := strings.Cut(base, "."); docStems[stem] {
		return Docs
	}
	if e.Size >= LargeFile {
		return Large
	}
	return ""
}

func (c *Context) dirKind(name, base string) Kind {
	if k := dirNames[base]; k != "" {
		return k
	}
	switch {
	case strings.HasSuffix(base, ".egg-info"), strings.HasSuffix(base, ".dist-info"):
		return BuildOutput
	case base == "build", base == "dist":
		// Without a Python project beside it this may be anything, a built front end that is served for one.
		for _, f := range []string{"setup.py", "setup.cfg", "pyproject.toml"} {
			if _, _, err := c.resolve(path.Join(path.Dir(name), f)); err == nil {
				return BuildOutput
			}
		}
	}
	return ""
}

var dirNames = map[string]Kind{
	".vscode": Editor, ".idea": Editor, ".vs": Editor, ".settings": Editor, ".fleet": Editor,
	"tests": Tests, "test": Tests, "__tests__": Tests,
	"docs": Docs, "doc": Docs,
	".github": CI, ".gitlab": CI, ".circleci": CI, ".devcontainer": CI, ".buildkite": CI,
	".aws": Secret, ".ssh": Secret, ".gnupg": Secret, ".azure": Secret, ".kube": Secret, ".gcloud": Secret,
	"htmlcov": PythonCache,
}

var fileNames = map[string]Kind{
	".gitignore": VCS, ".gitattributes": VCS, ".gitmodules": VCS, ".gitkeep": VCS, ".hgignore": VCS, ".git": VCS, ".mailmap": VCS,
	".ds_store": Editor, "thumbs.db": Editor, "desktop.ini": Editor, ".editorconfig": Editor,
	".coverage": PythonCache, "coverage.xml": PythonCache, ".dmypy.json": PythonCache,
	".gitlab-ci.yml": CI, ".travis.yml": CI, "azure-pipelines.yml": CI, "bitbucket-pipelines.yml": CI, "jenkinsfile": CI,
	".pre-commit-config.yaml": CI, "appveyor.yml": CI, ".drone.yml": CI, "cloudbuild.yaml": CI,
	"dump.rdb": Database,
}

var fileExts = map[string]Kind{
	".pyc": PythonCache, ".pyo": PythonCache, ".swp": Editor, ".swo": Editor, ".code-workspace": Editor,
	".log": Log, ".sqlite": Database, ".sqlite3": Database, ".db": Database, ".rdb": Database,
}

var docStems = map[string]bool{
	"readme": true, "license": true, "licence": true, "changelog": true, "changes": true, "contributing": true,
	"authors": true, "code_of_conduct": true, "security": true,
}

// secretFiles hold credentials by their programs' documentation.
var secretFiles = map[string]bool{
	".env": true, ".envrc": true, "id_rsa": true, "id_dsa": true, "id_ecdsa": true, "id_ed25519": true, ".netrc": true,
	".pypirc": true, ".npmrc": true, ".git-credentials": true, ".htpasswd": true, "credentials.json": true,
	"client_secret.json": true, "service-account.json": true, "serviceaccount.json": true, ".dockerconfigjson": true,
	".dockercfg": true, ".pgpass": true, ".my.cnf": true, "secrets.yml": true, "secrets.yaml": true, "secrets.json": true,
	"secrets.toml": true, "kubeconfig": true,
}

// isSecret knows a file by its name. Templates without values (.env.example) are none.
func isSecret(base string) bool {
	if rest, ok := strings.CutPrefix(base, ".env."); ok {
		switch rest {
		case "example", "sample", "template", "dist", "tmpl", "default", "defaults":
			return false
		}
		return true
	}
	if secretFiles[base] {
		return true
	}
	switch path.Ext(base) {
	case ".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk":
		return true
	}
	return false
}

func isDocker(base string) bool {
	switch base {
	case "dockerfile", "containerfile", ".dockerignore", "docker-bake.hcl", "docker-bake.json":
		return true
	}
	ext := path.Ext(base)
	if ext == ".dockerfile" || ext == ".dockerignore" || strings.HasPrefix(base, "dockerfile.") {
		return true
	}
	return (ext == ".yml" || ext == ".yaml") && (strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose"))
}
