package transform

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// offline answers for every base image with one plausible configuration, so
// that BuildKit's converter needs no registry.
type offline struct{}

// baseConfig is that configuration. BuildKit adds the PATH that every image has,
// and takes an image without layers for an empty one, which makes no difference
// to the configuration.
const baseConfig = `{"config":{"Cmd":["/bin/sh"]}}`

// ResolveImageConfig implements llb.ImageMetaResolver.
func (offline) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, "", []byte(baseConfig), nil
}

// convert runs BuildKit's Dockerfile→LLB converter on a text of the file,
// without network.
func convert(text string, args map[string]string) (*dockerfile2llb.Result, error) {
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	nothing := llb.Scratch()    // for the build context: what is in it makes no difference
	caps := pb.Caps.CapSet(nil) // nor does what a builder can do, but a mount that can be written to asks
	return dockerfile2llb.Dockerfile2LLB(context.Background(), []byte(text), dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildArgs: args},
		MetaResolver:   offline{},
		TargetPlatform: &platform,
		MainContext:    &nothing,
		LLBCaps:        &caps,
	})
}

// maxRuns is how many plain RUNs the converter is shown of a result. It looks
// values up along the whole chain of steps, so that its cost grows with their
// square.
const maxRuns = 256

// thinned is the file as the converter needs it: each instruction in one line,
// without the comments above it, and no more than keep plain RUNs. Such a RUN
// leaves no trace in the image configuration, and BuildKit's instruction parser
// has read it. The first instruction stays as it is: directives stand above it.
func (f *File) thinned(keep int) string {
	var b strings.Builder
	b.Grow(len(f.Src))
	runs := 0
	for _, in := range f.Instructions {
		if in.Stage != nil && in.isPlainRun() {
			if runs++; runs > keep {
				continue
			}
		}
		switch {
		case in.Index == 0:
			b.WriteString(f.Src[:in.Body.End])
		case in.needsLines():
			b.WriteString(f.Text(in.Body))
		default:
			b.WriteString(in.Node.Original)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// needsLines reports an instruction whose logical line is not read alike when it
// stands in one physical line: it has here-documents, is longer than BuildKit's
// parser takes a line, or ends in the escape character.
func (in *Instruction) needsLines() bool {
	line := strings.TrimRight(in.Node.Original, " \t")
	return len(in.Node.Heredocs) > 0 || len(line) >= bufio.MaxScanTokenSize/2 || strings.HasSuffix(line, string(in.escape))
}

// isPlainRun reports a RUN in shell or exec form without here-documents, whose
// flags are at most mounts of caches.
func (in *Instruction) isPlainRun() bool {
	if in.Keyword != "run" || len(in.Node.Heredocs) > 0 || slices.ContainsFunc(in.Node.Flags, func(flag string) bool { return !plainCache(flag) }) {
		return false
	}
	_, err := in.Command()
	return err == nil
}

// plainCache reports the mount of a cache, in the few words that the converter
// cannot find fault with.
func plainCache(flag string) bool {
	spec, ok := strings.CutPrefix(flag, "--mount=type=cache,")
	if !ok || strings.ContainsAny(spec, "$\"'\\`") {
		return false
	}
	target := false
	for field := range strings.SplitSeq(spec, ",") {
		key, value, _ := strings.Cut(field, "=")
		switch key {
		case "id":
		case "target":
			target = path.IsAbs(value) && path.Clean(value) != "/"
		case "sharing":
			if value != "shared" && value != "locked" && value != "private" {
				return false
			}
		default:
			return false
		}
	}
	return target
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

// earliest is a converter's error, or the first name of an image that cannot be
// read where that stands no later: the converter reads all of them at once, and
// reports any one, now this and now that.
func (f *File) earliest(err error) error {
	found := syntaxError(f.Name, err)
	if bad := f.badImage(); bad != nil && (found.Line == 0 || bad.Line <= found.Line) {
		return bad
	}
	return found
}

func (f *File) badImage() *SyntaxError {
	for _, s := range f.Stages {
		for _, e := range s.Deps {
			name := e.Image
			if e.Kind == EdgeFrom {
				name = s.Base.Ref
			}
			if e.To != nil || name == "" {
				continue
			}
			if _, err := reference.ParseNormalizedNamed(name); err != nil {
				err = fmt.Errorf("failed to parse stage name %q: %w", name, err)
				return &SyntaxError{File: f.Name, Line: e.At.StartLine, Err: err}
			}
		}
	}
	return nil
}

// Compile reports whether BuildKit converts the file to LLB, as a *SyntaxError.
func (f *File) Compile() error {
	_, err := convert(f.Src, f.placeholders())
	if err != nil {
		return f.earliest(err)
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
