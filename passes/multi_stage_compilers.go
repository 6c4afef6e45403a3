package passes

import (
	"path"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// compilers build software, or call what does.
var compilers = setOf(`gcc g++ cc c++ make cmake ninja meson cargo rustc gfortran clang ld configure autoconf automake libtool
	npm yarn node-gyp gem bundle go pip pip3 cython f2py pg_config mysql_config xml2-config swig`)

// checkCompilers declines when something that stays in the runtime needs what
// only the builder has.
func (sp *split) checkCompilers() *transform.Finding {
	if len(sp.dropped) == 0 {
		return nil
	}
	for i, st := range sp.steps {
		switch st.in.Keyword {
		case "run":
			if no := sp.checkLaterStep(i, st); no != nil {
				return no
			}
		case "cmd", "entrypoint", "healthcheck":
			if no := sp.checkStart(st); no != nil {
				return no
			}
		}
	}
	return sp.checkApplication()
}

// checkLaterStep looks at a step that builds the image behind the packages.
func (sp *split) checkLaterStep(i int, st *splitStep) *transform.Finding {
	if !st.run {
		return nil
	}
	for _, u := range st.units {
		switch u.role {
		case rolePackage, rolePip, roleTidy, rolePipTidy, roleShell:
			continue
		}
		at := shell.In(st.in, u.top[0].Span)
		if u.role == roleUnknown && i > sp.first {
			return held(at, "later-build", "%s may need the compilers that stay in the builder", describe(u))
		}
		for _, c := range u.all {
			if name := path.Base(c.Name()); compilers[name] || sp.dropped[name] {
				return held(at, "later-build", "%s may need the compilers that stay in the builder", name)
			}
		}
	}
	return nil
}

// checkStart looks at what the container runs.
func (sp *split) checkStart(st *splitStep) *transform.Finding {
	for _, name := range shell.Of(sp.f, st.in).Tools() {
		if base := path.Base(name); compilers[base] || sp.dropped[base] {
			return held(st.in.Body, "compiler-at-run-time", "the container runs %s, and compilers stay in the builder", base)
		}
	}
	for _, s := range sp.scriptsOf(st) {
		for _, name := range s.Commands {
			if compilers[name] || sp.dropped[name] {
				return held(st.in.Body, "compiler-at-run-time", "%s runs %s when the container starts, and compilers stay in the builder", s.Path, name)
			}
		}
	}
	return nil
}

// checkApplication looks at what the application's own sources run.
func (sp *split) checkApplication() *transform.Finding {
	uses, err := sp.ctx.PythonUses()
	if err != nil {
		return nil
	}
	at := sp.s.From.Body
	for _, u := range uses.Commands {
		if base := path.Base(u.What); compilers[base] && base != "npm" || sp.dropped[base] {
			return held(at, "compiler-at-run-time", "%s:%d runs %s, and compilers stay in the builder", u.File, u.Line, base)
		}
	}
	for _, module := range []string{"pyximport", "weave"} {
		if uses.Imported(module) {
			return held(at, "compiler-at-run-time", "the application imports %s, which compiles when it runs", module)
		}
	}
	return nil
}

// findTools lists the commands beside pip that the builder runs, and that come
// from packages: those that set pip or apt up, and those whose output pip reads.
func (sp *split) findTools() {
	sp.tools = map[string]bool{}
	for _, st := range sp.steps[:sp.last+1] {
		for _, u := range st.units {
			if u.role == roleTool && len(u.all) > 1 { // an installer that is fetched
				sp.tools[u.all[0].Name()] = true
			}
			if u.role != roleConfig && u.role != rolePip {
				continue
			}
			for _, c := range u.all {
				if call, ok := argv.Of(c); ok && fromPackage(c, call.Name) {
					sp.tools[call.Name] = true
				}
			}
		}
	}
}

// fromPackage reports a command that not every image has, or that calls one.
func fromPackage(c *shell.Command, name string) bool {
	if _, ok := argv.Pip(c); ok || name == "" || isPythonName(name) || shellWords[name] {
		return false
	}
	return name == "apt-key" || !facts.SlimHasCommand("bookworm", name)
}
