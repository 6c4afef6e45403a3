package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"refit/internal/verify/builder"
)

// The commands that build.
const (
	commandVerify  = "verify"
	commandCompare = "compare"
)

// proofOptions are the flags of the commands that build.
type proofOptions struct {
	command    string // commandVerify, commandCompare, or "" for neither
	verify     bool   // --verify, which makes a --write a verified one
	builders   []string
	tlsDir     string
	quick      bool
	smoke      string
	scan       string
	online     bool
	buildArgs  []string
	secrets    []string
	timeout    time.Duration
	workload   string
	runs       int
	candidates []string
}

// proofFlags are the flags that only make sense with some commands, mostly those
// that build.
var proofFlags = map[string][]string{
	"builder":     {commandVerify, commandCompare, commandUnused, commandReview},
	"builder-tls": {commandVerify, commandCompare, commandUnused, commandReview},
	"build-arg":   {commandVerify, commandCompare, commandUnused, commandReview},
	"secret":      {commandVerify, commandCompare, commandUnused, commandReview},
	"timeout":     {commandVerify, commandCompare, commandUnused, commandReview},
	"online":      {commandVerify, commandCompare, commandReview},
	"quick":       {commandVerify, commandReview},
	"smoke":       {commandVerify, commandReview},
	"scan":        {commandVerify, commandReview},
	"workload":    {commandCompare},
	"runs":        {commandCompare},
	"candidates":  {commandCompare},
	"port":        {commandReview},
	"no-browser":  {commandReview},
}

// proofFlagsOf are the flags of a command that builds.
func proofFlagsOf(command string) []string {
	var names []string
	for name, commands := range proofFlags {
		if slices.Contains(commands, command) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (o *proofOptions) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.verify, "verify", false, "")
	fs.StringArrayVar(&o.builders, "builder", nil, "")
	fs.StringVar(&o.tlsDir, "builder-tls", "", "")
	fs.BoolVar(&o.quick, "quick", false, "")
	fs.StringVar(&o.smoke, "smoke", "", "")
	fs.StringVar(&o.scan, "scan", "", "")
	fs.BoolVar(&o.online, "online", false, "")
	fs.StringArrayVar(&o.buildArgs, "build-arg", nil, "")
	fs.StringArrayVar(&o.secrets, "secret", nil, "")
	fs.DurationVar(&o.timeout, "timeout", time.Minute, "")
	fs.StringVar(&o.workload, "workload", "", "")
	fs.IntVar(&o.runs, "runs", 5, "")
	fs.StringSliceVar(&o.candidates, "candidates", nil, "")
}

// settle checks the flags of the commands that build, and fills in defaults.
func (o *proofOptions) settle(all *options) error {
	if o.verify && o.command == "" {
		if !all.write {
			return usageError("--verify goes with --write; refit verify builds without writing")
		}
		o.command = commandVerify
	}
	for _, name := range slices.Sorted(maps.Keys(proofFlags)) {
		if commands := proofFlags[name]; all.given[name] && !slices.Contains(commands, o.command) {
			return usageError(fmt.Sprintf("--%s goes with refit %s", name, strings.Join(commands, " and refit ")))
		}
	}
	if o.command == "" || o.command == commandReview {
		return nil
	}
	switch {
	case o.command == commandUnused && (all.check || all.write):
		return usageError("refit explain unused changes nothing; refit --prune-requirements does")
	case all.check:
		return usageError("--check is for dry runs: refit " + o.command + " exits with 1 when the result is not as good")
	case slices.Contains(all.paths, "-") && (o.command != commandUnused || o.verify):
		return usageError("a build needs a build context, which standard input (-) has not")
	case o.command == commandCompare && o.workload == "":
		return usageError("refit compare needs --workload 'COMMAND': what to measure in each image")
	case o.command == commandCompare && all.write:
		return usageError("refit compare writes nothing: no --write")
	case o.runs < 1:
		return usageError(fmt.Sprintf("--runs %d: at least one is needed", o.runs))
	}
	for _, name := range o.candidates {
		if err := oneOf("--candidates", name, candidateNames...); err != nil {
			return err
		}
	}
	if err := o.checkProof(); err != nil {
		return err
	}
	if !all.given["format"] {
		all.format = formatText
	}
	return oneOf("--format", all.format, formatText, formatJSON, formatMarkdown)
}

// checkProof checks what every build is given whose image is run.
func (o *proofOptions) checkProof() error {
	if o.timeout <= 0 {
		return usageError(fmt.Sprintf("--timeout %s: want a time such as 60s", o.timeout))
	}
	return o.checkBuild()
}

// checkBuild checks what every build is given.
func (o *proofOptions) checkBuild() error {
	for _, kv := range o.buildArgs {
		if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
			return usageError(fmt.Sprintf("--build-arg %s: want NAME=VALUE", kv))
		}
	}
	for _, text := range o.secrets {
		if _, err := parseSecret(text); err != nil {
			return err
		}
	}
	return nil
}

// args are the build arguments by name.
func (o *proofOptions) args() map[string]string {
	args := map[string]string{}
	for _, kv := range o.buildArgs {
		name, value, _ := strings.Cut(kv, "=")
		args[name] = value
	}
	return args
}

// parseSecret reads id=NAME[,src=FILE][,env=VARIABLE], as docker build takes it.
func parseSecret(text string) (builder.Secret, error) {
	var s builder.Secret
	for _, field := range strings.Split(text, ",") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "id":
			s.ID = value
		case "src", "source":
			s.File = value
		case "env":
			s.Env = value
		case "type":
		default:
			return s, usageError(fmt.Sprintf("--secret %s: want id=NAME,src=FILE or id=NAME,env=VARIABLE", text))
		}
	}
	if s.ID == "" {
		return s, usageError(fmt.Sprintf("--secret %s: no id=NAME", text))
	}
	return s, nil
}

// buildSecrets are the secrets, which settle has checked.
func (o *proofOptions) buildSecrets() []builder.Secret {
	var list []builder.Secret
	for _, text := range o.secrets {
		if s, err := parseSecret(text); err == nil {
			list = append(list, s)
		}
	}
	return list
}
