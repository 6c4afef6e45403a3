package check

import (
	"fmt"
	"slices"
	"strings"
)

// intro is the head of docs/system-packages.md.
const intro = `# System packages, checked by building

refit knows which Debian packages a Python distribution needs: to be compiled, and
to run ([internal/facts/data/python.tsv](../internal/facts/data/python.tsv)). Here
is what came of building them. Each row is one distribution on one slim image:

- **source**: pip compiles the distribution from its source distribution on the slim
  image with exactly the build packages that the table lists (what it depends on
  comes as wheels); the environment is copied to a slim image with exactly the
  runtime packages, where every library that its ELF files need must be found, and
  the distribution is imported and used. Some that list the same packages were compiled
  in one environment.
- **wheel**: the same with the wheel, and what the table lists for wheels.
- **system**: a distribution without compiled code of its own, that loads a library or
  runs a program: it is used with the listed packages.

*Without them* is the error of the same use on the slim image without the runtime
packages. A list of packages that holds is enough; whether each build package is
needed was not tried. *Not linked* are listed runtime packages of which no ELF file
loads a library: they are in the slim image already, are loaded by name, are data or
programs, or serve only some uses.

This file and [system-packages.tsv](system-packages.tsv) are written by

    go run ./internal/facts/check/run

which needs a BuildKit daemon (BUILDKIT_HOST), writes after every check and goes on
where it was cut off; -again NAME,… repeats some, -how source chooses a form, and -together 7
builds those that list the same packages in one image. What has no row here has not been
checked: the run over all distributions of plan.tsv takes hours. An end-to-end test repeats a sample.
`

// Markdown is the kept table for people.
func (t *Table) Markdown() string {
	var b strings.Builder
	b.WriteString(intro)
	b.WriteString(t.summary())
	for _, image := range t.images() {
		fmt.Fprintf(&b, "\n## %s\n\n", image)
		b.WriteString("| distribution | version | how | build packages | runtime packages | verdict | without them | not linked |\n|---|---|---|---|---|---|---|---|\n")
		for i := range t.Rows {
			if r := &t.Rows[i]; r.Image == image {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Distribution, r.Version, r.How,
					strings.Join(r.Build, " "), strings.Join(r.Runtime, " "), cell(r.verdict()), cell(r.Without), strings.Join(r.Unlinked, ", "))
			}
		}
	}
	return b.String()
}

func (r *Row) verdict() string {
	if r.Detail == "" {
		return string(r.Verdict)
	}
	return fmt.Sprintf("**%s**: %s", r.Verdict, r.Detail)
}

// cell keeps a message from ending a table's cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'").Replace(s)
}

func (t *Table) images() []string {
	var images []string
	for _, r := range t.Rows {
		if !slices.Contains(images, r.Image) {
			images = append(images, r.Image)
		}
	}
	return images
}

// summary counts distributions and verdicts.
func (t *Table) summary() string {
	var b strings.Builder
	b.WriteString("\n| image | distributions | checks | hold | fail | not checked |\n|---|---:|---:|---:|---:|---:|\n")
	for _, image := range t.images() {
		names, verdicts, n := map[string]bool{}, map[Verdict]int{}, 0
		for _, r := range t.Rows {
			if r.Image != image {
				continue
			}
			n++
			verdicts[r.Verdict]++
			if r.Verdict != NotChecked {
				names[r.Distribution] = true
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", image, len(names), n, verdicts[Holds], verdicts[Fails], verdicts[NotChecked])
	}
	return b.String()
}
