// Package registry asks registries which digest a tag stands for.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"refit/transform"
)

// Config says how registries are asked. The zero value asks them as docker pull
// would, with the user's own credentials.
type Config struct {
	Mirrors  map[string]string // by registry ("docker.io"): the host that is asked in its place
	Keychain authn.Keychain    // nil: what docker login and its helpers have stored
	Timeout  time.Duration     // for one reference, with all that is tried again; 0: half a minute
	Backoff  remote.Backoff    // between tries; the zero value: three tries, after one and three seconds
}

// Resolver is a transform.Digests. It asks once for each reference, and a
// registry that fails is asked no more. It is safe for concurrent use.
type Resolver struct {
	ctx     context.Context // until Stop
	stop    context.CancelFunc
	mirrors map[string]string
	timeout time.Duration
	puller  *remote.Puller

	mu     sync.Mutex
	asked  map[string]func() (string, error) // by reference
	failed map[string]error                  // by registry
}

// New makes a Resolver.
func New(cfg *Config) (*Resolver, error) {
	r := &Resolver{
		mirrors: cfg.Mirrors, timeout: cfg.Timeout,
		asked: map[string]func() (string, error){}, failed: map[string]error{},
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	if r.timeout == 0 {
		r.timeout = 30 * time.Second
	}
	keychain := cfg.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	options := []remote.Option{
		remote.WithAuthFromKeychain(keychain), remote.WithTransport(encrypted{remote.DefaultTransport}), remote.WithUserAgent("refit"),
	}
	if cfg.Backoff != (remote.Backoff{}) {
		options = append(options, remote.WithRetryBackoff(cfg.Backoff))
	}
	var err error
	if r.puller, err = remote.NewPuller(options...); err != nil {
		return nil, fmt.Errorf("preparing to ask registries: %w", err)
	}
	return r, nil
}

// Stop ends what is being asked, and asks nothing more.
func (r *Resolver) Stop() { r.stop() }

// Digest returns the digest of what a reference names now: the index where the
// image is built for several platforms, never one platform's manifest.
func (r *Resolver) Digest(ref string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("%s: %w", ref, err)
	}
	full := reference.TagNameOnly(named)
	r.mu.Lock()
	ask := r.asked[full.String()]
	if ask == nil {
		ask = sync.OnceValues(func() (string, error) { return r.ask(full) })
		r.asked[full.String()] = ask
	}
	r.mu.Unlock()
	return ask()
}

// Failures lists what went wrong with whole registries, one for each, in the
// order of their names.
func (r *Resolver) Failures() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []error
	for _, err := range r.failed {
		list = append(list, err)
	}
	slices.SortFunc(list, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return list
}

func (r *Resolver) ask(named reference.Named) (string, error) {
	registry := reference.Domain(named)
	r.mu.Lock()
	err := r.failed[registry]
	r.mu.Unlock()
	if err != nil {
		return "", err
	}
	digest, err := r.head(named, registry)
	if err == nil || errors.Is(err, transform.ErrNoImage) || r.ctx.Err() != nil {
		return digest, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.failed[registry]; first != nil {
		return "", first
	}
	r.failed[registry] = err
	return "", err
}

// head asks without fetching anything: Docker Hub does not count it as a pull.
func (r *Resolver) head(named reference.Named, registry string) (string, error) {
	host, where := registry, registry
	if m := r.mirrors[registry]; m != "" {
		host, where = m, fmt.Sprintf("%s, in place of %s,", m, registry)
	}
	tag := named.(reference.Tagged).Tag()
	ref, err := name.NewTag(host+"/"+reference.Path(named)+":"+tag, name.StrictValidation)
	if err != nil {
		return "", fmt.Errorf("%w of such a name: %w", transform.ErrNoImage, err)
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.timeout)
	defer cancel()
	desc, err := r.puller.Head(ctx, ref)
	if err != nil && !answered(err) {
		if d, err2 := r.puller.Get(ctx, ref); err2 == nil { // a registry whose HEAD lacks the headers
			desc, err = &d.Descriptor, nil
		}
	}
	switch {
	case err != nil:
		return "", explain(err, where, registry)
	case desc.MediaType == types.DockerManifestSchema1 || desc.MediaType == types.DockerManifestSchema1Signed:
		return "", fmt.Errorf("%w that can still be pulled: %s stores it in the first format of manifests, which has been given up", transform.ErrNoImage, where)
	}
	return desc.Digest.String(), nil
}

// answered reports an error that is the registry's answer, or that none came.
func answered(err error) bool {
	var te *transport.Error
	var ne net.Error
	return errors.As(err, &te) || errors.As(err, &ne) || errors.Is(err, context.Canceled) || errors.Is(err, errPlain)
}

// explain makes a sentence that says what to do.
func explain(err error, where, registry string) error {
	var te *transport.Error
	if !errors.As(err, &te) {
		return fmt.Errorf("%s does not answer: %w", where, err)
	}
	switch te.StatusCode {
	case http.StatusNotFound:
		return fmt.Errorf("%w: %s does not have it", transform.ErrNoImage, where)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w that may be seen: %s has no such repository, or wants another login (docker login %s)", transform.ErrNoImage, where, registry)
	case http.StatusTooManyRequests:
		return fmt.Errorf("%s takes no more requests for now (429, too many requests): "+
			"log in (docker login %[2]s), which raises the limit, wait for it to pass, or name a mirror (--registry-mirror %[2]s=HOST)", where, registry)
	}
	return fmt.Errorf("%s does not say: %w", where, err)
}

// errPlain is a request that would go over the network without encryption.
var errPlain = errors.New("it would have to be asked without encryption, which is done on this machine only")

// encrypted lets plain HTTP reach this machine only, wherever a name, a redirect
// or a token server may lead.
type encrypted struct{ inner http.RoundTripper }

func (e encrypted) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !loopback(req.URL.Hostname()) {
		return nil, errPlain
	}
	return e.inner.RoundTrip(req)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
