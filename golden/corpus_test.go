package golden

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"refit/passes"
	"refit/transform"
)

// The corpus is a folder of real Dockerfiles outside the project, named by
// REFIT_CORPUS. The checks over it hold what a rewrite must never lose, and
// print as counts what the passes did.

// realFile is a file of the corpus and what refit made of it.
type realFile struct {
	name, src string
	opt       transform.Options
	result    *transform.Result
	err       error
}

func readCorpus(t *testing.T) []*realFile {
	t.Helper()
	dir := os.Getenv("REFIT_CORPUS")
	if dir == "" {
		t.Skip("REFIT_CORPUS is not set: no real Dockerfiles to check")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.Dockerfile"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no Dockerfiles in %s: %v", dir, err)
	}
	var files []*realFile
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, &realFile{name: filepath.Base(p), src: string(b)})
	}
	return files
}

// each calls fn for every file on all processors.
func each(files []*realFile, fn func(*realFile)) {
	var wg sync.WaitGroup
	work := make(chan *realFile)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for f := range work {
				fn(f)
			}
		})
	}
	for _, f := range files {
		work <- f
	}
	close(work)
	wg.Wait()
}

// problems gathers what is wrong, from any goroutine.
type problems struct {
	mu    sync.Mutex
	lines map[string][]string
}

func (p *problems) add(kind, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lines == nil {
		p.lines = map[string][]string{}
	}
	p.lines[kind] = append(p.lines[kind], fmt.Sprintf(format, args...))
}

func (p *problems) report(t *testing.T) {
	t.Helper()
	for _, kind := range slices.Sorted(maps.Keys(p.lines)) {
		lines := p.lines[kind]
		slices.Sort(lines)
		t.Errorf("%s: %d\n%s", kind, len(lines), strings.Join(lines[:min(len(lines), 40)], "\n"))
	}
}

func TestCorpus(t *testing.T) {
	files := readCorpus(t)
	var bad problems
	each(files, func(f *realFile) { checkReal(f, &bad) })
	bad.report(t)
	logPasses(t, "no context", files)
	checkWarnings(t, files)
}

// checkReal runs the passes on one file and checks all that must always hold.
func checkReal(f *realFile, bad *problems) {
	defer func() {
		if r := recover(); r != nil {
			bad.add("panic", "%s: %v", f.name, r)
		}
	}()
	start := time.Now()
	f.result, f.err = transform.Run(f.name, f.src, passes.Default(), &f.opt)
	if d := time.Since(start); d > 5*time.Second {
		bad.add("slow", "%s: %v", f.name, d)
	}
	if f.err != nil {
		if compile([]byte(f.src), nil) == nil {
			bad.add("refused though BuildKit takes it", "%v", f.err)
		}
		return
	}
	r := f.result
	for _, ref := range r.Refused {
		bad.add("taken back by the contract", "%s: %s: %s", f.name, ref.Pass, ref.Why)
	}
	if compile([]byte(f.src), nil) == nil {
		if err := compile([]byte(r.After), nil); err != nil {
			bad.add("does not compile", "%s: %v", f.name, err)
		}
	}
	checkKept(f, bad)
	if a, b := withoutLists(before(f)), withoutLists(after(f)); b > a {
		bad.add("installs without package lists", "%s: %d → %d (%s)", f.name, a, b, strings.Join(appliedPasses(r), " "))
	}
	opt := f.opt
	if len(r.Companions) > 0 {
		opt.Context = companionContext(f)
	}
	again, err := transform.Run(f.name, r.After, passes.Default(), &opt)
	if err != nil {
		bad.add("second run fails", "%v", err)
	} else if again.Changed() {
		bad.add("second run changes more", "%s: %s", f.name, strings.Join(appliedPasses(again), " "))
	}
}

// checkKept holds that untouched instructions, comments, newlines and the final
// newline are as they were.
func checkKept(f *realFile, bad *problems) {
	before, after := f.src, f.result.After
	rest := after
	for _, text := range f.result.Untouched() {
		i := strings.Index(rest, strings.TrimRight(text, "\r\n"))
		if i < 0 {
			bad.add("untouched instruction changed", "%s: %q", f.name, text)
			break
		}
		rest = rest[i:]
	}
	kept := commentCounts(after)
	for c, n := range commentCounts(before) {
		if kept[c] < n {
			bad.add("comment lost", "%s: %s (%s)", f.name, c, strings.Join(appliedPasses(f.result), " "))
		}
	}
	if strings.HasSuffix(before, "\n") != strings.HasSuffix(after, "\n") {
		bad.add("final newline", "%s", f.name)
	}
	if n := strings.Count(before, "\n"); n > 0 && n == strings.Count(before, "\r\n") &&
		strings.Count(after, "\n") != strings.Count(after, "\r\n") {
		bad.add("CRLF lost", "%s", f.name)
	}
}

