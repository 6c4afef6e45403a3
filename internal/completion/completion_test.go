package completion

import (
	"strings"
	"testing"

	"refit/internal/helptext"
)

var program = Program{
	{Flags: []helptext.Flag{
		{Name: "profile", Value: "NAME", Lines: []string{"which; one"}}, {Name: "prune"}, {Name: "output", Short: "o", Value: "FILE"},
		{Name: "only", Value: "PASS,..."}, {Name: "output", Short: "o", Value: "FILE"}, {Name: "free", Value: "N"},
	}, Args: Source{Kind: Files}, Values: map[string]Source{
		"profile": {Words: []Word{{"dev", "a"}, {"default", "b"}, {"io", ""}}},
		"output":  {Kind: Files},
		"only":    {Words: []Word{{"syntax", ""}, {"slim-base", ""}}, List: true},
	}},
	{Name: "explain", About: "says", Args: Source{Words: []Word{{"unix", ""}}}},
	{Name: "explain unused", Args: Source{Kind: Dirs}},
	{Name: "verify", Flags: []helptext.Flag{{Name: "quick"}}},
}

func TestComplete(t *testing.T) {
	for line, want := range map[string]string{
		"":                        "explain=says verify= :files",
		"e":                       "explain=says :files",
		"--pr":                    "--profile=which --prune= :",
		"--profile|":              "dev=a default=b io= :",
		"--profile|d":             "dev=a default=b :",
		"--profile=i":             "--profile=io= :",
		"--profile|=":             "dev=a default=b io= :",
		"--profile|=|i":           "io= :",
		"--profile|=|io|":         ":files",
		"--out":                   "--output= :",
		"-o|":                     ":files",
		"--output=x/":             ":files",
		"--free|":                 ":",
		"--unknown=":              ":",
		"--only|s":                "syntax= slim-base= :",
		"--only|syntax,":          "syntax,slim-base= :",
		"--only=slim-base,s":      "--only=slim-base,syntax= :",
		"--|--pr":                 ":files",
		"--prune|":                ":files",
		"path|e":                  ":files",
		"explain|":                "unused= unix= :",
		"explain|un":              "unused= unix= :",
		"explain|unused|":         ":dirs",
		"verify|-":                "--quick= :",
		"--profile|dev|--profile": "--profile=which :",
	} {
		var b strings.Builder
		if err := program.Complete(strings.Split(line, "|")).Write(&b); err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(b.String()), "\t", "="), "\n", " ")
		if got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	if got := program.Complete(nil); got.Kind != Files {
		t.Errorf("no words: %v", got)
	}
}

func TestScript(t *testing.T) {
	for _, shell := range Shells() {
		if text, err := Script(shell); err != nil || !strings.Contains(text, "__complete -- ") {
			t.Errorf("%s: %q, %v", shell, text, err)
		}
	}
	if _, err := Script("csh"); err == nil {
		t.Error("there is a script for csh")
	}
}

func FuzzComplete(f *testing.F) {
	f.Add("--profile|=|i")
	f.Add("explain|unused|--x=,")
	f.Fuzz(func(t *testing.T, line string) { program.Complete(strings.Split(line, "|")) })
}
