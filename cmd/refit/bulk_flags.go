package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"refit/internal/bulk"
)

// commandBulk works on many repositories.
const commandBulk = "bulk"

// bulkOptions are the flags of refit bulk.
type bulkOptions struct {
	from       []string
	patch      string
	branch     string
	clone      string
	cloneLimit time.Duration
	journal    string
	ownJournal bool // it is refit's own, for --journal names none
	shardText  string
	shard      bulk.Shard
}

// bulkFlags are the flags that only refit bulk has.
var bulkFlags = []string{"from", "patch", "branch", "clone", "clone-timeout", "journal", "shard"}

// notBulk are flags of other commands that have no meaning for many repositories.
var notBulk = []string{"candidates", "context", "interactive", "no-browser", "output", "port", "results", "runs", "workload"}

func (o *bulkOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.from, "from", nil, "")
	fs.StringVar(&o.patch, "patch", "", "")
	fs.StringVar(&o.branch, "branch", "", "")
	fs.StringVar(&o.clone, "clone", "", "")
	fs.DurationVar(&o.cloneLimit, "clone-timeout", 10*time.Minute, "")
	fs.StringVar(&o.journal, "journal", "", "")
	fs.StringVar(&o.shardText, "shard", "", "")
}

// bulkFlag is a flag of refit bulk that was given, or "".
func (o *options) bulkFlag() string {
	for _, name := range bulkFlags {
		if o.given[name] {
			return name
		}
	}
	return ""
}

// settleBulk checks what a command line of refit bulk shares with others, and
// then its own flags.
func (o *options) settleBulk() error {
	if err := o.settleShared(); err != nil {
		return err
	}
	return o.bulk.settle(o)
}

// settle checks the flags of refit bulk.
func (o *bulkOptions) settle(all *options) error {
	for _, name := range notBulk {
		if all.given[name] {
			return usageError("--" + name + " does not go with refit bulk")
		}
	}
	if !all.proof.verify {
		for _, name := range proofFlagsOf(commandVerify) {
			if all.given[name] {
				return usageError("--" + name + " goes with refit bulk --verify")
			}
		}
	}
	chosen := o.patch != "" || o.branch != "" || all.write
	switch {
	case len(all.paths) == 0 && len(o.from) == 0:
		return usageError("refit bulk needs repositories: as arguments, by --from FILE, or - for a list on standard input")
	case all.write && (o.patch != "" || o.branch != ""):
		return usageError("--write does not go with --patch or --branch")
	case all.check && chosen:
		return usageError("--check is for dry runs: no --patch, --branch or --write")
	case o.cloneLimit <= 0:
		return usageError(fmt.Sprintf("--clone-timeout %s: want a time such as 10m", o.cloneLimit))
	}
	for _, f := range [][2]string{{"patch", o.patch}, {"branch", o.branch}, {"clone", o.clone}, {"journal", o.journal}, {"shard", o.shardText}} {
		if name, value := f[0], f[1]; all.given[name] && value == "" {
			return usageError("--" + name + " is empty")
		}
	}
	if err := o.settleValues(); err != nil {
		return err
	}
	if o.journal == "" && chosen {
		var err error
		if o.journal, err = all.journalOf(); err != nil {
			return err
		}
		o.ownJournal = true
	}
	if all.format == "" {
		all.format = formatText
	}
	if err := all.proof.checkProof(); err != nil {
		return err
	}
	return oneOf("--format", all.format, formatText, formatJSON, formatMarkdown)
}

func (o *bulkOptions) settleValues() (err error) {
	if o.shardText != "" {
		if o.shard, err = bulk.ParseShard(o.shardText); err != nil {
			return usageError("--shard " + err.Error())
		}
	}
	if o.branch != "" {
		if err := bulk.CheckBranch(context.Background(), o.branch); err != nil {
			return usageError("--branch: " + err.Error())
		}
	}
	return nil
}

// fingerprint stands for everything but the files that decides what comes out:
// the options and this build of refit. A journal's lines hold for it alone.
func (o *options) fingerprint() string {
	var b strings.Builder
	p := &o.proof
	fmt.Fprintf(&b, "only %q skip %q with %q given %v ", o.only, o.skip, o.with, []bool{o.given["only"], o.given["skip"], o.given["with"]})
	fmt.Fprintf(&b, "profile %q pin %q mirrors %q mounts %q prune %v %v ", o.profile, o.pin, o.mirrors, o.cacheMounts, o.prune, o.given[pruneKey])
	fmt.Fprintf(&b, "patch %q branch %q write %v ", absolute(o.bulk.patch), o.bulk.branch, o.write)
	fmt.Fprintf(&b, "verify %v quick %v smoke %q scan %q online %v args %q timeout %s ", p.verify, p.quick, p.smoke, p.scan, p.online,
		slices.Sorted(slices.Values(p.buildArgs)), p.timeout)
	if o.config != "" {
		text, _, err := readRegular(o.config, maxConfig) // find reports what is wrong with it
		fmt.Fprintf(&b, "config %q %q %v ", absolute(o.config), text, err != nil)
	}
	return b.String()
}
