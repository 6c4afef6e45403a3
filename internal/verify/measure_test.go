package verify

import (
	"slices"
	"testing"
)

func TestMedianAndSpread(t *testing.T) {
	tests := []struct {
		runs              []float64
		median, low, high float64
	}{
		{nil, 0, 0, 0},
		{[]float64{2}, 2, 2, 2},
		{[]float64{3, 1}, 2, 1, 3},
		{[]float64{9, 1, 2}, 2, 1, 9},
		{[]float64{4, 1, 2, 9}, 3, 1, 9},
	}
	for _, tt := range tests {
		c := Candidate{RunSeconds: slices.Clone(tt.runs)}
		low, high := c.Spread()
		if got := c.Median(); got != tt.median || low != tt.low || high != tt.high {
			t.Errorf("%v: median %v, spread %v to %v", tt.runs, got, low, high)
		}
		if !slices.Equal(c.RunSeconds, tt.runs) {
			t.Errorf("%v: the order of the runs changed to %v", tt.runs, c.RunSeconds)
		}
	}
}

func TestFastestAndSmallest(t *testing.T) {
	run := func(name string, size int64, seconds ...float64) Candidate {
		return Candidate{Name: name, Compressed: size, RunSeconds: seconds}
	}
	failed := run("failed", 1, 0.1, 0.1)
	failed.Error = "did not build"
	left := run("left", 1, 0.1, 0.1)
	left.Left = "no wheel"
	tests := []struct {
		name              string
		all               []Candidate
		fastest, smallest []string
	}{
		{"none", nil, nil, nil},
		{"only failures", []Candidate{failed, left, run("no runs", 1)}, nil, nil},
		{"apart", []Candidate{run("a", 5, 1, 1.1), run("b", 3, 2, 2.1), failed, left}, []string{"a"}, []string{"b"}},
		{"overlapping", []Candidate{run("a", 5, 1, 1.3), run("b", 5, 1.2, 2), run("c", 6, 1.4, 1.5)}, []string{"a", "b"}, []string{"a", "b"}},
		{"touching", []Candidate{run("a", 5, 1.3, 1.4), run("b", 4, 1, 1.3)}, []string{"a", "b"}, []string{"b"}},
		{"once each", []Candidate{run("a", 5, 1), run("b", 4, 9)}, nil, []string{"b"}},
	}
	for _, tt := range tests {
		c := &Comparison{Candidates: tt.all}
		if got := names(c.Fastest()); !slices.Equal(got, tt.fastest) {
			t.Errorf("%s: fastest %v", tt.name, got)
		}
		if got := names(c.Smallest()); !slices.Equal(got, tt.smallest) {
			t.Errorf("%s: smallest %v", tt.name, got)
		}
	}
}

func names(all []*Candidate) []string {
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	return names
}
