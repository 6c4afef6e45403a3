// Command run checks the facts about system packages by building and keeps what
// came of it in docs/system-packages.tsv and docs/system-packages.md. Run it in the
// repository's root; BUILDKIT_HOST says where the builder is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"

	"refit/internal/facts"
	"refit/internal/facts/check"
	"refit/internal/verify/builder"
)

// images are the slim images that are checked on, and the Debian release in each.
const images = "python:3.11-slim-bookworm=bookworm,python:3.13-slim=trixie"

type options struct {
	images, only, again, how, dir string
	jobs, together                int
	limit                         time.Duration
	render                        bool
}

func main() {
	var o options
	flag.StringVar(&o.images, "images", images, "images to check on, IMAGE=SUITE,…")
	flag.StringVar(&o.only, "only", "", "distributions to check, NAME,…; all when empty")
	flag.StringVar(&o.again, "again", "", "distributions to check although their rows are there, NAME,…; \"fails\" for all that failed")
	flag.StringVar(&o.how, "how", "", "forms to check, of source, wheel and system; all when empty")
	flag.StringVar(&o.dir, "docs", "docs", "the directory that results are kept in")
	flag.IntVar(&o.jobs, "j", 1, "how many checks at a time")
	flag.IntVar(&o.together, "together", 1, "how many that list the same packages are built in one image")
	flag.DurationVar(&o.limit, "limit", 10*time.Minute, "how long a check may take")
	flag.BoolVar(&o.render, "render", false, "write the Markdown of the kept rows and check nothing")
	flag.Parse()
	logrus.SetOutput(io.Discard) // BuildKit's client warns of what is no concern here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "facts/check:", err)
		os.Exit(1)
	}
}

// keeper keeps rows as they come.
type keeper struct {
	mu    sync.Mutex
	table *check.Table
	done  int
	dir   string
}

// put keeps the row of one of n tasks.
func (k *keeper) put(row check.Row, n int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done++
	fmt.Fprintf(os.Stderr, "%d/%d %s %s %s %s: %s (%d s) %s\n", k.done, n, row.Image, row.Distribution, row.Version, row.How, row.Verdict, row.Seconds, row.Detail)
	k.table.Put(row)
	return k.write()
}

func (k *keeper) write() error {
	return errors.Join(os.WriteFile(filepath.Join(k.dir, "system-packages.tsv"), []byte(k.table.Text()), 0o644),
		os.WriteFile(filepath.Join(k.dir, "system-packages.md"), []byte(k.table.Markdown()), 0o644))
}

func (o *options) run(ctx context.Context) error {
	table, err := check.Read(filepath.Join(o.dir, "system-packages.tsv"))
	if err != nil {
		return err
	}
	keep := &keeper{table: table, dir: o.dir}
	if o.render {
		return keep.write()
	}
	tasks, err := o.tasks(table)
	if err != nil {
		return err
	}
	pool, err := builder.Open(ctx, &builder.Config{Getenv: os.Getenv})
	if err != nil {
		return err
	}
	defer pool.Close()
	dir, err := os.MkdirTemp("", "refit-facts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var group errgroup.Group // without a context: what goes wrong with one check stops no other
	group.SetLimit(o.jobs)
	for _, together := range alike(tasks, o.together) {
		group.Go(func() error {
			err := pool.Use(ctx, func(b *builder.Builder) error {
				c := &check.Checker{Builder: b, Dir: dir, Limit: o.limit}
				rows, err := c.Check(ctx, together...)
				for _, row := range rows {
					err = errors.Join(err, keep.put(row, len(tasks)))
				}
				return err
			})
			if err != nil && context.Cause(ctx) == nil {
				fmt.Fprintln(os.Stderr, "facts/check:", err)
			}
			return err
		})
	}
	return group.Wait()
}

// tasks are what is still to be checked.
func (o *options) tasks(table *check.Table) ([]check.Task, error) {
	plans, err := check.Plans()
	if err != nil {
		return nil, err
	}
	only, again, how := names(o.only), names(o.again), names(o.how)
	var tasks []check.Task
	for pair := range strings.SplitSeq(o.images, ",") {
		image, suite, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("-images: %q is not IMAGE=SUITE", pair)
		}
		for _, p := range plans {
			if len(only) > 0 && !slices.Contains(only, p.Distribution) {
				continue
			}
			all, err := p.Tasks(image, suite)
			if err != nil {
				return nil, err
			}
			for _, t := range all {
				if len(how) > 0 && !slices.Contains(how, string(t.How)) {
					continue
				}
				failed := slices.Contains(again, "fails") && table.Find(t) != nil && table.Find(t).Verdict == check.Fails
				if !table.Done(t) || failed || slices.Contains(again, t.Distribution) {
					tasks = append(tasks, t)
				}
			}
		}
	}
	slices.SortStableFunc(tasks, func(a, b check.Task) int { return cost(a) - cost(b) })
	return tasks, nil
}

// alike puts tasks that list the same packages together, at most n, and the largest groups first.
func alike(tasks []check.Task, n int) [][]check.Task {
	var groups [][]check.Task
	open := map[string]int{}
	for _, t := range tasks {
		key := fmt.Sprint(t.Image, t.How, t.Build, t.Runtime)
		i, ok := open[key]
		if !ok || len(groups[i]) >= n {
			i = len(groups)
			open[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	slices.SortStableFunc(groups, func(a, b []check.Task) int { return len(b) - len(a) })
	return groups
}

// cost puts first what is done soonest: wheels, then what has to be compiled, then
// what installs whole programs, and last what compiles although there is a wheel.
func cost(t check.Task) int {
	fact, _ := facts.SystemPackagesFor(t.Distribution)
	switch {
	case t.How == check.Wheel:
		return 0
	case t.How == check.System:
		return 2
	case fact.Kind == facts.Wheel:
		return 3
	}
	return 1
}

func names(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}
