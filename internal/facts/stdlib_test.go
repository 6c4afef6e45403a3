package facts

import "testing"

func TestStandardModule(t *testing.T) {
	for _, test := range []struct {
		module, python string
		want           bool
	}{
		{"configparser", "3.11", true},
		{"dataclasses", "3.6", false},
		{"dataclasses", "3.7", true},
		{"cgi", "3.12", true},
		{"cgi", "3.13", false},
		{"tomllib", "3.10", false},
		{"urllib2", "3.8", false},
		{"enum", "2.7", false}, // the table is not about it
		{"enum", "", false},
		{"requests", "3.11", false},
	} {
		if got := StandardModule(test.module, test.python); got != test.want {
			t.Errorf("%s in Python %q: %t", test.module, test.python, got)
		}
	}
	if !EverStandard("urllib2") || !EverStandard("distutils") || EverStandard("yaml") {
		t.Error("which modules were ever in the standard library")
	}
}
