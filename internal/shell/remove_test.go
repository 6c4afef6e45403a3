package shell

import (
	"strings"
	"testing"
)

// without deletes spans from the script's instruction.
func without(s *Script, gone []Span) string {
	var b strings.Builder
	at := 0
	for _, g := range gone {
		b.WriteString(s.src[at:g.Start])
		at = g.End
	}
	b.WriteString(s.src[at:])
	return b.String()
}

// checkRemovals removes each command that can go and holds the result to what
// Remove promises: the rest, unchanged and in order, and every comment line.
func checkRemovals(t testing.TB, s *Script) {
	t.Helper()
	top := s.Top()
	header := "# escape=" + string(s.escape) + "\nFROM x\n"
	after := "\nCMD after\n"
	if len(top) > 200 {
		return
	}
	if all := scripts(t, header+s.src+after); len(all) != 2 {
		after = "" // a continuation at the end of the file
	}
	for i, c := range top {
		gone, ok := s.Remove(c)
		if !ok {
			continue
		}
		text := without(s, gone)
		all := scripts(t, header+text+after)
		if after != "" && (len(all) != 2 || all[1].Text != "after") {
			t.Fatalf("without command %d:\n%s\nthe script swallows what follows:\n%s", i, s.src, text)
		}
		got := all[0]
		if got.Form == Opaque {
			t.Fatalf("without command %d of\n%s\nnot readable (%s):\n%s", i, s.src, got.Why, text)
		}
		want := append(append([]*Command{}, top[:i]...), top[i+1:]...)
		if len(got.Top()) != len(want) {
			t.Fatalf("without command %d of\n%s\n%d commands are left:\n%s", i, s.src, len(got.Top()), text)
		}
		for k, w := range want {
			if a, b := got.Top()[k], w; got.rawOf(a) != s.rawOf(b) {
				t.Fatalf("without command %d of\n%s\ncommand %d is %q:\n%s", i, s.src, k, got.rawOf(a), text)
			}
		}
		for _, line := range s.commentLines() {
			comment := strings.TrimSpace(s.src[line.Start:line.End])
			if line.Start >= c.Span.Start && line.End <= c.Span.End {
				continue
			}
			if !strings.Contains(text, comment) {
				t.Fatalf("without command %d of\n%s\na comment is lost:\n%s", i, s.src, text)
			}
		}
	}
}

func (s *Script) rawOf(c *Command) string {
	start, end := textRange(c.Node)
	return s.Text[start:end]
}

