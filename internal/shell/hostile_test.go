package shell

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"refit/transform"
)

// readAll runs everything that a pass may ask of a script.
func readAll(s *Script) {
	s.Leaks()
	s.Toolset()
	s.Vars()
	s.Simple()
	s.NeedsBraces()
	for _, c := range s.Commands() {
		c.Effective()
	}
}

// fold breaks text into physical lines that BuildKit's scanner takes.
func fold(text string) string {
	var b strings.Builder
	for len(text) > 50_000 {
		b.WriteString(text[:50_000] + "\\\n")
		text = text[50_000:]
	}
	b.WriteString(text)
	return b.String()
}

func TestHostile(t *testing.T) {
	for _, n := range []int{maxDense - 100, 4 * maxDense} {
		t.Run(fmt.Sprint(n), func(t *testing.T) { testHostile(t, n) })
	}
}

func testHostile(t *testing.T, n int) {
	tests := map[string]string{
		"parentheses":        strings.Repeat("(", n),
		"balanced":           strings.Repeat("(", n/2) + "a" + strings.Repeat(")", n/2),
		"braces":             strings.Repeat("{ ", n/2),
		"substitutions":      strings.Repeat("$(", n/2),
		"expansions":         strings.Repeat("${a:-", n/5),
		"arithmetic":         "a $((" + strings.Repeat("!", n) + "1))",
		"arithmetic minus":   "a $((" + strings.Repeat("- ", n/2) + "1))",
		"arithmetic assign":  "a $((" + strings.Repeat("a=", n/2) + "1))",
		"arithmetic ternary": "a $((" + strings.Repeat("a?", n/2) + "1))",
		"if":                 strings.Repeat("if a; then ", n/11),
		"elif":               "if a; then b; " + strings.Repeat("elif a; then b; ", n/16) + "fi",
		"while":              strings.Repeat("while ", n/6),
		"time":               "[[ a ]];" + strings.Repeat("time ", n/5) + "a",
		"coproc":             "[[ a ]];" + strings.Repeat("coproc ", n/7) + "a",
		"not":                "[[ " + strings.Repeat("! ", n/2) + "a ]]",
		"test and":           "[[ a" + strings.Repeat(" && a", n/5) + " ]]",
		"functions":          strings.Repeat("f()", n/3) + "a",
		"function words":     strings.Repeat("function f ", n/11) + "{ a; }",
		"quoted closers":     strings.Repeat("(')'", n/4),
		"backquotes":         strings.Repeat("`", n),
		"escaped backquotes": "`" + strings.Repeat("\\\\`", n/3),
		"quotes":             strings.Repeat(`"$(`, n/3),
		"heredocs":           strings.Repeat("a <<b;", n/6),
		"brackets":           strings.Repeat("[[ ", n/3),
		"redirections":       "a " + strings.Repeat(">b ", n/3),
		"assignments":        strings.Repeat("a=b ", n/4),
		"braced words":       "a " + strings.Repeat("{", 400) + strings.Repeat("a,", n/2),
		"globs":              "a " + strings.Repeat("[", n),
		"pipes":              "a" + strings.Repeat("|a", n/2),
		"and-or":             "a" + strings.Repeat("&&a", n/3),
		"inner scripts":      strings.Repeat("sh -c ", n/6),
		"wrappers":           strings.Repeat("env ", n/4),
		"flock":              strings.Repeat("flock x ", n/8),
		"find":               strings.Repeat("find -exec ", n/11),
		"many finds":         strings.Repeat("find -exec a + ", n/15),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := transform.Parse("Dockerfile", "FROM x\nCMD "+fold(text)+"\n", nil)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			s := Of(f, f.Instructions[1])
			readAll(s)
			if d := time.Since(start); d > time.Minute {
				t.Errorf("took %v (%s)", d, s.Why)
			}
			t.Logf("%s %v %s", formName(s.Form), time.Since(start).Round(time.Millisecond), cutShort(s.Why))
		})
	}
}

func cutShort(s string) string { return s[:min(len(s), 100)] }

func chain(n int) string {
	return "FROM x\nRUN a" + strings.Repeat(" && \\\n  # c\n  apt-get install -y \"$X\" $(b c)", n) + "\n"
}

// BenchmarkParse shows the time for one command of chains of growing length.
func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f, err := transform.Parse("Dockerfile", chain(n), nil)
			if err != nil {
				b.Fatal(err)
			}
			in := f.Instructions[1]
			for b.Loop() {
				s := Parse(f.Text(in.Body), in.Node, Options{})
				s.Leaks()
				s.Toolset()
				s.Vars()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/command")
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"RUN a && \\\n  # c\n\n  b 'c d' | e; f &",
		"RUN --mount=type=cache,target=/x a <<EOF > b\n$(c)\nEOF",
		"RUN <<-EOF\n\tif a; then\n\t\t# x\n\tb; fi\nEOF",
		"CMD [\"a\", \"b\\u0041\"]",
		"HEALTHCHECK --interval=5s CMD a || exit 1",
		"RUN [[ $X =~ a ]] && for i in {a,b}; do ${i:=x}; done",
		"RUN sh -c 'a $(b)' && find . -exec c {} \\;",
		"SHELL [\"/bin/bash\", \"-c\"]\nRUN export X=(a) && a <(b)",
		"RUN f() { a; }; X=1 f `b \\`c\\``",
		"RUN a \\\r\n # b\r\n && c\r\n",
	} {
		f.Add(seed, false)
		f.Add(strings.ReplaceAll(seed, "\\\n", "`\n"), true)
	}
	f.Fuzz(func(t *testing.T, text string, backtick bool) {
		header := "FROM x\n"
		if backtick {
			header = "# escape=`\n" + header
		}
		file, err := transform.Parse("Dockerfile", header+text, nil)
		if err != nil {
			return
		}
		for _, in := range file.Instructions {
			if s := Of(file, in); s != nil {
				checkMap(t, s)
				readAll(s)
				fuzzRemovals(t, s)
			}
		}
	})
}

// fuzzRemovals checks that what Remove gives is in order and inside.
func fuzzRemovals(t *testing.T, s *Script) {
	for i := range s.Commands() {
		gone, _ := s.RemoveCommand(i)
		end := 0
		for _, g := range gone {
			inside(t, s, g)
			if g.Start < end || g.Len() == 0 {
				t.Fatalf("removing command %d of %q: %v", i, s.src, gone)
			}
			end = g.End
		}
	}
	checkRemovals(t, s)
}
