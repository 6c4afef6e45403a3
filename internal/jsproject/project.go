// Package jsproject reads a JavaScript project of a build context as far as
// needed to build it elsewhere: what its package manager reads, where its build
// writes, and whether it looks at anything outside its own directory.
package jsproject

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
)

// Project is a directory with a package.json.
type Project struct {
	Dir string // in the build context, "." for its root

	// Manifests are the files, relative to Dir, that an installation of packages
	// reads; those that are there.
	Manifests []string
	// Hooks tells that an installation runs scripts of the project's own, which
	// may read its source.
	Hooks bool
	// Compiles says why an installation may need a compiler, Python or git; "" if
	// it is known that it does not.
	Compiles string

	ctx     *buildctx.Context
	scripts map[string]string
	deps    map[string]string
	files   []string        // that the build sees, relative to Dir
	outputs map[string]bool // texts of configuration files that name an output
}

// manifestNames are what npm, yarn and pnpm read before they install, by their
// manuals. Directories end in a slash.
var manifestNames = strings.Fields(`package.json package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml .npmrc .yarnrc .yarnrc.yml
	.pnpmfile.cjs .node-version .nvmrc`)

// maxFiles bounds the size of a project.
const maxFiles = 3000

// Read reads the project in a directory of the context. The error says why it
// cannot be built elsewhere.
func Read(ctx *buildctx.Context, dir string) (*Project, error) {
	p := &Project{Dir: path.Clean(dir), ctx: ctx, outputs: map[string]bool{}}
	if err := p.list(); err != nil {
		return nil, err
	}
	text, err := p.read("package.json")
	if err != nil {
		return nil, fmt.Errorf("its package.json cannot be read: %w", err)
	}
	var m struct {
		Scripts, Dependencies, DevDependencies, OptionalDependencies map[string]string
		Workspaces                                                   json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("its package.json cannot be read: %w", err)
	}
	if len(m.Workspaces) > 0 || slices.Contains(p.files, "pnpm-workspace.yaml") {
		return nil, errors.New("it is a workspace of several packages")
	}
	p.scripts, p.deps = m.Scripts, map[string]string{}
	for _, list := range []map[string]string{m.Dependencies, m.DevDependencies, m.OptionalDependencies} {
		for name, version := range list {
			p.deps[name] = version
			if containsAny(version, "file:", "link:", "workspace:", "portal:", "patch:") {
				return nil, fmt.Errorf("it depends on %s by a path", name)
			}
		}
	}
	for _, hook := range []string{"preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"} {
		p.Hooks = p.Hooks || p.scripts[hook] != ""
	}
	for _, name := range manifestNames {
		if slices.Contains(p.files, name) {
			p.Manifests = append(p.Manifests, name)
		}
	}
	p.Compiles = p.compiles()
	return p, nil
}

// list finds the files of the project that the build sees.
func (p *Project) list() error {
	entries, complete := p.ctx.Files()
	if !complete {
		return errors.New("the build context is not known completely")
	}
	for _, e := range entries {
		rel, ok := e.Path, p.Dir == "."
		if !ok {
			rel, ok = strings.CutPrefix(e.Path, p.Dir+"/")
		}
		if !ok {
			continue
		}
		ignored, known := p.ctx.Ignored(e.Path)
		switch {
		case !known:
			return errors.New("what .dockerignore hides is not known")
		case ignored:
		case path.Base(rel) == "node_modules":
			return errors.New("its node_modules are in the build context")
		case e.Dir && (rel == ".yarn" || rel == "patches"):
			return fmt.Errorf("its %s directory takes part in the installation", rel)
		case e.Link:
			return fmt.Errorf("%s is a symbolic link", e.Path)
		case e.Regular:
			p.files = append(p.files, rel)
		}
	}
	if len(p.files) > maxFiles {
		return fmt.Errorf("it has more than %d files", maxFiles)
	}
	return nil
}

// Files are the files of the project that the build sees, relative to Dir.
func (p *Project) Files() []string { return p.files }

// configNames are configuration that package managers and build tools look for in the
// directory that they run in and in every one above it, by the documentation of yarn,
// pnpm, corepack, browserslist, postcss-load-config, TypeScript, esbuild, ESLint and
// cosmiconfig: package.json, .npmrc, .browserslistrc, postcss.config.js.
var (
	configNames  = lazyregexp.New(`^(package\.json|pnpm-workspace\.yaml|(ts|js)config(\..+)?\.json|browserslist|(nx|turbo|lerna)\.json|\.yarnrc\.yml|\.[a-z-]+rc(\.[a-z]+)?|[a-z-]+\.config\.[cm]?[jt]s)$`)
	otherConfigs = strings.Fields(".coveragerc .pylintrc .envrc .bashrc .nvmrc .prettierrc")
)

