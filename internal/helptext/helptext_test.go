package helptext

import (
	"slices"
	"strings"
	"testing"
)

const sample = `refit mends files,
one by one.

  refit [flags] [PATH...]   show what would change
  refit explain unused [flags]
                            what is unused, and
                            where

PATH is a file or
a directory.

What to do (anything; or nothing)
  -w, --write            rewrite the files; all
                         or none
      --format FORMAT    how it is printed:
                         diff: what git takes; the default
                         over two lines
                         text: every change: all

      --one A, --two-b N=V
                         as elsewhere
 verify
      --quick            no times

.conf.toml, in the
directory:
  only = ["a"]
names are ours

Exit status
  0  done
`

func TestParse(t *testing.T) {
	p := Parse(sample)
	if p.Lead != "refit mends files, one by one." || !slices.Equal(p.Paragraphs, []string{"PATH is a file or a directory."}) {
		t.Errorf("lead %q, paragraphs %q", p.Lead, p.Paragraphs)
	}
	want := []Usage{{"refit [flags] [PATH...]", "show what would change"}, {"refit explain unused [flags]", "what is unused, and where"}}
	if !slices.Equal(p.Usage, want) {
		t.Errorf("usage %q", p.Usage)
	}
	if len(p.Sections) != 3 {
		t.Fatalf("%d sections: %+v", len(p.Sections), p.Sections)
	}
	do, conf, exit := p.Sections[0], p.Sections[1], p.Sections[2]
	if do.Title != "What to do" || do.Note != "anything; or nothing" || len(do.Groups) != 2 || do.Groups[1].Title != "verify" {
		t.Errorf("section %+v", do)
	}
	if conf.Title != ".conf.toml" || conf.Note != "in the directory:" || !slices.Equal(conf.Lines, []string{`  only = ["a"]`, "names are ours"}) {
		t.Errorf("section %+v", conf)
	}
	if exit.Title != "Exit status" || !slices.Equal(exit.Lines, []string{"  0  done"}) {
		t.Errorf("section %+v", exit)
	}
}

func TestFlags(t *testing.T) {
	var got []string
	for _, f := range Parse(sample).Flags() {
		got = append(got, strings.Join([]string{f.Short, f.Name, f.Value, f.Brief()}, "|"))
	}
	want := []string{
		"w|write||rewrite the files", "|format|FORMAT|how it is printed", "|one|A|as elsewhere", "|two-b|N=V|as elsewhere", "|quick||no times",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	format := Parse(sample).Flags()[1]
	for value, want := range map[string]string{"diff": "what git takes", "text": "every change: all", "json": ""} {
		if got := format.Meaning(value); got != want {
			t.Errorf("%s means %q, want %q", value, got, want)
		}
	}
}

func TestMan(t *testing.T) {
	page := Parse(sample).Man("refit", []string{"git(1)"})
	for _, want := range []string{
		".TH \"REFIT\" \"1\"", "refit \\- mends files, one by one\n", ".SS \"What to do\"\nAnything; or nothing.\n",
		".TP\n\\fB\\-w\\fR, \\fB\\-\\-write\\fR\nrewrite the files; all or none\n",
		"\\fB\\-\\-one\\fR \\fIA\\fR, \\fB\\-\\-two\\-b\\fR \\fIN=V\\fR\nas elsewhere\n",
		"For verify:\n", ".SH \".CONF.TOML\"\n", ".nf\nonly = [\"a\"]\n", ".SH \"SEE ALSO\"\ngit(1)\n",
		".br\ndiff: what git takes; the default over two lines\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if got := (&Text{Lead: "x", Paragraphs: []string{".dots and 'quotes' \\ too"}}).Man("x", nil); !strings.Contains(got, "\n\\&.dots and \\(aqquotes\\(aq \\e too\n") {
		t.Errorf("not escaped: %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("  refit x\n\n -a\n\n  -b, --c D  e")
	f.Add("0(.\n 0") // a section whose title is a full stop
	f.Fuzz(func(t *testing.T, text string) {
		p := Parse(text)
		_ = p.Man("refit", nil)
		for _, flag := range p.Flags() {
			if flag.Name == "" {
				t.Errorf("a flag without a name in %q", text)
			}
		}
	})
}
