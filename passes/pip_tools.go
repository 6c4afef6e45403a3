package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// pip-sync installs what the compiled requirement files list, into the
// environment of the Python that it runs on, and removes everything else from
// it, but for pip and its own distributions (pip-tools' documentation,
// “Synchronizing virtual environments”). To the passes it is a pip install -r.

// pipSync is the effect of pip-sync. It reads settings from pyproject.toml or
// .pip-tools.toml.
func (r *effectReader) pipSync(p *argv.PipCmd) effect {
	e := effect{pip: true, installs: true, system: true}
	if !p.Known || p.Fed || p.Has("--python-executable", "--user", "--find-links", "--dry-run", "--ask", "--config", "--pip-args") {
		return doubt("what pip-sync does with its options is not known")
	}
	if env := p.Environment(); env != "" {
		if d, ok := r.path(shell.Word{Text: env}, &e); ok {
			e.local = append(e.local, d)
		}
	}
	for _, w := range syncFiles(p) {
		if f, ok := r.path(w, &e); ok && !w.HasGlob {
			e.needs = append(e.needs, f)
		} else {
			e.merge(effect{key: "unknown-path", unknown: "what “" + w.Text + "” names is not known"})
		}
	}
	if !p.Has("--no-config") {
		e.mayNeed, e.pipSync = append(e.mayNeed, absolute(r.dir, "pyproject.toml"), absolute(r.dir, ".pip-tools.toml")), true
	}
	r.pipEnv(&e, &p.Call)
	return e
}

// setsUpPipTools reports a file of the context that may hold settings of
// pip-tools.
func (h *hoist) setsUpPipTools(name string) bool {
	b, err := h.ctx.ReadFile(name)
	return err != nil || strings.Contains(string(b), "pip-tools")
}

// syncFiles are the requirement files of pip-sync: requirements.txt where none is
// named.
func syncFiles(p *argv.PipCmd) []shell.Word {
	if len(p.Operands) == 0 {
		return []shell.Word{{Text: "requirements.txt", Static: true}}
	}
	return p.Operands
}

// pipSync notes what pip-sync installs.
func (s *slimming) pipSync(in *transform.Instruction, p *argv.PipCmd, dir string) {
	run := &pipRun{in: in, at: shell.In(in, p.Program.Span), dir: dir, limits: map[string]string{}}
	if p.Fed || !p.Known {
		s.decline(run.at, "unknown-distribution", "what pip-sync is asked to install is not certain")
		return
	}
	for _, w := range syncFiles(p) {
		text, ok := shellValue(s.f.State(in), w)
		if !ok {
			s.decline(run.at, "missing-file", "the file that pip-sync reads is not known before the build")
			return
		}
		s.pipOption(run, "--requirement", text)
	}
}

// checkSync asks for a pip-sync that works on the environment: one that an
// earlier step of pip's has installed into it.
func (sp *split) checkSync(st *splitStep, p *argv.PipCmd, dir string, at transform.Span) *transform.Finding {
	state := sp.f.State(st.in)
	switch {
	case p.Through("sudo") || p.Through("su"):
		return held(at, "path-lost", "sudo finds another pip-sync than that of the environment")
	case p.Dir != "" || path.IsAbs(p.Python):
		return held(at, "absolute-path", "pip-sync is called by its path, which is not that of the environment")
	case p.Fed || !p.Known || p.Has("--pip-args", "--config", "--ask"):
		return held(at, "unclear-step", "what pip-sync is asked to install is not certain")
	case p.Has("--python-executable", "--user"):
		return held(at, "pip-elsewhere", "pip-sync installs outside the environment")
	case !sp.installsTools(st):
		return held(at, "outside-install", "no step of pip's before it installs pip-tools by name, so that it may work on another Python")
	}
	for _, w := range syncFiles(p) {
		text, ok := shellValue(state, w)
		if !ok || !path.IsAbs(text) && dir == "" {
			return held(at, "unclear-step", "the file that pip-sync reads is not known before the build")
		}
		st.relative = st.relative || !path.IsAbs(text)
		st.need(pipNeed{path: absolute(dir, text), at: at, detail: true})
	}
	if !p.Has("--no-config") && sp.ctx != nil && dir != "" {
		for _, name := range []string{"pyproject.toml", ".pip-tools.toml"} {
			if found, _ := sp.projectFile(st, path.Join(dir, name)); found != "" {
				st.need(pipNeed{path: path.Join(dir, name), at: at})
			}
		}
	}
	sp.notes = append(sp.notes, transform.Note{At: at, Why: "pip-tools stays in the environment: whether anything calls it cannot be told"})
	return nil
}

// installsTools reports whether pip installs pip-tools by name, up to a step.
func (sp *split) installsTools(last *splitStep) bool {
	for _, st := range sp.steps {
		if st.script != nil {
			for _, c := range st.script.Commands() {
				p, ok := argv.Pip(c)
				if ok && p.IsInstall() && slices.ContainsFunc(p.Operands, func(w shell.Word) bool { return distribution(w.Text) == "pip-tools" }) {
					return true
				}
			}
		}
		if st == last {
			break
		}
	}
	return false
}
