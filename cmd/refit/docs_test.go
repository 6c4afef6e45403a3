package main

import (
	"fmt"
	"strings"
	"testing"

	"refit/internal/helptext"
)

//go:generate go test . -run ^TestDocs$ -update

// manualPage is docs/refit.1.
func manualPage() string {
	page := helptext.Parse(help).Man("refit", []string{"docker(1)", "git-apply(1)", "hadolint(1)"})
	return ".\\\" Made by go generate ./cmd/refit from cmd/refit/help.txt; changes here are lost.\n" + page
}

// withSection puts generated text between the marks "<!-- name -->" and
// "<!-- /name -->" of a README.
func withSection(readme, name, text string) (string, error) {
	start, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	head, rest, ok := strings.Cut(readme, start)
	if !ok {
		return "", fmt.Errorf("no line %q", strings.TrimSpace(start))
	}
	_, tail, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("no %q behind %q", end, strings.TrimSpace(start))
	}
	return head + start + text + end + tail, nil
}

// beforeAfter shows a Dockerfile and what refit makes of it.
func beforeAfter(before, after string) string {
	return "Before:\n\n```dockerfile\n" + before + "```\n\nAfter:\n\n```dockerfile\n" + after + "```\n"
}

// TestUnusedDocs holds that docs/unused.md shows what the program prints.
func TestUnusedDocs(t *testing.T) {
	t.Chdir("../..")
	const command = "    $ refit explain unused examples/unused-97\n"
	_, block, ok := strings.Cut(readText(t, "docs/unused.md"), command)
	if !ok {
		t.Fatalf("docs/unused.md has no line %q", command)
	}
	out := tempFile(t)
	if code := run([]string{"explain", "unused", "examples/unused-97"}, strings.NewReader(""), out, tempFile(t)); code != exitDone {
		t.Fatalf("status %d", code)
	}
	printed := readText(t, out.Name())
	block, _, _ = strings.Cut(block, "\n\n")
	for line := range strings.Lines(block + "\n") {
		line = strings.TrimPrefix(line, "    ")
		if strings.TrimSpace(line) != "…" && !strings.Contains(printed, line) {
			t.Errorf("it does not print %q", line)
		}
	}
}
