package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/argv"
	"refit/internal/facts"
	"refit/internal/shell"
	"refit/transform"
)

// isDebian reports a release of Debian or Ubuntu.
func isDebian(distro string) bool {
	_, debian := facts.DebianRelease(distro)
	_, ubuntu := facts.UbuntuRelease(distro)
	return distro != "" && (debian || ubuntu)
}

// aptWorks reports whether apt-get update succeeds on a release by the sources
// of its image.
func aptWorks(suite string) bool {
	rel, ok := facts.DebianRelease(suite)
	if !ok {
		rel, ok = facts.UbuntuRelease(suite)
	}
	return ok && rel.AptWorks()
}

// withBases are the instructions of a stage and of those that it starts from.
func withBases(s *transform.Stage) []*transform.Instruction {
	var all []*transform.Instruction
	for ; s != nil; s = s.Base.Stage {
		all = append(all, s.Instructions...)
	}
	return all
}

// packageCalls are the calls of apt and apk in a RUN.
func packageCalls(f *transform.File, in *transform.Instruction) []*pkgCall {
	if in.Keyword != "run" {
		return nil
	}
	sc := shell.Of(f, in)
	var calls []*pkgCall
	for _, c := range sc.Commands() {
		if p := packageCall(c); p != nil {
			p.resolve(sc, f.State(in))
			calls = append(calls, p)
		}
	}
	return calls
}

// extend adds the packages to an installation of the stage; no edits where none
// can take them.
func (r *repair) extend(s *transform.Stage) (transform.Span, []transform.Edit) {
	for _, in := range s.Instructions {
		if in.Keyword != "run" {
			continue
		}
		sc := shell.Of(r.f, in)
		c, words := r.openList(sc)
		if c != nil && surelyRuns(sc, c) && r.isRoot(s, r.f.State(in)) {
			return in.Body, r.addWords(in, c, words)
		}
		if !r.onlySystem(sc) {
			break // it may load what is to be installed
		}
	}
	return transform.Span{}, nil
}

// openList finds the command of a script that takes more packages, and those
// that it has.
func (r *repair) openList(sc *shell.Script) (*shell.Command, []shell.Word) {
	if sc.Form != shell.ShellForm && (sc.Form != shell.HeredocForm || sc.Inline) {
		return nil, nil
	}
	if r.alpine {
		return openAdd(sc)
	}
	c, a := openInstall(sc)
	if a == nil {
		return nil, nil
	}
	var words []shell.Word
	for _, p := range a.Packages {
		words = append(words, p.Word)
	}
	return c, words
}

// openAdd is openInstall for Alpine.
func openAdd(sc *shell.Script) (*shell.Command, []shell.Word) {
	updates := false
	for _, c := range sc.Top() {
		a, ok := argv.Apk(c)
		if !ok || c.Subproc {
			continue
		}
		updates = updates || a.Subcommand.Text == "update" || a.Has("--no-cache", "--update-cache")
		if a.Subcommand.Text != "add" || !updates || !a.Known || a.Fed || len(a.Operands) == 0 || c.Op == "||" ||
			a.Has("--virtual", "--root", "--repository", "--repositories-file", "--simulate", "--no-network", "--initdb") {
			continue
		}
		if a.Operands[len(a.Operands)-1].Literal() && !followedByOr(sc, c) {
			return c, a.Operands
		}
	}
	return nil, nil
}

// surelyRuns reports a command at top level that has run whenever the step
// succeeded: before it in its list stand only package managers, or its list is
// the last one.
func surelyRuns(sc *shell.Script, c *shell.Command) bool {
	top := sc.Top()
	i := slices.Index(top, c)
	if i < 0 || c.Negated || c.Subproc || c.Background || c.Op == "|" || c.Op == "|&" {
		return false
	}
	for _, leak := range sc.Leaks() {
		if leak.Kind == shell.LeakExit && leak.Span.Start < c.Span.Start {
			return false
		}
	}
	ours := true // what stands before it is a package manager
	first := i
	for ; top[first].Op == "&&"; first-- {
		ours = ours && packageCall(top[first-1]) != nil
	}
	if op := top[first].Op; op == "||" || op == "|" || op == "|&" {
		return false
	}
	last := i + 1
	for last < len(top) && top[last].Op == "&&" {
		last++
	}
	return ours || last == len(top)
}

// onlySystem reports a step that runs nothing of the application's: only
// commands that belong to the distribution.
func (r *repair) onlySystem(sc *shell.Script) bool {
	tools := sc.Toolset()
	return sc.Form != shell.Opaque && tools.Known && !slices.ContainsFunc(tools.Names, func(name string) bool {
		if strings.Contains(name, "/") && !systemProgram(name) || isPythonName(path.Base(name)) {
			return true
		}
		switch name = path.Base(name); name {
		case "apt", "apt-get", "apk", "curl", "wget", "gpg", "addgroup", "adduser":
			return false
		}
		return !basicTools[name] && !facts.SlimHasCommand("bookworm", name)
	})
}

// addWords adds the packages to a list: where each has a line of its own and the
// lines are sorted, in their places, else at its end.
func (r *repair) addWords(in *transform.Instruction, c *shell.Command, words []shell.Word) []transform.Edit {
	last := words[len(words)-1]
	glue := r.glueBefore(in, c, last)
	lines := strings.Contains(glue, "\n")
	sorted := lines && slices.IsSortedFunc(words, func(a, b shell.Word) int { return strings.Compare(a.Text, b.Text) })
	for _, w := range words {
		sorted = sorted && r.glueBefore(in, c, w) == glue
	}
	before := make([]string, len(words))
	behind := ""
	for _, name := range r.names {
		i := slices.IndexFunc(words, func(w shell.Word) bool { return w.Text > name })
		if !sorted || i < 0 {
			behind += glue + name
			continue
		}
		before[i] += name + glue
	}
	var edits []transform.Edit
	for i, text := range before {
		if text != "" {
			edits = append(edits, insertAt(shell.In(in, words[i].Span).Start, text))
		}
	}
	if behind != "" {
		edits = append(edits, insertAt(shell.In(in, last.Span).End, behind))
	}
	return edits
}

// glueBefore is what stands between a word of a command and the one before it: a
// line break with its indentation, or a blank.
func (r *repair) glueBefore(in *transform.Instruction, c *shell.Command, w shell.Word) string {
	i := slices.IndexFunc(c.Words, func(o shell.Word) bool { return o.Span == w.Span })
	if i < 1 {
		return " "
	}
	gap := r.f.Text(transform.Span{Start: shell.In(in, c.Words[i-1].Span).End, End: shell.In(in, w.Span).Start})
	if strings.Count(gap, "\n") == 1 && strings.Trim(gap, " \t\r\n\\"+string(r.f.Escape)) == "" {
		return gap
	}
	return " "
}
