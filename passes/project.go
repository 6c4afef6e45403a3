package passes

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
)

// A projectCall is a pip install of one project of the image's file system, and
// of whatever else.
type projectCall struct {
	pip      *argv.PipCmd
	dir      string // of the project, absolute
	extras   []string
	editable bool
	words    []shell.Word // without the project
}

// readProjectCall finds the one project that a pip install in dir names. why
// says why it cannot be told apart; a call without a project has neither.
func readProjectCall(p *argv.PipCmd, c *shell.Command, dir string) (call *projectCall, why string) {
	if p.UV || !p.IsInstall() || !p.Known || p.Fed {
		return nil, ""
	}
	call = &projectCall{pip: p}
	gone := map[shell.Span]bool{}
	found := 0
	for _, w := range p.Operands {
		if req, err := buildctx.ParseRequirement(w.Text); err == nil && req.Local() {
			found++
			gone[w.Span] = true
			call.dir, call.extras = absolute(dir, req.Path), req.Extras
			if !w.Literal() || path.Ext(req.Path) != "" && req.Name != "" {
				return nil, "what “" + w.Text + "” stands for is not known"
			}
		}
	}
	for _, o := range p.All("--editable") {
		req, err := buildctx.ParseRequirement(o.Value)
		if err == nil && (req.VCS != "" || req.URL != "") {
			continue
		}
		if err != nil || !o.Holder.Literal() || o.Word.Text != "-e" && o.Word.Text != "--editable" && !o.Attached {
			return nil, "what “" + o.Value + "” stands for is not known"
		}
		found++
		gone[o.Word.Span], gone[o.Holder.Span] = true, true
		where, _, _ := strings.Cut(o.Value, "[") // pip takes a bare name after -e as a directory too
		if req.Path != "" {
			where = req.Path
		}
		call.dir, call.extras, call.editable = absolute(dir, where), req.Extras, true
	}
	switch {
	case found == 0:
		return nil, ""
	case found > 1:
		return nil, "it installs more than one project"
	case dir == "":
		return nil, "the directory that pip runs in is not known"
	}
	for _, w := range c.Words {
		if !gone[w.Span] {
			call.words = append(call.words, w)
		}
	}
	return call, ""
}

// fetchOptions are the options of pip install that say where distributions come
// from, which of them are taken, or what is printed: they mean the same for the
// dependencies of a project as for the project.
var fetchOptions = setOf(`--requirement --constraint --cache-dir --no-cache-dir --index-url --extra-index-url
	--trusted-host --proxy --retries --timeout --cert --client-cert --no-input --no-color --quiet --verbose --isolated
	--disable-pip-version-check --no-python-version-warning --root-user-action --progress-bar --pre --prefer-binary
	--only-binary --no-binary --compile --no-compile --break-system-packages --no-warn-script-location
	--no-warn-conflicts --upgrade --editable --user`)

// fetchVariables are the settings of pip in the environment under which a
// project is not installed as the manifest says, or into another place.
var fetchVariables = []string{"PIP_NO_DEPS", "PIP_NO_BUILD_ISOLATION", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT",
	"PIP_UPGRADE_STRATEGY", "PIP_FORCE_REINSTALL", "PIP_IGNORE_INSTALLED", "PIP_REQUIREMENT", "PIP_EDITABLE",
	"PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONFIG_FILE"}

// fetchable says what stands against installing the dependencies in a call of
// their own; "" for nothing.
func (c *projectCall) fetchable(set func(name string) bool) string {
	for _, o := range c.pip.Options {
		if !fetchOptions[o.Name] {
			return "with " + o.Name + ", its dependencies cannot be installed in a call of their own"
		}
		if o.Name == "--upgrade" && o.Word.Text != "-U" && o.Word.Text != "--upgrade" {
			return "its options are written together"
		}
	}
	for _, name := range fetchVariables {
		if _, here := c.pip.Env(name); here || set(name) {
			return name + " may change what is installed"
		}
	}
	if len(c.pip.Wrappers) > 0 {
		return "another program starts pip"
	}
	return ""
}

// A fetchPlan is what is to be installed for a project but the project.
type fetchPlan struct {
	code  string   // that prints requirements; "" for none
	file  string   // of the context, that the code reads; it is named in the code by its base name
	names []string // normalised names of what is printed
	lists []string // requirement files of the context that hold dependencies
}