// IsConfig reports a file name of configuration that is looked for in directories above.
func IsConfig(base string) bool {
	return configNames.MatchString(base) && !slices.Contains(otherConfigs, base)
}

func (p *Project) read(name string) (string, error) {
	b, err := p.ctx.ReadFile(path.Join(p.Dir, name))
	return string(b), err
}

// harmless are packages whose installation runs a script that needs neither a
// compiler nor Python nor git: it fetches or checks a program that is ready, or
// prints something. By the packages' own install scripts.
var harmless = strings.Fields(`esbuild fsevents core-js core-js-pure core-js-bundle es5-ext @swc/core vue-demi @parcel/watcher
	unrs-resolver @tailwindcss/oxide`)

// compiles looks for packages with install scripts in a lock file that lists them.
func (p *Project) compiles() string {
	name := "package-lock.json"
	if slices.Contains(p.files, "npm-shrinkwrap.json") {
		name = "npm-shrinkwrap.json"
	}
	text, err := p.read(name)
	if !slices.Contains(p.files, name) || err != nil {
		return "no lock file tells whether a package is compiled when it is installed"
	}
	var lock struct {
		LockfileVersion int
		Packages        map[string]struct {
			HasInstallScript bool
			Resolved         string
		}
	}
	if json.Unmarshal([]byte(text), &lock) != nil || lock.LockfileVersion < 2 {
		return "the lock file does not tell whether a package is compiled when it is installed"
	}
	var found []string
	for where, pkg := range lock.Packages {
		_, dep, _ := cutLast(where, "node_modules/")
		if strings.HasPrefix(pkg.Resolved, "git") || pkg.HasInstallScript && dep != "" && !slices.Contains(harmless, dep) {
			found = append(found, dep)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found) + " may be compiled, or fetched by git, when it is installed"
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func containsAny(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}

// texts are the endings of files that a build tool reads as text.
var texts = strings.Fields(".js .jsx .ts .tsx .mjs .cjs .mts .cts .vue .svelte .astro .css .scss .sass .less .styl .html .json .yaml .yml .npmrc .yarnrc .env")

// each calls yield with every text of the project but lock files; an error is
// the last one of reading.
func (p *Project) each(yield func(name, text string)) error {
	for _, name := range p.files {
		base := path.Base(name)
		if base == "package-lock.json" || base == "npm-shrinkwrap.json" || base == "pnpm-lock.yaml" ||
			!slices.Contains(texts, path.Ext(base)) && !strings.HasPrefix(base, ".env") {
			continue
		}
		text, err := p.read(name)
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", path.Join(p.Dir, name), err)
		}
		yield(name, text)
	}
	return nil
}

var (
	upward = lazyregexp.New("['\"`(=:,\\s]((?:\\./)?(?:\\.\\./)+[^'\"`)\\s,;]*)")
	above  = lazyregexp.New("['\"`](?:\\./)?(?:\\.\\./)*\\.\\.['\"`]")
)

// Outside says what in the project reads something above its directory, as far
// as its texts name it by a relative path: "" when nothing does. Outputs must have
// been asked for before, for what they name is written, not read.
func (p *Project) Outside() string {
	found := ""
	err := p.each(func(name, text string) {
		for known := range p.outputs {
			text = strings.ReplaceAll(text, known, "")
		}
		for _, m := range upward.FindAllStringSubmatch(text, -1) {
			if to := path.Join(path.Dir(name), m[1]); found == "" && (to == ".." || strings.HasPrefix(to, "../")) {
				found = path.Join(p.Dir, name) + " names " + m[1]
			}
		}
		if found == "" && path.Dir(name) == "." && above.MatchString(text) {
			found = path.Join(p.Dir, name) + " names its parent directory"
		}
	})
	if err != nil {
		return err.Error()
	}
	return found
}

// Mentioned returns those of the names that are words of the project's texts.
func (p *Project) Mentioned(names []string) map[string]bool {
	found := map[string]bool{}
	err := p.each(func(_, text string) {
		for _, name := range names {
			if !found[name] && hasWord(text, name) {
				found[name] = true
			}
		}
	})
	if err != nil {
		for _, name := range names {
			found[name] = true
		}
	}
	return found
}

// hasWord reports whether a name stands in a text with no other part of a name
// beside it.
func hasWord(text, name string) bool {
	for {
		i := strings.Index(text, name)
		if i < 0 {
			return false
		}
		end := i + len(name)
		if (i == 0 || !partOfName(text[i-1])) && (end == len(text) || !partOfName(text[end])) {
			return true
		}
		text = text[end:]
	}
}

func partOfName(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
