package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"

	"github.com/moby/buildkit/util/suggest"
	"github.com/spf13/pflag"

	"refit/internal/registry"
	"refit/passes"
)

// help has all flags; completions and the manual page are made of it.
//
//go:embed help.txt
var help string

// shortHelp is what fits a screen.
//
//go:embed short.txt
var shortHelp string

// helpFlags is what "help" calls the whole of it.
const helpFlags = "flags"

func writeHelp(w io.Writer) error {
	_, err := io.WriteString(w, shortHelp)
	return err
}

// helpOn is the command "help": of a pass it is what explain says, of a command its
// flags.
func helpOn(args []string, stdout *os.File) error {
	if len(args) == 0 || args[0] == "help" {
		return writeHelp(stdout)
	}
	if topic := args[len(args)-1]; len(args) == 1 || len(args) == 2 && args[0] == "explain" {
		if text := explainTopics[topic]; text != "" {
			_, err := io.WriteString(stdout, text)
			return err
		}
	}
	if len(args) == 1 {
		if args[0] == helpFlags {
			_, err := io.WriteString(stdout, help)
			return err
		}
		if text := helpOf(args[0]); text != "" {
			_, err := io.WriteString(stdout, text)
			return err
		}
		if args[0] == commandCompletion {
			return writeCompletion([]string{"--help"}, stdout)
		}
		if _, err := findPass(passes.All(), args[0]); err != nil {
			if s, ok := suggest.Search(args[0], commands, true); ok {
				return usageError(fmt.Sprintf("no command or pass is named %q (did you mean refit help %s?)", args[0], s))
			}
		}
	}
	if args[0] == "explain" {
		args = []string{"--help"}
	}
	return explain(args, stdout)
}

// explainTopics are what explain tells of besides the passes, with their help.
var explainTopics = map[string]string{"wheels": wheelsHelp, "unused": unusedHelp}

// helpOf is the part of the help that is about a command: how it is called, and the
// section of its flags. "" for what has none.
func helpOf(command string) string {
	if command == commandUnused {
		return unusedHelp
	}
	if !slices.Contains([]string{commandVerify, commandCompare, commandReview, commandBulk}, command) {
		return ""
	}
	var b strings.Builder
	for i, section := range strings.Split(help, "\n\n") {
		head, _, _ := strings.Cut(section, "\n")
		in, own := false, false
		about := func(text string) bool {
			return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }), command)
		}
		for line := range strings.Lines(section + "\n") {
			switch {
			case i == 1 && strings.HasPrefix(line, "  refit "):
				in = strings.HasPrefix(line, "  refit "+command+" ")
			case i != 1 && line == head+"\n":
				_, inParens, _ := strings.Cut(head, "(")
				own = about(inParens)
				if in = own; in {
					b.WriteString("\n")
				}
			case own && isGroup(line):
				in = about(line)
			}
			if in {
				b.WriteString(line)
			}
		}
	}
	b.WriteString("\nrefit help flags has those that all commands share.\n")
	return b.String()
}

// isGroup reports the heading of flags that not all commands of a section have.
func isGroup(line string) bool {
	return len(line) > 1 && line[0] == ' ' && line[1] != ' '
}

// options is the command line.
type options struct {
	args         []string // the command line
	paths        []string
	write, check bool
	interactive  bool
	quiet        bool
	verbose      bool
	version      bool
	schema       bool // print the JSON Schema
	output       string
	format       string
	context      string
	config       string
	color        string
	forceExclude bool
	jobs         int
	only, skip   []string
	with         []string
	profile, pin string
	cacheMounts  string
	prune        bool
	mirrors      []string
	resolver     *registry.Resolver // of --pin digest
	proof        proofOptions
	bulk         bulkOptions
	review       reviewOptions
	given        map[string]bool // the flags that were there
}

// parseFlags reads the command line of a command: "" for a dry run or --write.
func parseFlags(command string, args []string) (*options, error) {
	o := &options{given: map[string]bool{}}
	o.proof.command = command
	o.args = args
	if command != "" {
		o.args = append([]string{command}, args...)
	}
	fs := flagSet(o)
	if err := fs.Parse(args); err != nil {
		return nil, flagError(err, fs)
	}
	fs.Visit(func(f *pflag.Flag) { o.given[f.Name] = true })
	o.paths = fs.Args()
	if o.version || o.schema {
		return o, nil
	}
	if i := slices.IndexFunc(o.paths, func(p string) bool { return slices.Contains(commands, p) }); i >= 0 && fs.ArgsLenAtDash() < 0 {
		return nil, usageError(fmt.Sprintf("%s is a command, which comes before the flags (a path of that name is written ./%s)", o.paths[i], o.paths[i]))
	}
	return o, o.settle()
}

