package passes

import (
	"refit/internal/argv"
	"refit/internal/lazyregexp"
)

// uvManager is uv's project interface, by its documentation ("Commands", "Locking and
// syncing", "Using uv in Docker"), 0.4 to 0.9. "uv pip" is read as pip.
var uvManager = &manager{
	name: "uv",
	program: argv.NewProgram("uv",
		`--extra --no-extra --group --no-group --only-group --python,-p --package --no-install-package --link-mode --index --default-index
		--index-url,-i --extra-index-url --find-links --format --output-file,-o --index-strategy --keyring-provider --resolution --prerelease --cache-dir
		--config-file --config-setting,-C --directory --project --env-file --with --exclude-newer --allow-insecure-host,--trusted-host
		--upgrade-package,-P --reinstall-package --python-platform --color --module,-m --no-binary-package --no-build-package`,
		`--frozen --locked --no-dev --dev --only-dev --no-default-groups --all-groups --all-extras --all-packages --no-install-project
		--no-install-workspace --no-install-local --no-emit-project --no-emit-workspace --no-hashes --no-header --no-annotate --no-editable --inexact --exact --active --no-active --compile-bytecode --no-sync --isolated
		--no-project --script,-s --no-cache,-n --no-sources --no-build --no-binary --no-build-isolation --no-index --upgrade,-U --reinstall --refresh
		--offline --no-progress --no-config --no-python-downloads --managed-python --no-managed-python --native-tls --no-env-file
		--system --quiet,-q --verbose,-v --version,-V --help,-h --dry-run --check --all-packages`),
	manifest: "pyproject.toml",
	reads:    []string{"uv.lock", "uv.toml", ".python-version"},
	place:    "UV_PROJECT_ENVIRONMENT",
	beside:   true, fetchesPython: true,
	elsewhere: []string{"UV_PROJECT", "UV_WORKING_DIRECTORY", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_FIND_LINKS"},
	depsOnly:  "--no-install-project", since: [2]int{0, 4},
	caches:  []string{"uv"},
	noCache: []string{"UV_CACHE_DIR", "UV_NO_CACHE"},
	use: func(c *argv.ProgramCall) managerUse {
		if c.Subcommand != "sync" && c.Subcommand != "export" || len(c.Operands) > 0 || c.Has("--directory", "--project", "--config-file", "--find-links", "--dry-run",
			"--check", "--script", "--package", "--all-packages", "--active", "--upgrade", "--upgrade-package", "--reinstall", "--no-build-isolation") {
			return managerUse{}
		}
		if c.Subcommand == "export" {
			return managerUse{kind: useExport, project: !c.Has("--no-emit-project", "--no-emit-workspace"), frozen: c.Has("--frozen")}
		}
		return managerUse{
			kind:    useInstall,
			project: !c.Has("--no-install-project", "--no-install-workspace", "--no-install-local", "--only-group", "--only-dev"),
			frozen:  c.Has("--frozen"),
		}
	},
	installs: func(doc map[string]any, _ [2]int) bool {
		if said, ok := tableAt(doc, "tool", "uv")["package"].(bool); ok {
			return said
		}
		return doc["build-system"] != nil
	},
	computed: func(doc map[string]any, frozen bool) string {
		switch uv := tableAt(doc, "tool", "uv"); {
		case uv["workspace"] != nil:
			return "the members of a workspace are projects of the source"
		case !frozen && dynamic(doc):
			return "the lock file is checked against what the project's build computes (with --frozen it is not)"
		case doc["project"] == nil:
			return "pyproject.toml describes no project"
		}
		return ""
	},
	sources: func(doc map[string]any) []any { return []any{tableAt(doc, "tool", "uv")["sources"]} },
	local: lazyregexp.New(`(?m)^source = \{ (?:directory|path) = .*|^source = \{ editable = "[^."].*|^source = \{ editable = "\.[^"].*|@ file:[^"]*|^\s*(?:url|find-links)\s*=\s*(?:"\.{0,2}/|\[).*`,
		"source", "file:", "url", "find-links"),
	named: lazyregexp.New(`(?m)^name = "([^"]+)"`, "name"),
}
