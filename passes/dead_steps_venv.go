package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/lazyregexp"
	"refit/internal/shell"
	"refit/transform"
)

// deadVenvs removes the RUN that makes a virtual environment which nothing uses,
// together with the steps that activate it or make its activate script
// executable.
//
// A virtual environment is used by its path: in PATH, VIRTUAL_ENV or another
// variable, in a command, in a file. Nothing in the stage or in one that starts
// from it may name its directory or an environment at all, run a tool that finds
// environments by itself, or copy the directory elsewhere; and no file of the
// context, which must be known, may hold its name. A name that does not tell
// what it is ("src", ".") is not looked for.
func deadVenvs(f *inImage, taken map[*transform.Instruction]bool) []transform.Finding {
	var found []transform.Finding
	venvs := 0
	for _, in := range f.Instructions {
		if venvs == maxVenvs {
			break
		}
		dir := madeVenv(f, in)
		if dir == "" {
			continue
		}
		venvs++
		v := venv{f: f, dir: dir, base: path.Base(dir), at: in}
		v.stage(in.Stage)
		switch {
		case v.uses == used:
		case v.uses == maybeUsed || !v.absentFromContext():
			found = append(found, transform.Finding{At: in.Body, Reason: "venv-maybe-used",
				Why: "nothing in this file uses " + dir + ", but something that the file starts may"})
		default:
			for _, step := range v.touching {
				taken[step] = true
			}
			taken[in] = true
			found = append(found, removal(f.File, "nothing uses the virtual environment in "+dir+": packages are installed and run outside it",
				append([]*transform.Instruction{in}, v.touching...)...))
		}
	}
	return found
}

// maxVenvs is how many environments of a file are looked at: each is looked for
// in all of it.
const maxVenvs = 8

// madeVenv is the absolute directory of the virtual environment that a RUN makes
// and nothing else; "" for any other instruction.
func madeVenv(f *inImage, in *transform.Instruction) string {
	if in.Keyword != "run" || len(in.Node.Flags) > 0 || len(in.Node.Heredocs) > 0 {
		return ""
	}
	all := shell.Of(f.File, in).Commands()
	if len(all) != 1 || len(all[0].Redirs) > 0 || all[0].Negated || all[0].Background {
		return ""
	}
	v, ok := argv.Venv(all[0])
	if !ok || !v.Dir.Static && !v.Dir.HasVar || v.Name == "uv" {
		return ""
	}
	dir, ok := absAt(f, in, v.Dir.Text)
	if !ok || !venvName.MatchString(path.Base(dir)) {
		return ""
	}
	return dir
}

// venvName matches directories that are named for what they are.
var venvName = lazyregexp.New(`(?i)^[._]?(v?env|virtual_?env|py_?env|[a-z0-9]*[-_.]?venv)[0-9]?$`)

// venv gathers what is known of the use of a virtual environment.
type venv struct {
	f         *inImage
	dir, base string
	at        *transform.Instruction
	uses      use
	touching  []*transform.Instruction // steps that only activate it or change its activate script
}

// stage looks through a stage, and through those that start from it or copy from
// it.
func (v *venv) stage(s *transform.Stage) {
	for _, in := range s.Instructions {
		if in != v.at {
			v.instruction(in)
		}
	}
	for _, edge := range v.f.Users(s) {
		switch edge.Kind {
		case transform.EdgeFrom:
			v.stage(edge.At.Stage)
		default:
			if mayHold(v.f, edge.At, v.dir) {
				v.uses = used
			}
		}
	}
}

func (v *venv) instruction(in *transform.Instruction) {
	text := v.f.Text(in.Body)
	names := strings.Contains(text, v.base) || strings.Contains(text, "VIRTUAL_ENV") || strings.Contains(text, "activate")
	switch in.Keyword {
	case "run":
		if names && in.Index > v.at.Index && v.touches(in) {
			v.touching = append(v.touching, in)
			return
		}
	case "cmd", "entrypoint", "healthcheck":
	case "onbuild":
		v.uses = max(v.uses, maybeUsed)
		return
	default:
		if names {
			v.uses = used
		}
		return
	}
	if names {
		v.uses = used
		return
	}
	if in.Index > v.at.Index {
		v.uses = max(v.uses, v.command(in))
	}
}

// touches reports a step that only activates the environment, or only changes
// its activate script.
func (v *venv) touches(in *transform.Instruction) bool {
	if len(in.Node.Flags) > 0 || len(in.Node.Heredocs) > 0 {
		return false
	}
	s := shell.Of(v.f.File, in)
	all := s.Commands()
	if len(all) != 1 || len(all[0].Redirs) > 0 || all[0].Negated || all[0].Background {
		return false
	}
	c := all[0]
	script := activation(c)
	if len(c.Words) == 3 && c.Name() == "chmod" && c.Words[1].Static && path.Base(c.Words[2].Text) == "activate" {
		script = c.Words[2].Text
	}
	if script == "" {
		return false
	}
	abs, ok := absAt(v.f, in, script)
	return ok && path.Dir(path.Dir(abs)) == v.dir
}

// command tells whether a command that does not name the environment may find
// it.
func (v *venv) command(in *transform.Instruction) use {
	s := shell.Of(v.f.File, in)
	if s.Form == shell.Opaque || !s.ToolsKnown() {
		return maybeUsed
	}
	for _, tool := range s.Tools() {
		switch path.Base(tool) {
		case "poetry", "pipenv", "uv", "uvx", "pdm", "hatch", "rye", "direnv":
			return used
		}
	}
	return unused
}

// absentFromContext reports that the context is known and that no file of it
// that can name a directory names this one. Lists of what to ignore, and texts
// for people, are not looked at.
func (v *venv) absentFromContext() bool {
	c := contextOf(v.f.File)
	entries, complete := c.Files()
	if !complete {
		return false
	}
	return !slices.ContainsFunc(entries, func(e buildctx.Entry) bool { return !e.Dir && !forPeople(e.Path) && v.inFile(c, e) })
}

func forPeople(name string) bool {
	switch base := path.Base(name); path.Ext(base) {
	case ".md", ".rst", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".css", ".woff", ".woff2", ".ttf", ".pdf":
		return true
	default:
		return base == ".gitignore" || strings.HasSuffix(base, ".dockerignore") || strings.Contains(strings.ToLower(base), "dockerfile")
	}
}

// maxProgram is the size above which a file is data.
const maxProgram = 1 << 20

func (v *venv) inFile(c *buildctx.Context, e buildctx.Entry) bool {
	if e.Link || !e.Regular || e.Size > maxProgram {
		return false
	}
	text, err := c.ReadFile(e.Path)
	if err != nil {
		return true
	}
	for _, named := range []string{v.base + "/", `"` + v.base + `"`, "'" + v.base + "'", "/" + v.base + `"`, "/" + v.base + "'", "cd " + v.base, "activate_this", "VIRTUAL_ENV"} {
		if strings.Contains(string(text), named) {
			return true
		}
	}
	return false
}

// mayHold reports a COPY --from or a mount that takes dir, or a directory around
// it, along.
func mayHold(f *inImage, in *transform.Instruction, dir string) bool {
	c, ok := copyingOf(in)
	if !ok {
		return true // a mount
	}
	for _, source := range c.sources {
		text, known := f.State(in).Expand(source)
		text = path.Clean("/" + text)
		if !known || strings.ContainsAny(text, "*?[") || strings.HasPrefix(dir+"/", strings.TrimSuffix(text, "/")+"/") ||
			strings.HasPrefix(text, dir+"/") {
			return true
		}
	}
	return false
}