func commentCounts(src string) map[string]int {
	counts := map[string]int{}
	for line := range strings.Lines(src) {
		if t := strings.TrimSpace(line); strings.HasPrefix(t, "#") && strings.Trim(t, "# \t") != "" {
			counts[t]++
		}
	}
	return counts
}

func appliedPasses(r *transform.Result) []string {
	var names []string
	for _, s := range r.Steps {
		if s.Status() == transform.Applied {
			names = append(names, s.Pass.Name)
		}
	}
	return names
}

// logPasses prints how often each pass applied or declined, and why.
func logPasses(t *testing.T, label string, files []*realFile) {
	t.Helper()
	applied, reasons := map[string]int{}, map[string]map[string]int{}
	var list []*transform.Pass
	ok, changed := 0, 0
	for _, f := range files {
		if f.result == nil {
			continue
		}
		if ok++; list == nil {
			for _, s := range f.result.Steps {
				list = append(list, s.Pass)
			}
		}
		if f.result.Changed() {
			changed++
		}
		for _, s := range f.result.Steps {
			if s.Status() == transform.Applied {
				applied[s.Pass.Name]++
			}
			seen := map[string]bool{}
			for _, d := range s.Declines {
				if !seen[d.Key] {
					seen[d.Key] = true
					if reasons[s.Pass.Name] == nil {
						reasons[s.Pass.Name] = map[string]int{}
					}
					reasons[s.Pass.Name][d.Key]++
				}
			}
		}
	}
	t.Logf("corpus: %s: %d files, %d taken, %d changed", label, len(files), ok, changed)
	for _, p := range list {
		var why []string
		for _, k := range slices.Sorted(maps.Keys(reasons[p.Name])) {
			why = append(why, fmt.Sprintf("%s %d", k, reasons[p.Name][k]))
		}
		t.Logf("corpus: %s: %s: applied %d; declined: %s", label, p.Name, applied[p.Name], strings.Join(why, ", "))
	}
}

// resolver answers for every image, so that nothing asks a registry.
type resolver struct{}

var _ llb.ImageMetaResolver = resolver{}

// ResolveImageConfig implements llb.ImageMetaResolver.
func (resolver) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, "", []byte(`{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"]},"history":[{"created_by":"x"}]}`), nil
}

func convertOpt() dockerfile2llb.ConvertOpt {
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	caps := pb.Caps.CapSet(pb.Caps.All())
	return dockerfile2llb.ConvertOpt{MetaResolver: resolver{}, TargetPlatform: &platform, LLBCaps: &caps}
}

// compile is BuildKit's converter on a file, apart from the engine's own use.
func compile(src []byte, args map[string]string) error {
	opt := convertOpt()
	opt.BuildArgs = args
	_, err := dockerfile2llb.Dockerfile2LLB(context.Background(), src, opt)
	return err
}

// mendable are BuildKit's rules whose warnings can be mended mechanically.
var mendable = []string{
	"MaintainerDeprecated", "LegacyKeyValueFormat", "FromAsCasing", "ConsistentInstructionCasing",
	"StageNameCasing", "NoEmptyContinuation", "JSONArgsRecommended", "WorkdirRelativePath",
}

// checkWarnings compares BuildKit's own warnings before and after.
func checkWarnings(t *testing.T, files []*realFile) {
	t.Helper()
	var bad problems
	var mu sync.Mutex
	before, after := map[string]int{}, map[string]int{}
	each(files, func(f *realFile) {
		if f.result == nil {
			return
		}
		a, b := warnings(f.src), warnings(f.result.After)
		mu.Lock()
		defer mu.Unlock()
		for rule, n := range a {
			before[rule] += n
		}
		for rule, n := range b {
			after[rule] += n
			if n > a[rule] {
				bad.add("new warning", "%s: %s %d → %d (%s)", f.name, rule, a[rule], n, strings.Join(appliedPasses(f.result), " "))
			}
		}
	})
	bad.report(t)
	total, left := 0, 0
	for _, rule := range slices.Sorted(maps.Keys(before)) {
		t.Logf("corpus: warnings %s: %d → %d", rule, before[rule], after[rule])
		if slices.Contains(mendable, rule) {
			total += before[rule]
			left += after[rule]
		}
	}
	t.Logf("corpus: warnings that can be mended mechanically: %d → %d (%.1f %% gone)", total, left, 100*(1-float64(left)/float64(max(total, 1))))
}

func warnings(src string) map[string]int {
	counts := map[string]int{}
	opt := convertOpt()
	opt.AllStages = true
	opt.Warn = func(rule, _, _, _ string, _ []parser.Range) { counts[rule]++ }
	if _, err := dockerfile2llb.Dockerfile2LLB(context.Background(), []byte(src), opt); err != nil {
		return map[string]int{}
	}
	return counts
}
