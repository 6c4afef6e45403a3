package passes

import (
	"strings"

	"refit/internal/argv"
	"refit/internal/lazyregexp"
	"refit/transform"
)

// pdmManager is by PDM's documentation ("CLI Reference", "Configurations", "Build
// Configuration") and its help texts, 2.0 to 2.26.
var pdmManager = &manager{
	name: "pdm",
	program: argv.NewProgram("pdm",
		`--group,-G,--with --without --lockfile,-L --format,-f --output,-o --project,-p --skip,-k --config-setting,-C --override --venv --config,-c`,
		`--production,--prod --dev,-d --no-default --no-editable --no-self --no-lock --no-isolation --frozen-lockfile --without-hashes,--no-hashes --no-markers --no-extras --self --editable-self --expandvars --check --clean
		--only-keep --reinstall --dry-run --fail-fast,-x --global,-g --ignore-python,-I --non-interactive,-n --quiet,-q --verbose,-v --version,-V --help,-h
		--no-python-downloads`),
	manifest: "pyproject.toml",
	reads:    []string{"pdm.lock", "pdm.toml", ".python-version"},
	place:    "PDM_VENV_IN_PROJECT",
	beside:   true, fetchesPython: true,
	elsewhere: []string{"PDM_PROJECT", "PDM_LOCKFILE", "PDM_USE_VENV", "PDM_PYTHON", "PDM_IGNORE_SAVED_PYTHON", "PDM_IGNORE_ACTIVE_VENV", "PDM_CONFIG_FILE"},
	depsOnly:  "--no-self", since: [2]int{2, 0},
	caches: []string{"pdm"},
	brings: strings.Fields(`blinker certifi dep-logic filelock findpython hishel httpx installer packaging pbs-installer platformdirs
		pyproject-hooks python-dotenv=dotenv resolvelib rich shellingham tomlkit truststore unearth virtualenv anyio idna h11 httpcore msgpack pygments`),
	noCache: []string{"PDM_CACHE_DIR", "PDM_NO_CACHE"},
	use: func(c *argv.ProgramCall) managerUse {
		if c.Subcommand == "export" && len(c.Operands) == 0 && !c.Has("--lockfile", "--project", "--self", "--editable-self") {
			return managerUse{kind: useExport}
		}
		if c.Subcommand != "install" && c.Subcommand != "sync" || len(c.Operands) > 0 ||
			c.Has("--lockfile", "--project", "--global", "--config", "--override", "--venv", "--dry-run", "--no-isolation", "--no-lock", "--clean", "--only-keep") {
			return managerUse{}
		}
		return managerUse{kind: useInstall, project: !c.Has("--no-self"), frozen: c.Subcommand == "sync" || c.Has("--frozen-lockfile")}
	},
	installs: func(doc map[string]any, _ [2]int) bool {
		pdm := tableAt(doc, "tool", "pdm")
		if kind, ok := pdm["package-type"].(string); ok {
			return kind == "library"
		}
		said, ok := pdm["distribution"].(bool)
		return tableAt(doc, "project")["name"] != nil && (!ok || said)
	},
	computed: func(doc map[string]any, _ bool) string {
		switch {
		case dynamic(doc, "dependencies", "optional-dependencies"):
			return "the dependencies are computed when the project is built"
		case tableAt(doc, "tool", "pdm")["plugins"] != nil, tableAt(doc, "tool", "pdm", "scripts")["post_install"] != nil,
			tableAt(doc, "tool", "pdm", "scripts")["pre_install"] != nil:
			return "plugins or scripts of the manifest run with it"
		}
		return ""
	},
	local: lazyregexp.New(`(?m)^path = .*|@ file:[^"]*|^\s*"-e [^"]*"`, "path", "file:", "-e"),
	named: lazyregexp.New(`(?m)^name = "([^"]+)"`, "name"),
	runsFirst: func(d *managedDir, r *argv.Run) string {
		scripts := tableAt(d.doc, "tool", "pdm", "scripts")
		if name := r.Words[0].Text; scripts[name] != nil || scripts["_"] != nil {
			return "it runs or sets up a script of the manifest"
		}
		return ""
	},
}

// localPackages reports a stage that names the directory of PEP 582: where it is there
// and no environment yet, PDM installs into it ("Working with PEP 582" in its
// documentation), and a call ahead of it would make an environment.
func (m *manager) localPackages(f *transform.File, s *transform.Stage) bool {
	for ; m == pdmManager && s != nil; s = s.Base.Stage {
		for _, in := range s.Instructions {
			if strings.Contains(f.Text(in.Body), "__pypackages__") {
				return true
			}
		}
	}
	return false
}
