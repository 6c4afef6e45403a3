package verify

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"refit/internal/verify/builder"
	"refit/internal/verify/image"
	"refit/internal/verify/smoke"
)

// side is one of the two builds, with what is known of its image.
type side struct {
	of      *candidate // nil for the original
	src     builder.Source
	cache   string // the name of the cache that it left
	layout  string // its image on disk; "" when that is gone
	config  dockerspec.DockerOCIImage
	content *image.Image
	ran     *smoke.Findings
	image   *Image // nil when it does not build
	checks  []Check
}

// failed reports whether a check failed.
func (s *side) failed() bool { return s.firstFailure() != nil }

func (s *side) firstFailure() *Check {
	for i := range s.checks {
		if s.checks[i].Verdict == Fail {
			return &s.checks[i]
		}
	}
	return nil
}

// make builds a source, looks into the image, and runs it.
func (v *verifier) make(ctx context.Context, src builder.Source, c caching) (*side, error) {
	s, err := v.build(ctx, src, c)
	if err != nil {
		return s, err
	}
	return s, v.run(ctx, s)
}

// run runs an image and notes what it did.
func (v *verifier) run(ctx context.Context, s *side) error {
	var err error
	if s.ran, err = v.try(ctx, s); err != nil {
		return fmt.Errorf("running the image: %w", err)
	}
	if s.ran.Stop != nil {
		took := seconds(*s.ran.Stop)
		s.image.StopSeconds = &took
	}
	return nil
}

// build builds a source and looks into the image.
func (v *verifier) build(ctx context.Context, src builder.Source, c caching) (*side, error) {
	s := &side{src: src, cache: c.cold + c.cached, layout: v.layout()}
	req := v.request(src, c)
	req.Layout = s.layout
	rep, err := v.b.Build(ctx, req, func(_ context.Context, r *builder.Result) error {
		s.config = r.Config
		return nil
	})
	if err != nil {
		return s, err
	}
	if s.content, err = image.Open(ctx, s.layout, v.dir); err != nil {
		return s, err // which says what was read
	}
	if v.Scan == "" {
		if err := os.RemoveAll(s.layout); err != nil {
			return s, fmt.Errorf("removing an image: %w", err)
		}
		s.layout = ""
	}
	s.image = describe(s.content, s.config.Config.User)
	if c.cold != "" {
		s.image.ColdBuild = newBuild(rep)
	}
	return s, nil
}

// describe is what an image's figures are.
func describe(img *image.Image, user string) *Image {
	return &Image{
		Compressed: img.Compressed, Unpacked: img.Unpacked, Layers: img.Layers,
		Packages: len(img.Packages()), Distributions: len(installed(img)),
		Setuid: img.Setuid(), Shell: img.Shell(), Compiler: img.Compiler(), User: user,
	}
}

// try runs the image. The result is built once more, from cache, because what
// is run depends on what is in it.
func (v *verifier) try(ctx context.Context, s *side) (*smoke.Findings, error) {
	v.log("running the image")
	python, _ := s.content.Python()
	plan := &smoke.Plan{
		Python: python, Home: s.content.Home(s.config.Config.User), Dir: cmp.Or(s.config.Config.WorkingDir, "/"),
		Command: v.Smoke, Health: v.Health, Timeout: v.Timeout, Online: v.Online,
	}
	plan.Modules = smoke.Modules(v.inImage(), plan.Dir)
	req := v.request(s.src, caching{cached: s.cache})
	var found *smoke.Findings
	_, err := v.b.Build(ctx, req, func(ctx context.Context, r *builder.Result) error {
		var err error
		found, err = smoke.Run(ctx, r, plan)
		return err
	})
	return found, err
}

// distribution is an installed Python distribution as it is compared.
type distribution struct{ name, version string }

// installers are distributions that a new stage has in other versions, and that
// applications do not import.
var installers = []string{"pip", "setuptools", "wheel"}

// installed lists the Python distributions that the image's interpreter is for.
// Those of the system's own Python, when there is another one, are the system's.
func installed(img *image.Image) map[distribution]bool {
	python, _ := img.Python()
	set := map[distribution]bool{}
	for _, d := range img.Distributions() {
		if strings.HasPrefix(d.Dir, "/usr/lib/") && !strings.HasPrefix(python, "/usr/bin/") || slices.Contains(installers, d.Name) {
			continue
		}
		set[distribution{d.Name, d.Version}] = true
	}
	return set
}

// managers install a project's dependencies while an image is built. Once the start command does not go through them,
// the image does not need them, nor their plugins and what both require.
var managers = []string{"poetry", "uv", "pipenv", "pdm"}

// stayed are the managers, and their plugins, that one image has and the other has not: they stayed in a builder stage.
func stayed(before, after map[distribution]bool) []string {
	has := func(set map[distribution]bool, name string) bool {
		for d := range set {
			if d.name == name {
				return true
			}
		}
		return false
	}
	var gone []string
	for _, m := range managers {
		if !has(before, m) || has(after, m) {
			continue
		}
		for d := range before {
			if d.name == m || strings.HasPrefix(d.name, m+"-plugin-") {
				gone = append(gone, d.name)
			}
		}
	}
	return gone
}

// goes are the distributions that may be gone where some are no longer asked for: these, and what they require.
func goes(img *image.Image, dropped []string) map[string]bool {
	may := map[string]bool{}
	if len(dropped) == 0 {
		return may
	}
	requires := map[string][]string{}
	for _, d := range img.Distributions() {
		requires[d.Name] = append(requires[d.Name], d.Requires...)
	}
	for queue := dropped; len(queue) > 0; queue = queue[1:] {
		if name := queue[0]; !may[name] {
			may[name] = true
			queue = append(queue, requires[name]...)
		}
	}
	return may
}

// packageDirs are the directories that Python distributions are in, those of
// the system's own Python left out when there is another one.
func packageDirs(img *image.Image) []string {
	python, _ := img.Python()
	var dirs []string
	for _, d := range img.Distributions() {
		if strings.HasPrefix(d.Dir, "/usr/lib/") && !strings.HasPrefix(python, "/usr/bin/") || slices.Contains(dirs, d.Dir) {
			continue
		}
		dirs = append(dirs, d.Dir)
	}
	return dirs
}

// newBuild is a build as it is reported.
func newBuild(rep *builder.Report) *Build {
	b := &Build{Seconds: seconds(rep.Duration), Ran: []string{}}
	for _, s := range rep.Steps {
		if s.Cached {
			b.Cached++
		} else {
			b.Ran = append(b.Ran, s.Name)
		}
	}
	return b
}

// seconds is a duration as figures are kept.
func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
