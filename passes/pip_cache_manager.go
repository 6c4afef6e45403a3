package passes

import "refit/transform"

// managed gives a step in which only managers (Poetry, uv, Pipenv, PDM) install a
// mount over what they download. There is no option in its place: not every one of
// them has one in all its versions.
func (p *pipCacher) managed(s pipStep) transform.Finding {
	switch p.managedCache(&s) {
	case "off":
		return transform.Finding{At: s.in.Body, Reason: "no-cache-already", Why: s.tool() + "'s cache is switched off already"}
	case "dir":
		return transform.Finding{At: s.in.Body, Reason: "cache-dir", Why: "the cache's directory is given here: whether it is meant to stay cannot be told"}
	}
	if p.f.Options.NoCacheMounts || mountsCache(s.in) || !p.mountFits(&s) {
		return transform.Finding{}
	}
	if why := p.used(&s); why != "" {
		return transform.Finding{At: s.in.Body, Reason: "cache-used", Why: why}
	}
	return p.mount(&s)
}

// managedCache is "off" where a manager's cache is switched off, "dir" where its place
// may be another one, and "" else.
func (p *pipCacher) managedCache(s *pipStep) string {
	for _, m := range s.managers {
		if m.Has("--no-cache") {
			return "off"
		}
		st := p.f.State(s.in)
		for _, name := range append([]string{"HOME", "XDG_CACHE_HOME"}, m.manager.noCache...) {
			_, here := m.Env(name)
			home, _ := st.Env(name)
			if (here || st.HasEnv(name) || st.HasArg(name) || assigns(s.script.Text, name)) && !(name == "HOME" && home == "/root") {
				return "dir"
			}
		}
		if m.Has("--cache-dir") || otherUser(&m.Call) {
			return "dir"
		}
	}
	return ""
}

// tool names what a step's cache belongs to.
func (s *pipStep) tool() string {
	if len(s.calls) == 0 && len(s.managers) > 0 {
		return s.managers[0].manager.name
	}
	return "pip"
}
