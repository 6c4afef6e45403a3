package markdown

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"refit/internal/plural"
)

// Limit is how long the body of a pull request may be on GitHub, in characters;
// bytes are counted here, of which there are never fewer.
const Limit = 65536

// reserve is kept for the words on what was left out.
const reserve = 1000

// Kind is what a section holds. When a document gets too long, sections of the
// later kinds are left out first.
type Kind int

// The kinds, the most important first.
const (
	Head Kind = iota // always there
	Changes
	Beside
	Steps
	Diff
	Held
	kinds
)

func (k Kind) String() string {
	return [...]string{"overviews", "lists of changes", "lists of files", "lists of steps", "diffs", "lists of what was held back"}[k]
}

// Body is a document in sections that is no longer than a pull request's may be.
type Body struct {
	sections []section
	size     [kinds]int // of the sections that are kept
	left     [kinds]int // how many sections are left out
}

type section struct {
	kind Kind
	text string
}

// Add adds a section. Of a kind of which there is too much already it is only
// counted, so that memory does not grow with the number of files.
func (b *Body) Add(kind Kind, text string) {
	if text == "" {
		return
	}
	if kind != Head && b.size[kind]+len(text) > Limit-reserve {
		b.left[kind]++
		return
	}
	b.size[kind] += len(text)
	b.sections = append(b.sections, section{kind, text})
}

// Lead puts text that is always there before all sections.
func (b *Body) Lead(text string) {
	b.size[Head] += len(text)
	b.sections = slices.Insert(b.sections, 0, section{Head, text})
}

// WriteTo writes the sections that fit, in the order in which they were added, and
// says what does not. more is how the rest can be had, as a sentence.
func (b *Body) WriteTo(w io.Writer, more string) error {
	room := Limit - reserve - b.size[Head]
	left := b.left
	fits := make([]bool, len(b.sections))
	for kind := Head; kind < kinds; kind++ {
		for i, s := range b.sections {
			switch {
			case s.kind != kind:
			case kind == Head:
				fits[i] = true
			case len(s.text) <= room:
				fits[i] = true
				room -= len(s.text)
			default:
				left[kind]++
			}
		}
	}
	for i, s := range b.sections {
		if !fits[i] {
			continue
		}
		if _, err := io.WriteString(w, s.text); err != nil {
			return err
		}
	}
	var what []string
	for kind := Changes; kind < kinds; kind++ {
		if left[kind] > 0 {
			what = append(what, fmt.Sprintf("%s of %s", kind, plural.Of(left[kind], "file")))
		}
	}
	if what == nil {
		return nil
	}
	slices.Reverse(what)
	_, err := fmt.Fprintf(w, "\nA pull request's text may have %d characters. Left out: %s. %s\n", Limit, strings.Join(what, ", "), more)
	return err
}
