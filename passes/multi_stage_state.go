package passes

import (
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/shell"
	"refit/transform"
)

// repeatState repeats in the builder the ENV, ARG, WORKDIR and SHELL that its
// steps work under. It goes backwards, so that it knows for each one what the
// steps behind it use.
func (sp *split) repeatState() *transform.Finding {
	used := map[string]bool{}
	use := func(st *splitStep) {
		for _, m := range variableUse.FindAllStringSubmatch(sp.builderText(st), -1) {
			used[m[1]] = true
		}
	}
	read := sp.readByApplication()
	inDir := false
	for _, st := range slices.Backward(sp.steps[:sp.last+1]) {
		switch st.in.Keyword {
		case "shell":
			st.build = true
		case "env", "arg":
			sp.repeatVariables(st, func(k string) bool { return used[k] || !read[k] && !applicationVariable(k) })
		case "workdir":
			st.build = inDir
			inDir = inDir && !sp.absoluteDir(st)
		default:
			inDir = inDir || st.build && sp.usesDir(st)
		}
		if st.build {
			use(st)
		}
	}
	return sp.checkVariables()
}

// checkVariables declines an ENV of the builder that uses a variable which the
// file sets nowhere: BuildKit warns of it in each stage.
func (sp *split) checkVariables() *transform.Finding {
	for _, st := range sp.steps[:sp.last+1] {
		if st.in.Keyword != "env" || !st.build {
			continue
		}
		state := sp.f.State(st.in)
		for _, m := range plainVariable.FindAllStringSubmatch(sp.builderText(st), -1) {
			if name := m[1] + m[2]; name != "PATH" && !state.HasEnv(name) && !state.HasArg(name) && !imageVariables[name] {
				return held(st.in.Body, "unclear-step", "%s is set nowhere in the file, so that what pip would get by it is not known", name)
			}
		}
	}
	return nil
}

// imageVariables are those that the Dockerfiles of docker-library/python set.
var imageVariables = setOf("PYTHON_VERSION PYTHON_PIP_VERSION PYTHON_SETUPTOOLS_VERSION PYTHON_SHA256 LANG GPG_KEY")

// repeatVariables repeats those variables of an ENV or ARG that the builder
// needs. Where one value may depend on another, or spaces hide where a value
// ends, it repeats all of them.
func (sp *split) repeatVariables(st *splitStep, needed func(string) bool) {
	names, _ := valuesOf(st.in)
	if st.build = slices.ContainsFunc(names, needed); !st.build {
		return
	}
	words := quotedWords(sp.f.Words(st.in))
	if len(words) != len(names)+1 {
		return
	}
	var edits []transform.Edit
	first := true // none of those before is needed
	for i, name := range names {
		w := words[i+1]
		gap := transform.Span{Start: words[i].Span.End, End: w.Span.End}
		if !strings.HasPrefix(w.Text, name) || strings.Contains(sp.f.Text(gap), "#") {
			return
		}
		switch {
		case needed(name):
			first = false
		case first:
			edits = append(edits, transform.Edit{Span: transform.Span{Start: w.Span.Start, End: words[i+2].Span.Start}})
		default:
			edits = append(edits, transform.Edit{Span: gap})
		}
	}
	st.buildEdits = edits
}

// quotedWords joins words that stand in one pair of quotes. Escaped quotes are
// left as they are: the number of words then tells that it did not work.
func quotedWords(words []transform.Word) []transform.Word {
	var joined []transform.Word
	open := false
	for _, w := range words {
		if open {
			last := &joined[len(joined)-1]
			last.Span.End = w.Span.End
			last.Text += " " + w.Text
		} else {
			joined = append(joined, w)
		}
		open = open != (strings.Count(w.Text, `"`)%2 == 1)
	}
	return joined
}

func (sp *split) absoluteDir(st *splitStep) bool {
	cmd, _ := st.in.Command()
	c, ok := cmd.(*instructions.WorkdirCommand)
	if !ok {
		return false
	}
	dir, ok := sp.f.State(st.in).Expand(c.Path)
	return ok && path.IsAbs(dir)
}

// usesDir reports whether a step of the builder depends on the working directory.
func (sp *split) usesDir(st *splitStep) bool {
	if st.script != nil {
		if st.relative || slices.ContainsFunc(st.in.Node.Flags, func(f string) bool { return strings.HasPrefix(f, "--mount") && strings.Contains(f, "bind") }) {
			return true
		}
		return slices.ContainsFunc(st.units, func(u *splitUnit) bool {
			return u.role == roleConfig || u.role == roleShell && slices.ContainsFunc(u.all, func(c *shell.Command) bool {
				return c.Name() == "cd" && !strings.HasPrefix(c.Words[len(c.Words)-1].Text, "/")
			})
		})
	}
	c, ok := copyingOf(st.in)
	return ok && !path.IsAbs(c.dest)
}

// readByApplication are the variables that the container's own commands and
// scripts use: settings of the application.
func (sp *split) readByApplication() map[string]bool {
	read := map[string]bool{}
	for _, st := range sp.steps {
		switch st.in.Keyword {
		case "cmd", "entrypoint", "healthcheck", "expose":
			for _, m := range variableUse.FindAllStringSubmatch(sp.f.Text(st.in.Body), -1) {
				read[m[1]] = true
			}
			for _, s := range sp.scriptsOf(st) {
				for _, v := range s.Vars {
					read[v] = true
				}
			}
		}
	}
	for _, name := range []string{"PATH", "HOME", "LANG", "LC_ALL", "USER"} {
		delete(read, name)
	}
	for name := range read {
		if strings.HasPrefix(name, "PIP_") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			delete(read, name)
		}
	}
	return read
}

// applicationVariables are read by frameworks and servers when they run, and by
// no installer, compiler or build script. By the documentation of Python, Flask,
// Django, gunicorn, uvicorn and Celery, and the names that people give to a port,
// a host, an environment, a commit.
var applicationVariables = setOf(`PYTHONUNBUFFERED PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONFAULTHANDLER PYTHONHASHSEED PYTHONIOENCODING
	PORT HOST ENV ENVIRONMENT APP_ENV DEBUG LOG_LEVEL LOGLEVEL SECRET_KEY DATABASE_URL REDIS_URL WEB_CONCURRENCY WORKERS TIMEOUT THREADS
	BUILD_DATE VCS_REF VCS_URL COMMIT GIT_COMMIT GIT_SHA COMMIT_SHA IMAGE_VERSION APP_VERSION APP_NAME APP_MODULE MODULE_NAME VARIABLE_NAME
	C_FORCE_ROOT TERM NLTK_DATA DISPLAY`)

func applicationVariable(name string) bool {
	if applicationVariables[name] || isSecretName(name) && !strings.HasPrefix(name, "PIP_") {
		return true
	}
	for _, p := range []string{"FLASK_", "DJANGO_", "GUNICORN_", "UVICORN_", "CELERY_", "POSTGRES_", "MYSQL_DATABASE", "MYSQL_USER", "MYSQL_PASSWORD",
		"REDIS_", "DB_", "RABBITMQ_", "STREAMLIT_"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// isSecretName reports a name of the kind that BuildKit's check
// SecretsUsedInArgOrEnv warns of. A step that needs one names it.
func isSecretName(name string) bool {
	for _, part := range strings.Split(strings.ToLower(name), "_") {
		switch part {
		case "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token":
			return true
		}
	}
	return false
}
