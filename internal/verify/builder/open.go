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
	Docker  string // the version of the Docker engine that it is in; "" when it is in none
	client  *client.Client
	store   *engine // that images go through, because BuildKit has no OCI exporter; else nil
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
	if addr == dockerAddress {
		e, err := newEngine(c.Getenv)
		if err != nil {
			return nil, err
		}
		return c.connect(ctx, addr, e, client.WithContextDialer(e.control), client.WithSessionDialer(e.session))
	}
	opts, err := c.options(addr)
	if err != nil {
		return nil, err
	}
	return c.connect(ctx, addr, nil, opts...)
}

// connect waits for the builder's answer. e is the Docker engine that it is in, if
// it is in one.
func (c *Config) connect(ctx context.Context, addr string, e *engine, opts ...client.ClientOpt) (*Builder, error) {
	url := addr
	if e != nil {
		url = "" // the dialer knows
	}
	cl, err := client.New(ctx, url, opts...)
	if err != nil {
		return nil, &UnreachableError{addr, e, err}
	}
	b := &Builder{Address: addr, client: cl}
	workers, err := b.ask(ctx, cmp.Or(c.Patience, answerTime))
	switch {
	case err != nil && ctx.Err() != nil:
		err = context.Cause(ctx)
	case err != nil:
		err = &UnreachableError{addr, e, err}
	}
	if err != nil {
		_ = cl.Close()
		return nil, err
	}
	if e != nil {
		b.Docker = e.version(ctx)
	}
	if !hasExporters(workers) {
		b.store = e
	}
	return b, nil
}

func (c *Config) options(addr string) ([]client.ClientOpt, error) {
	scheme, _, found := strings.Cut(addr, "://")
	switch {
	case !found:
		return nil, fmt.Errorf("builder %q: want an address such as unix:///run/buildkit/buildkitd.sock or tcp://host:1234", addr)
	case scheme != "unix" && scheme != "tcp":
		return nil, fmt.Errorf("builder %q: %s:// needs another program to connect, which refit does not start: give the daemon's unix:// or tcp:// address", addr, scheme)
	}
	if c.TLSDir == "" || scheme != "tcp" {
		return nil, nil
	}
	return []client.ClientOpt{
		client.WithServerConfig("", filepath.Join(c.TLSDir, "ca.pem")),
		client.WithCredentials(filepath.Join(c.TLSDir, "cert.pem"), filepath.Join(c.TLSDir, "key.pem")),
	}, nil
}

// ask waits for a first answer.
func (b *Builder) ask(ctx context.Context, patience time.Duration) ([]*client.WorkerInfo, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	workers, err := b.client.ListWorkers(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case len(workers) == 0:
		return nil, errors.New("the daemon has no worker")
	}
	if info, err := b.client.Info(ctx); err == nil { // older daemons have no Info
		b.Version = info.BuildkitVersion.Version
	}
	return workers, nil
}

// UnreachableError is a builder that does not answer.
type UnreachableError struct {
	Address string
	engine  *engine // nil when it is none
	Err     error
}

// Error says what to do about it.
func (e *UnreachableError) Error() string {
	if e.engine != nil {
		return fmt.Sprintf("no builder: neither --builder nor BUILDKIT_HOST names a daemon, and the Docker engine at %s does not answer: %v; "+
			"start Docker, or a BuildKit daemon (buildkitd) that this user may reach, and name it: --builder unix:///run/buildkit/buildkitd.sock", e.engine, e.Err)
	}
	return fmt.Sprintf("builder %s does not answer: %v; is buildkitd running there, and may this user open it?", e.Address, e.Err)
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
