package markdown

import (
	"strings"
	"testing"
)

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"plain, of no_harm":                  "plain, of no_harm",
		"__init__.py":                        `\_\_init\_\_.py`,
		"a|b <c> *d* `e`":                    "a\\|b \\<c> \\*d\\* \\`e\\`",
		`back\slash [x](y)`:                  `back\\slash \[x](y)`,
		"R&D && x &lt; &#9":                  `R\&D && x \&lt; \&#&#8203;9`,
		"@me and a@b, #1, GH-2, gh, !3, C#":  "@&#8203;me and a@b, #&#8203;1, GH-&#8203;2, gh, !&#8203;3, C#",
		"python@sha256:12 and user @ home":   "python@sha256:12 and user @ home",
		"see https://x.example/o/r/issues/1": "see https:&#8203;//x.example/o/r/issues/1",
		"WWW.x.example and $PORT":            "WWW.&#8203;x.example and &#36;PORT",
		"two\nlines\x1b[0m":                  "two lines�\\[0m",
	} {
		if got := Escape(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestCode(t *testing.T) {
	for text, want := range map[string]string{"a": "`a`", "a`b": "`` a`b ``", "a``b": "``` a``b ```", "a|b": "`a|b`"} {
		if got := Code(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
	if got := CodeInCell("a|b"); got != "`a\\|b`" {
		t.Error(got)
	}
}

// TestBody leaves the least important sections out when there is too much, and
// says so.
func TestBody(t *testing.T) {
	var body Body
	part := func(mark string, n int) string { return mark + strings.Repeat(".", n-2) + "\n" }
	body.Add(Head, "H\n")
	for range 3 {
		body.Add(Diff, part("d", 20000))
		body.Add(Changes, part("c", 10000))
		body.Add(Held, part("h", 10000))
	}
	body.Add(Held, part("h", 70000))
	var b strings.Builder
	if err := body.WriteTo(&b, "More."); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if len(got) > Limit {
		t.Errorf("%d characters", len(got))
	}
	marks := ""
	for line := range strings.Lines(got) {
		marks += line[:1]
	}
	const want = "\nA pull request's text may have 65536 characters. Left out: lists of what was held back of 3 files, diffs of 2 files. More.\n"
	if marks != "Hdchcc\nA" || !strings.HasSuffix(got, want) {
		t.Errorf("got sections %q: %s", marks, got[strings.LastIndex(got, "\nA"):])
	}
}

func TestBodyThatFits(t *testing.T) {
	var body Body
	body.Add(Head, "a")
	body.Add(Held, "b")
	body.Add(Changes, "c")
	var b strings.Builder
	if err := body.WriteTo(&b, "More."); err != nil || b.String() != "abc" {
		t.Errorf("%q, %v", b.String(), err)
	}
}
