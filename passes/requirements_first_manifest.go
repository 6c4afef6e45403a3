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
		list, key, why := h.manifests(st, p)
		if key != "" {
			return key, why
		}
		brings = append(brings, list...)
	}
	st.brings, st.reads = nil, nil
	for _, m := range brings {
		st.reads = append(st.reads, m.name)
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
				return nil, "installs-source", fmt.Sprintf("%s installs %s from the source", name, l)
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
		if ok && h.needed(targets, st) && h.repeats(h.steps[:i], st, targets) {
			st.place = ahead
			for _, user := range h.steps {
				user.brings = slices.DeleteFunc(user.brings, func(m manifest) bool { return m.from == st })
			}
		}
	}
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
