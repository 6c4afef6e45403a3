package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"refit/internal/report"
	"refit/internal/review"
	"refit/internal/verify"
	"refit/passes"
	"refit/transform"
)

const (
	commandReview = "review"
	formatHTML    = "html"
)

// reviewOptions are the flags of refit review and of --format html.
type reviewOptions struct {
	port      int
	noBrowser bool
	results   string // a file that refit verify --format json has printed
	file      string // of --format html: where the page goes
	measured  map[string]*verify.Outcome
}

// notReview are flags that say how to print or write, which the page does.
var notReview = []string{"write", "check", "output", "format", "interactive"}

func (o *reviewOptions) addFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.port, "port", 0, "")
	fs.BoolVar(&o.noBrowser, "no-browser", false, "")
	fs.StringVar(&o.results, "results", "", "")
}

// settleReview checks the flags of refit review and of --format html.
func (o *options) settleReview() error {
	isReview := o.proof.command == commandReview
	if o.given["results"] && !isReview && o.format != formatHTML {
		return usageError("--results goes with refit review and --format html")
	}
	if isReview {
		for _, name := range notReview {
			if o.given[name] {
				return usageError("--" + name + " does not go with refit review, which writes what you apply in the page")
			}
		}
		if slices.Contains(o.paths, "-") {
			return usageError("standard input (-) cannot be reviewed; --format html shows it")
		}
		if o.review.port < 0 || o.review.port > 65535 {
			return usageError(fmt.Sprintf("--port %d: want 1 to 65535, or 0 for any that is free", o.review.port))
		}
	} else if o.format == formatHTML && o.given["output"] {
		o.review.file, o.output = o.output, ""
	}
	if isReview {
		if err := o.settleReviewed(); err != nil {
			return err
		}
	}
	if !o.given["results"] {
		return nil
	}
	var err error
	o.review.measured, err = readResults(o.review.results)
	return err
}

// maxResults is the size up to which what refit verify printed is read.
const maxResults = 64 << 20

// readResults reads what refit verify --format json has printed.
func readResults(path string) (map[string]*verify.Outcome, error) {
	text, _, err := readRegular(path, maxResults)
	if err != nil {
		return nil, &fileError{path, err}
	}
	var doc struct {
		Files []struct {
			verify.Outcome
			DockerfileBase64 []byte `json:"dockerfileBase64"`
		} `json:"files"`
	}
	err = json.Unmarshal([]byte(text), &doc)
	if err == nil && doc.Files == nil {
		err = errors.New("no files")
	}
	if err != nil {
		return nil, &fileError{path, fmt.Errorf("not what refit verify --format json prints: %w", err)}
	}
	results := map[string]*verify.Outcome{}
	for i := range doc.Files {
		f := &doc.Files[i]
		if f.Path == "" || f.Checks == nil {
			return nil, &fileError{path, errors.New("not what refit verify --format json prints")}
		}
		if f.DockerfileBase64 != nil {
			f.Dockerfile = string(f.DockerfileBase64)
		}
		results[filepath.ToSlash(f.Path)] = &f.Outcome
	}
	return results, nil
}

// review serves the page until the user is done with it.
func (a *app) review(stderr *os.File) (int, error) {
	if i := slices.IndexFunc(a.inputs, func(in *input) bool { return !in.isNone() }); i < 0 {
		return 0, a.inputs[0].err
	}
	a.root = reportRoot(a.inputs)
	a.sayNotes()
	if a.opt.proof.verify {
		var err error
		if a.opt.review.measured, err = a.measure(stderr); err != nil {
			return 0, err
		}
	}
	ctx, stop := interruptible()
	defer stop()
	if r := a.opt.resolver; r != nil {
		defer context.AfterFunc(ctx, r.Stop)()
	}
	return exitDone, review.Serve(ctx, &review.Options{
		Engine: newReviewed(a), Passes: passes.All(), Results: a.opt.review.measured, Port: a.opt.review.port,
		Announce: a.announce,
		Applied:  func(paths []string) { a.errs.printf("refit: wrote %s\n", report.Clean(strings.Join(paths, ", "))) },
	})
}

