package builder

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// dockerAddress stands for the BuildKit inside the Docker engine.
const dockerAddress = "docker"

// engine is a Docker engine. Its API turns a connection over to BuildKit:
// POST /grpc to the controller, POST /session to the session manager.
type engine struct{ network, address string }

func newEngine(host string) (*engine, error) {
	if host == "" {
		host = "unix:///var/run/docker.sock"
	}
	u, err := url.Parse(host)
	if err != nil {
		return nil, fmt.Errorf("DOCKER_HOST: %w", err)
	}
	switch u.Scheme {
	case "unix":
		return &engine{"unix", u.Path}, nil
	case "tcp":
		return &engine{"tcp", u.Host}, nil
	}
	return nil, fmt.Errorf("DOCKER_HOST %s: only unix:// and tcp:// are reached without another program", host)
}

func (e *engine) control(ctx context.Context, _ string) (net.Conn, error) {
	return e.hijack(ctx, "/grpc", "h2c", nil)
}

func (e *engine) session(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
	return e.hijack(ctx, "/session", proto, meta)
}

// hijack asks for the connection behind an endpoint of the engine.
func (e *engine) hijack(ctx context.Context, path, proto string, header http.Header) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, e.network, e.address)
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
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
		return nil, fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	return r, nil
}

// hijacked is a connection of which some bytes may have been read ahead.
type hijacked struct {
	net.Conn
	r *bufio.Reader
}

func (c *hijacked) Read(p []byte) (int, error) { return c.r.Read(p) }
