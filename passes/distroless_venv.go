package passes

import (
	"path"
	"slices"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// environments are the virtual environments that a stage makes with a link to the
// image's own interpreter, and that show nothing of what else is installed for it.
//
// Those of a manager do: that the final stage works with one shows that its link leads
// to the image's Python, since nothing else brings another. Those of Python's own
// module do unless they show the image's packages, and pip has installed some before.
func (d *distroless) environments(s *transform.Stage) []string {
	var all []string
	installed := false
	for _, in := range d.f.Instructions {
		if in.Keyword != "run" || !slices.Contains(withBases(s), in) {
			continue
		}
		st, dir := d.f.State(in), ""
		if at := d.image.dirAt(in); at.known {
			dir = at.path
		}
		for _, c := range shell.Of(d.f, in).Commands() {
			if p, ok := argv.Pip(c); ok && p.IsInstall() {
				installed = true
			}
			if v, ok := argv.Venv(c); ok && linksVenv(v) && !(installed && v.Has("--system-site-packages")) {
				all = append(all, path.Clean(venvPlace(st, v, dir)))
			}
			if m, ok := readManager(c); ok && !fetchedPython(st, m) {
				all = append(all, managerPlace(st, m, dir))
			}
			dir = changeDir(st, c, dir)
		}
	}
	return slices.DeleteFunc(all, func(dir string) bool { return !plainPath.MatchString(dir) })
}

// linksVenv reports python -m venv DIR.
func linksVenv(v *argv.VenvCmd) bool {
	return v.Python != "" && v.Name == "venv" && v.Known &&
		!v.Has("--copies") && !(v.Has("--system-site-packages") && v.Has("--without-pip"))
}

// fetchedPython reports a manager that may be told to take another Python than the image's.
func fetchedPython(st *transform.State, m *managerCall) bool {
	if len(m.Command().Assigns) > 0 || m.Has("--python", "--managed-python") {
		return true
	}
	return slices.ContainsFunc([]string{"UV_PYTHON", "UV_PYTHON_INSTALL_DIR", "UV_MANAGED_PYTHON", "PDM_PYTHON", "POETRY_PYTHON_INSTALLATION_DIR"}, st.HasEnv)
}

// withoutPip is the step that takes pip out of the environment, which would be a
// package manager where there is to be none.
func (d *distroless) withoutPip() string {
	e, no := findEnvironment(d.f)
	if e == nil && no == nil || !d.bringsPip() {
		return ""
	}
	if no == nil {
		no = checkPip(e)
	}
	if no != nil {
		d.notes = append(d.notes, transform.Note{At: d.s.From.Body, Why: "pip stays in the environment: " + no.Why})
		return ""
	}
	if slices.ContainsFunc(e.builder.Instructions, func(in *transform.Instruction) bool { return pipOut.did(e, in) }) {
		return ""
	}
	d.notes = append(d.notes, transform.Note{At: d.s.From.Body, Why: pipOut.why})
	return "\n" + pipOut.step(d.f.Cased("RUN"), e.dir, string(d.f.Escape))
}

// bringsPip reports an environment that is made with a pip of its own: all but uv
// make it so, unless they are told not to.
func (d *distroless) bringsPip() bool {
	for _, in := range withBases(d.builder) {
		if in.Keyword != "run" {
			continue
		}
		for _, c := range shell.Of(d.f, in).Commands() {
			v, ok := argv.Venv(c)
			m, managed := readManager(c)
			if ok && !v.Has("--without-pip") && v.Name != "uv" || managed && m.manager.name != "uv" {
				return true
			}
		}
	}
	return false
}
