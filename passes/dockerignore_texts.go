package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// The texts of a context are read up to these sizes; where there is more, every
// file counts as used.
const (
	maxUsesFile = 1 << 20
	maxUsesAll  = 16 << 20
)

// usesReader looks through the text files of a context for names.
type usesReader struct {
	ctx   *buildctx.Context
	read  bool
	full  bool // not everything was read
	texts []usesText
}

type usesText struct{ name, text string }

// uses finds a text that has one of the names in it, and which; "" when none has.
func (r *usesReader) uses(names ...string) (where, name string) {
	r.load()
	if r.full {
		return "perhaps a file that was not read", names[0]
	}
	for _, t := range r.texts {
		for _, n := range names {
			if path.Base(t.name) != n && mentionsName(t.text, n) {
				return t.name, n
			}
		}
	}
	return "", ""
}

// history reports whether the project's own build seems to ask git.
func (r *usesReader) history() bool {
	r.load()
	if r.full {
		return true
	}
	return slices.ContainsFunc(r.texts, func(t usesText) bool {
		return slices.ContainsFunc(gitReaders, func(s string) bool { return strings.Contains(t.text, s) })
	})
}

// load reads the files that are code, settings or lists of packages.
func (r *usesReader) load() {
	if r.read {
		return
	}
	r.read = true
	entries, complete := r.ctx.Files()
	r.full = !complete
	left := int64(maxUsesAll)
	for _, e := range entries {
		if e.Dir || !isCode(e.Path) {
			continue
		}
		if ignored, _ := r.ctx.Ignored(e.Path); ignored {
			continue
		}
		if left -= e.Size; e.Size > maxUsesFile || left < 0 {
			r.full = true
			return
		}
		b, err := r.ctx.ReadFile(e.Path)
		if err != nil {
			r.full = r.full || e.Regular
			continue
		}
		r.texts = append(r.texts, usesText{e.Path, string(b)})
	}
}

// isCode reports files in which a program or its settings name other files.
// Ignore files, Dockerfiles, compose files and CI settings are not in the image.
func isCode(name string) bool {
	base := strings.ToLower(path.Base(name))
	switch base {
	case "makefile", "gnumakefile", "procfile", "pipfile", "rakefile", "gemfile", "jenkinsfile", "package.json", "cargo.toml":
		return base != "jenkinsfile"
	case "package-lock.json", ".pre-commit-config.yaml", ".travis.yml", ".gitlab-ci.yml":
		return false
	}
	ext := path.Ext(base)
	if strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose.") || strings.HasPrefix(name, ".github/") ||
		strings.HasPrefix(name, ".gitlab/") || strings.HasPrefix(name, ".circleci/") {
		return false
	}
	return slices.Contains(codeExts, ext) || ext == "" && !strings.HasPrefix(base, ".") && !strings.HasPrefix(base, "license") && base != "dockerfile"
}

var codeExts = []string{
	".py", ".pyi", ".pyx", ".sh", ".bash", ".cfg", ".ini", ".toml", ".yaml", ".yml", ".conf", ".config", ".txt", ".in", ".json",
	".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx", ".vue", ".rb", ".gemspec", ".go", ".rs", ".java", ".kt", ".gradle", ".kts",
	".xml", ".properties", ".php", ".pl", ".mk", ".cmake", ".tmpl", ".j2", ".template", ".service", ".cs", ".csproj",
}

// dotenvReaders are libraries that read a .env file without being told its name,
// by their documentation.
var dotenvReaders = []string{
	"dotenv", "python-dotenv", "decouple", "python-decouple", "environs", "environ.Env", "django-environ", "dynaconf", "starlette.config",
	"pipenv", "honcho", "foreman", "godotenv", "dotenvy", "env_file",
}

// gitReaders are what shows in the text of a project whose build or code asks
// git: libraries that derive versions, and calls.
var gitReaders = []string{
	"setuptools_scm", "setuptools-scm", "versioneer", "hatch-vcs", "vcs_version", "poetry-dynamic-versioning", "dunamai",
	"versioningit", "git-versioner", "setuptools-git-version", "[pbr]", "pbr=True", "pbr = True", "\"pbr\"", "'pbr'",
	"git describe", "git rev-parse", "git log", "git ls-files", "git status", "git show", "git tag", "git rev-list",
	"git submodule", "git diff", "git branch", "git symbolic-ref", "\"git\",", "'git',", "`git ", "$(git ", "import git\n",
	"from git import", "GitPython", "gitpython", ".git/HEAD", "git-commit-id", "git-revision", "grgit", "vergen",
	"shell git ", "gitversion", "git_version",
}

// mentionsName reports whether a text has a name in it that is not part of a longer
// one.
func mentionsName(text, name string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(name)
		if (start == 0 || !isNamePart(text[start-1])) && (end == len(text) || !isNamePart(text[end])) {
			return true
		}
		at = start + 1
	}
}

func isNamePart(c byte) bool {
	return c == '_' || c == '-' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// makesVenv reports whether a step makes a virtual environment of this name,
// which one of the context would only replace.
func (u *contextUse) makesVenv(name string) bool { return slices.Contains(u.venvs, name) }

func venvMade(f *transform.File, in *transform.Instruction) []string {
	var names []string
	for _, c := range shell.Of(f, in).Commands() {
		if v, ok := argv.Venv(c); ok {
			names = append(names, path.Base(v.Dir.Text))
		}
	}
	return names
}
