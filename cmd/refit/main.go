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

// commands are the words that are no paths when they come first.
var commands = []string{"explain", "help", commandVerify, commandCompare, "review", "bulk"}

func main() {
	debug.SetGCPercent(400) // short runs: memory is cheaper than collecting it
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command. Only files that are terminals get colours.
func run(args []string, stdin io.Reader, stdout, stderr *os.File) int {
	errs := &messages{w: stderr}
	command := ""
	if len(args) > 0 {
		switch args[0] {
		case "explain":
			return errs.status(explain(args[1:], stdout))
		case "help":
			return errs.status(helpOn(args[1:], stdout))
		case commandVerify, commandCompare:
			command, args = args[0], args[1:]
		case "review", "bulk":
			return errs.status(usageError("refit " + args[0] + " is not there yet (a path of that name is written ./" + args[0] + ")"))
		}
	}
	opt, err := parseFlags(command, args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return errs.status(writeHelp(stdout))
	case err != nil:
		return errs.status(err)
	case opt.version:
		return errs.status(writeVersion(stdout))
	}
	code, err := dispatch(opt, stdin, stdout, stderr)
	if err != nil {
		return errs.status(err)
	}
	return code
}

// dispatch does what the command line asks for and returns the exit status.
func dispatch(opt *options, stdin io.Reader, stdout, stderr *os.File) (int, error) {
	a, err := newApp(opt, stdin, stdout, stderr)
	switch {
	case err != nil:
		return 0, err
	case opt.proof.command == "":
		return a.run()
	}
	return a.prove(stdout, stderr)
}
