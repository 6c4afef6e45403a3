package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"refit/internal/completion"
	"refit/internal/helptext"
)

// TestFlagsAreDescribed holds that the help, which completions and the manual are
// made of, says of every flag what it does, and knows no other flags.
func TestFlagsAreDescribed(t *testing.T) {
	fs := flagSet(&options{})
	described := map[string]bool{"help": true}
	for _, f := range helptext.Parse(help).Flags() {
		flag := fs.Lookup(f.Name)
		if flag == nil && f.Name != "help" {
			t.Errorf("help.txt has --%s, which does not exist", f.Name)
			continue
		}
		described[f.Name] = true
		if f.Brief() == "" {
			t.Errorf("help.txt does not say what --%s does", f.Name)
		}
		if flag != nil && (flag.Shorthand != f.Short || (flag.NoOptDefVal == "") != (f.Value != "")) {
			t.Errorf("help.txt has -%s, --%s %s; the flag is -%s and takes %q", f.Short, f.Name, f.Value, flag.Shorthand, flag.NoOptDefVal)
		}
	}
	fs.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && !described[f.Name] {
			t.Errorf("help.txt does not have --%s", f.Name)
		}
	})
}

// TestShortHelp holds that the short help fits a screen, and says nothing that the
// whole one does not: its commands, and its flags as they are written.
func TestShortHelp(t *testing.T) {
	if n := strings.Count(shortHelp, "\n"); n > 40 {
		t.Errorf("%d lines", n)
	}
	for line := range strings.Lines(shortHelp) {
		if len(line) > 81 {
			t.Errorf("too long: %s", line)
		}
	}
	all := map[string]string{}
	for _, f := range helptext.Parse(help).Flags() {
		all[f.Name] = f.Short + " " + f.Value
	}
	short := helptext.Parse(shortHelp)
	for _, f := range short.Flags() {
		if got := f.Short + " " + f.Value; all[f.Name] != got {
			t.Errorf("--%s is %q here and %q in help.txt", f.Name, got, all[f.Name])
		}
	}
	for _, name := range commands {
		if usageOf(short, name) == "" {
			t.Errorf("nothing is said of %s", name)
		}
	}
}

// TestCommandsAreCompleted holds that completions know every command, and what
// each of them is for.
func TestCommandsAreCompleted(t *testing.T) {
	about := map[string]string{}
	for _, c := range program() {
		about[c.Name] = c.About
	}
	for _, name := range commands {
		if about[name] == "" {
			t.Errorf("%q is not among the completions, or help.txt does not say what it is", name)
		}
	}
}

// TestValuesAreAccepted holds that what completions offer for a flag is taken.
func TestValuesAreAccepted(t *testing.T) {
	for _, flag := range []string{"format", "color", "cache-mounts", "pin", "profile", "only", "skip", "with"} {
		words := program().Complete([]string{"--" + flag, ""}).Words
		if len(words) == 0 {
			t.Errorf("--%s has no values", flag)
		}
		for _, w := range words {
			checkAccepted(t, flag, w)
		}
	}
}

func checkAccepted(t *testing.T, flag string, w completion.Word) {
	t.Helper()
	if w.Text == string("digest") {
		return // asks a registry when it is there; the flag's parser is that of the others
	}
	opt, err := parseFlags("", []string{"--" + flag, w.Text})
	if err == nil {
		_, err = newConfigs(opt)
	}
	if err != nil {
		t.Errorf("--%s %s is offered and not taken: %v", flag, w.Text, err)
	}
}
