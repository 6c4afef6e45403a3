package buildctx

import (
	"path"
	"strings"
)

// fileClass is how a file of the context is read for Mentions.
type fileClass uint8

const (
	classNone     fileClass = iota // not read
	classPython                    // Python, Cython too
	classNotebook                  // Jupyter's
	classCompiled                  // an extension module, bytecode, an archive of Python code
	classCommands                  // a script, or a file that says what is started
	classWords                     // configuration
	classUnknown                   // its beginning says
)

var pythonExts = set(".py .pyw .pyi .pyx .pxd .pxi .wsgi .tac .ipy .smk")

var compiledExts = set(".pyd .pyc .pyo .pyz .egg .whl .so")

var commandExts = set(".sh .bash .zsh .ksh .service")

var wordExts = set(`.ini .cfg .toml .yml .yaml .json .env .conf .config .properties .xml .tmpl .template .j2 .jinja .tpl .mk .hcl .tf .nomad
	.mako .zcml .robot .resource .r .rmd .qmd .bat .ps1 .fish .crontab .cron .in .example .sample .local .dev .prod .production .staging .test .dist`)

// lockNames name distributions, or what other languages install, and use none of them.
var lockNames = set(`poetry.lock uv.lock pdm.lock pipfile pipfile.lock package-lock.json npm-shrinkwrap.json yarn.lock
	pnpm-lock.yaml composer.lock pkg-info metadata record sources.txt`)

// classOf is how a file is read, by its name.
func classOf(name string) fileClass {
	base := baseLower(name)
	ext := path.Ext(base)
	switch {
	case pythonExts[ext]:
		return classPython
	case ext == ".ipynb":
		return classNotebook
	case compiledExts[ext]:
		return compiledClass(base, ext)
	case lockNames[base], isRequirements(base):
		return classNone
	case commandExts[ext], strings.HasPrefix(base, "procfile"), isCompose(base, ext), strings.Contains(base, "supervisor") && wordExts[ext],
		strings.Contains(base, "entrypoint"):
		return classCommands
	case wordExts[ext], strings.HasPrefix(base, ".env"), base == ".flaskenv", strings.HasPrefix(base, "makefile"), base == "jenkinsfile",
		strings.HasPrefix(base, "dockerfile"), ext == ".dockerfile":
		return classWords
	case ext == "" || ext == base:
		return classUnknown
	}
	return classNone
}

// compiledClass tells extension modules from other shared libraries, which import nothing: "x.cpython-311-….so",
// "x.abi3.so" and "x.so", but "libx.so".
func compiledClass(base, ext string) fileClass {
	if ext == ".so" && strings.HasPrefix(base, "lib") && !strings.Contains(base, ".cpython-") && !strings.Contains(base, ".abi3") {
		return classNone
	}
	return classCompiled
}

// isRequirements reports the files that list distributions for pip or conda: requirements.txt, requirements-dev.in,
// constraints.txt, environment.yml, and those that are named by where they are used.
func isRequirements(base string) bool {
	ext := path.Ext(base)
	switch ext {
	case ".txt", ".in", ".pip":
		return strings.Contains(base, "require") || strings.Contains(base, "constraint") || ext == ".txt" || ext == ".pip"
	case ".yml", ".yaml":
		return strings.HasPrefix(base, "environment") || strings.HasPrefix(base, "conda")
	}
	return false
}

func isCompose(base, ext string) bool {
	return (ext == ".yml" || ext == ".yaml") && (strings.HasPrefix(base, "compose") || strings.HasPrefix(base, "docker-compose"))
}

// classByStart is how a file is read whose name says nothing.
func classByStart(text string) fileClass {
	first, _, _ := strings.Cut(text[:min(len(text), 200)], "\n")
	switch {
	case strings.HasPrefix(first, "#!") && strings.Contains(first, "python"):
		return classPython
	case strings.HasPrefix(first, "#!"):
		return classCommands
	case strings.ContainsRune(text[:min(len(text), 2000)], 0):
		return classNone
	}
	return classWords
}
