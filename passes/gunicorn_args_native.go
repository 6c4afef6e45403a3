package passes

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// openNative moves the options of an exec form into GUNICORN_CMD_ARGS, which
// gunicorn reads below its command line: appended arguments go on working.
func (st *starter) openNative(in *transform.Instruction, sc *shell.Script, g *argv.GunicornCmd, moved []shell.Word) transform.Finding {
	if why := st.tooOld(); why != "" {
		return st.decline(in, "gunicorn-too-old", "GUNICORN_CMD_ARGS needs gunicorn 19.7, and %s", why)
	}
	if len(moved) == 0 {
		return st.decline(in, "open-already", "the command has no options: gunicorn reads GUNICORN_CMD_ARGS by itself")
	}
	if other := namedElsewhere(contextOf(st.f), st.f.Options.Dockerfile, "GUNICORN_CMD_ARGS"); other != "" {
		return st.decline(in, "open-already", "%s names GUNICORN_CMD_ARGS, and a value that is given there would replace the options", other)
	}
	var edits []transform.Edit
	for i, w := range sc.Args {
		if i > 0 && slices.ContainsFunc(moved, func(m shell.Word) bool { return m.Span == w.Span }) {
			edits = append(edits, shell.Replace(in, shell.Span{Start: sc.Args[i-1].Span.End, End: w.Span.End}, ""))
		}
	}
	why := "gunicorn's options are the default of GUNICORN_CMD_ARGS, which gunicorn reads itself: docker run -e can replace them, " +
		"and arguments can still be appended"
	edits = append(edits, st.env(in, "GUNICORN_CMD_ARGS", texts(moved)))
	return transform.Finding{At: in.Body, Why: why, Edits: st.keepComments(in, edits)}
}

// tooOld says why it is not certain that gunicorn knows GUNICORN_CMD_ARGS, or
// "".
func (st *starter) tooOld() string {
	for _, in := range st.f.Instructions {
		if in.Keyword != "run" {
			continue
		}
		for _, c := range shell.Of(st.f, in).Commands() {
			pip, ok := argv.Pip(c)
			if !ok {
				continue
			}
			for _, w := range pip.Operands {
				if req, err := buildctx.ParseRequirement(w.Text); err == nil && req.Name == "gunicorn" && oldGunicorn(req.Spec) {
					return "an older one is installed by " + w.Text
				}
			}
			if why := st.oldInFiles(pip); why != "" {
				return why
			}
		}
	}
	return ""
}

// oldInFiles looks through the requirement files that a pip command names.
func (st *starter) oldInFiles(pip *argv.PipCmd) string {
	ctx := contextOf(st.f)
	for _, o := range pip.All("--requirement") {
		if ctx == nil {
			return "without the build context its version is not known"
		}
		for _, name := range []string{o.Value, path.Base(o.Value)} {
			reqs, err := ctx.Requirements(name)
			if err != nil {
				continue
			}
			for _, r := range reqs.Reqs {
				if r.Name == "gunicorn" && oldGunicorn(r.Spec) {
					return fmt.Sprintf("%s names %s", r.File, r.Raw)
				}
			}
		}
	}
	return ""
}

// oldGunicorn reports a specifier that pins a release before 19.7.
func oldGunicorn(spec string) bool {
	version, ok := strings.CutPrefix(strings.TrimSpace(spec), "==")
	if !ok {
		version, ok = strings.CutPrefix(strings.TrimSpace(spec), "<")
	}
	if !ok {
		return false
	}
	parts := strings.Split(strings.TrimLeft(version, "= "), ".")
	major, err := strconv.Atoi(parts[0])
	if err != nil || major > 19 {
		return err != nil
	}
	if major < 19 || len(parts) < 2 {
		return true
	}
	minor, err := strconv.Atoi(parts[1])
	return err != nil || minor < 7
}

// script says whether a script starts gunicorn where the command itself does
// not.
func (st *starter) script(in *transform.Instruction, sc *shell.Script) (transform.Finding, bool) {
	for _, c := range sc.Top() {
		call, ok := argv.Of(c)
		if !ok || !looksLikeScript(call.Program.Text) {
			continue
		}
		s, name := st.readScript(call.Program.Text)
		switch {
		case s == nil && strings.Contains(st.f.Src, "gunicorn"):
			return st.decline(in, "script-not-in-context", "%s is not in the build context, and may start gunicorn", call.Program.Text), true
		case s != nil && len(s.Gunicorn) > 0 && (slices.Contains(s.Vars, "GUNICORN_ARGS") || slices.Contains(s.Vars, "GUNICORN_CMD_ARGS")):
			return st.decline(in, "open-already", "%s gives gunicorn a GUNICORN_ variable", call.Program.Text), true
		case s != nil && len(s.Gunicorn) > 0:
			return st.started(in, call.Program.Text, name), true
		}
	}
	return transform.Finding{}, false
}

func looksLikeScript(program string) bool {
	return strings.HasSuffix(program, ".sh") || strings.HasPrefix(program, "./") || strings.Contains(program, "entrypoint")
}

// readScript reads a script of the image from the build context, and tells its
// name there; nil when it is not there or not a shell script.
func (st *starter) readScript(program string) (*buildctx.Script, string) {
	name, ok := contextFile(st.image, st.stage, program)
	if !ok {
		return nil, ""
	}
	s, err := contextOf(st.f).Script(name)
	if err != nil || !s.Shell {
		return nil, ""
	}
	return s, name
}
