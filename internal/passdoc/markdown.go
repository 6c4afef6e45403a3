package passdoc

import (
	"fmt"
	"strings"

	"refit/transform"
)

// Document is docs/passes.md.
func Document(all []*transform.Pass) string {
	var b strings.Builder
	b.WriteString("<!-- Made by go generate ./cmd/refit from the passes themselves; changes here are lost. -->\n\n")
	b.WriteString("# The passes\n\nIn the order in which they run. `refit explain PASS` prints the same.\n\n")
	b.WriteString(Table(all, "#"))
	for _, p := range all {
		fmt.Fprintf(&b, "\n## %s\n\n", p.Name)
		b.WriteString(Markdown(p))
	}
	return b.String()
}

// Markdown is the documentation of one pass, without a heading.
func Markdown(p *transform.Pass) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s.\n\n%s\n", capital(p.Doc.Title), wrap(p.Doc.Text, 120))
	if p.OptIn {
		fmt.Fprintf(b, "\n%s\n", whenAsked(p, "`"))
	}
	if len(p.Profiles) > 0 {
		fmt.Fprintf(b, "\nIt runs for the profile %s only.\n", profileList(p, " or "))
	}
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
	return b.String()
}

// Table lists the passes, each linked to its section in the file.
func Table(all []*transform.Pass, file string) string {
	var b strings.Builder
	b.WriteString("| pass | what it does |\n|---|---|\n")
	for _, p := range all {
		title := strings.ReplaceAll(p.Doc.Title+when(p, "`"), "|", `\|`)
		fmt.Fprintf(&b, "| [`%s`](%s%s) | %s |\n", p.Name, file, p.Name, title)
	}
	return b.String()
}

// when says in a few words when a pass runs; "" when it always does.
func when(p *transform.Pass, quote string) string {
	text := ""
	switch {
	case p.Name == "pin-digest": // which has to be asked for by the flag that allows the network
		text = fmt.Sprintf(" (%[1]s--pin digest%[1]s)", quote)
	case p.OptIn:
		text = fmt.Sprintf(" (%[1]s--with %[2]s%[1]s)", quote, p.Name)
	}
	if len(p.Profiles) > 0 {
		text += " (profile " + profileList(p, " or ") + ")"
	}
	return text
}

// whenAsked says of a pass that only runs when asked for how that is done.
func whenAsked(p *transform.Pass, quote string) string {
	return fmt.Sprintf("It runs only when asked for: %[1]s--with %[2]s%[1]s, %[1]s--only %[2]s%[1]s, or with = [\"%[2]s\"] in .refit.toml.", quote, p.Name)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
