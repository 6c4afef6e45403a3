package verify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"refit/internal/verify/builder"
	"refit/internal/verify/smoke"
	"refit/transform"
)

// Subject is a Dockerfile and what refit makes of it.
type Subject struct {
	Path      string // as it is shown
	Name      string // the Dockerfile's file name
	InContext string // its path in the build context; "" when it is elsewhere
	Context   string // the build context's directory
	Ignore    string // the content of the ignore file that goes with the Dockerfile's name; "" for none
	// Given are files that the rewrites of other Dockerfiles bring into the
	// context, by slash-separated path.
	Given  map[string]string
	Result *transform.Result
	// Health is the health check, as in an image's configuration ("CMD-SHELL", …), where something else than the
	// image declares it; nil for the image's own.
	Health []string
	// Dropped are Python distributions, in PEP 503 form, that requirement files no longer ask for: nothing uses them, and
	// what only they required may be gone with them.
	Dropped []string
	// Remake takes the original through the passes again.
	Remake func(Change) (*transform.Result, error)
}

// Change is what building showed should be otherwise.
type Change struct {
	Without []string // passes to leave out
	Add     []Repair // packages that the runtime stage lacks
}

// Options say how to verify.
type Options struct {
	Quick   bool              // use the builder's cache, and measure no times
	Smoke   string            // the user's own smoke test; "" for none
	Scan    string            // the user's scanner; "" for none
	Online  bool              // what is run shares the builder's network
	Args    map[string]string // build arguments
	Secrets []builder.Secret
	Timeout time.Duration    // of each thing that is run in an image
	Show    *builder.Display // the builds' progress; nil for none
	Log     func(format string, a ...any)
}

// verifier verifies one subject with one builder.
type verifier struct {
	*Options
	*Subject
	b       *builder.Builder
	dir     string // for images; removed at the end
	session string // names the caches of cold builds
	out     *Outcome
	before  *side
	again   *smoke.Findings   // of the original, run once more; nil when there was no need
	files   []contextFile     // of the original image; nil until they are known
	result  *transform.Result // of the candidate that was settled on
	layouts int               // how many images were put on disk
}

// Verify builds a subject's original and optimized Dockerfile and compares what
// comes out. The Outcome is never nil; an error of the builder's, or the
// context's end, is in its Error and is returned.
func Verify(ctx context.Context, b *builder.Builder, s *Subject, opt *Options) (out *Outcome, result *transform.Result, err error) {
	err = withVerifier(b, s, opt, func(v *verifier) error {
		out = v.out
		err := v.verify(ctx)
		result = v.result
		return err
	})
	if err != nil {
		if out == nil {
			out = &Outcome{Path: s.Path, Checks: []Check{}}
		}
		out.Error, out.Good = err.Error(), false
	}
	return out, result, err
}

func newVerifier(b *builder.Builder, s *Subject, opt *Options) *verifier {
	return &verifier{
		Options: opt, Subject: s, b: b, session: rand.Text(), result: s.Result,
		out: &Outcome{Path: s.Path, Changed: s.Result.Changed(), Checks: []Check{}},
	}
}

func (v *verifier) log(format string, a ...any) {
	if v.Log != nil {
		v.Log("%s: %s", v.Path, fmt.Sprintf(format, a...))
	}
}

func (v *verifier) verify(ctx context.Context) error {
	if !v.out.Changed {
		v.log("nothing changes, so there is nothing to build")
		v.out.Good = true
		return nil
	}
	if !v.Quick {
		v.fetchBases(ctx)
	}
	if err := v.makeOriginal(ctx); err != nil {
		return err
	}
	after, err := v.settle(ctx)
	if err != nil {
		return err
	}
	return v.conclude(ctx, after)
}

// makeOriginal builds and runs the original, which must be worth a comparison.
func (v *verifier) makeOriginal(ctx context.Context) error {
	v.log("building the original")
	var err error
	v.before, err = v.build(ctx, v.original(), v.cold("before"))
	if builder.IsBuildError(err) {
		v.out.Checks = append(v.out.Checks, failedBuild(err))
		return &OriginalError{fmt.Errorf("the original does not build, so there is nothing to compare with: %w", err)}
	}
	if err != nil {
		return err
	}
	v.out.Before = v.before.image
	if v.files, err = v.applicationFiles(ctx); err != nil {
		return fmt.Errorf("reading the build context: %w", err)
	}
	if err := v.run(ctx, v.before); err != nil {
		return err
	}
	if end := v.before.ran.Smoke; end != nil && (end.Code != 0 || end.Trouble != "") {
		v.out.Checks = append(v.out.Checks, Check{Name: CheckSmoke, Verdict: Fail, Detail: "the command " + end.String(), Log: end.Log})
		return &OriginalError{errors.New("the smoke test fails in the original image, so it can show nothing of the new one")}
	}
	return nil
}

