package verify

import (
	"context"
	"errors"

	"refit/internal/verify/builder"
	"refit/internal/verify/smoke"
)

// Metadata builds a subject's original, from the builder's cache where it can, and asks its Python for what the
// installed distributions say of themselves.
func Metadata(ctx context.Context, b *builder.Builder, s *Subject, opt *Options) (list []smoke.Installed, err error) {
	err = withVerifier(b, s, opt, func(v *verifier) error {
		original, err := v.build(ctx, v.original(), caching{})
		if err != nil {
			return err
		}
		python, _ := original.content.Python()
		if python == "" {
			return errors.New("the image has no Python")
		}
		plan := &smoke.Plan{Python: python, Home: original.content.Home(original.config.Config.User), Timeout: v.Timeout}
		_, err = v.b.Build(ctx, v.request(original.src, caching{}), func(ctx context.Context, r *builder.Result) error {
			list, err = smoke.Metadata(ctx, r, plan, packageDirs(original.content))
			return err
		})
		return err
	})
	return list, err
}
