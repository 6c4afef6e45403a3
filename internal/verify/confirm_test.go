package verify

import (
	"slices"
	"testing"
)

func TestDoubt(t *testing.T) {
	checks := []Check{
		{Name: CheckSize, Verdict: Pass, Detail: "small"},
		{Name: CheckImports, Verdict: Fail, Detail: "app raises Bad: luck"},
		{Name: CheckHTTP, Verdict: Fail, Detail: "port 80 does not answer"},
	}
	doubt(checks, "it did when it was run again", func(name string) bool { return name == CheckImports })
	var got []string
	for _, c := range checks {
		got = append(got, c.Name+" "+string(c.Verdict)+": "+c.Detail)
	}
	want := []string{
		"size pass: small", "imports fail: app raises Bad: luck",
		"http unknown: port 80 does not answer; it did when it was run again",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
