package passdoc

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"refit/internal/report"
	"refit/passes"
	"refit/transform"
)

// TestTextFits holds that prose is no wider than the screen, where a word is not.
func TestTextFits(t *testing.T) {
	for _, p := range passes.All() {
		for _, width := range []int{40, 80, 100} {
			var b strings.Builder
			Text(&b, p, Screen{Width: width})
			for line := range strings.Lines(b.String()) {
				line = strings.TrimSuffix(line, "\n")
				example := strings.HasPrefix(line, "  ") && strings.Contains(p.Doc.Before+p.Doc.After, strings.TrimPrefix(line, "  "))
				words := strings.Fields(line)
				if n := utf8.RuneCountInString(line); n > width && !example && len(words) > 2 {
					t.Errorf("%s at %d: %d wide: %s", p.Name, width, n, line)
				}
			}
		}
	}
}

// TestColours show the whole example as one difference; without, there are none.
func TestColours(t *testing.T) {
	p := &transform.Pass{Name: "p", Doc: transform.Doc{Title: "do", Text: "It does.", Before: "FROM a\nRUN b\n", After: "FROM a\nRUN c\n", Sources: []string{"s"}}}
	var plain, colored strings.Builder
	Text(&plain, p, Screen{Width: 80})
	Text(&colored, p, Screen{Width: 80, Style: report.Style{Color: true}})
	if strings.Contains(plain.String(), "\x1b") {
		t.Errorf("colours: %q", plain.String())
	}
	const want = "   FROM a\n  \x1b[31m-RUN b\x1b[0m\n  \x1b[32m+RUN c\x1b[0m\n"
	if !strings.Contains(colored.String(), want) {
		t.Errorf("got %q", colored.String())
	}
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	groups := []Group{{Title: "All", Tag: "all", Passes: passes.All()}}
	if err := JSON(&b, groups); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Passes []passJSON }
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil || len(doc.Passes) != len(passes.All()) || doc.Passes[0].Group != "all" {
		t.Errorf("%d passes, %v", len(doc.Passes), err)
	}
	if strings.Contains(b.String(), `\u0026`) {
		t.Error("an ampersand is escaped")
	}
}
