package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/internal/lock"
	"refit/internal/wheelask"
	"refit/internal/wheeltable"
	"refit/passes"
	"refit/transform"
)

const wheelsHelp = `refit explain wheels [flags] [PATH...]
                         how each target gets every dependency: from a wheel, as
                         pure Python, or by compiling; and whether the project
                         can go on Alpine

PATH is a Dockerfile, a lock file (uv.lock, poetry.lock, pdm.lock, Pipfile.lock,
pylock.toml, or a requirement file), or a directory, which is searched for both
with those in it. See docs/wheels.md.

      --python VERSION   instead of the base image's, such as 3.12
      --platform P,...   such as linux/amd64 (the default), arm64
      --group NAME       a dependency group too, besides what is needed to run
      --extra NAME       an extra too
      --all              every group and extra
      --format FORMAT    text (the default), json, markdown

      --verify           asks pip, in a build up to the step that installs, where
                         the files cannot tell; answers are kept for a while
      --refresh          does not use answers that were kept
      --builder ADDR, --builder-tls DIR, --build-arg N=V, --secret id=N,src=FILE
                         as for refit verify
  -q, --quiet            no word of what is asked
`

// wheelsOptions is the command line of explain wheels.
type wheelsOptions struct {
	paths     []string
	python    string
	platforms []string
	selection lock.Selection
	format    string
	verify    bool
	refresh   bool
	quiet     bool
	proof     proofOptions // what to build with
}

// explainWheels is "refit explain wheels".
func explainWheels(args []string, stdout, stderr *os.File) error {
	o, err := parseWheels(args)
	if errors.Is(err, pflag.ErrHelp) {
		_, err := io.WriteString(stdout, wheelsHelp)
		return err
	}
	if err != nil {
		return err
	}
	ctx := context.Background()
	if o.verify { // what only reads ends by itself, and at the first signal
		var stop func()
		ctx, stop = interruptible()
		defer stop()
	}
	asking := &asking{o: o, stderr: stderr}
	defer asking.close()
	r := &wheelsRun{o: o, asking: asking, out: bufio.NewWriter(stdout), stderr: stderr, shown: map[shownTable]bool{}}
	for _, path := range o.paths {
		r.path(ctx, path)
		if cause := context.Cause(ctx); cause != nil {
			if !errors.Is(r.err, cause) {
				r.fail(cause)
			}
			break
		}
	}
	return cmp.Or(r.err, r.out.Flush())
}

var renderWheels = map[string]func(io.Writer, *wheeltable.Table) error{
	formatText: wheeltable.Text, formatJSON: wheeltable.JSON, formatMarkdown: wheeltable.Markdown,
}

func parseWheels(args []string) (*wheelsOptions, error) {
	o := &wheelsOptions{}
	fs := pflag.NewFlagSet("refit explain wheels", pflag.ContinueOnError)
	fs.Usage = func() {}
	fs.StringVar(&o.python, "python", "", "")
	fs.StringSliceVar(&o.platforms, "platform", []string{"linux/amd64"}, "")
	fs.StringSliceVar(&o.selection.Groups, "group", nil, "")
	fs.StringSliceVar(&o.selection.Extras, "extra", nil, "")
	fs.BoolVar(&o.selection.All, "all", false, "")
	fs.StringVar(&o.format, "format", formatText, "")
	fs.BoolVar(&o.verify, "verify", false, "")
	fs.BoolVar(&o.refresh, "refresh", false, "")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "")
	fs.StringArrayVar(&o.proof.builders, "builder", nil, "")
	fs.StringVar(&o.proof.tlsDir, "builder-tls", "", "")
	fs.StringArrayVar(&o.proof.buildArgs, "build-arg", nil, "")
	fs.StringArrayVar(&o.proof.secrets, "secret", nil, "")
	if err := fs.Parse(args); err != nil {
		return nil, flagError(err, fs)
	}
	for _, name := range []string{"refresh", "builder", "builder-tls", "build-arg", "secret"} {
		if fs.Changed(name) && !o.verify {
			return nil, usageError("--" + name + " goes with --verify")
		}
	}
	if err := o.proof.checkBuild(); err != nil {
		return nil, err
	}
	for i, extra := range o.selection.Extras {
		o.selection.Extras[i] = facts.NormalizeName(extra)
	}
	o.paths = fs.Args()
	if len(o.paths) == 0 {
		o.paths = []string{"."}
	}
	return o, oneOf("--format", o.format, formatText, formatJSON, formatMarkdown)
}

// project is what a path of explain wheels stands for.
type project struct {
	path       string // as it was named
	dir        string
	ctx        *buildctx.Context
	locks      []string        // in the context
	dockerfile string          // in the context; "" when there is none
	file       *transform.File // the Dockerfile
}

func (p *project) close() { _ = p.ctx.Close() }

