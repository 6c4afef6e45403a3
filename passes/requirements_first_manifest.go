package passes

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// resolve finds the requirement files that a step reads and notes those that
// must be copied for it.
func (h *hoist) resolve(st *hoistStep) (key, why string) {
	var brings []manifest
	for _, p := range st.effect.needs {
		if slices.Contains(h.written, p) || slices.Contains(st.effect.outputs, p) {
			continue
		}
		list, key, why := h.manifests(st, p)
		if key == "" && st.effect.uvPip && len(list) == 1 {
			key, why = h.computedFor(list[0].name)
		}
		if key != "" {
			return key, why
		}
		brings = append(brings, list...)
	}
	for _, p := range st.effect.whole {
		m, key, why := h.wholeManifest(p)
		if key != "" {
			return key, why
		}
		brings = append(brings, m)
	}
	for _, p := range st.effect.mayNeed {
		from, name := h.provider(p)
		switch {
		case from == nil, st.effect.uvPip && path.Base(p) == "pyproject.toml" && !setsUpUV(h.ctx, name):
			continue
		case st.effect.pipSync && !h.setsUpPipTools(name):
			continue
		}
		m, key, why := h.wholeManifest(p)
		if key != "" {
			return key, why
		}
		brings = append(brings, m)
	}
	if key, why := h.checkManaged(st); key != "" {
		return key, why
	}
	if key, why := h.checkNode(st); key != "" {
		return key, why
	}
	st.brings, st.reads = nil, nil
	for _, m := range brings {
		if !st.effect.pipSync || !slices.Contains(st.effect.mayNeed, m.path) {
			st.reads = append(st.reads, m.name)
		}
		if !h.there(m) && !slices.Contains(st.brings, m) {
			st.brings = append(st.brings, m)
		}
	}
	return "", ""
}

// provider is the last copy that brings p.
func (h *hoist) provider(p string) (*hoistStep, string) {
	for _, c := range slices.Backward(h.copies) {
		if name, ok := c.copy.brings(p); ok {
			return c, name
		}
	}
	return nil, ""
}

// manifests are the requirement file at p and what it includes.
func (h *hoist) manifests(st *hoistStep, p string) (list []manifest, key, why string) {
	if projectManifests[path.Base(p)] {
		m, key, why := h.wholeManifest(p)
		return []manifest{m}, key, why
	}
	from, name := h.provider(p)
	if from == nil {
		return nil, "no-manifest", path.Base(p) + " does not come from the build context, or .dockerignore hides it"
	}
	reqs, err := h.ctx.Requirements(name)
	switch {
	case err != nil:
		return nil, "no-manifest", fmt.Sprintf("%s cannot be read", name)
	case reqs.Problem != "":
		return nil, "unreadable", reqs.Problem
	}
	for _, l := range reqs.LocalPaths {
		for _, dir := range append(st.effect.dirs, st.cwd, path.Dir(p)) {
			if h.sourceReaches(absolute(dir, l)) {
				return nil, "installs-source", fmt.Sprintf("%s installs %s from the source, which a step of its own, behind the source, could do", name, l)
			}
		}
	}
	for i := range reqs.Reqs {
		if r := &reqs.Reqs[i]; r.Editable && r.VCS != "" && h.sourceReaches(path.Join(st.cwd, "src")) {
			return nil, "needs-source", fmt.Sprintf("%s checks %s out into src, which the source holds too", name, r.Raw)
		}
	}
	for i, file := range reqs.Files {
		rel, err := filepath.Rel(path.Dir(name), file)
		if err != nil {
			return nil, "unknown-path", err.Error()
		}
		m := manifest{name: file, path: path.Join(path.Dir(p), filepath.ToSlash(rel))}
		if i == 0 {
			m.path = p
		}
		var got string
		if m.from, got = h.provider(m.path); got != file {
			return nil, "no-manifest", fmt.Sprintf("%s, which %s includes, is not copied to its place", file, name)
		}
		if m.from.copy.behindLink(file) || strings.ContainsAny(file, "*?[]\\$ \t\"'") {
			return nil, "unknown-path", fmt.Sprintf("%s has an unusual name or lies behind a symbolic link", file)
		}
		list = append(list, m)
	}
	return list, "", ""
}

// wholeManifest is a file at p that includes no others.
func (h *hoist) wholeManifest(p string) (m manifest, key, why string) {
	from, name := h.provider(p)
	if from == nil {
		return m, "no-manifest", path.Base(p) + " does not come from the build context, or .dockerignore hides it"
	}
	if from.copy.behindLink(name) || !copyable(name) {
		return m, "unknown-path", fmt.Sprintf("%s has an unusual name or lies behind a symbolic link", name)
	}
	return manifest{name, p, from}, "", ""
}

// sourceReaches reports whether anything that stays behind brings p.
func (h *hoist) sourceReaches(p string) bool {
	return slices.ContainsFunc(h.left, func(s *hoistStep) bool {
		return s.kind == copyStep && s.copy.reaches(p)
	})
}

// there reports whether the file is in its place ahead of the source already.
func (h *hoist) there(m manifest) bool {
	for _, c := range h.copies {
		if c.place == behind {
			continue
		}
		if name, ok := c.copy.brings(m.path); ok && name == m.name {
			return true
		}
	}
	for _, s := range h.fed {
		if slices.ContainsFunc(s.brings, func(o manifest) bool { return o.path == m.path && o.name == m.name }) {
			return true
		}
	}
	return false
}

// manifestNames are the requirement files that what goes ahead reads.
func (h *hoist) manifestNames() []string {
	var names []string
	for _, st := range h.steps {
		if st.place == ahead {
			names = append(names, st.reads...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// moveManifests lets copies of nothing but requirement files that are needed
// ahead go there themselves.
func (h *hoist) moveManifests() {
	for i, st := range h.steps {
		if st.place != behind || st.kind != copyStep {
			continue
		}
		targets, ok := st.copy.targets()
		if ok && h.needed(targets, st) && h.repeats(h.steps[:i], st, targets) && h.dirThere(st.copy) {
			st.place = ahead
			for _, user := range h.steps {
				user.brings = slices.DeleteFunc(user.brings, func(m manifest) bool { return m.from == st })
			}
		}
	}
}

// dirThere reports whether a copy finds its directory where it goes ahead, and not
// only behind the source that makes it.
func (h *hoist) dirThere(c *contextCopy) bool {
	return c.written || !c.toDir || isKnownDir(c.dest, "/", h.dirs)
}

// needed reports whether every target is a requirement file that comes from st.
func (h *hoist) needed(targets []string, st *hoistStep) bool {
	for _, t := range targets {
		found := false
		for _, user := range h.steps {
			found = found || slices.ContainsFunc(user.brings, func(m manifest) bool { return m.from == st && m.path == t })
		}
		if !found {
			return false
		}
	}
	return true
}

// repeats reports whether what stays behind and came before writes the same as
// st where it writes the same paths.
func (h *hoist) repeats(before []*hoistStep, st *hoistStep, targets []string) bool {
	for _, s := range before {
		if s.place != behind {
			continue
		}
		for _, t := range targets {
			if s.kind != copyStep {
				if slices.ContainsFunc(slices.Concat(s.effect.touches, s.effect.spills), func(p string) bool { return relatedPaths(p, t) }) {
					return false
				}
				continue
			}
			mine, _ := st.copy.brings(t)
			theirs, also := s.copy.brings(t)
			if also && (mine != theirs || !slices.Equal(st.copy.flags, s.copy.flags)) {
				return false
			}
		}
	}
	return true
}
