package smoke

import (
	"cmp"
	"context"
	"slices"
	"time"

	"refit/internal/verify/builder"
)

// defaultTimeout is how long a run may take, unless Plan says otherwise.
const defaultTimeout = 60 * time.Second

// Plan is what to try. The same is tried on both images; only where Python and
// the user's home are may differ.
type Plan struct {
	Python  string        // the interpreter's path in the image; "" for none
	Home    string        // the declared user's home directory; "" when it has none
	Modules []string      // the application's top-level modules
	Dir     string        // where they are imported from; "" for the working directory
	Command string        // the user's own command; "" for none
	Health  []string      // the health check, as in an image's configuration; nil for the image's own
	Timeout time.Duration // of each run; 0 is 60 seconds
	Online  bool          // containers share the builder's network; else they have a loopback interface only
}

// Findings is what one image did.
type Findings struct {
	Imports  *Imports       // never nil
	Gunicorn *Ending        // of the command with --check-config; nil when it does not start gunicorn
	Server   *Server        // never nil
	Command  *Ending        // of the image's command where no port can be asked; it is left alone for a while. Else nil
	Health   *Ending        // of the last try of the image's health check; nil when it has none
	Smoke    *Ending        // of the user's own command; nil when there is none
	Stop     *time.Duration // from SIGTERM to the end of the command; nil when it was not tried or had to be killed
	// MissingLibraries are the shared libraries that something could not load.
	MissingLibraries []string
}

// Run tries the plan on an image. What fails in the image is a finding; the error
// is the builder's own, or the context's cause.
func Run(ctx context.Context, r *builder.Result, p *Plan) (*Findings, error) {
	plan := *p
	plan.Timeout = cmp.Or(p.Timeout, defaultTimeout)
	run := &runner{r, &plan}
	f := &Findings{}
	for _, step := range []func(context.Context, *Findings) error{run.imports, run.gunicorn, run.serve, run.alone, run.smoke} {
		if err := step(ctx, f); err != nil {
			return nil, err
		}
	}
	if f.Health == nil && run.healthcheck() != nil {
		f.Health = &Ending{Trouble: f.unchecked()}
	}
	f.MissingLibraries = missingLibraries(f.logs())
	return f, nil
}

// unchecked says why the health check was not run.
func (f *Findings) unchecked() string {
	const ended = "the command ended before its health could be checked"
	if f.Command != nil {
		return ended
	}
	return cmp.Or(f.Server.Trouble, ended)
}

// logs are all lines that something printed.
func (f *Findings) logs() []string {
	var lines []string
	for _, m := range f.Imports.Modules {
		lines = append(append(lines, m.Message), m.Trace...)
	}
	for _, e := range []*Ending{f.Gunicorn, f.Command, f.Health, f.Smoke} {
		if e != nil {
			lines = append(lines, e.Log...)
		}
	}
	return slices.Concat(lines, f.Server.Log)
}