func flagSet(o *options) *pflag.FlagSet {
	fs := pflag.NewFlagSet("refit", pflag.ContinueOnError)
	fs.Usage = func() {}
	fs.BoolVarP(&o.write, "write", "w", false, "")
	fs.BoolVarP(&o.interactive, "interactive", "i", false, "")
	fs.StringVarP(&o.output, "output", "o", "", "")
	fs.BoolVar(&o.check, "check", false, "")
	fs.StringVar(&o.format, "format", "", "")
	fs.StringSliceVar(&o.only, "only", nil, "")
	fs.StringSliceVar(&o.skip, "skip", nil, "")
	fs.StringSliceVar(&o.with, "with", nil, "")
	fs.StringVar(&o.profile, "profile", "", "")
	fs.StringVar(&o.pin, "pin", "", "")
	fs.StringArrayVar(&o.mirrors, "registry-mirror", nil, "")
	fs.StringVar(&o.cacheMounts, "cache-mounts", "", "")
	fs.BoolVar(&o.prune, pruneKey, false, "")
	fs.StringVar(&o.context, "context", "", "")
	fs.StringVar(&o.config, "config", "", "")
	fs.BoolVar(&o.forceExclude, "force-exclude", false, "")
	fs.IntVarP(&o.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "")
	fs.BoolVarP(&o.verbose, "verbose", "v", false, "")
	fs.StringVar(&o.color, "color", "auto", "")
	fs.BoolVar(&o.version, "version", false, "")
	fs.BoolVar(&o.schema, "schema", false, "")
	o.proof.addFlags(fs)
	o.bulk.addFlags(fs)
	o.review.addFlags(fs)
	return fs
}

// flagError adds to pflag's message the flag that was probably meant.
func flagError(err error, fs *pflag.FlagSet) error {
	if err == pflag.ErrHelp {
		return err
	}
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return usageError(err.Error())
	}
	var names []string
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if s, ok := suggest.Search(name, names, true); ok {
		return usageError(fmt.Sprintf("unknown flag: --%s (did you mean --%s?)", name, s))
	}
	return usageError(err.Error())
}

// settle checks the flags against each other and fills in the defaults.
func (o *options) settle() error {
	if o.interactive && o.proof.command != "" {
		return o.settleInteractive()
	}
	if o.proof.command == commandBulk {
		return o.settleBulk()
	}
	if name := o.bulkFlag(); name != "" {
		return usageError("--" + name + " goes with refit bulk")
	}
	if len(o.paths) == 0 {
		o.paths = []string{"."}
	}
	if err := o.settleModes(); err != nil {
		return err
	}
	if err := o.settleShared(); err != nil {
		return err
	}
	if err := o.settleReview(); err != nil {
		return err
	}
	if err := o.proof.settle(o); err != nil {
		return err
	}
	switch {
	case o.interactive:
		return o.settleInteractive()
	case o.proof.command != "":
		return nil
	}
	if o.given["format"] {
		return oneOf("--format", o.format, formatNames()...)
	}
	if !o.write && !o.given["output"] {
		o.format = formatDiff
	}
	return nil
}

// settleModes refuses flags that exclude each other.
func (o *options) settleModes() error {
	modes := 0
	for _, on := range []bool{o.write && o.proof.command == "", o.check, o.given["output"]} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return usageError("--write, --check and --output exclude each other")
	case o.given["output"] && o.output == "":
		return usageError("--output needs a file name, or - for standard output")
	case o.output == "-" && o.given["format"] && o.format != formatHTML && o.proof.command == "":
		return usageError("--output - and --format would both write to standard output")
	case o.write && slices.Contains(o.paths, "-"):
		return usageError("--write cannot write to standard input; --output - prints the result")
	case len(o.paths) > 1 && slices.Contains(o.paths, "-"):
		return usageError("standard input (-) cannot be read along with other paths")
	}
	return nil
}

// settleShared checks what refit bulk has in common with the other commands.
func (o *options) settleShared() error {
	switch {
	case o.quiet && o.verbose:
		return usageError("--quiet and --verbose exclude each other")
	case o.given["only"] && len(o.only) == 0:
		return usageError("--only names no pass")
	case o.jobs < 1:
		return usageError(fmt.Sprintf("--jobs %d: at least one is needed", o.jobs))
	}
	if err := oneOf("--color", o.color, "auto", "always", "never"); err != nil {
		return err
	}
	return o.askRegistries()
}

// oneOf reports a value that is none of those that exist.
func oneOf(what, value string, values ...string) error {
	if slices.Contains(values, value) {
		return nil
	}
	msg := fmt.Sprintf("%s %q: want %s", what, value, strings.Join(values, ", "))
	if s, ok := suggest.Search(value, values, true); ok {
		msg += fmt.Sprintf(" (did you mean %s?)", s)
	}
	return usageError(msg)
}

// version is what the linker is told (-X main.version=v1.2.3) for releases and
// where the source comes without its history, as in the image. Nothing else sets
// it.
var version string

func writeVersion(w io.Writer) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		_, err := fmt.Fprintln(w, "refit (built without module information)")
		return err
	}
	rev := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev += ", " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			rev += " with local changes"
		}
	}
	_, err := fmt.Fprintf(w, "refit %s (%s%s)\n", release(), info.GoVersion, rev)
	return err
}
