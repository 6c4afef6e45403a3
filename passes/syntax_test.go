package passes

import (
	"strings"
	"testing"

	"refit/transform"
)

func runOne(t *testing.T, p *transform.Pass, src string) *transform.Result {
	t.Helper()
	r, err := transform.Run("Dockerfile", src, []*transform.Pass{p}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Line ends are what a golden case cannot show.
func TestSyntaxLineEnds(t *testing.T) {
	for src, want := range map[string]string{
		"FROM alpine\r\nMAINTAINER ada\r\nENV A \\\r\n  b\r\n": "FROM alpine\r\nLABEL maintainer=\"ada\"\r\nENV A=b\r\n",
		"FROM alpine\r\nRUN a \\\r\n\r\n  && b\r\n":            "FROM alpine\r\nRUN a \\\r\n  && b\r\n",
		"FROM alpine\r\nCMD ls \\\r\n  -l":                     "FROM alpine\r\nCMD [\"ls\", \\\r\n  \"-l\"]",
		"FROM alpine\nRUN a \\\n\n":                            "FROM alpine\nRUN a \\\n",
		"FROM alpine\nRUN a \\\n  ":                            "FROM alpine\nRUN a \\\n  ",
		"\ufefffrom alpine as b\nrun a\n":                      "\ufefffrom alpine as b\nrun a\n",
		"FROM alpine\nWORKDIR app  \n":                         "FROM alpine\nWORKDIR /app  \n",
	} {
		if got := runOne(t, syntaxPass, src).After; got != want {
			t.Errorf("%q:\n got %q\nwant %q", src, got, want)
		}
	}
}

// FuzzLegacyPair holds every rewrite of a pair against BuildKit's own reading of
// both: the contract refuses a variable that comes out differently.
func FuzzLegacyPair(f *testing.F) {
	for _, v := range []string{"b", "a b", `"a b"`, `a "b" 'c'`, `\$x ${y:-z} $w`, `-Dx="a b" -Dy='$c' \\d`, "#", `a\`, "it`s", "a \\\n b # c", `"`, "$"} {
		f.Add("ENV", v)
		f.Add("LABEL", v)
		f.Add("MAINTAINER", v)
	}
	f.Fuzz(func(t *testing.T, keyword, value string) {
		if strings.ContainsAny(keyword, " \t\r\n#\\") {
			return
		}
		key := " k "
		if strings.EqualFold(keyword, "MAINTAINER") {
			key = " "
		}
		src := "FROM scratch\nARG w=1\nENV x=2\n" + keyword + key + value + "\n"
		r, err := transform.Run("Dockerfile", src, []*transform.Pass{syntaxPass}, nil)
		if err != nil {
			return
		}
		for _, ref := range r.Refused {
			t.Errorf("%q: %s", src, ref.Why)
		}
		again, err := transform.Run("Dockerfile", r.After, []*transform.Pass{syntaxPass}, nil)
		if err != nil || again.Changed() {
			t.Errorf("%q: a second run: %v, %q → %q", src, err, r.After, again.After)
		}
	})
}

func TestQuote(t *testing.T) {
	for _, value := range []string{"", "a", `a "b" $c ${d} \e`, "`x`", "ü"} {
		for _, escape := range []rune{'\\', '`'} {
			pair, ok := parsePair("LABEL k="+quote(value, escape), escape)
			got, err := expand(pair.Value, escape, unset)
			if !ok || err != nil || got != value {
				t.Errorf("%q by %c: %q, %v", value, escape, got, err)
			}
		}
	}
}
