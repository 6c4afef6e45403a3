package choose

import (
	"fmt"
	"strings"

	"refit/transform"
)

// Mark is a place at which a pass is not wanted, and is not to be asked about again.
type Mark struct {
	Pass string
	Line int // of the original file
}

// markName is the name of the pass that writes the marks.
const markName = "skip-comment"

// Marker is the pass that writes marks: a "# refit: skip=PASS" above the
// instruction. It belongs before all others, which then keep to it.
func Marker(marks []Mark, src string) (*transform.Pass, error) {
	original, err := transform.Parse("Dockerfile", src, nil)
	if err != nil {
		return nil, err
	}
	return &transform.Pass{Name: markName, Run: func(f *transform.File) []transform.Finding {
		var found []transform.Finding
		for _, m := range marks {
			in := at(f, m.Line)
			was := at(original, m.Line)
			// Asked again, the pass meets a file in which other things stand there.
			if in == nil || was == nil || len(f.Instructions) != len(original.Instructions) || in.Index != was.Index || f.Skips(in, m.Pass) {
				continue
			}
			start := strings.LastIndexByte(f.Src[:in.Body.Start], '\n') + 1
			found = append(found, transform.Finding{At: in.Body, Why: fmt.Sprintf("a comment keeps %s from being asked about here again", m.Pass),
				Edits: []transform.Edit{{Span: transform.Span{Start: start, End: start}, New: "# refit: skip=" + m.Pass + "\n"}}})
		}
		return merged(found)
	}}, nil
}

// at is the instruction that a line belongs to.
func at(f *transform.File, line int) *transform.Instruction {
	for _, in := range f.Instructions {
		if in.StartLine <= line && line <= in.EndLine {
			return in
		}
	}
	return nil
}

// merged joins the findings about one instruction, whose comments are one edit.
func merged(found []transform.Finding) []transform.Finding {
	var list []transform.Finding
	for _, fd := range found {
		same := -1
		for i := range list {
			if list[i].At == fd.At {
				same = i
			}
		}
		if same < 0 {
			list = append(list, fd)
		} else {
			list[same].Edits[0].New += fd.Edits[0].New
		}
	}
	return list
}
