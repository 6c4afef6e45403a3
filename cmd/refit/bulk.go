package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/term"

	"refit/internal/bulk"
	"refit/internal/plural"
	"refit/internal/report"
	"refit/internal/verify/builder"
	"refit/passes"
)

// bulker is a run of refit bulk.
type bulker struct {
	opt    *options
	stdin  io.Reader
	stdout *os.File
	stderr *os.File
	pool   *builder.Pool // nil without --verify
	few    bool          // repositories: each is told of

	complete bool // the run came to its end, and no repository failed as a whole

	mu       sync.Mutex // guards what follows, and standard error
	errs     *messages
	progress *bulk.Progress
}

// bulk works on many repositories and returns the exit status.
func (o *options) runBulk(stdin io.Reader, stdout, stderr *os.File) (int, error) {
	b := &bulker{opt: o, stdin: stdin, stdout: stdout, stderr: stderr, errs: &messages{w: stderr}}
	if _, err := newConfigs(o); err != nil { // of the flags, which concern all
		return 0, err
	}
	repos, err := bulk.ReadList(o.paths, o.bulk.from, stdin)
	if err != nil {
		return 0, err
	}
	ctx, stop := interruptible()
	defer stop()
	if r := o.resolver; r != nil {
		defer context.AfterFunc(ctx, r.Stop)()
	}
	run, end, err := b.runner(ctx)
	if err != nil {
		return 0, err
	}
	code, err := b.work(ctx, run, o.bulk.shard.Of(repos))
	return code, errors.Join(err, end())
}

// runner prepares a run; end gives back what it holds.
func (b *bulker) runner(ctx context.Context) (run *bulk.Runner, end func() error, err error) {
	o := b.opt
	var ends []func() error
	all := func() error {
		var err error
		for i := range ends {
			err = errors.Join(err, ends[len(ends)-1-i]())
		}
		return err
	}
	defer func() {
		if end = all; err != nil {
			err = errors.Join(err, all())
		}
	}()
	run = &bulk.Runner{Rewrite: b.rewrite, Finish: finishIntent, Options: bulk.Options{
		Patch: o.bulk.patch, Branch: o.bulk.branch, Write: o.write, Clone: o.bulk.clone, CloneLimit: o.bulk.cloneLimit,
		Whole: o.proof.verify, Jobs: o.jobs, Version: release(), Stack: b.stack,
	}}
	if o.bulk.journal != "" {
		if run.Journal, err = b.openJournal(); err != nil {
			return nil, nil, err
		}
		ends = append(ends, func() error { return b.endJournal(run.Journal) })
		if run.Key, err = executableHash(); err != nil {
			return nil, nil, err
		}
		run.Key += o.fingerprint()
	}
	if run.Temp, err = tempDir(o.bulk.journal); err != nil {
		return nil, nil, err
	}
	ends = append(ends, func() error { return os.RemoveAll(run.Temp) })
	if o.proof.verify {
		if b.pool, err = openPool(ctx, &o.proof); err != nil {
			return nil, nil, err
		}
		ends = append(ends, b.pool.Close)
		if !o.given["jobs"] {
			run.Jobs = len(b.pool.Builders())
		}
	}
	return run, end, nil
}

// tempDir is a directory for checkouts. With a journal, which one run at a time
// has, it is always the same, and what a killed run left there is removed.
func tempDir(journal string) (string, error) {
	if journal == "" {
		return os.MkdirTemp("", "refit-bulk-")
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("refit-bulk-%d-%x", os.Getuid(), sha256.Sum256([]byte(absolute(journal))))[:40])
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o700)
}

// absolute is an absolute path, or as it is where that cannot be had.
func absolute(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil || path == "" {
		return path
	}
	return abs
}

// executableHash stands for this very build of refit.
func executableHash() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%x ", h.Sum(nil)), err
}

// release is the version of this build, for messages.
func release() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return cmp.Or(version, info.Main.Version)
	}
	return cmp.Or(version, "(unknown)")
}

