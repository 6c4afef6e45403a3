// Command refit makes Dockerfiles smaller, faster to build and safer, and says
// why it changes what it changes. "refit --help" has the rest.
package main

import (
	"errors"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/pflag"
)

// The exit statuses.
const (
	exitDone    = 0
	exitChanges = 1 // --check found something
	exitBad     = 2 // bad usage or bad input
)

func main() {
	debug.SetGCPercent(400) // short runs: memory is cheaper than collecting it
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command. Only files that are terminals get colours.
func run(args []string, stdin io.Reader, stdout, stderr *os.File) int {
	errs := &messages{w: stderr}
	if len(args) > 0 {
		if sub := subcommand(args[0]); sub != nil {
			return errs.status(sub(args[1:], stdout))
		}
	}
	opt, err := parseFlags(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return errs.status(writeHelp(stdout))
	case err != nil:
		return errs.status(err)
	case opt.version:
		return errs.status(writeVersion(stdout))
	}
	a, err := newApp(opt, stdin, stdout, stderr)
	if err != nil {
		return errs.status(err)
	}
	code, err := a.run()
	if err != nil {
		return errs.status(err)
	}
	return code
}

// subcommand is what a first argument stands for, nil for a path or a flag.
func subcommand(name string) func(args []string, stdout *os.File) error {
	switch name {
	case "explain":
		return explain
	case "verify", "compare", "review", "bulk":
		return func([]string, *os.File) error {
			return usageError("refit " + name + " is not there yet (a path of that name is written ./" + name + ")")
		}
	}
	return nil
}
