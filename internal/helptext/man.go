package helptext

import (
	"fmt"
	"strings"
)

// Man is a page of the manual, section 1, in the language of man(7). seeAlso is
// where there is more to read.
func (t *Text) Man(name string, seeAlso []string) string {
	b := &roff{}
	b.macro("TH", strings.ToUpper(name), "1", "", name, "User Commands")
	b.macro("SH", "NAME")
	b.line(name + ` \- ` + escape(strings.TrimSuffix(strings.TrimPrefix(t.Lead, name+" "), ".")))
	b.macro("SH", "SYNOPSIS")
	for i, u := range t.Usage {
		if i > 0 {
			b.line(".br")
		}
		b.line(synopsis(u.Line))
	}
	b.macro("SH", "DESCRIPTION")
	for i, p := range t.Paragraphs {
		if i > 0 {
			b.line(".PP")
		}
		b.text(p)
	}
	b.macro("SS", "Commands")
	for _, u := range t.Usage {
		b.line(".TP")
		b.line(synopsis(u.Line))
		b.text(u.Text)
	}
	options := false
	for _, s := range t.Sections {
		if len(s.Groups) > 0 && !options {
			options = true
			b.macro("SH", "OPTIONS")
		}
		b.section(s)
	}
	if len(seeAlso) > 0 {
		b.macro("SH", "SEE ALSO")
		b.text(strings.Join(seeAlso, ", "))
	}
	return b.String()
}

// roff is a manual page that is being written.
type roff struct{ strings.Builder }

func (b *roff) line(s string) { b.WriteString(s + "\n") }

func (b *roff) macro(name string, args ...string) {
	b.WriteString("." + name)
	for _, a := range args {
		fmt.Fprintf(b, " %q", a)
	}
	b.WriteByte('\n')
}

// text writes words as they are, filled by whoever shows the page.
func (b *roff) text(s string) {
	for _, l := range strings.Split(wrap(escape(s)), "\n") {
		b.line(protect(l))
	}
}

// section writes one section: flags below a subheading, or lines below a heading.
func (b *roff) section(s Section) {
	if len(s.Groups) > 0 {
		b.macro("SS", s.Title)
	} else {
		b.macro("SH", strings.ToUpper(s.Title))
	}
	if s.Note != "" {
		b.text(capital(strings.TrimRight(s.Note, ":.")) + ".")
	}
	for _, g := range s.Groups {
		if g.Title != "" {
			b.line(".PP")
			b.text("For " + g.Title + ":")
		}
		b.flags(g.Flags)
	}
	if len(s.Lines) > 0 {
		b.line(".nf")
		for _, l := range s.Lines {
			b.line(protect(escape(strings.TrimPrefix(l, "  "))))
		}
		b.line(".fi")
	}
}

func (b *roff) flags(flags []Flag) {
	for i, f := range flags {
		if f.With {
			continue
		}
		b.line(".TP")
		head := flagHead(f)
		for _, with := range flags[i+1:] {
			if !with.With {
				break
			}
			head += ", " + flagHead(with)
		}
		b.line(head)
		for j, l := range f.sentences() {
			if j > 0 {
				b.line(".br")
			}
			b.text(l)
		}
	}
}

// sentences are the lines joined; but what begins with a value of the flag, and
// says what that means, stays a line of its own.
func (f Flag) sentences() []string {
	var list []string
	for _, l := range f.Lines {
		if len(list) == 0 || valueRE.MatchString(l) {
			list = append(list, l)
		} else {
			list[len(list)-1] += " " + l
		}
	}
	return list
}

func flagHead(f Flag) string {
	s := `\fB` + escape("--"+f.Name) + `\fR`
	if f.Short != "" {
		s = `\fB` + escape("-"+f.Short) + `\fR, ` + s
	}
	if f.Value != "" {
		s += ` \fI` + escape(f.Value) + `\fR`
	}
	return s
}

// synopsis makes the program and its command bold.
func synopsis(line string) string {
	words := strings.Fields(line)
	n := 0
	for n < len(words) && strings.Trim(words[n], "abcdefghijklmnopqrstuvwxyz") == "" {
		n++
	}
	s := `\fB` + escape(strings.Join(words[:n], " ")) + `\fR`
	if n < len(words) {
		s += " " + escape(strings.Join(words[n:], " "))
	}
	return s
}

var escaper = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`)

func escape(s string) string { return escaper.Replace(s) }

// protect keeps a line from being read as a request.
func protect(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// wrap breaks text into lines of about 80 columns.
func wrap(text string) string {
	var b strings.Builder
	n := 0
	for _, word := range strings.Fields(text) {
		switch {
		case n == 0:
		case n+1+len(word) > 80:
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
