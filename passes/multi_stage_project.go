package passes

import (
	"path"
	"slices"

	"refit/internal/buildctx"
	"refit/transform"
)

// feedProject is for a project that pip installs from a source tree which the
// builder has. An editable installation works in the runtime too, where the same
// files are at the same path, if it is a link and nothing else.
func (sp *split) feedProject(i int, n pipNeed) *transform.Finding {
	dir, found := sp.projectDir(i, n.path)
	if n.editable {
		why := "its files are not known"
		if found {
			why = sp.moreThanLink(dir)
		}
		if why != "" {
			return held(n.at, "local-install", "an editable installation is a link to the source, and may leave files in it that the runtime would lack: %s", why)
		}
	}
	if !found || projectCompiles(sp.ctx, dir) != "" || !sp.plainProject(dir) {
		sp.vcs, sp.known = true, false
		return nil
	}
	sp.nameProject(dir)
	if m, err := sp.ctx.Manifest(path.Join(dir, "pyproject.toml")); err == nil {
		sp.vcs = sp.vcs || slices.ContainsFunc(m.Builds, func(name string) bool { return versionedBy[name] })
	}
	return nil
}

// projectDir is the directory of the context that a project in the image comes
// from, known by its manifest.
func (sp *split) projectDir(i int, at string) (dir string, found bool) {
	if sp.ctx == nil {
		return "", false
	}
	for _, name := range []string{"pyproject.toml", "setup.py", "setup.cfg"} {
		if p, ok := sp.projectFile(sp.steps[i], path.Join(at, name)); ok {
			return path.Dir(path.Clean(p)), true
		}
	}
	return "", false
}

// projectFile is the file of the context that a COPY before a step brings to a
// path, under its own name.
func (sp *split) projectFile(before *splitStep, at string) (file string, found bool) {
	i := slices.Index(sp.steps, before)
	for _, st := range slices.Backward(sp.steps[:i]) {
		c := readCopy(sp.f, st.in)
		if c == nil || c.from != "" || c.inline {
			continue
		}
		if r, p := sp.reaches(c, at); (r == reachFile || r == reachDir) && path.Base(p) == path.Base(at) {
			if exists, known := sp.ctx.Exists(p); exists && known {
				return p, true
			}
		}
	}
	return "", false
}

// plainProject reports a project without a setup.py that compiles or calls other
// programs.
func (sp *split) plainProject(dir string) bool {
	file := path.Join(dir, "setup.py")
	exists, known := sp.ctx.Exists(file)
	return known && (!exists || plainSetup(sp.ctx, file))
}

// moreThanLink says why an editable installation may leave more than a link in
// the environment; "" if it is one. pip makes such links since 21.3, which the
// last releases of the images since Python 3.7 have.
func (sp *split) moreThanLink(dir string) string {
	if v := sp.python; sp.own == nil && (v.major != 3 || v.minor < 7 || v.minor < 11 && v.patch >= 0 || !v.sure) {
		return "its pip may be older than 21.3"
	}
	if why := projectCompiles(sp.ctx, dir); why != "" {
		return why
	}
	if !sp.plainProject(dir) {
		return "setup.py compiles, or runs other programs"
	}
	p, err := sp.ctx.Project(dir)
	if err != nil {
		return err.Error()
	}
	return p.Editable
}

// nameProject notes what the project in a directory of the context depends on.
func (sp *split) nameProject(dir string) {
	p, err := sp.ctx.Project(dir)
	if err != nil || p.Problem != "" {
		sp.vcs, sp.known = true, false
		return
	}
	lists := []buildctx.Dependencies{p.Main}
	for _, d := range p.Extras {
		lists = append(lists, d)
	}
	for _, d := range lists {
		for _, text := range d.Requires {
			r, err := buildctx.ParseRequirement(text)
			if err != nil {
				sp.known = false
				continue
			}
			sp.vcs = sp.vcs || r.VCS != ""
			sp.name(r.Name)
		}
		for _, name := range d.Files {
			reqs, err := sp.ctx.Requirements(path.Join(dir, name))
			if err != nil || reqs.Problem != "" {
				sp.vcs, sp.known = true, false
				return
			}
			for _, r := range reqs.Reqs {
				sp.vcs = sp.vcs || r.VCS != ""
				sp.name(r.Name)
			}
		}
	}
}
