package pyuse

import (
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/internal/facts"
)

// index finds names among the mentions of a context.
type index struct {
	*buildctx.Mentions
	own      map[string]buildctx.Place // words of the Dockerfile
	python   string                    // the release whose standard library comes before every distribution; "" for none
	imports  map[string]buildctx.Place // each imported module and those above it
	strings  map[string]buildctx.Place // likewise, and in PEP 503 form
	commands map[string]buildctx.Place
	words    map[string]buildctx.Place
}

func newIndex(ctx *buildctx.Context, m *buildctx.Mentions, own map[string]buildctx.Place) *index {
	x := *ctx.Shared("index of mentions", func() any {
		return &index{Mentions: m, imports: prefixes(m.Imports, false), strings: prefixes(m.Strings, true), words: prefixes(m.Words, true)}
	}).(*index)
	x.own, x.commands = own, prefixes(m.Commands, true, own)
	return &x
}

// prefixes maps "a", "a.b" and "a.b.c" for "a.b.c". normal adds the words in the form of distributions' names.
func prefixes(m map[string]buildctx.Place, normal bool, more ...map[string]buildctx.Place) map[string]buildctx.Place {
	out := make(map[string]buildctx.Place, 2*len(m))
	add := func(key string, p buildctx.Place) {
		if old, ok := out[key]; !ok || before(p, old) {
			out[key] = p
		}
	}
	for _, words := range append(more, m) {
		for word, p := range words {
			for i := 0; i < len(word); i++ {
				if word[i] == '.' {
					add(word[:i], p)
				}
			}
			add(word, p)
			if normal {
				add(facts.NormalizeName(word), p)
			}
		}
	}
	return out
}

// before says which of two places is told: one that the build sees, then the first in order.
func before(a, b buildctx.Place) bool {
	switch {
	case a.Hidden != b.Hidden:
		return b.Hidden
	case a.File != b.File:
		return a.File < b.File
	}
	return a.Line < b.Line
}

// word finds a word anywhere.
func (x *index) word(w string) (buildctx.Place, bool) {
	for _, m := range []map[string]buildctx.Place{x.Names, x.strings, x.commands, x.words} {
		if p, ok := m[w]; ok {
			return p, true
		}
	}
	return buildctx.Place{}, false
}

// find looks for the use of a distribution by the context: a sure one, or one that may be.
func (x *index) find(d *distribution, sure bool) (Evidence, bool) {
	if d.name == "" {
		return Evidence{}, false
	}
	modules, commands := guess(d)
	modules = slices.DeleteFunc(modules, func(m string) bool { return facts.StandardModule(m, x.python) })
	for _, look := range []struct {
		in    map[string]buildctx.Place
		names []string
		says  string
		sure  bool
	}{
		{x.imports, modules, "imports ", true},
		{x.strings, modules, "a string names ", true},
		{x.commands, commands, "runs ", true},
		{x.commands, modules, "names ", true},
		{x.strings, commands, "a string names ", true},
		{x.words, append(modules, commands...), "names ", false},
	} {
		for _, name := range look.names {
			p, ok := look.in[name]
			if ok && (look.sure && !p.Hidden) == sure {
				return Evidence{look.says + name + hiddenNote(p), p.File, p.Line}, true
			}
		}
	}
	if !sure {
		return x.parent(modules)
	}
	return Evidence{}, false
}

// parent finds the import of a namespace whose part the module is: "from google import cloud" may bring all of it.
func (x *index) parent(modules []string) (Evidence, bool) {
	for _, m := range modules {
		for i := strings.LastIndexByte(m, '.'); i > 0; i = strings.LastIndexByte(m[:i], '.') {
			if p, ok := x.Imports[m[:i]]; ok {
				return Evidence{"imports " + m[:i] + ", of which it may be a part", p.File, p.Line}, true
			}
		}
	}
	return Evidence{}, false
}

func hiddenNote(p buildctx.Place) string {
	if p.Hidden {
		return ", but is not in the image (.dockerignore)"
	}
	return ""
}

// guess is what a distribution may be named by: its modules and commands, and what its name suggests.
func guess(d *distribution) (modules, commands []string) {
	modules = append(modules, d.facts.Modules...)
	commands = append(append(commands, d.facts.Commands...), d.name)
	under := strings.ReplaceAll(d.name, "-", "_")
	modules = append(modules, under)
	if d.known && d.facts.ModulesKnown {
		return modules, commands
	}
	modules = append(modules, strings.ReplaceAll(d.name, "-", "."), strings.ReplaceAll(d.name, "-", ""))
	for _, prefix := range []string{"python-", "py", "django-", "djangorestframework-", "flask-"} {
		if rest, ok := strings.CutPrefix(d.name, prefix); ok && len(rest) > 2 {
			modules = append(modules, strings.ReplaceAll(rest, "-", "_"))
		}
	}
	if rest, ok := strings.CutSuffix(d.name, "-python"); ok {
		modules = append(modules, strings.ReplaceAll(rest, "-", "_"))
	}
	return modules, commands
}
