package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/shell"
	"refit/transform"
)

// asksGit checks that no step asks git, as root, about a repository that is the
// user's by then: git refuses those of others (git-config(1), safe.directory).
func (n *nonRooter) asksGit() *hold {
	if len(n.files.dirs) == 0 {
		return nil
	}
	var history *transform.Instruction // the COPY or ADD that brings one
	project := &usesReader{ctx: n.ctx}
	for _, in := range n.seq {
		switch in.Keyword {
		case "copy", "add":
			if history == nil && n.bringsHistory(in) {
				history = in
			}
		case "run":
			s := shell.Of(n.f, in)
			switch {
			case n.allowsGit(s):
				return nil // the author has seen to it
			case callsGit(s):
				return holdf(in, "asks-git", "the step asks git about a repository, which git refuses root when it is the user's")
			case history != nil && n.runsProject(in, s, project) && project.history():
				return holdf(in, "asks-git", "the step runs what the project brings, some of which asks git about the repository, and git refuses that to root when it is the user's")
			}
		}
	}
	return nil
}

// callsGit reports a script that asks git about a repository other than one that it
// has cloned itself, and gone to.
func callsGit(s *shell.Script) bool {
	cloned, inside := false, false
	for _, c := range s.Commands() {
		call, ok := argv.Of(c)
		has := func(text string) bool {
			return slices.ContainsFunc(call.Words, func(w shell.Word) bool { return w.Text == text })
		}
		switch {
		case !ok:
		case call.Name == "cd" || call.Name == "pushd":
			inside = cloned
		case call.Name != "git":
		case has("clone"):
			cloned = true
		case asksGit(call.Words) && !inside && !(cloned && has("-C")):
			return true
		}
	}
	return s.Form == shell.Opaque && mentionsName(s.Text, "git")
}

// allowsGit reports a script that lets root ask about the user's repositories.
func (n *nonRooter) allowsGit(s *shell.Script) bool {
	_, allowed, ok := strings.Cut(s.Text, "safe.directory")
	return ok && (strings.Contains(allowed, "*") || slices.ContainsFunc(n.files.dirs, func(d string) bool { return mentionsName(allowed, d) }))
}

// bringsHistory reports a copy of a folder with the history of version control.
func (n *nonRooter) bringsHistory(in *transform.Instruction) bool {
	for _, source := range contextSources(in) {
		text, _ := defaultText(n.f.State(in), source)
		matches, err := n.ctx.Match(text)
		if err != nil {
			continue
		}
		for _, m := range matches {
			if m.Dir && (m.Path == ".git" || n.hasHistory(path.Join(m.Path, ".git"))) {
				return true
			}
		}
	}
	return false
}

func (n *nonRooter) hasHistory(name string) bool {
	_, err := n.ctx.Stat(name) // which fails for what is ignored
	return err == nil
}

// runsProject reports a step that may run code of the project's: all but the
// installation of packages from elsewhere, and what changes nothing but files.
func (n *nonRooter) runsProject(in *transform.Instruction, s *shell.Script, project *usesReader) bool {
	e, _ := readEffects(s, n.f.State(in), n.f.State(in).Workdir)
	if e.unknown != "" || len(e.sources)+len(e.managed)+len(e.nodes) > 0 {
		return !onlyQuiet(s)
	}
	return len(e.needs)+len(e.mayNeed) > 0 && project.namesProject()
}

// onlyQuiet reports a script of commands that run nothing of an application's.
func onlyQuiet(s *shell.Script) bool {
	return s.Form != shell.Opaque && !slices.ContainsFunc(s.Commands(), func(c *shell.Command) bool {
		return !slices.Contains(quietCommands, c.Name()) || c.Name() == "poetry" || c.Name() == "pipenv"
	})
}

// namesProject reports requirement files that name projects on the disk.
func (r *usesReader) namesProject() bool {
	r.load()
	return slices.ContainsFunc(r.texts, func(t usesText) bool {
		for line := range strings.Lines(t.text) {
			line = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "--editable"), "-e"))
			if line == "." || strings.HasPrefix(line, "./") || strings.HasPrefix(line, ".[") || strings.HasPrefix(line, "file:") {
				return strings.HasSuffix(t.name, ".txt") || strings.HasSuffix(t.name, ".in")
			}
		}
		return false
	})
}
