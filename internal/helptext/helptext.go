// Package helptext reads the texts that --help prints, so that shell completions
// and the manual page are made of the same words and cannot fall behind.
package helptext

import (
	"strings"

	"refit/internal/lazyregexp"
)

// Text is a help text.
type Text struct {
	Lead       string   // what the program is
	Usage      []Usage  // the ways to call it
	Paragraphs []string // what is said before the first section
	Sections   []Section
}

// Usage is one way to call the program.
type Usage struct {
	Line string // "refit explain [PASS]"
	Text string
}

// Section is a heading and what is below it: flags, or lines that are shown as
// they are.
type Section struct {
	Title  string // "" where flags have no heading
	Note   string // what the heading says besides its title
	Groups []Group
	Lines  []string
}

// Group is some flags of a section.
type Group struct {
	Title string // the command that the flags are for; "" for no such heading
	Flags []Flag
}

// Flag is one flag.
type Flag struct {
	Name  string   // without the dashes
	Short string   // the letter, or ""
	Value string   // the placeholder of its value; "" for none
	Lines []string // what is said of it
	With  bool     // it shares its lines with the flag before it
}

// Parse reads a help text. What it does not understand is a paragraph, or lines
// that are shown as they are.
func Parse(text string) *Text {
	t := &Text{}
	for i, chunk := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		lines := strings.Split(strings.Trim(chunk, "\n"), "\n")
		switch head, body := split(lines); {
		case isUsage(lines):
			t.Usage = append(t.Usage, parseUsage(lines)...)
		case len(body) == 0 && i == 0:
			t.Lead = join(head)
		case len(body) == 0 && len(t.Sections) == 0:
			t.Paragraphs = append(t.Paragraphs, join(head))
		case len(head) == 0 && len(t.Sections) > 0: // goes on behind an empty line
			last := &t.Sections[len(t.Sections)-1]
			last.addBody(body)
		default:
			s := newSection(join(head))
			s.addBody(body)
			t.Sections = append(t.Sections, s)
		}
	}
	return t
}

// Flags are all flags of the text in their order. One that is explained twice,
// for two commands, comes twice.
func (t *Text) Flags() []Flag {
	var list []Flag
	for _, s := range t.Sections {
		for _, g := range s.Groups {
			list = append(list, g.Flags...)
		}
	}
	return list
}

// split separates the lines at the margin that a chunk begins with from the rest.
func split(lines []string) (head, body []string) {
	n := 0
	for n < len(lines) && !strings.HasPrefix(lines[n], " ") {
		n++
	}
	return lines[:n], lines[n:]
}

// isUsage reports lines that say how to call the program, and not what it is.
func isUsage(lines []string) bool {
	first := strings.TrimSpace(lines[0])
	if !strings.HasPrefix(first, "refit ") {
		return false
	}
	return first != lines[0] || len(lines) > 1 && strings.HasPrefix(lines[1], "   ") || strings.Contains(first, "  ")
}

func parseUsage(lines []string) []Usage {
	var list []Usage
	margin := indent(lines[0])
	for _, l := range lines {
		if indent(l) == margin {
			line, text, _ := strings.Cut(strings.TrimSpace(l), "  ")
			list = append(list, Usage{line, strings.TrimSpace(text)})
			continue
		}
		last := &list[len(list)-1]
		last.Text = strings.TrimSpace(last.Text + " " + strings.TrimSpace(l))
	}
	return list
}

// newSection takes a heading apart: "What to build (verify): with a builder",
// ".refit.toml, in the nearest directory".
func newSection(heading string) Section {
	if at := strings.IndexAny(heading, "(,"); at > 0 {
		inner, rest, _ := strings.Cut(heading[at+1:], ")")
		return Section{Title: strings.TrimSpace(heading[:at]), Note: strings.TrimSpace(inner + rest)}
	}
	return Section{Title: heading}
}

// groupRE matches the heading of a group of flags: commands, one column in.
var groupRE = lazyregexp.New(`^ [a-z]+(,? [a-z]+)*$`)

func (s *Section) addBody(lines []string) {
	for _, l := range lines {
		flags := parseFlags(l)
		switch {
		case len(flags) > 0:
			if len(s.Groups) == 0 {
				s.Groups = append(s.Groups, Group{})
			}
			g := &s.Groups[len(s.Groups)-1]
			g.Flags = append(g.Flags, flags...)
		case groupRE.MatchString(l):
			s.Groups = append(s.Groups, Group{Title: strings.TrimSpace(l)})
		case len(s.Groups) > 0 && indent(l) > 8:
			s.Groups[len(s.Groups)-1].goOn(strings.TrimSpace(l))
		default:
			s.Lines = append(s.Lines, l)
		}
	}
}

// goOn adds a line to the flags that share it.
func (g *Group) goOn(line string) {
	for i := len(g.Flags) - 1; i >= 0; i-- {
		g.Flags[i].Lines = append(g.Flags[i].Lines, line)
		if !g.Flags[i].With {
			return
		}
	}
}

var (
	flagLineRE = lazyregexp.New(`^ +-`)
	flagRE     = lazyregexp.New(`(?:-(\w), )?--([a-z][a-z-]*)(?: ([^\s-]\S*))?`)
)

// parseFlags reads a line that begins with a flag, or several: they are what is
// before the first gap of two spaces.
func parseFlags(line string) []Flag {
	if !flagLineRE.MatchString(line) {
		return nil
	}
	head, text, _ := strings.Cut(strings.TrimSpace(line), "  ")
	var list []Flag
	for i, m := range flagRE.FindAllStringSubmatch(head, -1) {
		f := Flag{Short: m[1], Name: m[2], Value: strings.TrimSuffix(m[3], ","), With: i > 0}
		if text = strings.TrimSpace(text); text != "" {
			f.Lines = []string{text}
		}
		list = append(list, f)
	}
	return list
}

// valueRE matches a line that says what one of a flag's values means.
var valueRE = lazyregexp.New(`^([a-z][a-z0-9-]*): (.+)$`)

// Meaning says what a value of the flag means: that of the line "value: meaning".
func (f Flag) Meaning(value string) string {
	for _, l := range f.Lines {
		if m := valueRE.FindStringSubmatch(l); m != nil && m[1] == value {
			about, _, _ := strings.Cut(m[2]+" ", "; ")
			return strings.TrimSpace(about)
		}
	}
	return ""
}

// Brief is the description in a few words, for a line of a list.
func (f Flag) Brief() string {
	text := ""
	if said := f.sentences(); len(said) > 0 {
		text = said[0]
	}
	for _, end := range []string{"; ", ". ", ": ", " (", ", or "} {
		text, _, _ = strings.Cut(text, end)
	}
	return strings.TrimRight(text, ":,;. ")
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func join(lines []string) string { return strings.Join(strings.Fields(strings.Join(lines, " ")), " ") }
