package render

import (
	"slices"
	"strings"
	"testing"

	"refit/internal/verify"
)

func TestPercent(t *testing.T) {
	for _, tt := range []struct {
		before, after float64
		want          string
	}{
		{100, 21, "−79 %"}, {100, 100, "="}, {100, 103.4, "+3 %"}, {100, 99.7, "−0.3 %"}, {100, 100.01, "="}, {100, 99.99, "="},
		{0, 0, "="}, {0, 3, ""}, {100, 0, "−100 %"}, {30, 0.05, "−99.8 %"}, {30, 0.0001, "−99.9 %"}, {1, 30, "+2900 %"},
	} {
		if got := percent(tt.before, tt.after); got != tt.want {
			t.Errorf("%v to %v: %q, want %q", tt.before, tt.after, got, tt.want)
		}
	}
}

func TestDigits(t *testing.T) {
	for s, want := range map[float64]string{0.0354: "0.035", 1.234: "1.23", 12.34: "12.3", 123.4: "123.4"} {
		if got := digits(s); got != want {
			t.Errorf("%v: %s", s, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string][]string{
		"":                 {""},
		"one two three":    {"one two", "three"},
		"abcdefghijk l":    {"abcdefgh", "ijk l"},
		"a abcdefghijk":    {"a", "abcdefgh", "ijk"},
		"ééééééééé":        {"éééééééé", "é"},
		"12345678 1234567": {"12345678", "1234567"},
	} {
		if got := wrap(text, 8); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestLabels(t *testing.T) {
	for _, tt := range []struct{ paths, want []string }{
		{[]string{"Dockerfile"}, []string{"Dockerfile"}},
		{[]string{"./a/Dockerfile"}, []string{"a"}},
		{[]string{"examples/a/Dockerfile", "examples/b/Dockerfile"}, []string{"a", "b"}},
		{[]string{"Dockerfile", "b/Dockerfile"}, []string{"Dockerfile", "b"}},
		{[]string{"a/x.Dockerfile", "a/Dockerfile"}, []string{"a/x.Dockerfile", "a"}},
		{[]string{"/x/y/a/Dockerfile", "/x/z/a/Dockerfile"}, []string{"y/a", "z/a"}},
		{[]string{"ab/c/Dockerfile", "abc/c/Dockerfile"}, []string{"ab/c", "abc/c"}},
		{[]string{"a/Dockerfile", "a"}, []string{"a/Dockerfile", "a"}},
	} {
		var all []*verify.Outcome
		for _, p := range tt.paths {
			all = append(all, &verify.Outcome{Path: p})
		}
		if got := labels(all); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v", tt.paths, got)
		}
	}
}

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		value, most float64
		halves      int
	}{{0, 1, 0}, {-1, 1, 0}, {1, 0, 0}, {1, 1, 80}, {0.5, 1, 40}, {0.0001, 1, 1}, {0.26, 1, 21}} {
		got := bar(tt.value, tt.most)
		if halves := 2*strings.Count(got, "█") + strings.Count(got, "▌"); halves != tt.halves {
			t.Errorf("%v of %v: %s", tt.value, tt.most, got)
		}
	}
}

func TestConclusion(t *testing.T) {
	run := func(name string, size int64, seconds ...float64) verify.Candidate {
		return verify.Candidate{Name: name, Compressed: size * 1e6, RunSeconds: seconds}
	}
	out := verify.Candidate{Name: "alpine", Left: "no wheel"}
	for _, tt := range []struct {
		all  []verify.Candidate
		want string
	}{
		{nil, "No candidate could be measured."},
		{[]verify.Candidate{out}, "No candidate could be measured."},
		{[]verify.Candidate{run("slim", 5, 1), out}, "Only slim could be measured: 5.0 MB, 1.00 s."},
		{[]verify.Candidate{run("full", 9, 1), run("slim", 5, 2)}, "slim is the smallest (5.0 MB); single runs don't tell which is faster."},
		{[]verify.Candidate{run("full", 9, 1, 2), run("slim", 5, 2, 3)}, "slim is the smallest (5.0 MB); the run times of full and slim are equal within their spread."},
		{[]verify.Candidate{run("full", 9, 3, 3), run("slim", 5, 2, 2)}, "slim is the smallest (5.0 MB) and the fastest (median 2.00 s)."},
		{[]verify.Candidate{run("full", 9, 1, 1), run("slim", 5, 2, 2)}, "slim is the smallest (5.0 MB); full is the fastest (median 1.00 s)."},
		{[]verify.Candidate{run("full", 9, 1, 2), run("slim", 5, 2, 3), run("alpine", 5, 7, 8)},
			"slim and alpine are the smallest (5.0 MB); full and slim are the fastest, equal within their spread."},
	} {
		if got := conclusion(&verify.Comparison{Candidates: tt.all}); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// Some bytes more that no figure shows are not painted as a loss.
func TestBytesRowOfAlike(t *testing.T) {
	size := func(i *verify.Image) int64 { return i.Compressed }
	for _, tt := range []struct {
		after  int64
		change string
		trend  int
	}{
		{100_000_001, same, 0}, {99_999_999, same, 0}, {110_000_000, "+10 %", -1}, {90_000_000, "−10 %", 1},
	} {
		r := bytesRow("size", &verify.Image{Compressed: 100_000_000}, &verify.Image{Compressed: tt.after}, size)
		if r.change != tt.change || r.trend != tt.trend {
			t.Errorf("%d: %q %d, want %q %d", tt.after, r.change, r.trend, tt.change, tt.trend)
		}
	}
}
