package main

import (
	"fmt"
	"strings"

	"refit/transform"
)

//go:generate go test . -run ^TestDocs$ -update

// passesMarkdown is docs/passes.md.
func passesMarkdown(all []*transform.Pass) string {
	var b strings.Builder
	b.WriteString("<!-- Made by go generate ./cmd/refit from the passes themselves; changes here are lost. -->\n\n")
	b.WriteString("# The passes\n\nIn the order in which they run. `refit explain PASS` prints the same.\n\n")
	b.WriteString(passTable(all, "#"))
	for _, p := range all {
		passMarkdown(&b, p)
	}
	return b.String()
}

func passMarkdown(b *strings.Builder, p *transform.Pass) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n%s\n", p.Name, capital(p.Doc.Title), wrap(p.Doc.Text, 120))
	fmt.Fprintf(b, "\nBefore:\n\n```dockerfile\n%s```\n\nAfter:\n\n```dockerfile\n%s```\n", p.Doc.Before, p.Doc.After)
	if len(p.Declines) > 0 {
		b.WriteString("\nIt holds back when\n\n")
		for _, d := range p.Declines {
			fmt.Fprintf(b, "- %s (`%s`)\n", d.When, d.Key)
		}
	}
	if len(p.Hadolint) > 0 {
		fmt.Fprintf(b, "\nRules of hadolint that ask for it: %s.\n", strings.Join(p.Hadolint, ", "))
	}
	b.WriteString("\nSources:\n\n")
	for _, s := range p.Doc.Sources {
		fmt.Fprintf(b, "- %s\n", s)
	}
}

// passTable lists the passes, each linked to its section in the file.
func passTable(all []*transform.Pass, file string) string {
	var b strings.Builder
	b.WriteString("| pass | what it does |\n|---|---|\n")
	for _, p := range all {
		title := strings.ReplaceAll(p.Doc.Title, "|", `\|`)
		fmt.Fprintf(&b, "| [`%s`](%s%s) | %s |\n", p.Name, file, p.Name, title)
	}
	return b.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

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
