package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"refit/internal/report"
	"refit/passes"
	"refit/transform"
)

const explainHelp = `refit explain [PASS]     what the passes do, or one of them in full

      --color WHEN       auto, always or never
  -h, --help             this
`

// explain is the subcommand of that name.
func explain(args []string, stdout *os.File) error {
	fs := pflag.NewFlagSet("refit explain", pflag.ContinueOnError)
	fs.Usage = func() {}
	color := fs.String("color", "auto", "")
	markdown := fs.Bool("markdown", false, "") // what docs/passes.md is made by
	if err := fs.Parse(args); errors.Is(err, pflag.ErrHelp) {
		_, err := io.WriteString(stdout, explainHelp)
		return err
	} else if err != nil {
		return flagError(err, fs)
	}
	if err := oneOf("--color", *color, "auto", "always", "never"); err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	switch {
	case fs.NArg() > 1:
		return usageError("explain takes one pass")
	case *markdown:
		out.WriteString(passesMarkdown(passes.All()))
	case fs.NArg() == 0:
		listPasses(out, passes.All())
	default:
		p, err := findPass(passes.All(), fs.Arg(0))
		if err != nil {
			return usageError(err.Error())
		}
		if err := explainPass(out, p, report.Style{Color: colored(*color, stdout)}); err != nil {
			return err
		}
	}
	return out.Flush()
}

func listPasses(w io.Writer, all []*transform.Pass) {
	width := 0
	for _, p := range all {
		width = max(width, len(p.Name))
	}
	for _, p := range all {
		fmt.Fprintf(w, "%-*s  %s\n", width, p.Name, p.Doc.Title)
	}
	fmt.Fprintf(w, "\nrefit explain PASS says more about one of them.\n")
}

func explainPass(w io.Writer, p *transform.Pass, style report.Style) error {
	fmt.Fprintf(w, "%s: %s\n\n%s\n", p.Name, p.Doc.Title, wrap(p.Doc.Text, 80))
	section(w, "Before", p.Doc.Before)
	section(w, "After", p.Doc.After)
	diff, err := transform.UnifiedDiff("Dockerfile", p.Doc.Before, p.Doc.After, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nDifference\n\n")
	var colored strings.Builder
	if err := report.Diff(&colored, diff, style); err != nil {
		return err
	}
	fmt.Fprint(w, indent(colored.String()))
	if len(p.Declines) > 0 {
		fmt.Fprintf(w, "\nIt holds back when\n\n")
		for _, d := range p.Declines {
			fmt.Fprintf(w, "  %s (%s)\n", d.When, d.Key)
		}
	}
	list(w, "The rules of hadolint that ask for it", p.Hadolint)
	list(w, "Sources", p.Doc.Sources)
	return nil
}

func section(w io.Writer, title, text string) { fmt.Fprintf(w, "\n%s\n\n%s", title, indent(text)) }

func list(w io.Writer, title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n\n", title)
	for _, s := range items {
		fmt.Fprintf(w, "  %s\n", s)
	}
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// wrap breaks text into lines of at most width bytes where it can.
func wrap(text string, width int) string {
	var b strings.Builder
	n := 0
	for _, word := range strings.Fields(text) {
		switch {
		case n == 0:
		case n+1+len(word) > width:
			b.WriteByte('\n')
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += len(word)
	}
	return b.String()
}
