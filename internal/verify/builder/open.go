package builder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
)

// answerTime is how long a builder may take for its first answer, unless Config
// says otherwise.
const answerTime = 15 * time.Second

// Builder is a BuildKit daemon that answered.
type Builder struct {
	Address string // as it was given; "docker" for the Docker engine's own
	Version string // of BuildKit; "" when it does not tell
	client  *client.Client
}

// Config says where builders are.
type Config struct {
	Addresses []string            // of --builder
	TLSDir    string              // ca.pem, cert.pem and key.pem for tcp addresses; "" for none
	Getenv    func(string) string // the process's environment
	Patience  time.Duration       // how long the first answer may take; 0 is 15 seconds
}

// addresses are the builders to use: those of --builder, else BUILDKIT_HOST's,
// else the Docker engine.
func (c *Config) addresses() []string {
	if len(c.Addresses) > 0 {
		return c.Addresses
	}
	if host := c.Getenv("BUILDKIT_HOST"); host != "" {
		return []string{host}
	}
	return []string{dockerAddress}
}

// Open connects to every configured builder. The error says which one did not
// answer and what can be done.
func Open(ctx context.Context, c *Config) (*Pool, error) {
	p := newPool()
	for _, addr := range c.addresses() {
		b, err := c.open(ctx, addr)
		if err != nil {
			p.Close()
			return nil, err
		}
		p.add(b)
	}
	return p, nil
}

func (c *Config) open(ctx context.Context, addr string) (*Builder, error) {
	opts, err := c.options(addr)
	if err != nil {
		return nil, err
	}
	url := addr
	if addr == dockerAddress {
		url = "" // the dialer knows
	}
	cl, err := client.New(ctx, url, opts...)
	if err != nil {
		return nil, &UnreachableError{addr, err}
	}
	b := &Builder{Address: addr, client: cl}
	if err := b.ask(ctx, cmp.Or(c.Patience, answerTime)); err != nil {
		_ = cl.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &UnreachableError{addr, err}
	}
	return b, nil
}

func (c *Config) options(addr string) ([]client.ClientOpt, error) {
	var opts []client.ClientOpt
	scheme, _, found := strings.Cut(addr, "://")
	switch {
	case addr == dockerAddress:
		engine, err := newEngine(c.Getenv("DOCKER_HOST"))
		if err != nil {
			return nil, err
		}
		return append(opts, client.WithContextDialer(engine.control), client.WithSessionDialer(engine.session)), nil
	case !found:
		return nil, fmt.Errorf("builder %q: want an address such as unix:///run/buildkit/buildkitd.sock or tcp://host:1234", addr)
	case scheme != "unix" && scheme != "tcp":
		return nil, fmt.Errorf("builder %q: %s:// needs another program to connect, which refit does not start: give the daemon's unix:// or tcp:// address", addr, scheme)
	}
	if c.TLSDir != "" && scheme == "tcp" {
		opts = append(opts,
			client.WithServerConfig("", filepath.Join(c.TLSDir, "ca.pem")),
			client.WithCredentials(filepath.Join(c.TLSDir, "cert.pem"), filepath.Join(c.TLSDir, "key.pem")))
	}
	return opts, nil
}

// ask waits for a first answer.
func (b *Builder) ask(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	workers, err := b.client.ListWorkers(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case len(workers) == 0:
		return errors.New("the daemon has no worker")
	}
	if info, err := b.client.Info(ctx); err == nil { // older daemons have no Info
		b.Version = info.BuildkitVersion.Version
	}
	return nil
}

// UnreachableError is a builder that does not answer.
type UnreachableError struct {
	Address string
	Err     error
}

// Error says what to do about it.
func (e *UnreachableError) Error() string {
	if e.Address == dockerAddress {
		return fmt.Sprintf("no builder: neither --builder nor BUILDKIT_HOST is set, and the Docker engine does not answer: %v\n"+
			"start Docker, or a BuildKit daemon (buildkitd) and name it: --builder unix:///run/buildkit/buildkitd.sock", e.Err)
	}
	return fmt.Sprintf("builder %s does not answer: %v\nis buildkitd running there, and may this user open it?", e.Address, e.Err)
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// close ends the connection.
func (b *Builder) close() error {
	if err := b.client.Close(); err != nil {
		return fmt.Errorf("closing the connection to builder %s: %w", b.Address, err)
	}
	return nil
}
