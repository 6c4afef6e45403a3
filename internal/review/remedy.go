package review

import (
	_ "embed"
	"strings"
	"sync"

	"refit/transform"
)

// remediesText has a line for each: the key of a decline, or PASS/KEY where passes
// mean different things by it, then ": " and a sentence.
//
//go:embed remedies.txt
var remediesText string

var remedies = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(remediesText) {
		if key, text, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			m[key] = text
		}
	}
	return m
})

// Remedy says what would make a change possible that was held back for a reason.
func Remedy(p *transform.Pass, key string) string {
	if p == nil {
		return remedies()[key]
	}
	for _, k := range []string{p.Name + "/" + key, key} {
		if text, ok := remedies()[k]; ok {
			return text
		}
	}
	for _, d := range p.Declines {
		if d.Key == key {
			return "It is made once this no longer holds: " + d.When + "."
		}
	}
	return ""
}

// RemedyKeys are the keys that the table has, for a test against the passes.
func RemedyKeys() []string {
	var keys []string
	for key := range remedies() {
		keys = append(keys, key)
	}
	return keys
}
