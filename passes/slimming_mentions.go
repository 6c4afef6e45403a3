package passes

import (
	"path"
	"slices"
	"strings"

	"refit/internal/buildctx"
	"refit/transform"
)

// mentions declines where the application, or a step or command of the final
// stage, names one of some modules and programs.
func (e *environment) mentions(key string, names ...string) *transform.Finding {
	for _, in := range e.runtime.Instructions {
		switch in.Keyword {
		case "run", "cmd", "entrypoint", "healthcheck":
			for _, word := range wordsOf(e.f.Text(in.Body)) {
				if slices.Contains(names, word) || strings.HasPrefix(word, "pip3.") && slices.Contains(names, "pip") {
					return held(in.Body, key, "it names %s", word)
				}
			}
		}
	}
	m, err := contextOf(e.f).Mentions()
	if err != nil {
		return held(e.runtime.From.Body, "no-context", "what the application uses is not known")
	}
	if no := e.imports(key, names...); no != nil {
		return no
	}
	for _, name := range names {
		for _, found := range []map[string]buildctx.Place{m.Commands, m.Strings} {
			if place, ok := found[name]; ok && !place.Hidden && !buildFile(place.File) {
				return held(e.runtime.From.Body, key, "%s:%d names %s", place.File, place.Line, name)
			}
		}
	}
	return nil
}

// imports declines where the application imports one of some modules.
func (e *environment) imports(key string, names ...string) *transform.Finding {
	m, err := contextOf(e.f).Mentions()
	if err != nil {
		return held(e.runtime.From.Body, "no-context", "what the application imports is not known")
	}
	for _, module := range sortedKeys(m.Imports) {
		for _, name := range names {
			if place := m.Imports[module]; !place.Hidden && (module == name || strings.HasPrefix(module, name+".")) && !buildFile(place.File) {
				return held(e.runtime.From.Body, key, "%s:%d imports %s", place.File, place.Line, module)
			}
		}
	}
	return nil
}

// buildFile reports a file that serves to build or test the application.
func buildFile(name string) bool {
	base := path.Base(name)
	return base == "setup.py" || base == "conftest.py" || base == "noxfile.py" || strings.HasPrefix(base, "test_") || strings.HasPrefix(name, "tests/")
}

// wordsOf are the words of a text, cut at everything but letters, digits, and what
// names have in them.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-+.", r))
	})
}
