package passes

import (
	"strings"

	"github.com/distribution/reference"

	"refit/internal/buildctx"
	"refit/internal/facts"
	"refit/transform"
)

// image is an image reference that a stage starts from.
type image struct {
	Name   string // the short name of an official image ("python"), else the full one
	Tag    string // "" when none is written
	Digest bool   // pinned by a digest
	// Official reports an image of Docker Hub's library namespace. One that only its
	// digest names is none: it may be any of the name's variants, Alpine among them.
	Official bool
}

// baseImage reads what a stage starts from. ok is false when it is another
// stage, scratch, or not known because an ARG has no default.
func baseImage(s *transform.Stage) (image, bool) {
	if s == nil || s.Base.Stage != nil || s.Base.Ref == "" || strings.EqualFold(s.Base.Ref, "scratch") {
		return image{}, false
	}
	type parsed struct {
		image
		ok bool
	}
	p := s.From.Memo(imageKey(s.Base.Ref), func() any {
		img, ok := parseImage(s.Base.Ref)
		return parsed{img, ok}
	}).(parsed)
	return p.image, p.ok
}

// An imageKey is the reference that a FROM resolves to, by which what it says is
// remembered.
type imageKey string

func parseImage(ref string) (image, bool) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return image{}, false
	}
	img := image{Name: named.Name()}
	if short, ok := strings.CutPrefix(named.Name(), "docker.io/library/"); ok {
		img.Name, img.Official = short, true
	}
	if t, ok := named.(reference.Tagged); ok {
		img.Tag = t.Tag()
	}
	_, img.Digest = named.(reference.Digested)
	img.Official = img.Official && (img.Tag != "" || !img.Digest)
	return img, true
}

// isPython reports whether the stage starts, through other stages or not, from
// the official Python image.
func isPython(s *transform.Stage) bool {
	img, ok := baseImage(s.Root())
	return ok && img.Official && img.Name == "python"
}

// underUV is the official Python image that one of uv's own images is made from.
func (img image) underUV() (image, bool) {
	if img.Name != uvImage {
		return image{}, false
	}
	tag, ok := facts.UVPythonTag(img.Tag)
	return image{Name: "python", Tag: tag, Digest: img.Digest, Official: true}, ok
}

// isUV reports whether the stage starts, through other stages or not, from one of
// uv's own images that has Python.
func isUV(s *transform.Stage) bool {
	img, ok := baseImage(s.Root())
	_, under := img.underUV()
	return ok && under
}

// pythonUnder is the image that the stage starts from, through other stages or not, and
// the official Python image in place of one of uv's own.
func pythonUnder(s *transform.Stage) (image, bool) {
	img, ok := baseImage(s.Root())
	if plain, under := img.underUV(); under {
		return plain, true
	}
	return img, ok
}

// contextOf is the build context, nil when unknown: every method of a nil
// *buildctx.Context says so.
func contextOf(f *transform.File) *buildctx.Context {
	c, _ := f.Options.Context.(*buildctx.Context)
	return c
}
