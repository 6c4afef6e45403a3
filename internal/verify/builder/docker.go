package builder

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// dockerAddress stands for the BuildKit inside the Docker engine.
const dockerAddress = "docker"

// engine is a Docker engine. Its API turns a connection over to BuildKit:
// POST /grpc to the controller, POST /session to the session manager.
type engine struct {
	network, address string
	tls              *tls.Config // nil for none
}

func (e *engine) String() string { return e.network + "://" + e.address }

func (e *engine) control(ctx context.Context, _ string) (net.Conn, error) {
	return e.hijack(ctx, "/grpc", "h2c", nil)
}

func (e *engine) session(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
	return e.hijack(ctx, "/session", proto, meta)
}

func (e *engine) dial(ctx context.Context) (net.Conn, error) {
	if e.tls != nil {
		return (&tls.Dialer{Config: e.tls}).DialContext(ctx, e.network, e.address)
	}
	return new(net.Dialer).DialContext(ctx, e.network, e.address)
}

// hijack asks for the connection behind an endpoint of the engine.
func (e *engine) hijack(ctx context.Context, path, proto string, header http.Header) (net.Conn, error) {
	conn, err := e.dial(ctx)
	if err != nil {
		return nil, err
	}
	buffered, err := upgrade(ctx, conn, path, proto, header)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("asking the Docker engine for %s: %w", path, err)
	}
	return &hijacked{conn, buffered}, nil
}

func upgrade(ctx context.Context, conn net.Conn, path, proto string, header http.Header) (*bufio.Reader, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://docker"+path, nil)
	if err != nil {
		return nil, err
	}
	for k, vs := range header {
		req.Header[http.CanonicalHeaderKey(k)] = vs
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", proto)
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, refusal(resp)
	}
	return r, nil
}

// call does a request of the engine's API. Who calls closes the body.
func (e *engine) call(ctx context.Context, method, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, nil)
	if err != nil {
		return nil, err
	}
	once := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return e.dial(ctx) },
	}}
	resp, err := once.Do(req)
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusNotFound:
		return nil, errors.Join(errNotFound, refusal(resp))
	case resp.StatusCode != http.StatusOK:
		return nil, refusal(resp)
	}
	return resp.Body, nil
}

// version is the engine's, or "engine" when it does not tell.
func (e *engine) version(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	v := struct{ Version string }{"engine"}
	if body, err := e.call(ctx, http.MethodGet, "/version"); err == nil {
		defer body.Close()
		_ = json.NewDecoder(body).Decode(&v)
	}
	return v.Version
}

// errNotFound is what the engine does not have.
var errNotFound = errors.New("not found")

// refusal is an answer that is not the one hoped for.
func refusal(resp *http.Response) error {
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
	return fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
}

// hijacked is a connection of which some bytes may have been read ahead.
type hijacked struct {
	net.Conn
	r *bufio.Reader
}

func (c *hijacked) Read(p []byte) (int, error) { return c.r.Read(p) }
