package argv

import (
	"strings"

	"refit/internal/shell"
)

// Option is one option of a command, as written.
type Option struct {
	Name     string     // the long name that the command documents ("--requirement" for -r), or as written when not known
	Known    bool       // it is one of the command's documented options
	Word     shell.Word // the word it stands in; options written together (-yq) share one
	HasValue bool
	Value    string     // without quotes; what the shell expands stands as written
	Holder   shell.Word // the word that holds the value: Word itself when Attached
	Attached bool       // the value is in the option's own word: --bind=X, -bX
}

// Args is the arguments of a command taken apart.
type Args struct {
	Options  []Option
	Operands []shell.Word // what is neither an option nor a value, without the subcommand
	Known    bool         // every option is known, so that Operands are certain
	Static   bool         // nothing in the arguments is expanded by the shell
	Fed      bool         // xargs adds arguments from its input
}

// Option is the last option of this name; the last one counts in most programs.
func (a *Args) Option(name string) (Option, bool) {
	for i := len(a.Options) - 1; i >= 0; i-- {
		if a.Options[i].Name == name {
			return a.Options[i], true
		}
	}
	return Option{}, false
}

// Has reports whether one of the options is given.
func (a *Args) Has(names ...string) bool {
	for _, name := range names {
		if _, ok := a.Option(name); ok {
			return true
		}
	}
	return false
}

// All are the options of this name, in order.
func (a *Args) All(name string) []Option {
	var all []Option
	for _, o := range a.Options {
		if o.Name == name {
			all = append(all, o)
		}
	}
	return all
}

// takes is what an option does with the word after it.
type takes uint8

const (
	nothing takes = iota
	value
	maybe // a value, if one is attached by "="
)

// option documents one option: its long name, its other spellings separated by
// blanks, and whether it takes a value.
type option struct {
	name, also string
	takes      takes
}

// syntax is how a program reads its options.
type syntax struct {
	options    []option
	more       []option // a second table
	abbreviate bool     // a long option may be cut as long as it is the only one that starts so
	equals     bool     // "-t=50" gives 50, as in argparse and apt, not "=50", as in getopt and optparse
	negate     bool     // "--no-X" and "--X=false" are --X, as in apt
	ordered    bool     // the first operand ends the options
}

// lookup finds the option that is spelled so.
func (x *syntax) lookup(spelling string) (option, bool) {
	for _, table := range [][]option{x.options, x.more} {
		for _, o := range table {
			if o.name == spelling || o.also != "" && hasField(o.also, spelling) {
				return o, true
			}
		}
	}
	if x.abbreviate && len(spelling) > 3 && strings.HasPrefix(spelling, "--") {
		return x.abbreviated(spelling)
	}
	return option{}, false
}

func (x *syntax) abbreviated(prefix string) (found option, ok bool) {
	for _, table := range [][]option{x.options, x.more} {
		for _, o := range table {
			hit := strings.HasPrefix(o.name, prefix)
			for _, other := range strings.Fields(o.also) {
				hit = hit || strings.HasPrefix(other, prefix)
			}
			if hit && ok {
				return option{}, false
			}
			if hit {
				found, ok = o, true
			}
		}
	}
	return found, ok
}

func hasField(list, word string) bool {
	for list != "" {
		var field string
		field, list, _ = strings.Cut(list, " ")
		if field == word {
			return true
		}
	}
	return false
}

// A scanner takes words apart.
type scanner struct {
	*syntax
	words []shell.Word
	args  Args
}

// scan reads words. With ordered it stops behind the first operand and returns
// what is left.
func (x *syntax) scan(words []shell.Word) (Args, []shell.Word) {
	s := scanner{syntax: x, words: words, args: Args{Known: true, Static: true}}
	for len(s.words) > 0 {
		w := s.next()
		switch {
		case w.Text == "--" && w.Static:
			s.note(s.words...)
			s.args.Operands = append(s.args.Operands, s.words...)
			return s.args, nil
		case strings.HasPrefix(w.Text, "--"):
			s.long(w)
		case len(w.Text) > 1 && w.Text[0] == '-':
			s.short(w)
		default:
			s.args.Operands = append(s.args.Operands, w)
			if x.ordered {
				return s.args, s.words
			}
		}
	}
	return s.args, nil
}

func (s *scanner) next() shell.Word {
	w := s.words[0]
	s.words = s.words[1:]
	s.note(w)
	return w
}

func (s *scanner) note(words ...shell.Word) {
	for _, w := range words {
		s.args.Static = s.args.Static && w.Static
	}
}

func (s *scanner) add(o Option) {
	s.args.Options = append(s.args.Options, o)
	s.args.Known = s.args.Known && o.Known
}

// long reads --name, --name=value and --name value.
func (s *scanner) long(w shell.Word) {
	name, val, attached := strings.Cut(w.Text, "=")
	def, ok := s.lookup(name)
	if !ok && s.negate {
		if positive, no := strings.CutPrefix(name, "--no-"); no {
			def, ok = s.lookup("--" + positive)
			def.name = name
		}
	}
	o := Option{Name: name, Known: ok, Word: w, Holder: w, HasValue: attached, Value: val, Attached: attached}
	if ok {
		o.Name = def.name
	}
	if ok && def.takes == value && !attached {
		s.take(&o)
	}
	s.add(o)
}

// short reads -x, -xyz, -x value, -xvalue and -x=value.
func (s *scanner) short(w shell.Word) {
	for rest := w.Text[1:]; rest != ""; {
		spelling := "-" + rest[:1]
		rest = rest[1:]
		def, ok := s.lookup(spelling)
		o := Option{Name: spelling, Known: ok, Word: w, Holder: w}
		if ok {
			o.Name = def.name
		}
		switch {
		case ok && def.takes == value && rest == "":
			s.take(&o)
		case rest != "" && (ok && def.takes == value || s.equals && rest[0] == '='):
			if s.equals {
				rest = strings.TrimPrefix(rest, "=")
			}
			o.HasValue, o.Value, o.Attached = true, rest, true
			rest = ""
		case !ok:
			rest = "" // the others may be its value
		}
		s.add(o)
	}
}

// take gives o the next word as its value.
func (s *scanner) take(o *Option) {
	if len(s.words) == 0 {
		s.args.Known = false
		return
	}
	o.Holder = s.next()
	o.HasValue, o.Value = true, o.Holder.Text
}

// read scans a call's words, which may have a subcommand: the first operand.
func read(c *Call, x *syntax) Args {
	args, _ := x.scan(c.Words)
	args.Fed = c.Through("xargs")
	return args
}
