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

	"github.com/moby/buildkit/util/suggest"
	"github.com/spf13/pflag"
)

//go:embed help.txt
var help string

func writeHelp(w io.Writer) error {
	_, err := io.WriteString(w, help)
	return err
}

// helpOn is the command "help": of a pass it is what explain says, and all
// commands are in the one help.
func helpOn(args []string, stdout *os.File) error {
	if len(args) == 0 || slices.Contains([]string{"help", commandVerify, commandCompare}, args[0]) {
		return writeHelp(stdout)
	}
	if args[0] == "explain" {
		args = []string{"--help"}
	}
	return explain(args, stdout)
}

// options is the command line.
type options struct {
	args         []string // the command line
	paths        []string
	write, check bool
	quiet        bool
	verbose      bool
	version      bool
	output       string
	format       string
	context      string
	config       string
	color        string
	jobs         int
	only, skip   []string
	profile, pin string
	cacheMounts  string
	proof        proofOptions
	given        map[string]bool // the flags that were there
}

// The formats of --format.
const (
	formatNone = ""
	formatDiff = "diff"
	formatText = "text"
	formatJSON = "json"

	formatMarkdown = "markdown" // of what was built
)

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
	if o.version {
		return o, nil
	}
	return o, o.settle()
}

func flagSet(o *options) *pflag.FlagSet {
	fs := pflag.NewFlagSet("refit", pflag.ContinueOnError)
	fs.Usage = func() {}
	fs.BoolVarP(&o.write, "write", "w", false, "")
	fs.StringVarP(&o.output, "output", "o", "", "")
	fs.BoolVar(&o.check, "check", false, "")
	fs.StringVar(&o.format, "format", "", "")
	fs.StringSliceVar(&o.only, "only", nil, "")
	fs.StringSliceVar(&o.skip, "skip", nil, "")
	fs.StringVar(&o.profile, "profile", "", "")
	fs.StringVar(&o.pin, "pin", "", "")
	fs.StringVar(&o.cacheMounts, "cache-mounts", "", "")
	fs.StringVar(&o.context, "context", "", "")
	fs.StringVar(&o.config, "config", "", "")
	fs.IntVarP(&o.jobs, "jobs", "j", runtime.GOMAXPROCS(0), "")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "")
	fs.BoolVarP(&o.verbose, "verbose", "v", false, "")
	fs.StringVar(&o.color, "color", "auto", "")
	fs.BoolVar(&o.version, "version", false, "")
	o.proof.addFlags(fs)
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
	if len(o.paths) == 0 {
		o.paths = []string{"."}
	}
	modes := 0
	for _, on := range []bool{o.write && o.proof.command == "", o.check, o.given["output"]} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return usageError("--write, --check and --output exclude each other")
	case o.quiet && o.verbose:
		return usageError("--quiet and --verbose exclude each other")
	case o.given["only"] && len(o.only) == 0:
		return usageError("--only names no pass")
	case o.given["output"] && o.output == "":
		return usageError("--output needs a file name, or - for standard output")
	case o.output == "-" && o.given["format"] && o.proof.command == "":
		return usageError("--output - and --format would both write to standard output")
	case o.jobs < 1:
		return usageError(fmt.Sprintf("--jobs %d: at least one is needed", o.jobs))
	case o.write && slices.Contains(o.paths, "-"):
		return usageError("--write cannot write to standard input; --output - prints the result")
	case len(o.paths) > 1 && slices.Contains(o.paths, "-"):
		return usageError("standard input (-) cannot be read along with other paths")
	}
	if err := oneOf("--color", o.color, "auto", "always", "never"); err != nil {
		return err
	}
	if err := o.proof.settle(o); err != nil || o.proof.command != "" {
		return err
	}
	if o.given["format"] {
		return oneOf("--format", o.format, formatDiff, formatText, formatJSON)
	}
	if !o.write && !o.given["output"] {
		o.format = formatDiff
	}
	return nil
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
	_, err := fmt.Fprintf(w, "refit %s (%s%s)\n", info.Main.Version, info.GoVersion, rev)
	return err
}
