package builder

import (
	"context"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// watchEvery is how often a builder is asked whether it still holds a build.
const watchEvery = 2 * time.Second

// watched calls use, and ends its context when the builder goes away: BuildKit's
// client does not tell those who wait for a process.
func (b *Builder) watched(ctx context.Context, c gateway.Client, use func(context.Context) error) error {
	ctx, lose := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.watch(ctx, c, lose)
	}()
	err := use(ctx)
	lose(nil)
	<-done
	return err
}

// watch asks for the build's inputs, of which there are none: the cheapest
// question that a daemon answers only while it holds the build.
func (b *Builder) watch(ctx context.Context, c gateway.Client, lose context.CancelCauseFunc) {
	if _, err := c.Inputs(ctx); err != nil {
		return // an old daemon
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := c.Inputs(ctx); err != nil {
			lose(&GoneError{b.Address, err}) // no matter when the context has ended before
			return
		}
	}
}
