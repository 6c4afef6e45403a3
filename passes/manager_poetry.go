package passes

import (
	"strings"

	"refit/internal/argv"
	"refit/internal/lazyregexp"
)

// poetryManager is by Poetry's documentation ("Commands", "Configuration", "The
// pyproject.toml file") and its help texts, 1.0 to 2.2.
var poetryManager = &manager{
	name: "poetry",
	program: argv.NewProgram("poetry",
		`--extras,-E --with --without --only --directory,-C --project,-P --output,-o --format,-f`,
		`--no-root --only-root --no-dev --dev --sync --all-extras --all-groups --no-directory --compile --dry-run --remove-untracked
		--no-interaction,-n --quiet,-q --verbose,-v --ansi --no-ansi --no-plugins --no-cache --version,-V --help,-h
		--without-hashes --local --unset --list --no-update`),
	manifest:  "pyproject.toml",
	reads:     []string{"poetry.lock", "poetry.toml"},
	place:     "POETRY_VIRTUALENVS_IN_PROJECT",
	elsewhere: []string{"POETRY_VIRTUALENVS_PATH", "POETRY_CONFIG_DIR"},
	depsOnly:  "--no-root", since: [2]int{1, 0},
	caches: []string{"pypoetry/cache", "pypoetry/artifacts"}, // not pypoetry/virtualenvs, where environments are
	brings: strings.Fields(`build cachecontrol cleo crashtest dulwich fastjsonschema findpython installer keyring packaging pkginfo platformdirs
		pyproject-hooks requests requests-toolbelt shellingham tomlkit trove-classifiers virtualenv certifi charset-normalizer idna urllib3 msgpack
		distlib filelock jaraco-classes=jaraco more-itertools rapidfuzz cryptography secretstorage jeepney cffi pycparser httpx anyio h11 httpcore pbs-installer zstandard`),
	noCache: []string{"POETRY_CACHE_DIR", "POETRY_NO_CACHE"},
	use: func(c *argv.ProgramCall) managerUse {
		switch {
		case c.Has("--directory", "--project", "--dry-run"):
			return managerUse{}
		case (c.Subcommand == "install" || c.Subcommand == "sync") && len(c.Operands) == 0:
			return managerUse{kind: useInstall, project: !c.Has("--no-root"), only: c.Has("--only-root")}
		case c.Subcommand == "config" && !c.Has("--local", "--list") && len(c.Operands) > 0, c.Subcommand == "self":
			return managerUse{kind: useSetup}
		case c.Subcommand == "export" && len(c.Operands) == 0:
			return managerUse{kind: useExport}
		case c.Subcommand == "about":
			return managerUse{kind: useQuiet}
		}
		return managerUse{}
	},
	installs: func(doc map[string]any, version [2]int) bool {
		mode, said := tableAt(doc, "tool", "poetry")["package-mode"].(bool) // since 1.8
		old := version != [2]int{} && (version[0] < 1 || version[0] == 1 && version[1] < 8)
		return !said || mode || old
	},
	computed: func(doc map[string]any, _ bool) string {
		if dynamic(doc, "dependencies", "optional-dependencies") && tableAt(doc, "tool", "poetry", "dependencies") == nil {
			return "the dependencies are computed when the project is built"
		}
		// Its issue 29: "poetry install --no-root" fails where there is no .git.
		if tableAt(doc, "tool", "poetry-dynamic-versioning")["enable"] == true {
			return "poetry-dynamic-versioning asks git for the version, whatever Poetry is called for"
		}
		return ""
	},
	sources: func(doc map[string]any) []any {
		poetry := tableAt(doc, "tool", "poetry")
		return []any{poetry["dependencies"], poetry["dev-dependencies"], poetry["group"]}
	},
	local: lazyregexp.New(`(?m)^type = "(?:directory|file)"|@ file:[^"]*`, "type", "file:"),
	named: lazyregexp.New(`(?m)^name = "([^"]+)"`, "name"),
	runsFirst: func(d *managedDir, r *argv.Run) string {
		name := r.Words[0].Text
		if tableAt(d.doc, "tool", "poetry", "scripts")[name] != nil || tableAt(d.doc, "project", "scripts")[name] != nil {
			return "it runs the script “" + name + "” of the manifest, which is not installed"
		}
		return ""
	},
}
