package shell

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refit/transform"
)

// scripts parses a Dockerfile and returns the scripts of all instructions that
// have one.
func scripts(t testing.TB, text string) []*Script {
	t.Helper()
	f, err := transform.Parse("Dockerfile", text, nil)
	if err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	var all []*Script
	for _, in := range f.Instructions {
		if s := Of(f, in); s != nil {
			checkMap(t, s)
			all = append(all, s)
		}
	}
	return all
}

// script parses instructions and returns the first script.
func script(t testing.TB, instructions string) *Script {
	t.Helper()
	all := scripts(t, "FROM x\n"+instructions)
	if len(all) == 0 {
		t.Fatalf("no script in %q", instructions)
	}
	return all[0]
}

// checkMap holds a script to what the package promises of its spans.
func checkMap(t testing.TB, s *Script) {
	t.Helper()
	last := -1
	for i := range len(s.Text) {
		at := s.Offset(i)
		if at <= last || at >= len(s.src) || s.src[at] != s.Text[i] {
			t.Fatalf("text %q: byte %d maps to %d of %q", s.Text, i, at, s.src)
		}
		last = at
	}
	for _, c := range s.Commands() {
		inside(t, s, c.Span)
		end := c.Span.Start
		for _, w := range c.Words {
			inside(t, s, w.Span)
			if w.Span.Start < end {
				t.Fatalf("words of %q overlap", s.src[c.Span.Start:c.Span.End])
			}
			end = w.Span.End
			checkWord(t, s, w)
		}
		for _, r := range c.Redirs {
			inside(t, s, r.Span)
		}
	}
	for _, sep := range s.Separators() {
		inside(t, s, sep.Gap)
		if op := s.src[sep.Span.Start:sep.Span.End]; op != sep.Op && sep.Op != "newline" {
			if join(op+"x", s.escape).textString() != sep.Op+"x" {
				t.Fatalf("separator %q is mapped to %q", sep.Op, op)
			}
		}
	}
}

func (j joined) textString() string { return string(j.text) }

func inside(t testing.TB, s *Script, span Span) {
	t.Helper()
	if span.Start < 0 || span.End < span.Start || span.End > len(s.src) {
		t.Fatalf("span %v is outside the %d bytes of %q", span, len(s.src), s.src)
	}
}

// checkWord holds a static word without quotes to its bytes.
func checkWord(t testing.TB, s *Script, w Word) {
	t.Helper()
	if w.Static && w.Quoted && s.Form != ExecForm && !strings.ContainsAny(w.Raw, "'\"\\") {
		t.Fatalf("word %q stands as %q", w.Text, w.Raw)
	}
	if !w.Static || w.Quoted {
		return
	}
	got := s.src[w.Span.Start:w.Span.End]
	if w.Raw != w.Text || got != w.Text && join(got+"x", s.escape).textString() != w.Text+"x" {
		t.Fatalf("word %q stands as %q and is mapped to %q", w.Text, w.Raw, got)
	}
}

func TestText(t *testing.T) {
	tests := []struct{ name, src, form, want string }{
		{"plain", "RUN a b", "shell", "a b"},
		{"lower case, tabs", "run\t a\tb \t", "shell", "a\tb"},
		{"continuation", "RUN a \\\n  b", "shell", "a   b"},
		{"continuation in a word", "RUN ab\\\ncd", "shell", "abcd"},
		{"blanks after the continuation", "RUN a \\ \t\n b", "shell", "a  b"},
		{"comment lines", "RUN a && \\\n# one\n  # two \\\n\tb", "shell", "a && \tb"},
		{"blank lines", "RUN a && \\\n\n  \n b", "shell", "a &&  b"},
		{"crlf", "RUN a && \\\r\n# c\r\n b\r\n", "shell", "a &&  b"},
		{"escaped continuation ends the line", "RUN a \\\\\n", "shell", "a \\\\"},
		{"three backslashes end the line", "RUN a \\\\\\\n", "shell", "a \\\\\\"},
		{"backslash alone on a line", "RUN a\\\n\\\nb", "shell", "ab"},
		{"continuation at the end of the file", "RUN a \\\n", "shell", "a"},
		{"keyword alone on its line", "RUN \\\n  a", "shell", "a"},
		{"flags", "RUN --mount=type=cache,target=/x --network=none a --b", "shell", "a --b"},
		{"flags over lines", "RUN --mount=type=cache,target=/x \\\n  # c\n  a", "shell", "a"},
		{"quoted flag", "RUN --mount=\"type=cache,target=/a b\" a", "shell", "a"},
		{"end of flags", "RUN -- a", "shell", "a"},
		{"exec", `CMD ["a", "b\"c\u0041", ""]`, "exec", `["a", "b\"c\u0041", ""]`},
		{"exec over lines", "CMD [\"a\", \\\n  # c\n \"b\"]", "exec", "[\"a\",  \"b\"]"},
		{"single quotes are not JSON", "CMD ['a', 'b']", "shell", "['a', 'b']"},
		{"healthcheck", "HEALTHCHECK --interval=5s CMD curl -f x || exit 1", "shell", "curl -f x || exit 1"},
		{"healthcheck exec", "HEALTHCHECK CMD [\"a\"]", "exec", "[\"a\"]"},
		{"healthcheck none", "HEALTHCHECK NONE", "opaque", ""},
		{"heredoc", "RUN <<EOF\na\n  b\nEOF\n", "heredoc", "a\n  b\n"},
		{"heredoc without leading tabs", "RUN <<-EOF\n\t\ta\n\tb\n\tEOF\n", "heredoc", "a\nb\n"},
		{"heredoc quoted", "RUN <<'EOF'\na $b\nEOF", "heredoc", "a $b\n"},
		{"heredoc shebang", "RUN <<EOF\n#!/bin/bash -e\na\nEOF", "heredoc", "#!/bin/bash -e\na\n"},
		{"heredoc for python", "RUN <<EOF\n#!/usr/bin/env python3\na\nEOF", "opaque", "#!/usr/bin/env python3\na\n"},
		{"heredoc inline", "RUN cat <<EOF > /x && \\\n b\nhello\nEOF\n", "heredoc", "cat <<EOF > /x &&  b\nhello\nEOF"},
		{"two heredocs", "RUN a <<A && b <<B\n1\nA\n2\nB\n", "heredoc", "a <<A && b <<B\n1\nA\n2\nB"},
		{"heredoc inline with tabs", "RUN a <<-A\n\t1\n\tA\n", "heredoc", "a <<-A\n\t1\nA"},
		{"empty heredoc", "RUN a <<A\nA\n", "heredoc", "a <<A\nA"},
		{"heredoc with carriage returns", "RUN <<EOF\r\na\r\nEOF\r\n", "opaque", "a\r\n"},
		{"unbalanced", "RUN (a", "opaque", "(a"},
		{"carriage return inside", "RUN a\rb", "opaque", "a\rb"},
		{"not UTF-8", "RUN a\xff", "opaque", "a\xff"},
		{"trailing comment", "RUN a # b", "shell", "a # b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := script(t, tt.src)
			if form := formName(s.Form); form != tt.form || s.Text != tt.want {
				t.Errorf("got %s %q (%s), want %s %q", form, s.Text, s.Why, tt.form, tt.want)
			}
			if (s.Form == Opaque) != (s.Why != "") {
				t.Errorf("form %s with reason %q", formName(s.Form), s.Why)
			}
		})
	}
}