// announce says where the page is, and opens it where there is a display.
func (a *app) announce(url string) {
	files := "files"
	if len(a.inputs) == 1 {
		files = "file"
	}
	a.errs.printf("refit: the review of %d %s is at this address, for one browser; Done in the page or Ctrl-C here ends it\n", len(a.inputs), files)
	_, err := fmt.Fprintln(a.out, url)
	a.check(errors.Join(err, a.out.Flush()))
	if !a.opt.review.noBrowser && hasDisplay(os.Getenv) {
		openBrowser(url)
	}
}

// reviewed is the run as the page needs it.
type reviewed struct {
	app   *app
	files []review.File
}

func newReviewed(a *app) *reviewed {
	r := &reviewed{app: a}
	for _, in := range a.inputs {
		f := review.File{Path: in.path}
		if in.context != nil {
			f.Context = in.context.dir
		}
		if in.settings != nil {
			f.Switches = names(in.settings.switches())
			f.On = slices.DeleteFunc(names(in.settings.passes), func(name string) bool { return !slices.Contains(f.Switches, name) })
		}
		r.files = append(r.files, f)
	}
	return r
}

func names(list []*transform.Pass) []string {
	all := make([]string, len(list))
	for i, p := range list {
		all[i] = p.Name
	}
	return all
}

// switches are the passes that can run for a file: those of other profiles, and the
// one that asks registries without being allowed to, never do anything.
func (s *settings) switches() []*transform.Pass {
	return slices.DeleteFunc(passes.All(), func(p *transform.Pass) bool {
		return len(p.Profiles) > 0 && !slices.Contains(p.Profiles, s.profile) || p.Name == "pin-digest" && s.digests == nil
	})
}

func (r *reviewed) Files() []review.File { return r.files }

func (r *reviewed) Look() review.Look {
	return &look{app: r.app, contexts: map[*sharedContext]*sharedContext{}, made: map[int]*outcome{}}
}

// look takes files of one build context through their passes, one after the other.
type look struct {
	app      *app
	contexts map[*sharedContext]*sharedContext // those of the run, read anew
	made     map[int]*outcome
}

// fresh is a build context as it is now.
func (l *look) fresh(c *sharedContext) *sharedContext {
	if c != nil && l.contexts[c] == nil {
		l.contexts[c] = &sharedContext{dir: c.dir, real: c.real, users: 1}
	}
	return l.contexts[c]
}

func (l *look) Rewrite(i int, passes []string) *report.Entry {
	in := *l.app.inputs[i]
	in.context, in.declared = l.fresh(in.context), slices.Clone(in.declared)
	for i := range in.declared {
		in.declared[i].context = l.fresh(in.declared[i].context)
	}
	if in.settings != nil {
		chosen := *in.settings
		chosen.passes = slices.DeleteFunc(chosen.switches(), func(p *transform.Pass) bool { return !slices.Contains(passes, p.Name) })
		in.settings = &chosen
	}
	oc := l.app.process(&in)
	if oc.err == nil {
		in.context.add(oc.companions)
	}
	l.made[i] = oc
	return oc.entry(l.app.root)
}

func (l *look) Write(i int) error { return l.app.write.rewrite(l.made[i]) }

func (l *look) Close() {
	for _, c := range l.contexts {
		c.done()
	}
}

// htmlPage is the renderer of --format html.
type htmlPage struct {
	*review.Static
	app  *app
	text bytes.Buffer
}

func newHTMLPage(a *app) report.Renderer {
	p := &htmlPage{app: a}
	p.Static = review.NewStatic(&p.text, passes.All(), a.opt.review.measured)
	return p
}

// Close writes the page to the file of --output, or to standard output.
func (p *htmlPage) Close(s *report.Summary) error {
	if err := p.Static.Close(s); err != nil {
		return err
	}
	if file := p.app.opt.review.file; file != "" && file != "-" {
		return p.app.write.output(file, p.text.String())
	}
	_, err := p.text.WriteTo(p.app.out)
	return err
}
