package transform_test

import (
	"testing"

	"refit/transform"
)

func TestWithOtherArgs(t *testing.T) {
	f, err := transform.Parse("Dockerfile", "ARG BASE=/srv\nFROM scratch\nARG BASE\nARG V=1.2 NONE EMPTY=\nENV HOME=$BASE/app FIXED=1\nRUN true\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	run := f.Instructions[len(f.Instructions)-1]
	for word, want := range map[string]string{
		"$BASE": "/srv-other", "$V": "1.20", "a$EMPTY": "aother", "$HOME/x": "/srv-other/app/x", "$FIXED": "1",
	} {
		before, _ := f.State(run).Expand(word)
		got, _ := f.WithOtherArgs().State(run).Expand(word)
		if got != want || (got == before) != (word == "$FIXED") {
			t.Errorf("%s is %q, and was %q; want %q", word, got, before, want)
		}
	}
	if _, ok := f.WithOtherArgs().State(run).Expand("$NONE"); ok {
		t.Error("an argument without a default has a value")
	}
}
