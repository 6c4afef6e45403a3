package transform

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// offline answers for every base image with one plausible configuration, so
// that BuildKit's converter needs no registry.
type offline struct{}

// baseConfig is that configuration. It names one layer, or BuildKit would take
// the image for scratch; the digest is that of no bytes.
const baseConfig = `{"architecture":"amd64","os":"linux",` +
	`"config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"]},` +
	`"rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]}}`

// ResolveImageConfig implements llb.ImageMetaResolver.
func (offline) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, "", []byte(baseConfig), nil
}

// convert runs BuildKit's Dockerfile→LLB converter on a text of the file,
// without network.
func convert(text string, args map[string]string) (*dockerfile2llb.Result, error) {
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	return dockerfile2llb.Dockerfile2LLB(context.Background(), []byte(text), dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildArgs: args},
		MetaResolver:   offline{},
		TargetPlatform: &platform,
	})
}

// maxRuns is how many plain RUNs the converter is shown of a result. It looks
// values up along the whole chain of steps, so that its cost grows with their
// square.
const maxRuns = 256

// thinned is the file's text with no more than keep plain RUNs: in shell form,
// without flags and heredocs. Such a RUN leaves no trace in the image
// configuration, and BuildKit's instruction parser has read it.
func (f *File) thinned(keep int) string {
	var b strings.Builder
	b.Grow(len(f.Src))
	from, runs := 0, 0
	for _, in := range f.Instructions {
		if in.Stage == nil || !in.isPlainRun() {
			continue
		}
		if runs++; runs <= keep {
			continue
		}
		b.WriteString(f.Src[from:in.Body.Start])
		from = in.Span.End
	}
	b.WriteString(f.Src[from:])
	return b.String()
}

func (in *Instruction) isPlainRun() bool {
	if in.Keyword != "run" || len(in.Node.Flags) > 0 || len(in.Node.Heredocs) > 0 {
		return false
	}
	_, err := in.Command()
	return err == nil
}

// maxSteps is how many instructions other than plain RUNs a file may have. The
// converter's cost grows with their square, and with the cube where variables
// refer to each other; people write a few hundred.
const maxSteps = 1500

// checkSize reports the instruction with which a file is too long to convert.
func (f *File) checkSize() error {
	n := 0
	for _, in := range f.Instructions {
		if len(f.Instructions) <= maxSteps {
			break
		}
		if in.isPlainRun() {
			continue
		}
		if n++; n > maxSteps {
			err := fmt.Errorf("more than %d instructions besides RUN: too many to work on", maxSteps)
			return &SyntaxError{File: f.Name, Line: in.StartLine, Err: err}
		}
	}
	return nil
}

// badStage is the first stage whose image cannot be read. The converter reads
// them all at once, and reports any one.
func (f *File) badStage() error {
	for _, s := range f.Stages {
		if s.Base.Stage != nil || s.Base.Ref == "" {
			continue
		}
		if _, err := reference.ParseNormalizedNamed(s.Base.Ref); err != nil {
			err = fmt.Errorf("failed to parse stage name %q: %w", s.Base.Ref, err)
			return &SyntaxError{File: f.Name, Line: s.From.StartLine, Err: err}
		}
	}
	return nil
}

// Compile reports whether BuildKit converts the file to LLB, as a *SyntaxError.
func (f *File) Compile() error {
	_, err := convert(f.Src, f.placeholders())
	if err != nil {
		return syntaxError(f.Name, err)
	}
	if f.Final() == nil {
		return &SyntaxError{File: f.Name, Err: errors.New("no FROM: nothing to build")}
	}
	return nil
}

// placeholders gives a value to each ARG before the first FROM that has none: a
// file that needs a --build-arg is still a good file.
func (f *File) placeholders() map[string]string {
	var args map[string]string
	for _, in := range f.Instructions {
		if in.Stage != nil {
			break
		}
		cmd, _ := in.Command()
		c, ok := cmd.(*instructions.ArgCommand)
		if !ok {
			continue
		}
		for _, kv := range c.Args {
			if kv.Value == nil || *kv.Value == "" {
				if args == nil {
					args = map[string]string{}
				}
				args[kv.Key] = "refit"
			}
		}
	}
	return args
}
