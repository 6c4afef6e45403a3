package passes

import (
	"path"
	"slices"
	"strings"
	"sync"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

var pipCachePass = &transform.Pass{
	Name: "pip-cache",
	Doc: transform.Doc{
		Title: "keep pip's cache out of the image",
		Text: "pip keeps every download and every wheel that it built under ~/.cache, where they only make the layer " +
			"larger. A cache mount keeps them on the builder instead: the image gets smaller, and the next build that " +
			"changes one requirement does not download the others again. Where the mount's place is not certain (a user " +
			"other than root, a HOME of its own, an old frontend), or when the builder has no cache mounts, pip gets " +
			"--no-cache-dir. Each release of a distribution has a cache of its own (id=pip-bookworm), since pip does not tell " +
			"wheels that it built for one C library from others. The same for uv, Poetry, Pipenv and PDM, which only get the mount, and for npm, yarn 1 and pnpm " +
			"in images of Python.",
		Before: "FROM python:3.12-slim-bookworm\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n" +
			"COPY . .\n",
		After: "FROM python:3.12-slim-bookworm\nCOPY requirements.txt .\n" +
			"RUN --mount=type=cache,target=/root/.cache/pip,id=pip-bookworm pip install -r requirements.txt\nCOPY . .\n",
		Sources: []string{
			"Docker documentation, Optimize cache usage in builds, Use cache mounts",
			"pip documentation, Caching",
			"npm, yarn and pnpm documentation: cache and store directories",
		},
	},
	Declines: []transform.Decline{
		{Key: "no-cache-already", When: "--no-cache-dir or PIP_NO_CACHE_DIR switches the cache off already", Already: true},
		{Key: "cache-dir", When: "the file says where the cache is, by --cache-dir or PIP_CACHE_DIR"},
		{Key: "cache-used", When: "a step removes the cache itself, or one uses or copies it"},
		{Key: "place-unknown", When: "the cache's place is not known (another user, HOME, or an old frontend) and pip " +
			"may be older than --no-cache-dir"},
	},
	Hadolint: []string{"DL3042"},
	Run:      runPipCache,
}

// runPipCache gives the steps that call pip a cache mount, or pip the option
// --no-cache-dir.
//
// A mount is sound because pip only ever reads from its cache what it would
// otherwise download or build again, and because nothing else in the image
// finds files in it: that is checked for the whole file, and a step that
// removes the directory would fail on a mount. It serves nobody unless it is
// where pip looks, so that the user must be root and HOME its own. The option
// is sound wherever pip knows it, from version 6.0 on.
func runPipCache(f *transform.File) []transform.Finding {
	p := pipCacher{f: f, users: userFinder{f: f}, modern: map[*transform.Stage]bool{},
		nodeUse: sync.OnceValue(func() string { return usesNodeCache(f) })}
	var findings []transform.Finding
	for _, in := range f.Instructions {
		if in.Stage == nil || in == in.Stage.From {
			continue
		}
		who := p.users.at(in)
		if in.Keyword != "run" || in.Stage.Base.Ref == "scratch" {
			continue
		}
		if s := shell.Of(f, in); s.Form != shell.Opaque {
			step := p.read(in, s)
			step.who, step.home = who, p.users.home(in)
			var fd transform.Finding
			switch {
			case len(step.calls) > 0:
				fd = p.step(step)
			case len(step.managers) > 0:
				fd = p.managed(step)
			}
			if declined := fd; containsAny(s.Text, []string{"npm", "yarn"}) {
				p.node(&step, &fd)
				if declined.Reason != "" && fd.Reason == "" {
					findings = append(findings, declined)
				}
			}
			findings = append(findings, fd)
		}
	}
	return slices.DeleteFunc(findings, func(fd transform.Finding) bool { return fd.Why == "" })
}

// A pipStep is a RUN and the calls of pip in it that would fill a cache.
type pipStep struct {
	in       *transform.Instruction
	script   *shell.Script
	who      user
	home     bool // root's home is /root
	calls    []*argv.PipCmd
	managers []*managerCall
	vars     map[string]bool // variables that the script's text may set
}

type pipCacher struct {
	f      *transform.File
	users  userFinder
	modern map[*transform.Stage]bool // a call in the stage shows that its pip knows --no-cache-dir
	uses   *cacheUses
	// nodeUse is what usesNodeCache says of the file.
	nodeUse func() string
	front   frontend
}

// read finds the calls that install, download or build.
func (p *pipCacher) read(in *transform.Instruction, s *shell.Script) pipStep {
	step := pipStep{in: in, script: s}
	if !namesInstaller(p.f, in) {
		return step
	}
	for _, c := range s.Commands() {
		if m, ok := readManager(c); ok && m.kind == useInstall {
			step.managers = append(step.managers, m)
		}
		call, ok := argv.Pip(c)
		if !ok {
			if sync, ok := argv.PipSync(c); ok {
				step.calls = append(step.calls, sync)
			}
			continue
		}
		switch call.Subcommand.Text {
		case "install", "download", "wheel", "sync":
			step.calls = append(step.calls, call)
		}
	}
	return step
}

// step says what becomes of one RUN.
func (p *pipCacher) step(s pipStep) transform.Finding {
	at := s.in.Body
	decline := func(key, why string) transform.Finding {
		return transform.Finding{At: at, Reason: key, Why: why}
	}
	var open []*argv.PipCmd
	for _, c := range s.calls {
		switch p.setting(&s, c) {
		case "off":
		case "dir":
			return decline("cache-dir", "the cache's directory is given here: whether it is meant to stay cannot be told")
		default:
			open = append(open, c)
		}
	}
	if len(open) == 0 {
		return decline("no-cache-already", "pip's cache is switched off already")
	}
	s.calls = open
	if mountsCache(s.in) {
		return transform.Finding{}
	}
	if why := p.used(&s); why != "" {
		return decline("cache-used", why)
	}
	if !p.f.Options.NoCacheMounts && p.mountFits(&s) {
		return p.mount(&s)
	}
	if !p.knowsFlag(&s) {
		return decline("place-unknown", "it is not known where pip keeps its cache here, nor that pip is new enough for --no-cache-dir")
	}
	return p.flag(&s)
}

// setting is "off" where the call's cache is switched off, "dir" where its
// place is given, and "" else.
func (p *pipCacher) setting(s *pipStep, c *argv.PipCmd) string {
	if args, _ := c.Option("--pip-args"); c.Has("--no-cache-dir") || strings.Contains(args.Value, "--no-cache-dir") {
		p.modern[s.in.Stage] = true
		return "off"
	}
	if args, _ := c.Option("--pip-args"); c.Has("--cache-dir", "--download-cache") || strings.Contains(args.Value, "--cache-dir") || c.Sync && c.Has("--pip-args") {
		return "dir"
	}
	off, dir := "PIP_NO_CACHE_DIR", "PIP_CACHE_DIR"
	if c.UV {
		off, dir = "UV_NO_CACHE", "UV_CACHE_DIR"
	}
	switch {
	case p.sets(s, c, off):
		return "off"
	case p.sets(s, c, dir), p.sets(s, c, "PIP_DOWNLOAD_CACHE"):
		return "dir"
	}
	return ""
}

// sets reports whether the variable has a value for the call: by the file, by
// the call, or by the script around it.
func (p *pipCacher) sets(s *pipStep, c *argv.PipCmd, name string) bool {
	st := p.f.State(s.in)
	if st.HasEnv(name) || st.HasArg(name) {
		return true
	}
	if _, ok := c.Env(name); ok {
		return true
	}
	set, ok := s.vars[name]
	if !ok {
		if s.vars == nil {
			s.vars = map[string]bool{}
		}
		set = assigns(s.script.Text, name)
		s.vars[name] = set
	}
	return set
}

// assigns reports whether a script's text may give the variable a value.
func assigns(script, name string) bool {
	for rest := script; ; {
		i := strings.Index(rest, name+"=")
		if i < 0 {
			return false
		}
		if i == 0 || strings.IndexByte(" \t\n;&|('\"", rest[i-1]) >= 0 {
			return true
		}
		rest = rest[i+1:]
	}
}

// mountFits reports whether a cache mount would be where pip looks: root's
// home, by a frontend that knows the mount.
func (p *pipCacher) mountFits(s *pipStep) bool {
	if s.who != userRoot || !s.home || !p.front.cacheMounts(p.f) || cacheOwner(s.in.Stage) == "" {
		return false
	}
	for _, c := range s.calls {
		home, _ := p.f.State(s.in).Env("HOME")
		if home != "/root" && p.sets(s, c, "HOME") || p.sets(s, c, "XDG_CACHE_HOME") || otherUser(&c.Call) {
			return false
		}
	}
	return true
}

// otherUser reports a wrapper that may change the user or the home.
func otherUser(c *argv.Call) bool {
	for _, name := range []string{"sudo", "doas", "su", "gosu", "su-exec", "runuser", "setpriv", "chroot"} {
		if c.Through(name) {
			return true
		}
	}
	return false
}

// flag gives each call --no-cache-dir.
func (p *pipCacher) flag(s *pipStep) transform.Finding {
	fd := transform.Finding{At: s.in.Body, Why: "pip's cache would only make the layer larger: nothing reads it after this step"}
	for _, c := range s.calls {
		text := " --no-cache-dir"
		if c.UV {
			text = " --no-cache"
		} else if c.Sync {
			text = " --pip-args=--no-cache-dir"
		}
		if s.script.Form == shell.ExecForm {
			text = `, "` + text[1:] + `"`
		}
		at := shell.In(s.in, c.Subcommand.Span).End
		fd.Edits = append(fd.Edits, insertAt(at, text))
	}
	return fd
}

// knowsFlag reports whether pip is at least 6.0 here. Python's images had pip
// 1.5 until 2.7.8 and 3.4.2, Debian until jessie, Ubuntu until wily.
func (p *pipCacher) knowsFlag(s *pipStep) bool {
	for _, c := range s.calls {
		if !c.UV && !p.modern[s.in.Stage] && !hasNewPip(s.in.Stage.Root()) {
			return false
		}
	}
	return true
}

func hasNewPip(root *transform.Stage) bool {
	img, ok := baseImage(root)
	if !ok || !img.Official {
		return false
	}
	if img.Name == "python" {
		version, _, _ := strings.Cut(img.Tag, "-")
		switch {
		case slices.Contains([]string{"2.7.7", "2.7.8", "3.4.0", "3.4.1", "3.4.2"}, version),
			strings.HasPrefix(version, "3.3"), strings.HasPrefix(version, "3.2"):
			return false
		}
		return true
	}
	distro := distroOf(root)
	if distro == "" || strings.HasPrefix(distro, "alpine") {
		return distro != ""
	}
	return !slices.Contains([]string{
		"squeeze", "wheezy", "jessie", "lucid", "precise", "quantal", "raring", "saucy", "trusty", "utopic", "vivid", "wily",
	}, distro)
}

// mountsCache reports whether the step has a mount over pip's cache, or a cache
// mount that may be meant for it.
func mountsCache(in *transform.Instruction) bool {
	for _, m := range mountsOf(in) {
		target := m.target
		if target != "" {
			target = path.Clean(target)
		}
		switch target {
		case "/root/.cache/pip", "/root/.cache/uv", "/root/.cache", "/root", "/":
			return true
		}
		if m.kind == "cache" && (strings.ContainsAny(target, "$~") || strings.Contains(target, "pip") || strings.Contains(target, ".cache")) {
			return true
		}
	}
	return false
}
