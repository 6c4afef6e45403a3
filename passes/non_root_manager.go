package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/shell"
	"refit/transform"
)

// settings reports a step that gives Poetry or PDM settings, which are in root's
// ~/.config unless they are the project's ("poetry config --local"). A script, a compose
// file or a person that calls the manager in the container would not have them.
func (n *nonRooter) settings(in *transform.Instruction, text string) *hold {
	st := n.f.State(in)
	for _, name := range []string{"poetry", "pdm"} {
		if strings.Contains(text, name+" config") && !strings.Contains(text, "--local") &&
			!slices.ContainsFunc(strings.Fields("POETRY_VIRTUALENVS_CREATE POETRY_CONFIG_DIR PDM_CONFIG_FILE VIRTUAL_ENV"), st.HasEnv) {
			return holdf(in, "data-under-root", "“%s config” keeps settings in root's home, which another user cannot enter", name)
		}
	}
	return nil
}

// fetchedPython reports a step in which uv or PDM fetches a Python into root's home,
// since the image's is not what the project asks for: the environment is links to it.
func (n *nonRooter) fetchedPython(in *transform.Instruction) *hold {
	img, ok := baseImage(n.s.Root())
	if !ok || img.Name != "python" || n.ctx == nil || n.f.State(in).HasEnv("UV_PYTHON_INSTALL_DIR") {
		return nil
	}
	python := pythonOf(img, len(n.s.Root().Base.Args) > 0)
	for _, c := range shell.Of(n.f, in).Commands() {
		call, ok := readManager(c)
		if !ok || call.kind != useInstall || !call.manager.fetchesPython {
			continue
		}
		for _, dir := range n.manifestDirs(call.manager.manifest) {
			if d, _ := call.manager.managed(n.ctx, dir, [2]int{}); d != nil && d.unfit(python) != "" {
				return holdf(in, "data-under-root", "%s may fetch a Python into root's home, which another user cannot enter: %s", call.manager.name, d.unfit(python))
			}
		}
	}
	return nil
}

// manifestDirs are the directories of the context that a manifest may be copied from.
func (n *nonRooter) manifestDirs(manifest string) []string {
	dirs := []string{"."}
	for _, in := range n.seq {
		for _, src := range contextSources(in) {
			dirs = append(dirs, path.Clean(src), path.Dir(path.Clean(src)))
		}
	}
	slices.Sort(dirs)
	return slices.DeleteFunc(slices.Compact(dirs), func(dir string) bool {
		exists, _ := n.ctx.Exists(path.Join(dir, manifest))
		return !exists
	})
}
