package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// nodeCaches are where npm, yarn and pnpm keep what they have fetched, for root: by
// "npm config get cache", "yarn cache dir" of yarn 1, and "pnpm store path". Each
// copies out of it, or links only within one file system.
var nodeCaches = map[string]string{
	"npm": "/root/.npm", "yarn": "/usr/local/share/.cache/yarn", "yarnpkg": "/usr/local/share/.cache/yarn",
	"pnpm": "/root/.local/share/pnpm/store",
}

// nodeCacheVariables move these.
var nodeCacheVariables = strings.Fields("npm_config_cache NPM_CONFIG_CACHE YARN_CACHE_FOLDER npm_config_store_dir PNPM_HOME XDG_DATA_HOME XDG_CACHE_HOME HOME")

// node is the cache mount of a step in a Python image that installs by npm, yarn or
// pnpm; the finding of pip's part of the step, where that has one, gets it too.
func (p *pipCacher) node(s *pipStep, with *transform.Finding) {
	if p.f.Options.NoCacheMounts || !p.front.cacheMounts(p.f) || s.who != userRoot || !s.home || !isPython(s.in.Stage) && !isUV(s.in.Stage) {
		return
	}
	var tools, targets []string
	for _, c := range s.script.Commands() {
		tool, target := p.nodeCache(s, c)
		if target != "" && !slices.Contains(targets, target) && !mountsOver(s.in, target) {
			tools, targets = append(tools, tool), append(targets, target)
		}
	}
	if len(targets) == 0 {
		return
	}
	if why := p.nodeUsed(s); why != "" {
		if with.Why == "" {
			*with = transform.Finding{At: s.in.Body, Reason: "cache-used", Why: why}
		}
		return
	}
	flags := ""
	for _, target := range targets {
		flags += " --mount=type=cache,target=" + target
	}
	why := strings.Join(tools, "'s and ") + "'s cache stays on the builder: the layer is smaller, and the next build downloads only what changed"
	at := addFlags(p.f, s.in, flags)
	for i, e := range with.Edits {
		if e.Span.Start == at.Span.Start && strings.HasPrefix(e.New, " --mount") { // pip's mount
			with.Edits[i].New = flags + e.New
			with.Notes = append(with.Notes, transform.Note{At: s.in.Body, Why: why})
			return
		}
	}
	if len(with.Edits) > 0 { // pip's options
		with.Edits = append(with.Edits, at)
		with.Notes = append(with.Notes, transform.Note{At: s.in.Body, Why: why})
		return
	}
	*with = transform.Finding{At: s.in.Body, Why: why, Edits: []transform.Edit{at}}
}

// nodeCache is the cache of a command that installs JavaScript packages; "" where it
// does not, or where its place is not known.
func (p *pipCacher) nodeCache(s *pipStep, c *shell.Command) (tool, target string) {
	words := c.Effective()
	if len(words) < 1 || c.Kind != shell.Simple || !words[0].Static {
		return "", ""
	}
	tool = path.Base(words[0].Text)
	target = nodeCaches[tool]
	installs := frontKindOf(c) == frontInstall
	for _, w := range words[1:] {
		name, _, _ := strings.Cut(w.Text, "=")
		switch name {
		case "run", "run-script", "exec", "dlx":
			return "", ""
		case "--cache", "--cache-folder", "--store-dir", "--prefix", "--userconfig":
			return "", ""
		case "install", "i", "ci", "add":
			installs = true
		}
	}
	st := p.f.State(s.in)
	for _, name := range nodeCacheVariables {
		if st.HasEnv(name) || st.HasArg(name) || assigns(s.script.Text, name) {
			return "", ""
		}
	}
	if strings.HasPrefix(tool, "yarn") && !p.classicYarn() {
		return "", "" // yarn 2 and later may run programs out of their cache
	}
	if !installs {
		return "", ""
	}
	return tool, target
}

// classicYarn reports a context without the settings of yarn 2 and later.
func (p *pipCacher) classicYarn() bool {
	entries, complete := contextOf(p.f).Files()
	if !complete || contextOf(p.f) == nil {
		return false
	}
	for _, e := range entries {
		if base := path.Base(e.Path); base == ".yarnrc.yml" {
			return false
		}
	}
	return true
}

// nodeUsed says why the cache may not be taken away: something names it, or runs what
// "npx" keeps there.
func (p *pipCacher) nodeUsed(s *pipStep) string {
	for _, c := range s.script.Commands() {
		if sweeps(c) {
			return "the step goes over the directory that holds the cache, which fails or acts on a mount"
		}
	}
	return p.nodeUse()
}

// usesNodeCache says which instruction of the file names the cache, or runs npx.
func usesNodeCache(f *transform.File) string {
	for _, in := range f.Instructions {
		text := f.Text(in.Body)
		switch {
		case in.Keyword == "env" || in.Keyword == "label" || in.Stage == nil:
		case strings.Contains(text, "npx"):
			return "“npx” keeps the programs that it has fetched in the cache"
		case namesNodeCache(text):
			return "a step removes or uses the cache itself"
		}
	}
	return ""
}

// namesNodeCache reports a text that names one of the caches, other than as a mount.
func namesNodeCache(text string) bool {
	for _, target := range nodeCaches {
		text = strings.ReplaceAll(text, "target="+target, "")
	}
	return containsAny(text, []string{"/.npm", ".cache/yarn", "/usr/local/share/.cache", "pnpm/store", "npm cache", "yarn cache", "store prune", "pnpm cache"})
}

// mountsOver reports a mount at a path, or above it.
func mountsOver(in *transform.Instruction, target string) bool {
	return slices.ContainsFunc(mountsOf(in), func(m mount) bool {
		return m.target != "" && (strings.ContainsAny(m.target, "$~") || within(target, path.Clean(m.target)))
	})
}
