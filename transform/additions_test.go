package transform

import "testing"

// TestAdditions holds what a pattern with a "+" declares.
func TestAdditions(t *testing.T) {
	for _, c := range []struct {
		before, after string
		want          bool
	}{
		{"", "a;", true},
		{"a;", "a;b;", true},
		{"a;b;", "x;a;b;", true},
		{"a;", "", false},
		{"a;b;", "b;a;", true},
		{"a;a;", "a;b;", false},
		{"a;", "b;", false},
	} {
		d := Difference{Key: "path:/x", Before: c.before, After: c.after}
		if got := allows("+path:*", d); got != c.want {
			t.Errorf("%q → %q: %v, want %v", c.before, c.after, got, c.want)
		}
		if !allows("path:*", d) {
			t.Errorf("%q → %q is not declared without the plus", c.before, c.after)
		}
		if allows("+owner:*", d) {
			t.Errorf("another key is declared")
		}
	}
}

// TestUnknownEnv holds that a variable made of one without a value has no value
// either, rather than an empty one.
func TestUnknownEnv(t *testing.T) {
	f, err := Parse("Dockerfile", "FROM a\nARG DIR\nENV A=$DIR/x B=\nRUN true\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	st := f.State(f.Instructions[3])
	if text, ok := st.Expand("$A/y"); ok || text != "" {
		t.Errorf("$A/y is %q, %v", text, ok)
	}
	if text, ok := st.Expand("$B/y"); !ok || text != "/y" {
		t.Errorf("$B/y is %q, %v", text, ok)
	}
}
