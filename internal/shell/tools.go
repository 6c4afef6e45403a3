package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Bounds on what is followed: scripts given to sh -c within sh -c, and wrappers
// that run wrappers.
const (
	maxInner    = 5
	maxWrappers = 50
)

// Toolset is the commands that a script can run.
type Toolset struct {
	Names []string // as written, in order of first appearance; builtins too, functions of the script not
	Known bool     // false: a command's name is expanded, or could not be found
}

// Has reports whether a command of this name, by any path, is in the set.
func (t Toolset) Has(name string) bool {
	return slices.ContainsFunc(t.Names, func(n string) bool {
		return n == name || strings.HasSuffix(n, "/"+name)
	})
}

// Tools lists the names of all commands that the script can run: at any depth,
// after wrappers such as env, sudo or xargs, and in scripts handed to sh -c,
// su -c or eval.
func (s *Script) Tools() []string { return s.Toolset().Names }

// ToolsKnown reports whether Tools is complete.
func (s *Script) ToolsKnown() bool { return s.Toolset().Known }

// Toolset is Tools and ToolsKnown at once.
func (s *Script) Toolset() Toolset {
	t := toolFinder{seen: map[string]bool{}, funcs: map[string]bool{}}
	t.script(s, 0)
	out := Toolset{Known: !t.unknown}
	for _, name := range t.names {
		if !t.funcs[name] {
			out.Names = append(out.Names, name)
		}
	}
	return out
}

type toolFinder struct {
	names       []string
	seen, funcs map[string]bool
	unknown     bool
}

func (t *toolFinder) script(s *Script, depth int) {
	if s.Form == Opaque {
		t.unknown = true
	}
	for _, c := range s.commands {
		if c.Node != nil {
			if f, ok := c.Node.Cmd.(*syntax.FuncDecl); ok && f.Name != nil {
				t.funcs[f.Name.Value] = true
			}
		}
		t.words(c.Words, depth)
	}
}

// words finds the commands that a simple command runs: its own, and what that
// one runs in turn.
func (t *toolFinder) words(words []Word, depth int) {
	if depth > maxInner {
		t.unknown = true
		return
	}
	_, ok := unwrap(words, func(name string, r ran) {
		if !t.seen[name] {
			t.seen[name] = true
			t.names = append(t.names, name)
		}
		t.unknown = t.unknown || r.unknown
		for _, text := range r.scripts {
			t.inner(text, depth)
		}
		for _, more := range r.others {
			t.words(more, depth+1)
		}
	})
	t.unknown = t.unknown || !ok
}

// unwrap goes from a command to the one that it wraps, and on to the innermost,
// calling f for each with what it runs. It returns the words of the innermost,
// and false when a name is not static.
func unwrap(words []Word, f func(name string, r ran)) ([]Word, bool) {
	for range maxWrappers {
		if len(words) == 0 {
			return nil, true
		}
		if !words[0].Static {
			return words, false
		}
		r := runs(words)
		f(words[0].Text, r)
		if len(r.command) == 0 {
			return words, true
		}
		words = r.command
	}
	return words, false
}

// inner follows a script given as an argument.
func (t *toolFinder) inner(w Word, depth int) {
	if s := innerScript(w); s != nil && depth < maxInner {
		t.script(s, depth+1)
		return
	}
	t.unknown = true
}

// innerScript parses a word as a script of its own; nil when it expands first
// or does not parse. Offsets in the result are those of the word's Text.
func innerScript(w Word) *Script {
	if !w.Static {
		return nil
	}
	s := &Script{src: w.Text}
	var m textMap
	m.add(w.Text, 0, len(w.Text))
	s.setText(m)
	s.parseShell(ShellForm, dialect{lang: syntax.LangBash})
	if s.Form == Opaque {
		return nil
	}
	return s
}

// Effective returns the words of the command that c comes down to: without
// wrappers that only change how it is run (env, sudo, exec, nohup, time, nice,
// timeout, …). It is nil when the name is not static or the wrapper's options
// are not understood.
func (c *Command) Effective() []Word {
	known := true
	words, ok := unwrap(c.Words, func(_ string, r ran) { known = known && !r.unknown })
	if !ok || !known {
		return nil
	}
	return words
}
