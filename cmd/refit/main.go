// Command refit makes Dockerfiles smaller, faster to build and safer, and says
// why it changes what it changes. "refit help flags" has the rest.
package main

import (
	"errors"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/pflag"

	"refit/docs"
)

// The exit statuses.
const (
	exitDone    = 0
	exitChanges = 1 // --check found something
	exitBad     = 2 // bad usage or bad input
)

// commands are the words that are no paths when they come first.
var commands = []string{"explain", "help", commandVerify, commandCompare, commandCompletion, commandReview, commandBulk}

func main() {
	debug.SetGCPercent(400) // short runs: memory is cheaper than collecting it
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command. Only files that are terminals get colours.
func run(args []string, stdin io.Reader, stdout, stderr *os.File) int {
	errs := &messages{w: stderr}
	command := ""
	if len(args) > 1 && args[0]+" "+args[1] == commandUnused {
		command, args = commandUnused, args[2:]
	} else if len(args) > 0 {
		switch args[0] {
		case "explain":
			if len(args) > 1 && args[1] == "wheels" {
				return errs.status(explainWheels(args[2:], stdout, stderr))
			}
			return errs.status(explain(args[1:], stdout))
		case commandCompletion:
			return errs.status(writeCompletion(args[1:], stdout))
		case commandComplete:
			return errs.status(complete(args[1:], stdout))
		case "help":
			return errs.status(helpOn(args[1:], stdout))
		case commandVerify, commandCompare, commandReview, commandBulk:
			command, args = args[0], args[1:]
		}
	}
	opt, err := parseFlags(command, args)
	switch {
	case errors.Is(err, pflag.ErrHelp) && helpOf(command) != "":
		_, err := io.WriteString(stdout, helpOf(command))
		return errs.status(err)
	case errors.Is(err, pflag.ErrHelp):
		return errs.status(writeHelp(stdout))
	case err != nil:
		return errs.status(err)
	case opt.schema:
		_, err := io.WriteString(stdout, docs.Schema)
		return errs.status(err)
	case opt.version:
		return errs.status(writeVersion(stdout))
	}
	code, err := dispatch(opt, stdin, stdout, stderr)
	if err != nil {
		return opt.messages(stderr).status(err)
	}
	return code
}

// dispatch does what the command line asks for and returns the exit status.
func dispatch(opt *options, stdin io.Reader, stdout, stderr *os.File) (int, error) {
	if opt.proof.command == commandBulk {
		return opt.runBulk(stdin, stdout, stderr)
	}
	a, err := newApp(opt, stdin, stdout, stderr)
	if err != nil {
		return 0, err
	}
	code := exitDone
	switch {
	case opt.interactive:
		code, err = a.interact(stdin, stdout)
	case opt.proof.command == "":
		code, err = a.run()
	case opt.proof.command == commandUnused:
		code, err = a.explainUnused(stderr)
	case opt.proof.command == commandReview:
		code, err = a.review(stderr)
	default:
		code, err = a.prove(stderr)
	}
	if a.sayRegistries() {
		code = exitBad
	}
	return code, err
}
