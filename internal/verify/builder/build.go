package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"google.golang.org/grpc/codes"
)

// Request is a build.
type Request struct {
	Source  Source
	Args    map[string]string // build arguments
	Secrets []Secret          // for RUN --mount=type=secret
	Target  string            // a stage; "" for the last one
	// Cold names a cache of its own: nothing of earlier builds is used, and cache
	// mounts start empty. Later builds with Cached set to the same name use what
	// this one left.
	Cold   string
	Cached string
	Layout string   // where the image is put, as an OCI layout; "" for nowhere
	Title  string   // what Display calls the build
	Show   *Display // where progress goes; nil for nowhere
}

// Report is how a build went.
type Report struct {
	Duration time.Duration // of the build; without the export
	Steps    []Step        // the instructions' steps, in the order in which BuildKit took them up
}

// Build builds, calls use, if there is one, while the result is at hand, and then
// exports. The error is a *BuildError when the Dockerfile's build failed, a
// *GoneError when the builder did, and the context's cause when that ended.
func (b *Builder) Build(ctx context.Context, req *Request, use func(context.Context, *Result) error) (*Report, error) {
	mounts, trouble, err := req.Source.mounts()
	if err != nil {
		return nil, err
	}
	attached, err := req.attachables()
	if err != nil {
		return nil, err
	}
	opt := client.SolveOpt{LocalMounts: mounts, FrontendAttrs: req.attributes(), Session: attached}
	stored := b.export(&opt, req.Layout)
	rep := &Report{}
	built := false
	steps, err := b.run(ctx, opt, MaskOf(req.Args), req.Title, req.Show, func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		start := time.Now()
		res, err := c.Solve(ctx, gateway.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: req.attributes(), Evaluate: true})
		if err == nil {
			err = evaluate(ctx, c, res)
		}
		rep.Duration = time.Since(start)
		if err != nil {
			return nil, err
		}
		built = true
		if use != nil {
			if err := b.use(ctx, c, res, use); err != nil {
				return nil, err
			}
		}
		return res, stored.mark(res)
	})
	err = stored.finish(ctx, err, req.Layout)
	rep.Steps = steps.list()
	if unread := trouble.get(); unread != nil && context.Cause(ctx) == nil {
		return rep, unread // BuildKit takes a file that cannot be read for an empty one
	}
	name := req.Source.Name
	if built {
		name = "" // what failed is no longer the Dockerfile's
	}
	return rep, b.explain(ctx, err, name, steps)
}

// evaluate has a daemon build now that would do so later: BuildKit 0.8 (Docker
// 20.10) says that Solve can do it, and Solve does not.
func evaluate(ctx context.Context, c gateway.Client, res *gateway.Result) error {
	caps := c.BuildOpts().Caps
	if caps.Supports(gatewayapi.CapGatewayEvaluate) == nil {
		return nil
	}
	return res.EachRef(func(ref gateway.Reference) error {
		_, err := ref.StatFile(ctx, gateway.StatRequest{Path: "/"})
		return err
	})
}

// use calls the caller's function with the result.
func (b *Builder) use(ctx context.Context, c gateway.Client, res *gateway.Result, use func(context.Context, *Result) error) error {
	result, err := newResult(c, res)
	if err != nil {
		return err
	}
	err = b.watched(ctx, c, func(ctx context.Context) error { return use(ctx, result) })
	if err != nil {
		return &useError{err}
	}
	return nil
}

// export has a build put its image into a layout, through the engine's image
// store where there is no other way.
func (b *Builder) export(opt *client.SolveOpt, layout string) *storedImage {
	if layout == "" {
		return nil
	}
	if b.store != nil {
		stored := newStoredImage(b.store)
		opt.Exports = []client.ExportEntry{{Type: "moby", Attrs: map[string]string{"name": stored.name}}}
		return stored
	}
	opt.Exports = []client.ExportEntry{{
		Type:      client.ExporterOCI,
		Attrs:     map[string]string{"tar": "false", "name": "refit"},
		OutputDir: layout,
	}}
	return nil
}

// attributes are the frontend's options.
func (r *Request) attributes() map[string]string {
	attrs := map[string]string{"filename": r.Source.Name}
	for k, v := range r.Args {
		attrs["build-arg:"+k] = v
	}
	if r.Target != "" {
		attrs["target"] = r.Target
	}
	space := r.Cached
	if r.Cold != "" {
		space = r.Cold
		attrs["no-cache"] = ""
	}
	if space != "" {
		attrs["build-arg:BUILDKIT_CACHE_MOUNT_NS"] = space
	}
	return attrs
}