func formName(f Form) string { return [...]string{"opaque", "shell", "exec", "heredoc"}[f] }

func TestBacktickEscape(t *testing.T) {
	all := scripts(t, "# escape=`\nFROM x\nRUN a `\n # c\n b\\\nCMD c\n")
	if got := all[0].Text; got != "a  b\\" {
		t.Errorf("got %q", got)
	}
	if got := all[1].Text; got != "c" {
		t.Errorf("got %q", got)
	}
}

func TestShell(t *testing.T) {
	tests := []struct{ shell, run, form string }{
		{`["/bin/bash", "-o", "pipefail", "-c"]`, "[[ -n $x ]] && a", "shell"},
		{`["conda", "run", "-n", "x", "/bin/bash", "-lc"]`, "a <(b)", "shell"},
		{`["powershell", "-Command"]`, "a", "opaque"},
		{`["cmd", "/S", "/C"]`, "a", "opaque"},
		{`["/bin/bash", "-c"]`, "<<EOF\n#!/bin/sh\na\nEOF", "heredoc"},
		{`["powershell", "-Command"]`, `["a"]`, "exec"},
	}
	for _, tt := range tests {
		if s := script(t, "SHELL "+tt.shell+"\nRUN "+tt.run); formName(s.Form) != tt.form {
			t.Errorf("SHELL %s, RUN %s: got %s (%s), want %s", tt.shell, tt.run, formName(s.Form), s.Why, tt.form)
		}
	}
	if s := scripts(t, "FROM mcr.microsoft.com/windows/servercore:1809 AS a\nFROM a\nRUN dir")[0]; s.Form != Opaque {
		t.Error("a Windows image's command was read as a POSIX shell's")
	}
	for run, want := range map[string]bool{"a b": false, "[[ a && b ]]": true, "a <(b)": true, "[ a ] && b": false} {
		if s := script(t, "RUN "+run); s.Bashism != want || s.Form != ShellForm {
			t.Errorf("RUN %s: bashism %v, %s", run, s.Bashism, s.Why)
		}
	}
}

// TestCorpus reads every script of the files in REFIT_CORPUS.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("REFIT_CORPUS")
	if dir == "" {
		t.Skip("REFIT_CORPUS is not set")
	}
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "Dockerfile") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	total, opaque := 0, 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := transform.Parse(path, string(text), nil)
		if err != nil {
			count["no Dockerfile"]++
			continue
		}
		for _, in := range f.Instructions {
			s := Of(f, in)
			if s == nil {
				continue
			}
			checkMap(t, s)
			checkRemovals(t, s)
			count[in.Keyword+" "+formName(s.Form)]++
			if in.Keyword == "run" && s.Form != ExecForm {
				total++
				if s.Form == Opaque {
					opaque++
					if os.Getenv("REFIT_SHOW") != "" {
						t.Logf("%s:%d: %s", path, in.StartLine, s.Why)
					}
				}
			}
			s.Leaks()
			s.Toolset()
			s.Vars()
			if s.Bashism {
				count["bashism"]++
			}
		}
	}
	t.Log(fmt.Sprint(count))
	t.Logf("%d of %d RUN scripts are read", total-opaque, total)
	if total == 0 || float64(opaque) > 0.01*float64(total) {
		t.Errorf("%d of %d RUN scripts are opaque", opaque, total)
	}
}
