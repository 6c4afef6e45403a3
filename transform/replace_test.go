package transform

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestReplacements composes random edits and holds that they come to the same
// text, in order, disjoint and with original text between them.
func TestReplacements(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		src := randomText(random, 1+random.IntN(12))
		r := &Result{Before: src, versions: []version{{file: &File{Src: src}}}}
		text := src
		for range 1 + random.IntN(5) {
			edits := randomEdits(random, text)
			text = applyEdits(text, edits)
			r.versions = append(r.versions, version{file: &File{Src: text}, pass: &Pass{Name: "p"}, edits: edits, by: make([]int, len(edits))})
		}
		all := r.Replacements()
		if got := Apply(src, all); got != text {
			t.Fatalf("%q: got %q, want %q: %v", src, got, text, all)
		}
		end := -1
		for _, p := range all {
			if p.Span.Start <= end || src[p.Span.Start:p.Span.End] == p.New || len(p.By) == 0 {
				t.Fatalf("%q: %v", src, all)
			}
			end = p.Span.End
		}
	}
}

func randomText(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte("abc\n"[r.IntN(4)])
	}
	return b.String()
}

func randomEdits(r *rand.Rand, text string) []Edit {
	var edits []Edit
	for at := 0; at <= len(text); at++ {
		if r.IntN(3) > 0 {
			continue
		}
		e := Edit{Span{at, at + r.IntN(min(3, len(text)-at+1))}, randomText(r, r.IntN(3))}
		if text[e.Span.Start:e.Span.End] != e.New {
			edits = append(edits, e)
			at = max(at, e.Span.End-1)
		}
	}
	return inOrder(edits, editOrder(edits))
}

// TestReplacementsName names every change that a replacement needs: those whose
// text a later one rewrote, and no others.
func TestReplacementsName(t *testing.T) {
	pass := func(name, old, text string) *Pass {
		return &Pass{Name: name, Alters: []string{"*"}, Run: func(f *File) []Finding {
			at := strings.Index(f.Src, old)
			if at < 0 {
				return nil
			}
			return []Finding{{At: Span{at, at}, Why: "because", Edits: []Edit{{Span{at, at + len(old)}, text}}}}
		}}
	}
	r, err := Run("Dockerfile", "FROM a\nRUN b\nUSER c\n", []*Pass{pass("one", "RUN b", "RUN x && y"), pass("two", "x && y", "x"), pass("three", "USER c\n", "")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range r.Replacements() {
		var names []string
		for _, c := range p.By {
			names = append(names, c.Pass)
		}
		got = append(got, strings.Join(names, "+")+" "+p.New)
	}
	if want := "one+two RUN x|three "; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