// Fetch brings base images to the builder, so that no build's time has them in it.
func (b *Builder) Fetch(ctx context.Context, refs []string, title string, show *Display) error {
	_, err := b.run(ctx, client.SolveOpt{Session: credentials()}, Mask{}, title, show, func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		for _, ref := range refs {
			if err := fetch(ctx, c, ref); err != nil {
				return nil, fmt.Errorf("fetching %s: %w", ref, err)
			}
		}
		return gateway.NewResult(), nil
	})
	return b.explain(ctx, err, "", nil)
}

func fetch(ctx context.Context, c gateway.Client, ref string) error {
	def, err := llb.Image(ref).Marshal(ctx)
	if err != nil {
		return err
	}
	res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return err
	}
	r, err := res.SingleRef()
	if err != nil {
		return err
	}
	_, err = r.StatFile(ctx, gateway.StatRequest{Path: "/"}) // unpacks
	return err
}

// run has the daemon do fn and follows its progress.
func (b *Builder) run(ctx context.Context, opt client.SolveOpt, mask Mask, title string, show *Display, fn gateway.BuildFunc) (*steps, error) {
	status := make(chan *client.SolveStatus)
	seen := newSteps()
	seen.mask = mask
	done := make(chan struct{})
	go func() {
		defer close(done)
		seen.follow(status, show.start(title))
	}()
	opt.FrontendAttrs = maps.Clone(opt.FrontendAttrs)
	_, err := b.client.Build(ctx, opt, "refit", fn, status)
	<-done
	return seen, err
}

// attachables are what the daemon may ask for during a build.
func (r *Request) attachables() ([]session.Attachable, error) {
	attached := credentials()
	if len(r.Secrets) == 0 {
		return attached, nil
	}
	var sources []secretsprovider.Source
	for _, s := range r.Secrets {
		sources = append(sources, secretsprovider.Source{ID: s.ID, FilePath: s.File, Env: s.Env})
	}
	store, err := secretsprovider.NewStore(sources)
	if err != nil {
		return nil, fmt.Errorf("secrets of the build: %w", err)
	}
	return append(attached, secretsprovider.NewSecretProvider(store)), nil
}

// Secret is what RUN --mount=type=secret,id=ID reads: a file, or a variable of
// this process. With neither, ID is the variable's name, or the file's.
type Secret struct{ ID, File, Env string }

// credentials are those of the user's Docker configuration.
func credentials() []session.Attachable {
	file := config.LoadDefaultConfigFile(io.Discard)
	return []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(file),
	})}
}

// useError is an error of the caller's own function.
type useError struct{ err error }

func (e *useError) Error() string { return e.err.Error() }

// explain finds out what an error means to the caller.
func (b *Builder) explain(ctx context.Context, err error, name string, seen *steps) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var ue *useError
	used := errors.As(err, &ue)
	if used {
		err = ue.err
	}
	var gone *GoneError
	if grpcerrors.Code(err) == codes.Unavailable && !errors.As(err, &gone) {
		return &GoneError{b.Address, err}
	}
	if used {
		return err
	}
	if name == "" {
		return errors.New(seen.hide(cause(err)))
	}
	e := &BuildError{Name: name, Err: err, message: seen.hide(cause(err))}
	if sources := errdefs.Sources(err); len(sources) > 0 {
		if ranges := sources[0].Ranges; len(ranges) > 0 {
			e.Line = int(ranges[0].Start.Line)
		}
	}
	e.Step, e.Log = seen.failed()
	return e
}

// BuildError is a Dockerfile that does not build.
type BuildError struct {
	Name string   // of the Dockerfile
	Line int      // of the instruction, 1-based; 0 when unknown
	Step string   // as BuildKit names it; "" when it is not a step that failed
	Log  []string // the end of what the step printed
	Err  error

	message string // of Err, with nothing that is not to be shown
}

func (e *BuildError) Error() string {
	at := e.Name
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.Name, e.Line)
	}
	if e.Step != "" {
		return fmt.Sprintf("%s: %s: %s", at, e.Step, e.said())
	}
	return fmt.Sprintf("%s: %s", at, e.said())
}

func (e *BuildError) said() string {
	if e.message != "" {
		return e.message
	}
	return cause(e.Err)
}

// Unwrap returns BuildKit's error.
func (e *BuildError) Unwrap() error { return e.Err }

// GoneError is a builder that ended or was lost while it worked.
type GoneError struct {
	Address string
	Err     error
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("builder %s went away: %v", e.Address, e.Err)
}

// Unwrap returns the cause.
func (e *GoneError) Unwrap() error { return e.Err }

// configOf is the image configuration of a result.
func configOf(res *gateway.Result) (dockerspec.DockerOCIImage, error) {
	var img dockerspec.DockerOCIImage
	text, ok := res.Metadata[exptypes.ExporterImageConfigKey]
	if !ok {
		return img, errors.New("the build made no image")
	}
	if err := json.Unmarshal(text, &img); err != nil {
		return img, fmt.Errorf("reading the image configuration: %w", err)
	}
	return img, nil
}
