package passes

import (
	"slices"
	"strings"

	"refit/transform"
)

// underUV is the plain Python image under one of uv's own, from which the runtime
// starts when uv stays in the builder: that of the same minor version and
// distribution, on which the environment's interpreter is at the same path. It has no
// tag where the stage starts from another image.
func (sp *split) underUV(img image) (image, *transform.Finding) {
	at := sp.s.From.Body
	plain, ok := img.underUV()
	switch {
	case !ok:
		return image{}, nil
	case img.Digest:
		return image{}, held(at, "other-base", "which build of the Python image is under uv's own, its digest does not say")
	case len(sp.s.Base.Args) > 0:
		return image{}, held(at, "other-base", "which Python image is under uv's own depends on a build argument")
	case strings.Contains(plain.Tag, "alpine"):
		return image{}, held(at, "other-base", "an image of uv that was built earlier may have an older Alpine than the Python image has now")
	case sp.own == nil || sp.own.manager.name != "uv":
		return image{}, held(at, "other-base", "the image is uv's own, but uv does not install: what the runtime needs it for is not known")
	case !slices.ContainsFunc(sp.s.Instructions, func(in *transform.Instruction) bool {
		return in.Keyword == "cmd" || in.Keyword == "entrypoint"
	}):
		return image{}, held(at, "manager-at-run-time", "without a CMD of the stage's own, the container starts uv, as its image says")
	}
	return plain, nil
}
