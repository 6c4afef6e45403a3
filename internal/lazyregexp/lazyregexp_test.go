package lazyregexp

import "testing"

func TestNeeds(t *testing.T) {
	tests := []struct {
		re   *Regexp
		text string
		want string
	}{
		{New(`a+`), "baab", "aa"},
		{New(`\$\w+`, "$"), "echo $HOME", "$HOME"},
		{New(`\$\w+`, "$"), "echo HOME", ""},
		{New(`(x|y)z`, "x", "y"), "ayz", "yz"},
	}
	for _, tt := range tests {
		if got := tt.re.FindString(tt.text); got != tt.want || tt.re.MatchString(tt.text) != (tt.want != "") {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
		if at := tt.re.FindAllSubmatchIndex([]byte(tt.text), 1); (len(at) == 1) != (tt.want != "") || tt.want != "" && tt.text[at[0][0]:at[0][1]] != tt.want {
			t.Errorf("%q: in bytes at %v, want %q", tt.text, at, tt.want)
		}
	}
	broken := New(`(`, "(")
	if broken.MatchString("nothing that it needs") {
		t.Error("a text without what the expression needs matches")
	}
	defer func() {
		if recover() == nil {
			t.Error("an expression that does not compile is not compiled when it is needed")
		}
	}()
	broken.MatchString("(")
}