// openProject finds the lock file and the Dockerfile that a path stands for.
func openProject(path string) (*project, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, bare(err))
	}
	p := &project{path: path, dir: path}
	if !info.IsDir() {
		p.dir = filepath.Dir(path)
		if base := filepath.Base(path); isDockerfile(base) {
			p.dockerfile = base
		} else {
			p.locks = []string{base}
		}
	}
	if p.ctx, err = buildctx.Open(p.dir); err != nil {
		return nil, err
	}
	if err := p.find(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *project) find() error {
	for _, name := range []string{"Dockerfile", "Containerfile"} {
		if _, err := p.ctx.Stat(name); p.dockerfile == "" && (err == nil || errors.Is(err, buildctx.ErrIgnored)) {
			p.dockerfile = name
		}
	}
	if p.dockerfile != "" {
		src, err := p.ctx.ReadFile(p.dockerfile)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(p.dir, p.dockerfile), err)
		}
		opt := &transform.Options{Dockerfile: p.dockerfile, Context: p.ctx.WithDockerfile(p.dockerfile)}
		if p.file, err = transform.Parse(filepath.Join(p.dir, p.dockerfile), string(src), opt); err != nil {
			return err
		}
	}
	if p.locks == nil && p.file != nil {
		p.locks = passes.Installs(p.file) // what the build really uses
	}
	if p.locks == nil {
		name, err := lock.Find(p.ctx.FS(), ".")
		if err != nil {
			return fmt.Errorf("%s: %w", p.path, lock.ErrNone)
		}
		p.locks = []string{name}
	}
	return nil
}

// isDockerfile also knows names that a search passes by.
func isDockerfile(base string) bool {
	lower := strings.ToLower(base)
	return slices.Contains([]string{"dockerfile", "containerfile"}, lower) || strings.HasPrefix(lower, "dockerfile.") ||
		strings.HasPrefix(lower, "containerfile.") || strings.HasSuffix(lower, ".dockerfile")
}

// bare takes the operation and the path off an error of the file system.
func bare(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// table judges the dependencies of one lock file.
func (p *project) table(ctx context.Context, o *wheelsOptions, asking *asking, name string) (*wheeltable.Table, error) {
	l, err := lock.Read(p.ctx.FS(), name)
	if err != nil {
		return nil, p.inDir(name, err)
	}
	if err := known(l, &o.selection); err != nil {
		return nil, err
	}
	base := p.base()
	python := o.python
	assumed := false
	if python == "" && base != nil {
		python = base.Python
	}
	if python == "" {
		python, assumed = wheeltable.DefaultPython, true
	}
	columns, err := wheeltable.Columns(base, python, o.platforms)
	if err != nil {
		return nil, usageError(err.Error())
	}
	t := wheeltable.Make(l, filepath.Join(p.dir, name), columns, o.selection)
	if assumed {
		t.Notes = append(t.Notes, "no Dockerfile names a Python: "+python+" is assumed, --python says another one")
	}
	if !o.verify {
		return t, nil
	}
	place := wheelask.Plain("python:" + minorOf(python) + "-slim")
	if base != nil && minorOf(base.Python) == minorOf(python) {
		place = cmp.Or(wheelask.PlaceOf(p.file), place)
	}
	return t, asking.ask(ctx, p, l, t, place)
}

// inDir puts the directory before the file name that an error begins with.
func (p *project) inDir(name string, err error) error {
	if rest, ok := strings.CutPrefix(err.Error(), name+":"); ok {
		return fmt.Errorf("%s:%s", filepath.Join(p.dir, name), rest)
	}
	return err
}

// known refuses a group or an extra that the lock file does not have.
func known(l *lock.Lock, sel *lock.Selection) error {
	for _, g := range sel.Groups {
		if groups := l.Groups(); !slices.Contains(groups, g) {
			if len(groups) == 0 {
				return usageError(fmt.Sprintf("--group %s: %s has no groups", g, l.File))
			}
			return oneOf("--group", g, groups...)
		}
	}
	extras, told := l.Extras()
	for _, x := range sel.Extras {
		switch {
		case !told || slices.Contains(extras, x):
		case len(extras) == 0:
			return usageError(fmt.Sprintf("--extra %s: %s has no extras", x, l.File))
		default:
			return oneOf("--extra", x, extras...)
		}
	}
	return nil
}

// base is the base image of the project: that of the last stage, or of the stage
// nearest to it whose base says which Python it has.
func (p *project) base() *wheeltable.Base {
	if p.file == nil {
		return nil
	}
	for _, s := range slices.Backward(p.file.Stages) {
		ref := s.Root().Base.Ref
		if ref == "" {
			continue
		}
		if b := wheeltable.ReadBase(ref); b.Python != "" {
			return &b
		}
	}
	return nil
}