// OriginalError is an original that cannot be compared with.
type OriginalError struct{ Err error }

func (e *OriginalError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OriginalError) Unwrap() error { return e.Err }

// conclude writes down what was reached, and measures it.
func (v *verifier) conclude(ctx context.Context, after *side) error {
	v.result = after.of.result
	v.out.Dockerfile = v.result.After
	v.out.Checks = after.checks
	if after.image == nil {
		return nil
	}
	v.out.After = after.image
	v.out.Good = !after.failed()
	if v.out.Good && !v.Quick {
		if err := v.measure(ctx, after); err != nil {
			return err
		}
	}
	return v.scan(ctx, after)
}

// measure builds again: with nothing cached when the candidate was made anew,
// and after files were touched.
func (v *verifier) measure(ctx context.Context, after *side) error {
	if after.image.ColdBuild == nil {
		v.log("timing a build from nothing")
		req := v.request(after.src, v.cold("again"))
		rep, err := v.b.Build(ctx, req, nil)
		if err != nil {
			return fmt.Errorf("building the optimized Dockerfile again: %w", err)
		}
		after.image.ColdBuild = newBuild(rep)
		after.cache = req.Cold
	}
	return v.rebuilds(ctx, after)
}

// caching is which cache a build uses.
type caching struct{ cold, cached string }

// warm is a build that uses what the first candidate's left.
func (v *verifier) warm() caching {
	if v.Quick {
		return caching{}
	}
	return caching{cached: v.session + "-after"}
}

// cold is a build that nothing helps; where times are of no interest, one that
// uses all there is.
func (v *verifier) cold(name string) caching {
	if v.Quick {
		return caching{}
	}
	return caching{cold: v.session + "-" + name}
}

// original is what the user has.
func (v *verifier) original() builder.Source {
	return builder.Source{Context: v.Context, Name: v.Name, Text: v.Result.Before, Ignore: v.Ignore, Files: map[string]string{}}
}

// candidate is a rewrite that is tried.
type candidate struct {
	result *transform.Result
	change Change // what it was made with
}

// source is what a candidate is built from.
func (v *verifier) source(c *candidate) builder.Source {
	s := v.original()
	s.Text = c.result.After
	maps.Copy(s.Files, v.Given)
	for _, c := range c.result.Companions {
		if v.InContext != "" && c.Path == v.InContext+".dockerignore" {
			s.Ignore = c.Content
			continue
		}
		s.Files[c.Path] = c.Content
	}
	return s
}

func (v *verifier) request(src builder.Source, c caching) *builder.Request {
	return &builder.Request{Source: src, Args: v.Args, Secrets: v.Secrets, Cold: c.cold, Cached: c.cached, Title: v.Path, Show: v.Show}
}

// fetchBases brings the base images to the builder before anything is timed. One
// that cannot be had will be missed by the build, which says it better.
func (v *verifier) fetchBases(ctx context.Context) {
	refs := bases(v.Result.Before, v.Result.After)
	if len(refs) == 0 {
		return
	}
	v.log("fetching base images")
	for _, ref := range refs {
		if err := v.b.Fetch(ctx, []string{ref}, v.Path, v.Show); err != nil {
			v.log("%v", err)
		}
	}
}

// bases are the images that Dockerfiles start or copy from.
func bases(texts ...string) []string {
	var refs []string
	seen := map[string]bool{"": true, "scratch": true}
	for _, text := range texts {
		f, err := transform.Parse("Dockerfile", text, nil)
		if err != nil {
			continue // the build says so
		}
		for _, s := range f.Stages {
			if s.Base.Stage == nil && !seen[s.Base.Ref] {
				seen[s.Base.Ref] = true
				refs = append(refs, s.Base.Ref)
			}
		}
	}
	return refs
}

// layout is a directory for the next image.
func (v *verifier) layout() string {
	v.layouts++
	return filepath.Join(v.dir, fmt.Sprintf("image-%d", v.layouts))
}

// isOwn reports an error that is not the Dockerfile's: the builder's, the
// machine's, or the user's wish to stop.
func isOwn(err error) bool { return err != nil && !builder.IsBuildError(err) }
