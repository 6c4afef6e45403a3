package choose

import (
	"errors"
	"io"
	"strings"
	"testing"

	"refit/internal/report"
	"refit/transform"
)

const source = "FROM a\nRUN one\nRUN two\nRUN three\n"

// runs are what is in the Dockerfile that the passes read, instruction by
// instruction.
func replaceAll(name, old, with string, needs string) *transform.Pass {
	return &transform.Pass{Name: name, Alters: []string{"*"}, Run: func(f *transform.File) []transform.Finding {
		var found []transform.Finding
		for _, in := range f.Instructions {
			text := f.Text(in.Body)
			if at := strings.Index(text, old); at >= 0 && strings.Contains(f.Src, needs) {
				start := in.Body.Start + at
				found = append(found, transform.Finding{At: in.Body, Why: name + " writes " + with,
					Edits: []transform.Edit{{Span: transform.Span{Start: start, End: start + len(old)}, New: with}}})
			}
		}
		return found
	}}
}

// passes: first changes each step, upper one of what it left, and after needs
// what first makes of the second step.
func passes() []*transform.Pass {
	return []*transform.Pass{
		replaceAll("first", "RUN t", "RUN  t", ""),
		replaceAll("upper", "one", "ONE", ""),
		replaceAll("after", "three", "drei", "RUN  two"),
	}
}

type trial struct {
	src, after string
	out        strings.Builder
	err        error
	quit       bool
}

func try(t *testing.T, answers string) *trial {
	t.Helper()
	tr := &trial{src: source}
	s := New(strings.NewReader(answers), &tr.out, report.Style{}, nil)
	tr.err = s.Choose(&File{Path: "Dockerfile", Run: func(vetoes []transform.Veto, marks []Mark) (*transform.Result, error) {
		marker, err := Marker(marks, tr.src)
		if err != nil {
			return nil, err
		}
		r, err := transform.Run("Dockerfile", tr.src, append([]*transform.Pass{marker}, passes()...), &transform.Options{Vetoes: vetoes})
		if err == nil {
			tr.after = r.After
		}
		return r, err
	}})
	tr.quit = s.Quit()
	return tr
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct{ name, answers, want string }{
		{"all", "y\ny\ny\ny\n", "FROM a\nRUN ONE\nRUN  two\nRUN  drei\n"},
		{"the rest", "a\n", "FROM a\nRUN ONE\nRUN  two\nRUN  drei\n"},
		{"none", "d\n", source},
		{"none of the rest", "y\nd\n", "FROM a\nRUN one\nRUN  two\nRUN three\n"},
		{"one of a pass", "y\nn\ny\ny\n", "FROM a\nRUN ONE\nRUN  two\nRUN drei\n"},
		{"what another needs", "n\ny\ny\n", "FROM a\nRUN ONE\nRUN two\nRUN  three\n"},
		{"a pass", "p\ny\n", "FROM a\nRUN ONE\nRUN two\nRUN three\n"},
		{"a mark", "y\ns\ny\ny\n", "FROM a\nRUN ONE\nRUN  two\n# refit: skip=first\nRUN drei\n"},
		{"a mark and no more", "y\ns\nd\n", "FROM a\nRUN one\nRUN  two\n# refit: skip=first\nRUN three\n"},
		{"marks of two passes", "y\ns\ny\ns\n", "FROM a\nRUN ONE\nRUN  two\n# refit: skip=first\n# refit: skip=after\nRUN three\n"},
		{"no answers", "\n?\nx\nY\nq\n", "FROM a\nRUN one\nRUN  two\nRUN three\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := try(t, c.answers)
			if tr.err != nil || tr.after != c.want {
				t.Errorf("%v\n%s\nwant:\n%s\nsaid:\n%s", tr.err, tr.after, c.want, &tr.out)
			}
		})
	}
}

