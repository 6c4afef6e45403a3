package transform

import (
	"errors"
	"reflect"
	"testing"
)

// FuzzFile holds for any text that is a Dockerfile: spans tile it, the words of
// an instruction stand in it in order, each instruction has a state, and an edit
// leads to the same File whether only its surroundings are parsed or everything.
func FuzzFile(f *testing.F) {
	for _, src := range ugly {
		f.Add(src, uint16(7), uint16(11), "x\nENV A=$B \\\n  c=d\n")
		f.Add(src, uint16(0), uint16(9), "# escape=`\n")
		f.Add(src, uint16(9), uint16(9), " <<EOF\nEOF\n")
		f.Add(src, uint16(7), uint16(9), "#\x00")
		f.Add(src, uint16(4), uint16(6), " \\\n")
	}
	f.Fuzz(func(t *testing.T, src string, start, end uint16, text string) {
		file, err := Parse("Dockerfile", src, nil)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("not a *SyntaxError: %v", err)
			}
			return
		}
		checkTiling(t, file)
		for _, in := range file.Instructions {
			checkWords(t, file, in)
			if file.State(in) == nil {
				t.Errorf("line %d has no state", in.StartLine)
			}
		}
		for _, s := range file.Stages {
			file.EndState(s)
		}
		edits := []Edit{{Span{int(start), int(end)}, text}}
		if checkEdits(src, edits) == nil {
			checkEdited(t, file, edits)
		}
	})
}

func checkWords(t *testing.T, f *File, in *Instruction) {
	t.Helper()
	at := in.Body.Start
	for _, w := range f.Words(in) {
		if w.Span.Start < at || w.Span.End > in.Body.End || w.Span.Len() < len(w.Text) || w.Text == "" {
			t.Errorf("line %d: word %q at %v is out of place", in.StartLine, w.Text, w.Span)
		}
		at = w.Span.End
	}
}

// checkEdited holds that a file after edits is what parsing its text gives.
func checkEdited(t *testing.T, f *File, edits []Edit) {
	t.Helper()
	full, fullErr := Parse(f.Name, applyEdits(f.Src, edits), f.Options)
	got, err := f.edited(edits)
	if (err == nil) != (fullErr == nil) {
		t.Fatalf("%s: %v, but in full %v\n%q", f.Name, err, fullErr, applyEdits(f.Src, edits))
	}
	if err != nil {
		return
	}
	checkTiling(t, got)
	if err := got.checkLines(); err != nil {
		t.Errorf("after %v: %v", edits, err)
	}
	if a, b := outline(full), outline(got); !reflect.DeepEqual(a, b) {
		t.Fatalf("%s: after %v\nfull:        %q\nincremental: %q", f.Name, edits, a, b)
	}
}
