package passes

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/buildctx"
	"refit/internal/shell"
	"refit/transform"
)

// contextUse is what Dockerfiles use of their build context.
type contextUse struct {
	first   *transform.Instruction // the first that copies a folder
	folders []string               // folders whose content is copied
	named   []string               // files and folders that are named
	globs   [][]string             // what patterns match, one list for each
	unknown string                 // an instruction that may name anything; "" if there is none
	texts   []string               // of all instructions
	history bool                   // a step asks git for something
	node    bool                   // a step installs JavaScript packages
	venvs   []string               // names of virtual environments that steps make
}

// read adds what one Dockerfile uses.
func (u *contextUse) read(f *transform.File, ctx *buildctx.Context) {
	for _, in := range f.Instructions {
		u.texts = append(u.texts, f.Text(in.Body))
		switch in.Keyword {
		case "copy", "add":
			u.copied(f, in, ctx)
		case "run":
			u.mounted(f, in)
			u.ran(f, in)
		}
	}
}

// useOf is what a Dockerfile uses that others of its context look at, read once for
// all of them; nil for none.
func useOf(name, text string, ctx *buildctx.Context) *contextUse {
	return ctx.Shared("use of "+name+"\x00"+text, func() any {
		f, err := transform.Parse(name, text, nil)
		if err != nil {
			return (*contextUse)(nil)
		}
		u := &contextUse{}
		u.read(f, ctx)
		u.first = nil // it would keep the whole file
		return u
	}).(*contextUse)
}

// add adds what another Dockerfile uses.
func (u *contextUse) add(o *contextUse) {
	if o == nil {
		return
	}
	u.folders = append(u.folders, o.folders...)
	u.named = append(u.named, o.named...)
	u.globs = append(u.globs, o.globs...)
	u.unknown = cmp.Or(o.unknown, u.unknown)
	u.texts = append(u.texts, o.texts...)
	u.history = u.history || o.history
	u.node = u.node || o.node
	u.venvs = append(u.venvs, o.venvs...)
}

// copied adds the sources of a COPY or ADD.
func (u *contextUse) copied(f *transform.File, in *transform.Instruction, ctx *buildctx.Context) {
	st := f.State(in)
	for _, raw := range contextSources(in) {
		source, ok := defaultText(st, raw)
		if in.Keyword == "add" && remote(raw) {
			continue
		}
		if !ok {
			u.unknown = f.Text(in.Body)
			continue
		}
		matches, err := ctx.Match(source)
		if err != nil {
			u.unknown = f.Text(in.Body)
			continue
		}
		general := strings.Contains(source, "*") && strings.Trim(path.Base(source), "*.?") == ""
		if general {
			u.globs = append(u.globs, matchPaths(matches))
		}
		for _, m := range matches {
			if m.Dir {
				u.folders = append(u.folders, m.Path)
				if u.first == nil {
					u.first = in
				}
			}
			if !general {
				u.named = append(u.named, m.Path)
			} else if !m.Dir {
				u.folders = append(u.folders, path.Dir(m.Path))
			}
		}
	}
}

func matchPaths(matches []buildctx.Match) []string {
	list := make([]string, len(matches))
	for i, m := range matches {
		list[i] = m.Path
	}
	return list
}

// mounted adds what RUN --mount=type=bind shows to a step.
func (u *contextUse) mounted(f *transform.File, in *transform.Instruction) {
	for _, m := range mountsOf(in) {
		if !m.ofContext() {
			continue
		}
		if text, ok := defaultText(f.State(in), m.source); ok {
			u.named = append(u.named, strings.TrimPrefix(path.Clean("/"+text), "/"))
		} else {
			u.unknown = f.Text(in.Body)
		}
	}
}

// ran notes steps that need more of the context than they name.
func (u *contextUse) ran(f *transform.File, in *transform.Instruction) {
	s := shell.Of(f, in)
	u.venvs = append(u.venvs, venvMade(f, in)...)
	for _, c := range s.Commands() {
		call, ok := argv.Of(c)
		if !ok {
			continue
		}
		switch call.Name {
		case "git":
			u.history = u.history || asksGit(call.Words)
		case "npm", "yarn", "pnpm", "bun":
			u.node = u.node || installsNode(call.Name, call.Words)
		}
	}
	if s.Form == shell.Opaque {
		u.history = u.history || mentionsName(s.Text, "git")
	}
}

// asksGit reports a call of git that needs the repository it runs in.
func asksGit(words []shell.Word) bool {
	for _, w := range words {
		if strings.HasPrefix(w.Text, "-") {
			continue
		}
		return !slices.Contains([]string{"clone", "config", "init", "version", "help", "lfs"}, w.Text)
	}
	return false
}

func installsNode(name string, words []shell.Word) bool {
	for _, w := range words {
		switch w.Text {
		case "install", "ci", "i", "clean-install":
			return !slices.ContainsFunc(words, func(w shell.Word) bool { return w.Text == "-g" || w.Text == "--global" })
		}
	}
	return name == "yarn" && len(words) == 0
}

// names reports whether an instruction names the path or something in it.
func (u *contextUse) names(p string) bool {
	return slices.ContainsFunc(u.named, func(n string) bool { return n != "." && n != "" && (n == p || strings.HasPrefix(n, p+"/")) })
}

// copies reports whether a path lies in a folder that is copied; whole tells
// that only copies of the whole context bring it.
func (u *contextUse) copies(p string) (copied, whole bool) {
	whole = true
	for _, d := range u.folders {
		switch {
		case d == ".":
			copied = true
		case strings.HasPrefix(p, d+"/"):
			copied, whole = true, false
		}
	}
	return copied, whole
}

// bound reports whether a step sees the whole context.
func (u *contextUse) bound() bool {
	return slices.Contains(u.named, "")
}
