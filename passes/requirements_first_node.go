package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/jsproject"
	"refit/internal/shell"
)

// npm, yarn and pnpm install what package.json and a lock file say, into node_modules
// beside them. In an image of Python's that goes ahead of the source as pip's
// requirements do, where the lock file shows that no package, and package.json that
// the project, runs a script for it that may look at the source.

// nodeInstall is a call that installs the packages of a project.
type nodeInstall struct {
	dir     string
	clean   bool // it needs a lock file
	scripts bool // install scripts run
}

// nodeLocks are what the package managers read beside package.json.
var nodeLocks = setOf("package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs .node-version .nvmrc")

// nodeOptions say what is fetched, for whom, and what is printed, by the manuals of npm
// 6 to 11, yarn 1 and pnpm 6 to 10. Those with a value have it behind a "=".
var nodeOptions = setOf(`--omit --include --only --production --prod -P -D --dev --no-optional --no-audit --no-fund --audit --fund --no-progress
	--progress --silent -s --quiet -q --verbose -d --loglevel --legacy-peer-deps --strict-peer-deps --force -f --unsafe-perm --frozen-lockfile
	--pure-lockfile --no-lockfile --non-interactive --network-timeout --ignore-scripts --ignore-engines --ignore-optional --no-package-lock
	--prefer-offline --no-save --registry --no-color --color --shamefully-hoist --no-shrinkwrap --check-files --no-bin-links`)

// node is the effect of a call that installs; ok is false for others.
func (r *effectReader) node(c *shell.Command) (e effect, ok bool) {
	if k := frontKindOf(c); k != frontInstall {
		return effect{}, false
	}
	words := c.Effective()
	e = effect{node: true, installs: true, system: true, usesCwd: true}
	call := nodeInstall{dir: r.dir, scripts: true}
	for _, w := range words[1:] {
		name, _, _ := strings.Cut(w.Text, "=")
		switch {
		case name == "--ignore-scripts":
			call.scripts = w.Text != name && w.Text != name+"=true"
		case strings.HasPrefix(name, "-") && !nodeOptions[name]:
			e.key, e.unknown = "needs-source", "what "+name+" means to “"+words[0].Text+"” is not known"
		case name == "ci", name == "clean-install":
			call.clean = true
		}
	}
	for _, name := range []string{"npm_config_prefix", "NPM_CONFIG_PREFIX", "npm_config_ignore_scripts", "npm_config_userconfig", "NPM_CONFIG_USERCONFIG"} {
		if r.own[name] || r.st.HasEnv(name) || r.st.HasArg(name) {
			e.key, e.unknown = "needs-source", name+" changes what is installed, or where"
		}
	}
	if r.dir == "" {
		e.key, e.unknown = "unknown-path", "the directory that it runs in is not known"
		return e, true
	}
	e.nodes = []nodeInstall{call}
	e.whole = []string{path.Join(r.dir, "package.json")}
	for name := range nodeLocks {
		e.mayNeed = append(e.mayNeed, path.Join(r.dir, name))
	}
	slices.Sort(e.mayNeed)
	e.local = []string{path.Join(r.dir, "node_modules")}
	return e, true
}

// checkNode says why a step's installations of JavaScript packages may need more than
// their manifests.
func (h *hoist) checkNode(st *hoistStep) (key, why string) {
	for _, n := range st.effect.nodes {
		_, name := h.provider(path.Join(n.dir, "package.json"))
		for dir := path.Dir(n.dir); ; dir = path.Dir(dir) {
			for _, other := range []string{"package.json", "pnpm-workspace.yaml"} {
				if from, _ := h.provider(path.Join(dir, other)); from != nil && n.dir != "/" {
					return "installs-source", "it may be part of a workspace in " + dir
				}
			}
			for _, settings := range []string{".npmrc", ".yarnrc", ".yarnrc.yml"} {
				if from, _ := h.provider(path.Join(dir, settings)); from != nil && n.dir != "/" {
					return "needs-source", "yarn and pnpm read " + path.Join(dir, settings) + " too"
				}
			}
			if dir == "/" {
				break
			}
		}
		p, err := jsproject.Read(h.ctx, path.Dir(name))
		if err != nil {
			return "installs-source", "of the project in " + path.Dir(name) + ": " + err.Error()
		}
		for _, m := range p.Manifests {
			if _, got := h.provider(path.Join(n.dir, m)); got != path.Join(p.Dir, m) {
				return "no-manifest", path.Join(p.Dir, m) + " is not copied to where the packages are installed"
			}
		}
		locked := slices.ContainsFunc(p.Manifests, func(m string) bool { return m == "package-lock.json" || m == "npm-shrinkwrap.json" })
		switch {
		case slices.Contains(p.Manifests, ".yarnrc.yml"), slices.Contains(p.Manifests, ".pnpmfile.cjs"):
			return "needs-source", "the package manager is given settings that may load parts of the source"
		case n.clean && !locked:
			return "no-manifest", "“npm ci” needs a lock file, and the build context has none"
		case n.scripts && p.Hooks:
			return "needs-source", "package.json has scripts that run when its packages are installed, and may read the source"
		case n.scripts && p.Compiles != "":
			return "needs-source", "an install script may read the source: " + p.Compiles
		}
	}
	return "", ""
}
