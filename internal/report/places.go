package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"refit/transform"
)

// places finds the instructions of a file by their lines.
type places struct {
	text *text
	file *transform.File // nil when it cannot be parsed apart from the run
	seen map[string]int
}

func newPlaces(e *Entry) *places {
	p := &places{text: newText(e.Result.Before), seen: map[string]int{}}
	p.file, _ = transform.Parse(e.Path, e.Result.Before, nil)
	return p
}

// span is the instruction on a line of the original, or else the line.
func (p *places) span(line int) transform.Span {
	if p.file != nil {
		for _, in := range p.file.Instructions {
			if in.StartLine <= line && line <= in.EndLine {
				return in.Body
			}
		}
	}
	return p.text.line(line)
}

// lines are the first and the last one of what is on a line.
func (p *places) lines(line int) (first, last int) {
	s := p.span(line)
	first, _ = p.text.position(s.Start)
	last, _ = p.text.position(s.End)
	return first, last
}

// fingerprint says which change of a file this is, however far its line moves: by
// the pass, what was held back, and the instruction, counted where several are the
// same.
func (p *places) fingerprint(pass, key string, line int) string {
	at := p.span(line)
	id := strings.Join([]string{pass, key, strings.Join(strings.Fields(p.text.src[at.Start:at.End]), " ")}, "\x00")
	p.seen[id]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", id, p.seen[id]))
	return hex.EncodeToString(sum[:16])
}
