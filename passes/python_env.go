package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// pythonEnvPass sets the variables that a container which runs Python wants.
var pythonEnvPass = &transform.Pass{
	Name: "python-env",
	Doc: transform.Doc{
		Title: "set PYTHONUNBUFFERED in the runtime stage",
		Text: "Python buffers what it prints when no terminal is attached, so the last lines before a crash never " +
			"reach the container's log. PYTHONUNBUFFERED=1 writes them at once. Where the build compiles the modules, " +
			"PYTHONDONTWRITEBYTECODE=1 keeps the container from writing more of them at every start. A stage that sets " +
			"a variable already, or that starts from a stage that does, is left alone.",
		Before: "FROM python:3.12-slim-bookworm\nCOPY . /app\nRUN python -m compileall /app\nCMD [\"python\", \"/app/main.py\"]\n",
		After: "FROM python:3.12-slim-bookworm\nENV PYTHONUNBUFFERED=1\nENV PYTHONDONTWRITEBYTECODE=1\nCOPY . /app\n" +
			"RUN python -m compileall /app\nCMD [\"python\", \"/app/main.py\"]\n",
		Sources: []string{"Python documentation, command line and environment, PYTHONUNBUFFERED and PYTHONDONTWRITEBYTECODE"},
	},
	Alters: []string{"env:PYTHONUNBUFFERED", "env:PYTHONDONTWRITEBYTECODE"},
	Declines: []transform.Decline{
		{Key: "set-already", When: "the stage, or one that it starts from, sets PYTHONUNBUFFERED", Already: true},
	},
	Run: runPythonEnv,
}

// runPythonEnv looks at the final stage, if it starts from the official Python
// image or runs Python. Nothing but Python reads the two variables:
// PYTHONUNBUFFERED changes when output appears, PYTHONDONTWRITEBYTECODE what an
// import leaves on the disk; what pip and compileall write, they write all the
// same. Neither is set where the file sets it, to whatever value.
func runPythonEnv(f *transform.File) []transform.Finding {
	s := f.Final()
	if !isPython(s) && !startsPython(f, s) || strings.HasSuffix(f.Text(s.From.Body), string(f.Escape)) {
		return nil
	}
	var found []transform.Finding
	set := func(name, why string) {
		found = append(found, transform.Finding{At: s.From.Body, Why: why,
			Edits: []transform.Edit{insertBehind(s.From, "\n"+f.Cased("ENV")+" "+name+"=1")}})
	}
	end := f.EndState(s)
	if end.HasEnv("PYTHONUNBUFFERED") {
		found = append(found, transform.Finding{At: s.From.Body, Reason: "set-already", Why: "PYTHONUNBUFFERED is set in this stage"})
	} else {
		set("PYTHONUNBUFFERED", "PYTHONUNBUFFERED=1 writes output at once, so that the last lines before a crash reach the log")
	}
	if !end.HasEnv("PYTHONDONTWRITEBYTECODE") && compilingStep(f, s, map[*transform.Stage]bool{}) != nil {
		set("PYTHONDONTWRITEBYTECODE", "the build compiles the modules already: PYTHONDONTWRITEBYTECODE=1 keeps containers from writing more")
	}
	return found
}

// startsPython reports a stage whose container runs Python: its ENTRYPOINT or CMD
// names an interpreter, a server written in Python or a Python file, or is a
// script of the context that does.
func startsPython(f *transform.File, s *transform.Stage) bool {
	entrypoint, cmd := startedBy(s)
	for _, in := range []*transform.Instruction{entrypoint, cmd} {
		if in == nil {
			continue
		}
		for _, c := range shell.Of(f, in).Commands() {
			call, ok := argv.Of(c)
			if ok && (call.Python != "" || pythonProgram(call.Name) || argv.Server(c) != "" || scriptStartsPython(f, s, call.Program.Text)) {
				return true
			}
		}
	}
	return false
}

// scriptStartsPython looks into the script of the context that a program is.
func scriptStartsPython(f *transform.File, s *transform.Stage, program string) bool {
	if !strings.Contains(program, "/") {
		return false
	}
	name, ok := contextFile(&inImage{File: f}, s, program)
	if !ok {
		return false
	}
	script, err := contextOf(f).Script(name)
	return err == nil && slices.ContainsFunc(script.Commands, pythonProgram)
}

func pythonProgram(name string) bool {
	return strings.HasPrefix(name, "python") && interpreter.MatchString(name) || path.Ext(name) == ".py" || name == "gunicorn" || name == "uvicorn"
}

// compilingStep is the step that compiles modules, or the setting that tells uv to, in a
// stage or one that it takes files from; nil for none.
func compilingStep(f *transform.File, s *transform.Stage, seen map[*transform.Stage]bool) *transform.Instruction {
	if s == nil || seen[s] {
		return nil
	}
	seen[s] = true
	for _, in := range s.Instructions {
		if in.Keyword == "run" && slices.ContainsFunc(shell.Of(f, in).Commands(), compiles) {
			return in
		}
	}
	const setting = "UV_COMPILE_BYTECODE"
	if v, ok := f.EndState(s).Env(setting); ok && v != "" && v != "0" && v != "false" {
		for _, in := range slices.Backward(withBases(s)) {
			if in.Keyword == "env" && strings.Contains(f.Text(in.Body), setting) {
				return in
			}
		}
		return s.From
	}
	for _, e := range s.Deps {
		if e.Kind != transform.EdgeMount {
			if in := compilingStep(f, e.To, seen); in != nil {
				return in
			}
		}
	}
	return nil
}

func compiles(c *shell.Command) bool {
	call, ok := argv.Of(c)
	if !ok {
		return false
	}
	return call.Python != "" && call.Name == "compileall" ||
		call.Name == "uv" && slices.ContainsFunc(call.Words, func(w shell.Word) bool { return w.Text == "--compile-bytecode" })
}