// planFetch finds the dependencies of the project in a directory of the context.
// The code of the plan reads the manifest at the path at, as the step sees it.
func planFetch(p *buildctx.Project, dir, at string, extras []string) (*fetchPlan, string) {
	if p.Problem != "" {
		return nil, p.Problem
	}
	plan := &fetchPlan{file: path.Join(dir, p.Manifest)}
	lists := []buildctx.Dependencies{p.Main}
	for _, name := range extras {
		d, ok := p.Extras[name]
		if !ok {
			return nil, fmt.Sprintf("the extra “%s” is not found in its manifest", name)
		}
		lists = append(lists, d)
	}
	var keys []string
	for _, d := range lists {
		for _, f := range d.Files {
			plan.lists = append(plan.lists, path.Join(dir, f))
		}
		for _, text := range d.Requires {
			if r, err := buildctx.ParseRequirement(text); err == nil {
				plan.names = append(plan.names, r.Name)
			}
		}
		if len(d.Requires) > 0 {
			keys = append(keys, d.Key)
		}
	}
	if len(keys) > 0 {
		plan.code = fetchCode(p.Manifest, path.Join(at, p.Manifest), keys)
	}
	if slices.ContainsFunc(keys, func(k string) bool { return strings.ContainsAny(k, `'"\$`) }) || !copyable(path.Join(at, "x")) {
		return nil, "a name in it would need quotes"
	}
	return plan, ""
}

// fetchCode is Python that prints the dependencies, and those of the extras, as
// the lines of a requirement file. "" among the keys is the project's own list.
func fetchCode(manifest, file string, keys []string) string {
	var lists []string
	for _, key := range keys {
		switch {
		case manifest == "pyproject.toml" && key == "":
			lists = append(lists, `*p["dependencies"]`)
		case manifest == "pyproject.toml":
			lists = append(lists, `*p["optional-dependencies"]["`+key+`"]`)
		case key == "":
			lists = append(lists, `c["options"]["install_requires"]`)
		default:
			lists = append(lists, `c["options.extras_require"]["`+key+`"]`)
		}
	}
	printed := `print(` + strings.Join(lists, ", ") + `, sep="\n")`
	switch manifest {
	case "pyproject.toml":
		return `import tomllib; p = tomllib.load(open("` + file + `", "rb"))["project"]; ` + printed
	case "setup.cfg":
		return `import configparser; c = configparser.RawConfigParser(); c.read("` + file + `", "utf-8"); ` + printed
	}
	return `import ast; print(*[r for k in ast.walk(ast.parse(open("` + file + `", "rb").read())) ` +
		`if isinstance(k, ast.keyword) and k.arg == "install_requires" for r in ast.literal_eval(k.value)], sep="\n")`
}

// fetchCodes find the file in code that fetchCode made.
var fetchCodes = []*lazyregexp.Regexp{
	lazyregexp.New(`^import tomllib; p = tomllib\.load\(open\("([^"\\]+)", "rb"\)\)\["project"\]; print\([^();]*, sep="\\n"\)$`),
	lazyregexp.New(`^import configparser; c = configparser\.RawConfigParser\(\); c\.read\("([^"\\]+)", "utf-8"\); print\([^();]*, sep="\\n"\)$`),
	lazyregexp.New(`^import ast; print\(\*\[r for k in ast\.walk\(ast\.parse\(open\("([^"\\]+)", "rb"\)\.read\(\)\)\) ` +
		`if isinstance\(k, ast\.keyword\) and k\.arg == "install_requires" for r in ast\.literal_eval\(k\.value\)\], sep="\\n"\)$`),
}

// fetchedManifest is the manifest that a command prints the dependencies of: one
// that requirements-first has written.
func fetchedManifest(c *shell.Command) (file, code string, ok bool) {
	if c.Kind != shell.Simple || len(c.Words) != 3 || len(c.Redirs) > 0 || !isPythonName(path.Base(c.Words[0].Text)) || c.Words[1].Text != "-c" || !c.Words[2].Static {
		return "", "", false
	}
	for _, re := range fetchCodes {
		if m := re.FindStringSubmatch(c.Words[2].Text); m != nil {
			return m[1], c.Words[2].Text, true
		}
	}
	return "", "", false
}

// fetchedIn is the manifest that a script gives pip the dependencies of, by code
// that requirements-first has written; "" for none.
func fetchedIn(sc *shell.Script) string {
	for _, c := range sc.Commands() {
		if file, _, ok := fetchedManifest(c); ok {
			return file
		}
	}
	return ""
}
