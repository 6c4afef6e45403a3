package passes

import (
	"strings"

	"refit/internal/argv"
	"refit/internal/lazyregexp"
)

// pipenvManager is by Pipenv's documentation ("Commands", "Configuration",
// "Pipfile") and its help texts, 2018 to 2025.
var pipenvManager = &manager{
	name: "pipenv",
	program: argv.NewProgram("pipenv",
		`--python --editable,-e --index,-i --pypi-mirror --extra-pip-args --categories --skip-lock-for`,
		`--system --requirements,-r --dev-only --hash --exclude-markers --deploy --ignore-pipfile --dev,-d --skip-lock --clear --verbose,-v --quiet,-q --sequential --keep-outdated --pre --site-packages
		--no-site-packages --three --two --bare --version --help,-h --where --venv --envs --rm --support`),
	manifest:  "Pipfile",
	reads:     []string{"Pipfile.lock"},
	place:     "PIPENV_VENV_IN_PROJECT",
	elsewhere: []string{"PIPENV_PIPFILE", "WORKON_HOME", "PIPENV_CUSTOM_VENV_NAME", "PIPENV_IGNORE_VIRTUALENVS", "PIPENV_DOTENV_LOCATION", "PIP_TARGET", "PIP_USER", "PIP_PREFIX"},
	caches:    []string{"pipenv", "pip"},
	brings:    strings.Fields(`virtualenv certifi distlib filelock platformdirs setuptools packaging`),
	noCache:   []string{"PIPENV_CACHE_DIR", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR"},
	use: func(c *argv.ProgramCall) managerUse {
		if (c.Subcommand == "requirements" || c.Subcommand == "lock" && c.Has("--requirements")) && len(c.Operands) == 0 {
			return managerUse{kind: useExport}
		}
		if c.Subcommand != "install" && c.Subcommand != "sync" || len(c.Operands) > 0 ||
			c.Has("--requirements", "--editable", "--python", "--two", "--three", "--site-packages") {
			return managerUse{}
		}
		return managerUse{kind: useInstall, system: c.Has("--system"), frozen: c.Subcommand == "sync" || c.Has("--ignore-pipfile")}
	},
	sources: func(doc map[string]any) []any { return []any{doc["packages"], doc["dev-packages"]} },
	local:   lazyregexp.New(`(?m)^[^#\n]*\bpath"?\s*[=:]\s*"[^"]*"|^[^#\n]*\bfile"?\s*[=:]\s*"(?:file:|[./])[^"]*"|^[^#\n]*\beditable"?\s*[=:]\s*true`, "path", "file", "editable"),
	named:   lazyregexp.New(`(?m)^        "([A-Za-z0-9][A-Za-z0-9._-]*)": \{`, "\": {"),
	runsFirst: func(d *managedDir, r *argv.Run) string {
		name := r.Words[0].Text
		if tableAt(d.doc, "scripts")[name] != nil {
			return "it runs the script “" + name + "” of Pipfile"
		}
		if exists, known := d.ctx.Exists(d.dir + "/.env"); exists || !known {
			return "it reads .env first"
		}
		return ""
	},
}
