package builds

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// mask knows the values that declarations take from the environment and from files
// such as .env. They may be secrets: what is said to people has the variables'
// names in their place.
type mask struct {
	names map[string]string // of the variables, by all that is recognized as their value
	find  *regexp.Regexp    // nil where names are new
}

const (
	shortValue = 4       // from which on a value is masked inside of words
	longValue  = 1 << 12 // from which on only its beginning is looked for
)

// add notes the value of a variable, and the words that it may be taken apart to.
func (m *mask) add(name, value string) {
	if m.names == nil {
		m.names = map[string]string{}
	}
	value = strings.TrimSpace(value)
	if len(value) > longValue {
		value = value[:longValue]
	}
	name = "${" + name + "}"
	words := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' })
	for i, text := range append([]string{value}, words...) {
		text = strings.ToLower(text)
		if _, known := m.names[text]; !known && text != "" && (i == 0 || len(text) >= shortValue) {
			m.names[text], m.find = name, nil
		}
	}
}

// lookup is a lookup of variables whose values are to be masked.
func (m *mask) lookup(of func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := of(name)
		if ok {
			m.add(name, value)
		}
		return value, ok
	}
}

// hide puts the names of variables in the place of their values.
func (m *mask) hide(text string) string {
	if m == nil || len(m.names) == 0 {
		return text
	}
	if m.find == nil {
		m.find = m.pattern()
	}
	text = m.find.ReplaceAllStringFunc(text, func(found string) string {
		if name, ok := m.names[strings.ToLower(found)]; ok {
			return name
		}
		return "${…}" // letters whose cases do not correspond one to one
	})
	return m.hideCut(text)
}

// hideCut hides the beginnings of values that a message cuts off.
func (m *mask) hideCut(text string) string {
	for _, cut := range []string{"…", "..."} {
		before, after, ok := strings.Cut(text, cut)
		if !ok {
			continue
		}
		for value, name := range m.names {
			for n := len(value) - 1; n >= shortValue; n-- {
				if end := len(before) - n; end >= 0 && strings.EqualFold(before[end:], value[:n]) {
					return before[:end] + name + cut + m.hideCut(after)
				}
			}
		}
		return before + cut + m.hideCut(after)
	}
	return text
}

// pattern finds all values, longer ones first; short ones where they are words.
func (m *mask) pattern() *regexp.Regexp {
	values := make([]string, 0, len(m.names))
	for value := range m.names {
		values = append(values, value)
	}
	slices.SortFunc(values, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	for i, value := range values {
		quoted := regexp.QuoteMeta(value)
		if len(value) < shortValue {
			if isWord(value[0]) {
				quoted = `\b` + quoted
			}
			if isWord(value[len(value)-1]) {
				quoted += `\b`
			}
		}
		values[i] = quoted
	}
	return regexp.MustCompile("(?i:" + strings.Join(values, "|") + ")")
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