// work runs, reports, and returns the exit status.
func (b *bulker) work(ctx context.Context, run *bulk.Runner, repos []bulk.Repo) (int, error) {
	start := time.Now()
	b.few = len(repos) <= bulk.Few
	if !b.opt.quiet {
		b.progress = bulk.NewProgress(b.stderr, len(repos), term.IsTerminal(int(b.stderr.Fd())))
	}
	out := bufio.NewWriterSize(b.stdout, 64<<10)
	render := bulk.NewRenderer(b.opt.format, out, b.verb())
	var sum bulk.Summary
	var outErr error
	failed := false
	err := run.Run(ctx, repos, func(r *bulk.Record) {
		sum.Add(r)
		failed = failed || r.Error != ""
		b.say(r, sum.Worked())
		outErr = errors.Join(outErr, render.Record(r))
	})
	b.progress.End()
	sum.Close(time.Since(start), bulk.PeakMemory())
	sayWhen(sum.Declined)
	if outErr == nil && (!b.opt.quiet || b.opt.format != formatText) {
		outErr = render.Summary(&sum)
	}
	if outErr = errors.Join(outErr, out.Flush()); outErr != nil {
		return 0, fmt.Errorf("standard output: %w", outErr)
	}
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, bulk.ErrJournal):
		return 0, b.interrupted(err, &sum, len(repos))
	case err != nil:
		return 0, err
	}
	b.complete = !failed
	unanswered := (&app{opt: b.opt, errs: b.errs}).sayRegistries()
	switch {
	case sum.Repositories.Failed+sum.Files.Failed > 0, unanswered:
		return exitBad, nil
	case sum.Rejected > 0, b.opt.check && sum.Files.Changed > 0:
		return exitChanges, nil
	}
	return exitDone, nil
}

// sayWhen says what the reasons of declines are, as the passes' documentation does.
func sayWhen(list []bulk.Declined) {
	when := map[bulk.Declined]string{}
	for _, p := range passes.All() {
		for _, d := range p.Declines {
			when[bulk.Declined{Pass: p.Name, Key: d.Key}] = d.When
		}
	}
	for i, d := range list {
		list[i].When = when[bulk.Declined{Pass: d.Pass, Key: d.Key}]
	}
}

// interrupted says how far the run came.
func (b *bulker) interrupted(err error, sum *bulk.Summary, total int) error {
	hint := ""
	if b.opt.bulk.journal != "" {
		hint = "; the same command goes on from there"
	}
	return fmt.Errorf("%w; %d of %d repositories are done%s", err, sum.Repositories.Total(), total, hint)
}

func (b *bulker) verb() string {
	if b.opt.write || b.opt.bulk.patch != "" || b.opt.bulk.branch != "" {
		return "changed"
	}
	return "would change"
}

// say tells on standard error what became of a repository: what failed, of a few
// repositories also what changed, and with --verbose everything.
func (b *bulker) say(r *bulk.Record, files int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress.Step(files)
	tell := b.opt.verbose || b.few && !b.opt.quiet && r.Status == bulk.Changed
	if r.Error == "" && r.Failures == nil && !tell {
		return
	}
	b.progress.Clear()
	if tell {
		b.errs.printf("%s: %s\n", report.Clean(r.Repository), report.Clean(told(r, b.verb())))
	}
	if r.Error != "" {
		b.errs.printf("%s: %s\n", report.Clean(r.Repository), report.Clean(r.Error))
	}
	for _, f := range r.Failures {
		b.errs.printf("%s\n", report.Clean(f.Error))
	}
	if more := r.Files.Failed - len(r.Failures); more > 0 {
		b.errs.printf("%s: and %d more files failed\n", report.Clean(r.Repository), more)
	}
}

// told is a record in a line.
func told(r *bulk.Record, verb string) string {
	if r.Status == bulk.Empty {
		return "no Dockerfile"
	}
	text := fmt.Sprintf("%s %s, %d unchanged, %d failed", plural.Of(r.Files.Changed, "Dockerfile"), verb, r.Files.Unchanged, r.Files.Failed)
	for _, part := range []struct{ label, value string }{{"; patch ", r.Patch}, {"; branch ", r.Branch}, {" at ", r.Commit}} {
		if part.value != "" {
			text += part.label + part.value
		}
	}
	if r.Resumed {
		text += " (by an earlier run)"
	}
	return text
}

// stack shows where a panic was, to those who want to see it.
func (b *bulker) stack(text []byte) {
	if b.opt.verbose {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.progress.Clear()
		b.errs.printf("%s", text)
	}
}
