package main

import (
	"errors"
	"testing"

	"refit/internal/verify"
)

// An interruption does not claim that nothing was written when something was.
func TestInterruptedSaysWhatWasWritten(t *testing.T) {
	at := func(path string, written bool) proven {
		return proven{outcome: &verify.Outcome{Path: path}, written: written}
	}
	for _, c := range []struct {
		results []proven
		want    string
	}{
		{[]proven{at("a", false), at("b", false)}, "interrupted; nothing was written"},
		{[]proven{at("a", true), at("b", false), at("c", true)}, "interrupted; what had passed before was written: a, c"},
	} {
		err := interrupted(c.results)
		if err.Error() != c.want || !errors.Is(err, errInterrupted) {
			t.Errorf("got %q, want %q", err, c.want)
		}
	}
}
