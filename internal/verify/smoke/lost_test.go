package smoke_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"refit/internal/verify/builder"
	"refit/internal/verify/smoke"
)

// A builder that is lost while something runs is no finding of the image's.
func TestBuilderLost(t *testing.T) {
	before := runtime.NumGoroutine()
	address, ok := strings.CutPrefix(os.Getenv("BUILDKIT_HOST"), "unix://")
	if !ok {
		t.Skip("BUILDKIT_HOST is not set to a socket: no builder to test with")
	}
	cut := between(t, address)
	pool, err := builder.Open(t.Context(), &builder.Config{Addresses: []string{cut.address}})
	if err != nil {
		t.Fatal(err)
	}
	req := &builder.Request{Source: builder.Source{Name: "Dockerfile", Text: slim + "ENV A=1\n"}}
	start := time.Now()
	_, err = pool.Builders()[0].Build(t.Context(), req, func(ctx context.Context, r *builder.Result) error {
		time.AfterFunc(2*time.Second, cut.all)
		_, err := smoke.Run(ctx, r, &smoke.Plan{Python: python, Command: "sleep 600"})
		if err == nil {
			t.Error("the loss was taken for a finding")
		}
		return err
	})
	var gone *builder.GoneError
	if !errors.As(err, &gone) || time.Since(start) > 30*time.Second {
		t.Errorf("after %s: %v, want a GoneError", time.Since(start), err)
	}
	_ = pool.Close()
	cut.all()
	noneLeft(t, before)
}

// relay stands between a builder and its client.
type relay struct {
	address  string
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
}

// all ends every connection.
func (r *relay) all() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
}

func between(t *testing.T, to string) *relay {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{address: "unix://" + socket, listener: listener}
	t.Cleanup(r.all)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", to)
			if err != nil {
				_ = client.Close()
				return
			}
			r.mu.Lock()
			r.conns = append(r.conns, client, server)
			r.mu.Unlock()
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
			go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
		}
	}()
	return r
}
