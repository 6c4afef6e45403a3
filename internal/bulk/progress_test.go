package bulk

import (
	"bufio"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestProgressWithoutTerminal(t *testing.T) {
	var b strings.Builder
	p := NewProgress(&b, 4, false)
	p.Step(1)
	if b.Len() > 0 {
		t.Errorf("said at once: %q", b.String())
	}
	p.every = 0
	p.start = time.Now().Add(-10 * time.Second)
	p.Step(20)
	p.Clear()
	p.End()
	if got := b.String(); !strings.HasPrefix(got, "2 of 4 repositories, 2.0 files/s, about 10s left\n") {
		t.Errorf("%q", got)
	}
	var none *Progress
	none.Step(1)
	none.Clear()
	none.End()
}

func TestProgressOnTerminal(t *testing.T) {
	var b strings.Builder
	p := NewProgress(&b, 3, true)
	for i := range 3 {
		time.Sleep(110 * time.Millisecond) // the bar does not move more often
		p.Step(i)
	}
	p.End()
	for _, want := range []string{"1/3", "repositories/s", "66%"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %q", want, b.String())
		}
	}
}

// TestRender holds that what repositories are called does nothing to a page or a
// terminal, and that long lists are cut.
func TestRender(t *testing.T) {
	var s Summary
	s.Add(&Record{Repository: "a|b<script>", Status: Failed, Error: "x\n| y"})
	declined := map[string]int{}
	for i := range 30 {
		declined["pass/"+strings.Repeat("k", i+1)] = i + 1
	}
	s.Add(&Record{Repository: "c", Status: Changed, Files: Counts{Changed: 1}, Declined: declined, Rejected: 2, Sizes: &Sizes{1, 4e6, 1e6}})
	s.Close(2*time.Second, 5e6)
	s.Declined[0].When = "it is | so"
	for format, want := range map[string][]string{
		"text": {"repositories: 2: 1 changed, 0 unchanged, 1 failed, 0 without a Dockerfile\n", "image sizes:  4.0 MB before, 1.0 MB after, 1 image (-75 %)\n",
			"took:         2.0 s, 0.5 files/s, at most 5 MB of memory\n", "      55  for 10 other reasons", "not taken:    2 ",
			"failed:       1\n  a|b<script>\n", "      30  pass (" + strings.Repeat("k", 30) + "): it is | so\n", "(" + strings.Repeat("k", 29) + ")\n"},
		"markdown": {"| repositories | 2 | 1 | 0 | 1 | 0 |\n", "| a\\|b&lt;script> |  | x \\| y |\n", "| `pass` | `k` |  | 1 |\n", "` | it is \\| so | 30 |\n", "did not pass its builds: 2."},
		"json":     {"{\"version\":1,\"repositories\":[],\"summary\":{", "\"peakMemory\":5000000"},
	} {
		var b strings.Builder
		w := bufio.NewWriter(&b)
		if err := NewRenderer(format, w, "changed").Summary(&s); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s: no %q in\n%s", format, text, b.String())
			}
		}
	}
}

// TestRenderResumed holds that a run that found all of it done claims no pace, and
// that a long list says where the names are.
func TestRenderResumed(t *testing.T) {
	for n, want := range map[int]string{
		1: "resumed:      1 repository done by an earlier run\ntook:         1.0 s\n",
		Few + 1: "which ones:   --verbose names them, and --format json has all of it\n" +
			"resumed:      21 repositories done by an earlier run\ntook:         1.0 s\n",
	} {
		var s Summary
		for range n {
			s.Add(&Record{Repository: "c", Status: Changed, Resumed: true, Files: Counts{Changed: 1}})
		}
		s.Close(time.Second, 0)
		var b strings.Builder
		w := bufio.NewWriter(&b)
		if err := errors.Join(NewRenderer("text", w, "changed").Summary(&s), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(b.String(), want) {
			t.Errorf("no %q at the end of\n%s", want, b.String())
		}
	}
}
