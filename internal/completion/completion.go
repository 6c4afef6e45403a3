// Package completion says how a command line can go on, for the shells. The
// scripts that the shells load only ask the program itself, so that what they
// offer is what the installed version knows.
package completion

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"refit/internal/helptext"
)

// Kind is what the shell itself completes where the program knows no words.
type Kind string

// The kinds.
const (
	Nothing Kind = ""
	Files   Kind = "files"
	Dirs    Kind = "dirs"
	Builds  Kind = "builds" // directories, and files that by their names say how to build
)

// Word is one way to go on.
type Word struct{ Text, About string }

// Source is where the words for an argument or for a flag's value come from.
type Source struct {
	Words []Word
	List  bool // several, with commas between
	Kind  Kind
}

// Command is a command and what can follow its name.
type Command struct {
	Name  string // "explain wheels"; "" for the program without a command
	About string
	Flags []helptext.Flag
	Args  Source
	// Values are those of the flags, by name. A flag without them takes any word.
	Values map[string]Source
}

// Program is all commands, that without a name among them.
type Program []Command

// Complete returns the ways to go on. The last of the words is the one that is
// being written. A shell that takes words apart at "=", as bash does, may pass
// "--flag", "=", "value".
func (p Program) Complete(words []string) Source {
	if len(words) == 0 {
		words = []string{""}
	}
	words, broken := mend(words)
	before, word := words[:len(words)-1], words[len(words)-1]
	cmd, rest := p.find(before)
	if slices.Contains(rest, "--") {
		return cmd.Args.filter("", word)
	}
	if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(word, "--") {
		f := cmd.flag(name)
		if f == nil {
			return Source{}
		}
		if broken {
			name = "" // the shell has it already
		} else {
			name += "="
		}
		return cmd.Values[f.Name].filter(name, value)
	}
	if len(rest) > 0 {
		if f := cmd.flag(rest[len(rest)-1]); f != nil && f.Value != "" {
			return cmd.Values[f.Name].filter("", word)
		}
	}
	if strings.HasPrefix(word, "-") {
		return cmd.flags(word)
	}
	found := cmd.Args.filter("", word)
	if len(rest) == 0 {
		found.Words = append(p.names(cmd.Name, word), found.Words...)
	}
	return found
}

// mend puts "--flag", "=", "value" together again; broken says that the word
// being written was apart.
func mend(words []string) (whole []string, broken bool) {
	for i := 0; i < len(words); i++ {
		if words[i] != "=" || len(whole) == 0 || !strings.HasPrefix(whole[len(whole)-1], "--") {
			whole = append(whole, words[i])
			continue
		}
		value := ""
		if i+1 < len(words) {
			i++
			value = words[i]
		}
		whole[len(whole)-1] += "=" + value
		broken = i == len(words)-1
	}
	return whole, broken
}

// find returns the command that the words begin with, and the words after it.
func (p Program) find(words []string) (*Command, []string) {
	for n := min(2, len(words)); n >= 0; n-- {
		name := strings.Join(words[:n], " ")
		for i := range p {
			if p[i].Name == name {
				return &p[i], words[n:]
			}
		}
	}
	return &Command{}, words
}

// names are the commands that can follow a command's name, or that of the
// program.
func (p Program) names(after, word string) []Word {
	if after != "" {
		after += " "
	}
	var list []Word
	for _, c := range p {
		name, ok := strings.CutPrefix(c.Name, after)
		if ok && name != "" && !strings.Contains(name, " ") && strings.HasPrefix(name, word) {
			list = append(list, Word{name, c.About})
		}
	}
	return list
}

// flag is the flag of a word such as "--output" or "-o", or nil.
func (c *Command) flag(word string) *helptext.Flag {
	for i := range c.Flags {
		f := &c.Flags[i]
		if word == "--"+f.Name || f.Short != "" && word == "-"+f.Short {
			return f
		}
	}
	return nil
}

// flags are the flags that a word may become. One that is explained for several
// commands comes once.
func (c *Command) flags(word string) Source {
	var s Source
	for _, f := range c.Flags {
		w := Word{"--" + f.Name, f.Brief()}
		if strings.HasPrefix(w.Text, word) && !slices.ContainsFunc(s.Words, func(o Word) bool { return o.Text == w.Text }) {
			s.Words = append(s.Words, w)
		}
	}
	return s
}

// filter keeps what begins as the value does, and writes it behind a prefix.
func (s Source) filter(prefix, value string) Source {
	found := Source{Kind: s.Kind}
	var have []string
	if at := strings.LastIndexByte(value, ','); s.List && at >= 0 {
		have = strings.Split(value[:at], ",")
		prefix, value = prefix+value[:at+1], value[at+1:]
	}
	for _, w := range s.Words {
		if strings.HasPrefix(w.Text, value) && !slices.Contains(have, w.Text) {
			found.Words = append(found.Words, Word{prefix + w.Text, w.About})
		}
	}
	return found
}

// Write prints what Complete found for the scripts: a line for each word, with a
// tab before what it is about, and a last line with what the shell completes.
func (s Source) Write(w io.Writer) error {
	for _, word := range s.Words {
		if _, err := fmt.Fprintf(w, "%s\t%s\n", word.Text, word.About); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, ":%s\n", s.Kind)
	return err
}
