// Package lazyregexp holds regular expressions that cost nothing until they are
// needed: most runs need few of them, and a command must start at once.
package lazyregexp

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Regexp is a regular expression that is compiled when it is first used. Its
// methods are those of regexp.Regexp.
type Regexp struct {
	needs   []string
	compile func() *regexp.Regexp
}

// New makes an expression. Every text that it matches must hold one of needs, if
// there are any: a text without them is not looked at any further.
func New(expr string, needs ...string) *Regexp {
	return &Regexp{needs, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
}

// Regexp is the compiled expression.
func (r *Regexp) Regexp() *regexp.Regexp { return r.compile() }

// may reports whether a text has what the expression needs.
func (r *Regexp) may(text string) bool {
	for _, s := range r.needs {
		if strings.Contains(text, s) {
			return true
		}
	}
	return len(r.needs) == 0
}

// MatchString reports whether the text has a match.
func (r *Regexp) MatchString(text string) bool { return r.may(text) && r.compile().MatchString(text) }

// FindString returns the first match, "" if there is none.
func (r *Regexp) FindString(text string) string {
	if !r.may(text) {
		return ""
	}
	return r.compile().FindString(text)
}

// FindStringSubmatch returns the first match and its groups, nil if there is
// none.
func (r *Regexp) FindStringSubmatch(text string) []string {
	if !r.may(text) {
		return nil
	}
	return r.compile().FindStringSubmatch(text)
}

// FindAllStringSubmatch returns the matches and their groups.
func (r *Regexp) FindAllStringSubmatch(text string, n int) [][]string {
	if !r.may(text) {
		return nil
	}
	return r.compile().FindAllStringSubmatch(text, n)
}

// FindAllSubmatchIndex returns where the matches and their groups stand.
func (r *Regexp) FindAllSubmatchIndex(text []byte, n int) [][]int {
	if len(r.needs) > 0 && !slices.ContainsFunc(r.needs, func(s string) bool { return bytes.Contains(text, []byte(s)) }) {
		return nil
	}
	return r.compile().FindAllSubmatchIndex(text, n)
}

// FindAllStringIndex returns where the matches stand.
func (r *Regexp) FindAllStringIndex(text string, n int) [][]int {
	if !r.may(text) {
		return nil
	}
	return r.compile().FindAllStringIndex(text, n)
}

// ReplaceAllString replaces the matches by a template.
func (r *Regexp) ReplaceAllString(text, template string) string {
	if !r.may(text) {
		return text
	}
	return r.compile().ReplaceAllString(text, template)
}
