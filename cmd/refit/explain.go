package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/moby/buildkit/util/suggest"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"refit/internal/passdoc"
	"refit/internal/report"
	"refit/passes"
	"refit/transform"
)

const explainHelp = `refit explain [PASS]     what the passes do, or one of them in full
refit explain wheels     how a project's dependencies are installed, see
                         refit explain wheels --help
refit explain unused     which of its requirements nothing uses, see
                         refit explain unused --help

      --format FORMAT    text (the default), markdown, json
      --color WHEN       auto, always or never
  -h, --help             this
`

// explain is the subcommand of that name.
func explain(args []string, stdout *os.File) error {
	fs := pflag.NewFlagSet("refit explain", pflag.ContinueOnError)
	fs.Usage = func() {}
	color := fs.String("color", "auto", "")
	format := fs.String("format", formatText, "")
	if err := fs.Parse(args); errors.Is(err, pflag.ErrHelp) {
		_, err := io.WriteString(stdout, explainHelp)
		return err
	} else if err != nil {
		return flagError(err, fs)
	}
	if err := oneOf("--color", *color, "auto", "always", "never"); err != nil {
		return err
	}
	if err := oneOf("--format", *format, formatText, formatMarkdown, formatJSON); err != nil {
		return err
	}
	groups := passGroups()
	var one *transform.Pass
	switch {
	case fs.NArg() > 1:
		return usageError("explain takes one pass")
	case fs.NArg() == 1:
		var err error
		if one, err = findPass(passes.All(), fs.Arg(0)); err != nil {
			if s, ok := suggest.Search(fs.Arg(0), []string{"wheels", "unused"}, true); ok {
				return usageError(fmt.Sprintf("no pass is named %q (did you mean refit explain %s?)", fs.Arg(0), s))
			}
			return usageError(err.Error())
		}
		groups = groupOf(groups, one)
	}
	out := bufio.NewWriter(stdout)
	screen := passdoc.Screen{Width: screenWidth(stdout), Style: report.Style{Color: colored(*color, stdout)}}
	if err := writePasses(out, *format, groups, one, screen); err != nil {
		return err
	}
	return out.Flush()
}

// writePasses writes the documentation of one pass, or of all when there is none.
func writePasses(w io.Writer, format string, groups []passdoc.Group, one *transform.Pass, screen passdoc.Screen) error {
	text := ""
	switch {
	case format == formatJSON:
		return passdoc.JSON(w, groups)
	case format == formatMarkdown && one == nil:
		text = passdoc.Document(passes.All())
	case format == formatMarkdown:
		text = "# " + one.Name + "\n\n" + passdoc.Markdown(one)
	case one == nil:
		passdoc.List(w, groups, screen)
	default:
		passdoc.Text(w, one, screen)
	}
	_, err := io.WriteString(w, text)
	return err
}

// passGroups are all passes in their groups.
func passGroups() []passdoc.Group {
	byName := map[string]*transform.Pass{}
	for _, p := range passes.All() {
		byName[p.Name] = p
	}
	var groups []passdoc.Group
	for _, g := range passes.Groups() {
		group := passdoc.Group{Title: g.Title, Tag: g.Tag}
		for _, name := range g.Passes {
			group.Passes = append(group.Passes, byName[name])
		}
		groups = append(groups, group)
	}
	return groups
}

// groupOf is a pass's group with it alone.
func groupOf(groups []passdoc.Group, one *transform.Pass) []passdoc.Group {
	for _, g := range groups {
		for _, p := range g.Passes {
			if p.Name == one.Name {
				return []passdoc.Group{{Title: g.Title, Tag: g.Tag, Passes: []*transform.Pass{p}}}
			}
		}
	}
	return nil
}

// screenWidth is how wide a text that is read is set: as a terminal is, within
// reason.
func screenWidth(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80
	}
	return min(max(width, 40), 100)
}