func TestEndOfInput(t *testing.T) {
	for _, answers := range []string{"", "y\n", "y", "y\ny\ny\ny"} {
		if tr := try(t, answers); !errors.Is(tr.err, ErrEnd) {
			t.Errorf("%q: %v", answers, tr.err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	stop := make(chan struct{})
	close(stop)
	in, _ := io.Pipe()
	err := New(in, io.Discard, report.Style{}, stop).Choose(&File{Run: func(v []transform.Veto, _ []Mark) (*transform.Result, error) {
		return transform.Run("Dockerfile", source, passes(), &transform.Options{Vetoes: v})
	}})
	if !errors.Is(err, ErrEnd) {
		t.Error(err)
	}
}

// TestSaysWhatElseChanges: an accepted change that needs one which is refused later
// is not made, and that is said.
func TestSaysWhatElseChanges(t *testing.T) {
	waits := replaceAll("waits", "three", "drei", "")
	waits.Declines = []transform.Decline{{Key: "too-early", When: "nothing is zwei"}}
	change := waits.Run
	waits.Run = func(f *transform.File) []transform.Finding {
		if !strings.Contains(f.Src, "zwei") {
			return []transform.Finding{{At: f.Stages[0].From.Body, Reason: "too-early", Why: "nothing is zwei"}}
		}
		return change(f)
	}
	var out strings.Builder
	var after string
	err := New(strings.NewReader("y\nn\n"), &out, report.Style{}, nil).Choose(&File{Path: "Dockerfile",
		Run: func(v []transform.Veto, _ []Mark) (*transform.Result, error) {
			r, err := transform.Run("Dockerfile", source, []*transform.Pass{waits, replaceAll("later", "two", "zwei", "")}, &transform.Options{Vetoes: v})
			if err == nil {
				after = r.After
			}
			return r, err
		}})
	if err != nil || after != source || !strings.Contains(out.String(), "waits: line 4: without that, this is not changed either\n") {
		t.Error(err, after, &out)
	}
}

// TestWholePass: a pass that was refused once and for all is not asked about in
// the next file.
func TestWholePass(t *testing.T) {
	var out strings.Builder
	s := New(strings.NewReader("p\ny\na\n"), &out, report.Style{}, nil)
	for range 2 {
		if err := s.Choose(&File{Path: "Dockerfile", Run: func(v []transform.Veto, _ []Mark) (*transform.Result, error) {
			return transform.Run("Dockerfile", source, passes(), &transform.Options{Vetoes: v})
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "first writes"); n != 1 {
		t.Errorf("asked %d times:\n%s", n, &out)
	}
}

// TestShowsEachChangeAlone: a hunk has what its change does, on top of those
// before it.
func TestShowsEachChangeAlone(t *testing.T) {
	out := try(t, "y\ny\ny\ny\n").out.String()
	for _, want := range []string{
		"(1/4) first: line 3: first writes RUN  t\n", "-RUN two\n+RUN  two\n RUN three\n",
		"(4/4) after: line 4: after writes drei\n", "-RUN  three\n+RUN  drei\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// TestCount: the questions are counted on, whatever the answers are, and the end
// moves only when an answer takes changes away.
func TestCount(t *testing.T) {
	for answers, want := range map[string]string{
		"y\ny\ny\ny\n": "(1/4) (2/4) (3/4) (4/4)",
		"n\ns\nn\n":    "(1/4) (2/3) (3/3)", // "after" is for what "first" makes of line 3
		"y\nn\nn\nn\n": "(1/4) (2/4) (3/4) (4/4)",
		"p\ny\n":       "(1/4) (2/2)",
		"y\ns\ny\nn\n": "(1/4) (2/4) (3/4) (4/4)",
	} {
		out := try(t, answers).out.String()
		var got []string
		for _, line := range strings.Split(out, "\n") {
			if strings.HasPrefix(line, "(") {
				got = append(got, strings.Fields(line)[0])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s\n%s", answers, got, want, out)
		}
		if said := strings.Contains(out, "after: line 4: without that, this is not changed either\n"); said != (answers[0] != 'y') {
			t.Errorf("%q: %v that it took a change along\n%s", answers, said, out)
		}
	}
}
