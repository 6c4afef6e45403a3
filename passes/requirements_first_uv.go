package passes

import (
	"path"

	"refit/internal/argv"
	"refit/internal/buildctx"
)

// uvPip adds what "uv pip" has to do with files beyond what pip has: its settings, and
// the environment that it finds. why says what stands against reading it as pip.
func (r *effectReader) uvPip(e *effect, p *argv.PipCmd) (why string) {
	for _, name := range uvManager.elsewhere {
		if _, here := p.Env(name); here || r.own[name] || r.st.HasEnv(name) || r.st.HasArg(name) {
			return name + " sends uv to another place"
		}
	}
	if p.Has("--directory", "--project", "--config-file", "--override", "--group") {
		return "uv is told to read other files"
	}
	r.uvFiles(e)
	if !p.Has("--system") && r.dir != "" {
		e.touches = append(e.touches, path.Join(r.dir, ".venv"))
	}
	return ""
}

// uvFiles are the files that uv looks for in the working directory and those above
// ("Configuration files" and "Python versions" in its documentation).
func (r *effectReader) uvFiles(e *effect) {
	e.uvPip = true
	for dir := r.dir; dir != ""; dir = path.Dir(dir) {
		for _, name := range []string{"uv.toml", "pyproject.toml", ".python-version"} {
			e.mayNeed = append(e.mayNeed, path.Join(dir, name))
		}
		if dir == "/" {
			break
		}
	}
}

// setsUpUV reports a pyproject.toml that has settings of uv, or says which Python an
// environment is to have.
func setsUpUV(ctx *buildctx.Context, name string) bool {
	doc, err := ctx.Toml(name)
	return err != nil || tableAt(doc, "tool", "uv") != nil || tableAt(doc, "project")["requires-python"] != nil
}

// computedFor says why "uv pip install -r" needs more of a project than its manifest.
func (h *hoist) computedFor(name string) (key, why string) {
	if !projectManifests[path.Base(name)] {
		return "", ""
	}
	doc, err := h.ctx.Toml(name)
	if err == nil && doc["project"] != nil && !dynamic(doc, "dependencies", "optional-dependencies") {
		return "", ""
	}
	return "installs-source", "uv builds the project of " + name + " to know what it depends on"
}
