package registry

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	served "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"refit/transform"
)

// server is a registry that counts what it is asked for, and may refuse.
type server struct {
	*httptest.Server
	host   string
	refuse func(w http.ResponseWriter, req *http.Request) bool

	mu    sync.Mutex
	heads map[string]int // by path
}

func serve(t *testing.T) *server {
	t.Helper()
	s := &server{heads: map[string]int{}}
	reg := served.New(served.Logger(log.New(io.Discard, "", 0)))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(req.URL.Path, "/manifests/") {
			s.mu.Lock()
			s.heads[req.Method+" "+req.URL.Path]++
			s.mu.Unlock()
		}
		if s.refuse == nil || !s.refuse(w, req) {
			reg.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(s.Close)
	s.host = strings.TrimPrefix(s.URL, "http://")
	return s
}

// push stores an index of two platforms, or an image of one.
func (s *server) push(t *testing.T, ref string, platforms int) string {
	t.Helper()
	tag, err := name.NewTag(s.host + "/" + ref)
	if err != nil {
		t.Fatal(err)
	}
	var digest v1.Hash
	if platforms == 1 {
		img, err := random.Image(64, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(tag, img); err != nil {
			t.Fatal(err)
		}
		digest, err = img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return digest.String()
	}
	index, err := random.Index(64, 1, int64(platforms))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		t.Fatal(err)
	}
	if digest, err = index.Digest(); err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// asked is how often manifests were asked for since the last call.
func (s *server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, times := range s.heads {
		n += times
	}
	clear(s.heads)
	return n
}

func resolver(t *testing.T, cfg *Config) *Resolver {
	t.Helper()
	cfg.Backoff = remote.Backoff{Duration: time.Millisecond, Factor: 1, Steps: 3}
	if cfg.Keychain == nil {
		cfg.Keychain = authn.NewMultiKeychain()
	}
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

func TestDigest(t *testing.T) {
	s := serve(t)
	index := s.push(t, "library/python:3.12-slim", 2)
	single := s.push(t, "team/app:latest", 1)
	s.asked()
	r := resolver(t, &Config{Mirrors: map[string]string{"docker.io": s.host}})
	for ref, want := range map[string]string{
		"python:3.12-slim":                   index, // by way of the mirror
		"docker.io/library/python:3.12-slim": index,
		"index.docker.io/python:3.12-slim":   index,
		s.host + "/team/app":                 single,
		s.host + "/team/app:latest":          single,
	} {
		if got, err := r.Digest(ref); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", ref, got, err, want)
		}
	}
	if n := s.asked(); n != 2 {
		t.Errorf("asked %d times for two references", n)
	}
	if f := r.Failures(); f != nil {
		t.Errorf("failures: %v", f)
	}
}

// Many files name the same images at the same time.
func TestAsksOnce(t *testing.T) {
	s := serve(t)
	want := s.push(t, "library/python:3.12", 2)
	s.asked()
	r := resolver(t, &Config{Mirrors: map[string]string{"docker.io": s.host}})
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if got, err := r.Digest("python:3.12"); err != nil || got != want {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
	wg.Wait()
	if n := s.asked(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestNoImage(t *testing.T) {
	s := serve(t)
	s.push(t, "team/app:1", 1)
	r := resolver(t, &Config{})
	for _, ref := range []string{s.host + "/team/app:2", s.host + "/team/none:1"} {
		if _, err := r.Digest(ref); !errors.Is(err, transform.ErrNoImage) || !strings.Contains(err.Error(), s.host) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if _, err := r.Digest("UPPER/x:1"); err == nil {
		t.Error("a reference that is none has a digest")
	}
	if f := r.Failures(); f != nil {
		t.Errorf("a missing tag is no failure of the registry: %v", f)
	}
}

// What passes is tried again; what does not, or a limit, closes the registry for
// the rest of the run.
func TestFailures(t *testing.T) {
	s := serve(t)
	want := s.push(t, "team/app:1", 2)
	s.asked()
	left := 2
	s.refuse = func(w http.ResponseWriter, req *http.Request) bool {
		if left--; left < 0 {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	if got, err := resolver(t, &Config{}).Digest(s.host + "/team/app:1"); err != nil || got != want {
		t.Errorf("after two failures: %s, %v", got, err)
	}
	for status, says := range map[int]string{
		http.StatusTooManyRequests:    "docker login " + s.host,
		http.StatusServiceUnavailable: "503",
	} {
		s.refuse = func(w http.ResponseWriter, req *http.Request) bool {
			if strings.Contains(req.URL.Path, "/manifests/") {
				w.WriteHeader(status)
				return true
			}
			return false
		}
		s.asked()
		r := resolver(t, &Config{})
		for i := range 50 {
			_, err := r.Digest(fmt.Sprintf("%s/team/app:%d", s.host, i))
			if err == nil || errors.Is(err, transform.ErrNoImage) || !strings.Contains(err.Error(), says) {
				t.Errorf("status %d: %v, want %q", status, err, says)
			}
		}
		if n := s.asked(); n > 3 {
			t.Errorf("status %d: asked %d times", status, n)
		}
		if f := r.Failures(); len(f) != 1 || !strings.Contains(f[0].Error(), says) {
			t.Errorf("status %d: failures %v", status, f)
		}
	}
}

// keys are credentials for one host.
type keys struct{ host, user, password string }

func (k keys) Resolve(target authn.Resource) (authn.Authenticator, error) {
	if target.RegistryStr() != k.host {
		return authn.Anonymous, nil
	}
	return &authn.Basic{Username: k.user, Password: k.password}, nil
}

func TestCredentials(t *testing.T) {
	s := serve(t)
	want := s.push(t, "team/app:1", 1)
	auth := "Basic " + base64.StdEncoding.EncodeToString([]byte("me:secret"))
	s.refuse = func(w http.ResponseWriter, req *http.Request) bool {
		if req.Header.Get("Authorization") == auth {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	ref := s.host + "/team/app:1"
	if got, err := resolver(t, &Config{Keychain: keys{s.host, "me", "secret"}}).Digest(ref); err != nil || got != want {
		t.Errorf("with a login: %s, %v", got, err)
	}
	_, err := resolver(t, &Config{}).Digest(ref)
	if !errors.Is(err, transform.ErrNoImage) || !strings.Contains(err.Error(), "docker login "+s.host) || strings.Contains(err.Error(), "secret") {
		t.Errorf("without a login: %v", err)
	}
}

// A name, a redirect or a token server may ask for plain HTTP; only this machine
// gets it.
func TestPlainHTTPStaysHere(t *testing.T) {
	s := serve(t)
	s.refuse = func(w http.ResponseWriter, req *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://tokens.example/token",service="s"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	for _, ref := range []string{"registry.local/app:1", "192.168.254.1:5000/app:1", s.host + "/team/app:1"} {
		began := time.Now()
		_, err := resolver(t, &Config{Timeout: 5 * time.Second}).Digest(ref)
		if err == nil {
			t.Errorf("%s: no error", ref)
		}
		if time.Since(began) > 10*time.Second {
			t.Errorf("%s took %v", ref, time.Since(began))
		}
	}
	for url, want := range map[string]bool{
		"http://127.0.0.1:5000/": true, "http://[::1]:5000/": true, "http://localhost/": true,
		"http://10.0.0.1/": false, "http://registry.local/": false, "http://localhost.example/": false, "https://example.com/": true,
	} {
		req, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = encrypted{nothing{}}.RoundTrip(req)
		if got := !errors.Is(err, errPlain); got != want {
			t.Errorf("%s: let through: %v, want %v", url, got, want)
		}
	}
}

type nothing struct{}

func (nothing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("nothing") }

func TestStopAndTimeout(t *testing.T) {
	s := serve(t)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	s.refuse = func(w http.ResponseWriter, req *http.Request) bool {
		select {
		case <-hang:
		case <-req.Context().Done():
		}
		return true
	}
	r := resolver(t, &Config{Timeout: 50 * time.Millisecond})
	if _, err := r.Digest(s.host + "/app:1"); err == nil || len(r.Failures()) != 1 {
		t.Errorf("a registry that hangs: %v, failures %v", err, r.Failures())
	}
	r = resolver(t, &Config{Timeout: time.Hour})
	time.AfterFunc(50*time.Millisecond, r.Stop)
	began := time.Now()
	if _, err := r.Digest(s.host + "/app:1"); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("stopped: %v after %v", err, time.Since(began))
	}
	if f := r.Failures(); f != nil {
		t.Errorf("stopping is no failure of the registry: %v", f)
	}
}
