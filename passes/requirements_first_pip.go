package passes

import (
	"path"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
)

// pip is the effect of pip. What it reads are requirement files, files that
// options name, and local projects; what it writes are the packages' places.
func (r *effectReader) pip(p *argv.PipCmd) effect {
	e := effect{pip: true, system: true}
	if p.UV {
		if why := r.uvPip(&e, p); why != "" {
			return effect{key: "package-manager", unknown: why}
		}
	}
	if env := p.Environment(); env != "" {
		if d, ok := r.path(shell.Word{Text: env, HasVar: strings.Contains(env, "$")}, &e); ok {
			e.local = append(e.local, d)
		} else {
			e.merge(effect{key: "unknown-path", unknown: "what “" + env + "” names is not known"})
		}
	}
	switch p.Subcommand.Text {
	case "sync":
		e.installs = p.UV
		for _, w := range p.Operands {
			if f, ok := r.path(w, &e); ok && !w.HasGlob {
				e.needs = append(e.needs, f)
			} else {
				return effect{key: "unknown-path", unknown: "what “" + w.Text + "” names is not known"}
			}
		}
		p.Operands = nil
	case "install", "wheel", "download":
		e.installs = !onlyTools(p)
	case "uninstall":
		e.cleans = true
	case "cache":
		e.cleans = true
		return e
	case "list", "freeze", "show", "check", "config", "debug", "tree":
		return e
	case "":
	default:
		return doubt("pip " + p.Subcommand.Text + " is not known")
	}
	if !p.Known || p.Fed {
		return doubt("pip's arguments are not known")
	}
	for _, o := range p.Options {
		r.pipOption(&e, &o)
	}
	if sub := p.Subcommand.Text; (sub == "wheel" || sub == "download") && !p.Has("--wheel-dir", "--dest") {
		e.spills, e.usesCwd = append(e.spills, r.dir), true
	}
	r.pipOperands(&e, p.Operands)
	r.pipEnv(&e, &p.Call)
	return e
}

// onlyTools reports a call that only brings pip and its like up to date.
func onlyTools(p *argv.PipCmd) bool {
	if len(p.Operands) == 0 || p.Has("--requirement", "--editable") {
		return false
	}
	for _, w := range p.Operands {
		switch name, _, _ := strings.Cut(strings.TrimRight(w.Text, "0123456789.*"), "="); strings.TrimRight(name, "<>=~!") {
		case "pip", "setuptools", "wheel", "virtualenv":
		default:
			return false
		}
	}
	return true
}

func (r *effectReader) pipOption(e *effect, o *argv.Option) {
	if !o.HasValue {
		return
	}
	w := o.Holder
	w.Text = o.Value
	switch o.Name {
	case "--requirement", "--constraint", "--build-constraint":
		if strings.Contains(o.Value, "://") || o.Value == "/dev/stdin" { // what is before the pipe is a command of its own
			return
		}
		if p, ok := r.path(w, e); ok && !w.HasGlob {
			e.needs = append(e.needs, p)
		} else {
			e.merge(effect{key: "unknown-path", unknown: "what “" + o.Value + "” names is not known"})
		}
	case "--editable", "--group":
		if !strings.Contains(o.Value, "+") || o.Name == "--group" {
			e.merge(installsSource(o.Value))
		} else if r.dir != "" {
			e.spills = append(e.spills, path.Join(r.dir, "src"))
		}
	case "--target", "--prefix", "--root", "--src", "--wheel-dir", "--dest":
		if p, ok := r.path(w, e); ok {
			e.local = append(e.local, p)
		} else {
			e.merge(effect{key: "unknown-path", unknown: "what “" + o.Value + "” names is not known"})
		}
	case "--find-links", "--index-url", "--extra-index-url":
		if text, file := strings.CutPrefix(o.Value, "file:"); file || !strings.Contains(text, "://") && !w.HasVar {
			if p, ok := r.path(shell.Word{Text: strings.TrimPrefix(text, "//")}, e); ok {
				e.sources = append(e.sources, p)
			}
		}
	case "--log", "--report", "--cert", "--client-cert", "--cache-dir", "--python", "--build":
		e.path(r, w)
	}
}

func installsSource(what string) effect {
	return effect{key: "installs-source", unknown: "it installs “" + what + "” from the source"}
}

// pipOperands are requirements: names, URLs, or paths of local projects.
func (r *effectReader) pipOperands(e *effect, words []shell.Word) {
	for _, w := range words {
		if strings.Contains(w.Text, "+") && strings.Contains(w.Text, "://") && !w.HasCmdSubst {
			continue // from version control; a variable in it is no path
		}
		if !w.Literal() {
			if text, ok := r.expand(w.Text); ok && !w.HasCmdSubst && !w.HasTilde {
				w.Text, w.HasVar = text, false
			} else {
				e.merge(doubt("what “" + w.Text + "” stands for is not known"))
				continue
			}
		}
		if w.Quoted {
			r.requirement(e, w.Text)
			continue
		}
		for _, text := range strings.Fields(w.Text) {
			r.requirement(e, text)
		}
	}
}

func (r *effectReader) requirement(e *effect, text string) {
	req, err := buildctx.ParseRequirement(text)
	switch {
	case err != nil:
		e.merge(doubt("the requirement “" + text + "” is not understood"))
	case req.Local():
		if p := absolute(r.dir, req.Path); r.dir != "" || path.IsAbs(req.Path) {
			if i := strings.IndexAny(p, "*?["); i >= 0 {
				p = path.Dir(p[:i] + "x")
			}
			e.sources = append(e.sources, p)
			e.usesCwd = e.usesCwd || !path.IsAbs(req.Path)
			return
		}
		e.merge(installsSource(req.Path))
	}
}

// pipEnv reads the settings that pip takes from the environment and that name
// files.
func (r *effectReader) pipEnv(e *effect, call *argv.Call) {
	for _, name := range []string{"PIP_REQUIREMENT", "PIP_CONSTRAINT", "PIP_FIND_LINKS", "PIP_EDITABLE", "PIP_CONFIG_FILE", "PIP_TARGET", "PIP_PREFIX", "PIP_SRC", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"} {
		text, ok := "", false
		switch {
		case r.own[name]:
		case r.st.HasEnv(name) || r.st.HasArg(name):
			text, ok = defaultText(r.st, "$"+name)
			if !ok && strings.HasSuffix(name, "_URL") {
				continue // given by a build argument
			}
		default:
			if _, set := call.Env(name); !set {
				continue
			}
		}
		switch {
		case strings.Contains(text, "://") && !strings.HasPrefix(text, "file:"):
		case !ok || strings.ContainsAny(text, " $"):
			e.merge(effect{key: "unknown-path", unknown: name + " names files that are not known"})
		case name == "PIP_REQUIREMENT" || name == "PIP_CONSTRAINT":
			e.needs = append(e.needs, absolute(r.dir, text))
		default:
			e.touches = append(e.touches, absolute(r.dir, text))
		}
	}
}