func TestRemoveCommand(t *testing.T) {
	const (
		trailing = "RUN a 1 && \\\n    # about b\n    b 2 && \\\n    # about c\n\n    c 3\n"
		leading  = "RUN a 1 \\\n    # about b\n    && b 2 \\\n    # about c\n    && c 3\n"
	)
	tests := []struct {
		name, src string
		i         int
		want      string // "" when it must be declined
	}{
		{"first", "RUN a && b && c", 0, "RUN b && c"},
		{"middle", "RUN a && b && c", 1, "RUN a && c"},
		{"last", "RUN a && b && c", 2, "RUN a && b"},
		{"first, over lines", "RUN a && \\\n  b && \\\n  c", 0, "RUN b && \\\n  c"},
		{"middle, over lines", "RUN a && \\\n  b && \\\n  c", 1, "RUN a && \\\n  c"},
		{"last, over lines", "RUN a && \\\n  b && \\\n  c", 2, "RUN a && \\\n  b"},
		{"middle, leading operators", "RUN a \\\n  && b \\\n  && c", 1, "RUN a \\\n  && c"},
		{"last, leading operators", "RUN a \\\n  && b \\\n  && c", 2, "RUN a \\\n  && b"},
		{"first, comments", trailing, 0, "RUN \\\n    # about b\n    b 2 && \\\n    # about c\n\n    c 3"},
		{"middle, comments", trailing, 1, "RUN a 1 && \\\n    # about b\n    # about c\n\n    c 3"},
		{"last, comments", trailing, 2, "RUN a 1 && \\\n    # about b\n    b 2\n    # about c"},
		{"first, leading, comments", leading, 0, "RUN \\\n    # about b\n    b 2 \\\n    # about c\n    && c 3"},
		{"middle, leading, comments", leading, 1, "RUN a 1 \\\n    # about b\n    # about c\n    && c 3"},
		{"last, leading, comments", leading, 2, "RUN a 1 \\\n    # about b\n    && b 2\n    # about c"},
		{"crlf", "RUN a && \\\r\n  # c\r\n  b\r\n", 1, "RUN a\r\n  # c"},
		{"semicolons", "RUN a; b; c", 1, "RUN a; c"},
		{"semicolon before", "RUN a; b && c", 1, "RUN a; c"},
		{"semicolon after", "RUN a && b; c", 1, "RUN a; c"},
		{"last of a closed list", "RUN a; b;", 1, "RUN a;"},
		{"only one", "RUN a", 0, ""},
		{"would become a JSON array", `RUN ["a"] && b`, 1, ""},
		{"would become a continuation", "RUN a\\ && b", 1, ""},
		{"would lose its escaped blank", "RUN a\\  && b", 1, ""},
		{"would lose its first character", "RUN a && \u00a0b", 0, ""},
		{"would become a flag", "RUN a && --b", 0, ""},
		{"or", "RUN a || b && c", 1, ""},
		{"before or", "RUN a && b || c", 1, ""},
		{"beyond or", "RUN a || b && c", 2, "RUN a || b"},
		{"pipeline", "RUN a | b && c", 1, ""},
		{"beside a pipeline", "RUN a | b && c", 2, "RUN a | b"},
		{"job", "RUN a & b", 1, ""},
		{"negated", "RUN ! a && b", 0, ""},
		{"nested", "RUN (a && b) && c", 1, ""},
		{"compound", "RUN if a; then b; fi && c", 0, "RUN c"},
		{"heredoc, first", "RUN <<EOF\na\n# about b\nb\n# about c\nc\nEOF", 0, "RUN <<EOF\n# about b\nb\n# about c\nc\nEOF"},
		{"heredoc, middle", "RUN <<EOF\na\n# about b\nb\n# about c\nc\nEOF", 1, "RUN <<EOF\na\n# about b\n# about c\nc\nEOF"},
		{"heredoc, last", "RUN <<EOF\na\n# about b\nb\n# about c\nc\nEOF", 2, "RUN <<EOF\na\n# about b\nb\n# about c\nEOF"},
		{"heredoc, a comment before a list", "RUN <<EOF\na\n# about b\nb; c\nEOF", 1, "RUN <<EOF\na\n# about b\nc\nEOF"},
		{"heredoc, a comment in a list", "RUN <<EOF\na &&\n# about b\nb; c\nEOF", 1, "RUN <<EOF\na\n# about b\nc\nEOF"},
		{"inline heredoc", "RUN a && cat <<EOF\nx\nEOF", 0, ""},
		{"exec", `RUN ["a", "b"]`, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := script(t, tt.src)
			gone, ok := s.RemoveCommand(tt.i)
			if !ok {
				if tt.want != "" {
					t.Fatal("declined")
				}
				return
			}
			if got := strings.TrimSuffix(without(s, gone), "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			checkRemovals(t, s)
		})
	}
}

func TestRemoveSeveral(t *testing.T) {
	src := "RUN a && \\\n  b && \\\n  # about c\n  c && \\\n  d\n"
	for _, tt := range []struct {
		gone []int
		want string
	}{
		{[]int{0, 1}, "RUN \\\n  # about c\n  c && \\\n  d\n"},
		{[]int{1, 2}, "RUN a && \\\n  # about c\n  d\n"},
		{[]int{2, 3}, "RUN a && \\\n  b\n  # about c\n"},
		{[]int{0, 3}, "RUN b && \\\n  # about c\n  c\n"},
		{[]int{0, 1, 2, 3}, ""},
	} {
		s := script(t, src)
		var gone []*Command
		for _, i := range tt.gone {
			gone = append(gone, s.Top()[i])
		}
		cut, ok := s.Remove(gone...)
		if !ok {
			if tt.want != "" {
				t.Errorf("%v: declined", tt.gone)
			}
			continue
		}
		if got := without(s, cut) + "\n"; got != tt.want {
			t.Errorf("%v: got\n%s\nwant\n%s", tt.gone, got, tt.want)
		}
	}
}

func TestRemovePipeline(t *testing.T) {
	for _, tt := range []struct {
		src  string
		gone []int
		want string
	}{
		{"RUN a | b && c", []int{0, 1}, "RUN c"},
		{"RUN c && a | b", []int{1, 2}, "RUN c"},
		{"RUN c && \\\n  a |& b && \\\n  d", []int{1, 2}, "RUN c && \\\n  d"},
		{"RUN a | b | c && d", []int{0, 1}, ""},
		{"RUN a | b | c && d", []int{1, 2}, ""},
		{"RUN a | b || c", []int{0, 1}, ""},
	} {
		s := script(t, tt.src)
		var gone []*Command
		for _, i := range tt.gone {
			gone = append(gone, s.Top()[i])
		}
		cut, ok := s.Remove(gone...)
		if !ok {
			if tt.want != "" {
				t.Errorf("%q: declined", tt.src)
			}
			continue
		}
		if got := without(s, cut); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.src, got, tt.want)
		}
	}
}
