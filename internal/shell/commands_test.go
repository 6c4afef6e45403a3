package shell

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// outline writes commands as "op name" with their place.
func outline(s *Script) string {
	var b strings.Builder
	for _, c := range s.Commands() {
		if c.Op != "" {
			b.WriteString(c.Op + " ")
		}
		name := [...]string{"", "(", "{", "if", "loop", "case", "func", "[[", "other"}[c.Kind]
		for _, w := range c.Words {
			name += w.Text + " "
		}
		b.WriteString(strings.TrimSpace(name))
		for _, mark := range []struct {
			on   bool
			text string
		}{{c.Nested, "^"}, {c.Subst, "$"}, {c.Subproc, "%"}, {c.Maybe, "?"}, {c.Negated, "!"}, {c.Background, "&"}} {
			if mark.on {
				b.WriteString(mark.text)
			}
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestCommands(t *testing.T) {
	tests := []struct{ run, want string }{
		{"a x && b || c; d", "a x; && b?; || c?; ; d"},
		{"a | b | c && d", "a%; | b%; | c%; && d?"},
		{"a && b | c", "a; && b%?; | c%?"},
		{"! a | b", "a%!; | b%"},
		{"! a && ! b", "a!; && b?!"},
		{"a & b", "a%&; & b"},
		{"a && b &", "a%&; && b%?&"},
		{"(a; b) && c", "(; a^%; ; b^%; && c?"},
		{"{ a; } ; b", "{; a^; ; b"},
		{"if a; then b; elif c; then d; else e; fi", "if; a^; b^?; c^?; d^?; e^?"},
		{"for i in $(a); do b; done", "loop; a^$%; b^?"},
		{"while a; do b; done", "loop; a^; b^?"},
		{"case $x in a) b ;; *) c ;; esac", "case; b^?; c^?"},
		{"f() { a; }; f", "func; {^?; a^?; ; f"},
		{"a $(b | c `d`)", "a $(b | c `d`); b^$%; | c `d`^$%; d^$%"},
		{"X=$(a) b", "b; a^$%"},
		{"a > $(b)", "a; b^$%"},
		{"[[ $(a) ]] && b", "[[; a^$%; && b?"},
		{"a <(b)", "a <(b); b^$%"},
		{"export X=$(a)", "export X=$(a); a^$%"},
		{"time a", "time a"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := outline(script(t, "RUN "+tt.run)); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.run, got, tt.want)
		}
	}
}

func TestCommandsOfBash(t *testing.T) {
	s := script(t, "SHELL [\"/bin/bash\", \"-c\"]\nRUN export A=\"x y\" B && declare -a c=(d) && time a && let x=1 && a |& b")
	want := "export A=x y B; && declare -a c=(d)?; && other?; a^?; && other?; && a%?; |& b%?"
	if got := outline(s); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

func TestHeredocCommands(t *testing.T) {
	s := script(t, "RUN <<EOF\na\nb \\\n  x; c\n\n# d\ne && # f\n  g\nEOF\n")
	if got, want := outline(s), "a; newline b x; ; c; newline e; && g?"; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	s = script(t, "RUN cat <<EOF > /x && b\n$(c)\nEOF\n")
	if got, want := outline(s), "cat; c^$%; && b?"; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if r := s.Top()[0].Redirs; len(r) != 2 || !r[0].Heredoc || r[1].Target.Text != "/x" {
		t.Errorf("redirections %+v", r)
	}
}

func TestWords(t *testing.T) {
	tests := []struct{ src, text, props string }{
		{"a", "a", "static literal"},
		{"'a b'", "a b", "static literal quoted"},
		{`"a\"b\\c\d"`, `a"b\c\d`, "static literal quoted"},
		{`a\ b`, "a b", "static literal quoted"},
		{`'$X'`, "$X", "static literal quoted"},
		{"$X", "$X", "var"},
		{`"${X:-y}/z"`, "${X:-y}/z", "quoted var"},
		{"a$((1+2))", "a$((1+2))", "var"},
		{"$(b)", "$(b)", "subst"},
		{"`b`", "`b`", "subst"},
		{"${X:-$(b)}", "${X:-$(b)}", "var subst"},
		{"*.txt", "*.txt", "literal glob"},
		{`\*`, "*", "static literal quoted"},
		{"uvicorn[standard]", "uvicorn[standard]", "literal glob"},
		{"[", "[", "static literal"},
		{"{a,b}", "{a,b}", "brace"},
		{"{}", "{}", "static literal"},
		{"~/x", "~/x", "tilde"},
		{"a~", "a~", "static literal"},
		{"ab\\\ncd", "abcd", "static literal"},
		{`""`, "", "static literal quoted"},
		{`'>=1.0'`, ">=1.0", "static literal quoted"},
		{`a"b"'c'`, "abc", "static literal quoted"},
		{"$'a'", "$a", "quoted var"},
		{"$", "$", "static literal"},
	}
	for _, tt := range tests {
		w := script(t, "RUN x "+tt.src).Commands()[0].Words[1]
		var props []string
		for _, p := range []struct {
			on   bool
			name string
		}{{w.Static, "static"}, {w.Literal(), "literal"}, {w.Quoted, "quoted"}, {w.HasGlob, "glob"}, {w.HasBrace, "brace"},
			{w.HasTilde, "tilde"}, {w.HasVar, "var"}, {w.HasCmdSubst, "subst"}} {
			if p.on {
				props = append(props, p.name)
			}
		}
		if got := strings.Join(props, " "); w.Text != tt.text || got != tt.props {
			t.Errorf("%s: got %q (%s), want %q (%s)", tt.src, w.Text, got, tt.text, tt.props)
		}
	}
}

func TestExecWords(t *testing.T) {
	s := script(t, "CMD [ \"gunicorn\",\\\n  # c\n  \"-b\", \"0.0.0.0:80\\u0041\" ]")
	var got []string
	for _, w := range s.Args {
		got = append(got, w.Text+"="+s.src[w.Span.Start:w.Span.End])
	}
	want := []string{`gunicorn="gunicorn"`, `-b="-b"`, `0.0.0.0:80A="0.0.0.0:80\u0041"`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if c := s.Commands(); len(c) != 1 || c[0].Name() != "gunicorn" {
		t.Errorf("commands %v", c)
	}
}

func TestSimple(t *testing.T) {
	for run, want := range map[string]bool{
		"a && b": true, "a": true, "a $(b; c) && d": true, "X=1 && a": true, "a > b": true,
		"a; b": false, "a;": false, "a || b": false, "a | b": false, "a &": false, "! a": false,
		"(a)": false, "{ a; }": false, "if a; then b; fi": false, "a # b": false, "[[ a ]]": false,
		"f() { a; }": false, "cat <<EOF\nEOF": false,
	} {
		if got := script(t, "RUN "+run).Simple(); got != want {
			t.Errorf("%s: got %v", run, got)
		}
	}
}

func TestSeparators(t *testing.T) {
	s := script(t, "RUN a \\\n  && b; \\\n  # x\n  c | d")
	var got []string
	for _, sep := range s.Separators() {
		got = append(got, fmt.Sprintf("%s %q %q", sep.Op, s.src[sep.Span.Start:sep.Span.End], s.src[sep.Gap.Start:sep.Gap.End]))
	}
	want := []string{`&& "&&" " \\\n  && "`, `; ";" "; \\\n  # x\n  "`, `| "|" " | "`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
