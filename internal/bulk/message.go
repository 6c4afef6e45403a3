package bulk

import (
	"fmt"
	"slices"
	"strings"
)

// maxReasons is how many reasons a commit's message holds; more are counted.
const maxReasons = 300

// because is why a repository changes, as its commit says it.
type because struct {
	files []*File // with their reasons
	kept  int
	more  int // reasons that had no place
}

// add takes in the reasons of a changed file, and nothing else of it.
func (b *because) add(f *File) {
	if !f.Changed {
		return
	}
	keep := min(len(f.Reasons), maxReasons-b.kept)
	b.kept += keep
	b.more += len(f.Reasons) - keep
	if keep > 0 {
		b.files = append(b.files, &File{Path: f.Path, Reasons: f.Reasons[:keep]})
	}
}

// width is how wide the body of a message is.
const width = 72

// message is the commit's message: what changed, and why.
func (b *because) message(changed int, version string) string {
	var s strings.Builder
	s.WriteString(b.subject(changed) + "\n")
	for _, f := range b.files {
		fmt.Fprintf(&s, "\n%s:\n", oneLine(f.Path))
		for _, r := range f.Reasons {
			wrap(&s, "- ", r.at()+oneLine(r.Why))
		}
	}
	if b.more > 0 {
		fmt.Fprintf(&s, "\nand %d more changes of this kind.\n", b.more)
	}
	fmt.Fprintf(&s, "\nMade-by: refit %s\n", version)
	return s.String()
}

// subject names the files and the passes, as far as there is room.
func (b *because) subject(changed int) string {
	what := fmt.Sprintf("%d Dockerfiles", changed)
	if changed == 1 {
		what = "Dockerfile"
		if len(b.files) == 1 && len(b.files[0].Path) < 30 {
			what = oneLine(b.files[0].Path)
		}
	}
	passes := b.passes()
	text := what + ": " + strings.Join(passes, ", ")
	for n := len(passes) - 1; len(text) > width && n > 0; n-- {
		text = fmt.Sprintf("%s: %s and %d more", what, strings.Join(passes[:n], ", "), len(passes)-n)
	}
	return strings.TrimSuffix(text, ": ")
}

// passes are those that changed something, the first one that did first.
func (b *because) passes() []string {
	var names []string
	for _, f := range b.files {
		for _, r := range f.Reasons {
			if r.Pass != "" && !slices.Contains(names, r.Pass) {
				names = append(names, r.Pass)
			}
		}
	}
	return names
}

// wrap writes a paragraph whose further lines are indented like the first.
func wrap(s *strings.Builder, bullet, text string) {
	s.WriteString(bullet)
	col := len(bullet)
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case col+1+len(word) > width:
			s.WriteString("\n" + strings.Repeat(" ", len(bullet)))
			col = len(bullet)
		default:
			s.WriteString(" ")
			col++
		}
		s.WriteString(word)
		col += len(word)
	}
	s.WriteString("\n")
}
