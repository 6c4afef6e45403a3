package main

import (
	_ "embed"
	"io"
	"os"
	"slices"
	"strings"

	"refit/internal/completion"
	"refit/internal/helptext"
	"refit/passes"
	"refit/transform"
)

// The commands for what is around refit. The scripts of commandCompletion call
// commandComplete.
const (
	commandCompletion = "completion"
	commandComplete   = "__complete"
)

//go:embed completion.txt
var completionHelp string

// writeCompletion is "refit completion SHELL".
func writeCompletion(args []string, stdout *os.File) error {
	if len(args) != 1 {
		return usageError("refit completion takes one shell: " + strings.Join(completion.Shells(), ", "))
	}
	text := completionHelp
	if args[0] != "--help" && args[0] != "-h" {
		script, err := completion.Script(args[0])
		if err != nil {
			return usageError(err.Error())
		}
		text = script
	}
	_, err := io.WriteString(stdout, text)
	return err
}

// complete says how the words of a command line can go on.
func complete(words []string, stdout *os.File) error {
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	return program().Complete(words).Write(stdout)
}

// program is every command with its flags, as the help says them.
func program() completion.Program {
	main := helptext.Parse(help)
	all := main.Flags()
	paths := completion.Source{Kind: completion.Builds}
	list := completion.Program{{Flags: flagsFor("", all), Args: paths, Values: flagValues("")}}
	for _, name := range []string{commandVerify, commandCompare, commandUnused, commandReview, commandBulk} {
		args := paths
		if name == commandBulk { // repositories
			args = completion.Source{Kind: completion.Dirs}
		}
		list = append(list, completion.Command{Name: name, Flags: flagsFor(name, all), Args: args, Values: flagValues(name)})
	}
	names := passWords(passes.All(), nil)
	list = append(list,
		completion.Command{Name: "explain wheels", Flags: helptext.Parse(wheelsHelp).Flags(), Args: paths, Values: wheelsValues()},
		completion.Command{Name: "explain", Flags: helptext.Parse(explainHelp).Flags(),
			Args: completion.Source{Words: names}, Values: flagValues("explain")},
		completion.Command{Name: "help", Args: completion.Source{Words: slices.Concat(wordsOf([]string{helpFlags}), wordsOf(commands), names)}},
		completion.Command{Name: commandCompletion, Args: completion.Source{Words: wordsOf(completion.Shells())}},
	)
	for i := range list {
		list[i].About = usageOf(main, list[i].Name)
		describe(&list[i])
	}
	return list
}

// refused are the flags that a command does not go with, as proofOptions.settle
// has it.
var refused = map[string][]string{
	commandVerify:  {"check"},
	commandCompare: {"check", "write", "verify"},
	commandUnused:  {"check", "write"},
	commandReview:  notReview,
	commandBulk:    notBulk,
}

// flagsFor are the flags that go with a command; the help shows those of all.
func flagsFor(command string, all []helptext.Flag) []helptext.Flag {
	return slices.DeleteFunc(slices.Clone(all), func(f helptext.Flag) bool {
		if slices.Contains(bulkFlags, f.Name) && command != commandBulk {
			return true
		}
		commands, ok := proofFlags[f.Name]
		if command == commandBulk { // with --verify
			commands = append([]string{commandBulk}, commands...)
		}
		return ok && !slices.Contains(commands, command) || slices.Contains(refused[command], f.Name)
	})
}

// flagValues are the words that the flags take.
func flagValues(command string) map[string]completion.Source {
	word := func(words ...string) completion.Source { return completion.Source{Words: wordsOf(words)} }
	formats := word(formatNames()...)
	if command != "" {
		formats = word(formatText, formatJSON, formatMarkdown)
	}
	all := passes.All()
	return map[string]completion.Source{
		"output":       {Kind: completion.Files},
		"config":       {Kind: completion.Files},
		"context":      {Kind: completion.Dirs},
		"builder-tls":  {Kind: completion.Dirs},
		"from":         {Kind: completion.Files},
		"journal":      {Kind: completion.Files},
		"results":      {Kind: completion.Files},
		"patch":        {Kind: completion.Dirs},
		"clone":        {Kind: completion.Dirs},
		"format":       formats,
		"color":        word("auto", "always", "never"),
		"cache-mounts": word("on", "off"),
		"pin":          word(string(transform.PinMinor), string(transform.PinPatch), string(transform.PinDigest)),
		"profile":      {Words: profileWords()},
		"candidates":   {Words: wordsOf(candidateNames), List: true},
		"only":         {Words: passWords(all, nil), List: true},
		"skip":         {Words: passWords(all, nil), List: true},
		"with":         {Words: passWords(all, func(p *transform.Pass) bool { return p.OptIn }), List: true},
	}
}

func profileWords() []completion.Word {
	var list []completion.Word
	for _, p := range transform.Profiles() {
		list = append(list, completion.Word{Text: string(p)})
	}
	return list
}

func wheelsValues() map[string]completion.Source {
	return map[string]completion.Source{
		"format":      {Words: wordsOf([]string{formatText, formatJSON, formatMarkdown})},
		"platform":    {Words: wordsOf([]string{"linux/amd64", "linux/arm64"}), List: true},
		"builder-tls": {Kind: completion.Dirs},
	}
}

// passWords are the passes that are wanted, nil for all, with their titles.
func passWords(all []*transform.Pass, wanted func(*transform.Pass) bool) []completion.Word {
	var list []completion.Word
	for _, p := range all {
		if wanted == nil || wanted(p) {
			list = append(list, completion.Word{Text: p.Name, About: p.Doc.Title})
		}
	}
	return list
}

func wordsOf(words []string) []completion.Word {
	var list []completion.Word
	for _, w := range words {
		list = append(list, completion.Word{Text: w})
	}
	return list
}

// describe adds to the values what the help says of each.
func describe(c *completion.Command) {
	for _, f := range c.Flags {
		words := c.Values[f.Name].Words
		for i, w := range words {
			if m := f.Meaning(w.Text); m != "" {
				words[i].About = m
			}
		}
	}
}

// usageOf is what the help says that a command does.
func usageOf(t *helptext.Text, command string) string {
	for _, u := range t.Usage {
		rest, ok := strings.CutPrefix(u.Line+" ", "refit "+command+" ")
		if ok && command != "" && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
			text, _, _ := strings.Cut(u.Text, "; ")
			text, _, _ = strings.Cut(text, " (")
			return text
		}
	}
	return ""
}
