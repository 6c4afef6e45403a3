package builder

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func env(vars map[string]string) func(string) string {
	return func(k string) string { return vars[k] }
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// contextFiles are where the Docker configuration keeps a context.
func contextFiles(dir, name string) (meta, certs string) {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	return filepath.Join(dir, "contexts", "meta", id, "meta.json"), filepath.Join(dir, "contexts", "tls", id, "docker")
}

func TestWhichEngine(t *testing.T) {
	dir, empty, broken := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "config.json"), `{"currentContext": "desk"}`)
	write(t, filepath.Join(broken, "config.json"), `{`)
	for name, meta := range map[string]string{
		"desk":  `{"Name":"desk","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///desk.sock","SkipTLSVerify":false}}}`,
		"far":   `{"Name":"far","Endpoints":{"docker":{"Host":"ssh://me@far"}}}`,
		"bare":  `{"Name":"bare","Endpoints":{"docker":{"Host":"tcp://bare","SkipTLSVerify":true}}}`,
		"other": `{"Name":"other","Endpoints":{"kubernetes":{}}}`,
		"bad":   `{`,
	} {
		path, _ := contextFiles(dir, name)
		write(t, path, meta)
	}
	for _, c := range []struct {
		vars map[string]string
		want string // or of the error
	}{
		{map[string]string{"DOCKER_CONFIG": empty}, "unix:///var/run/docker.sock"},
		{map[string]string{"DOCKER_CONFIG": dir}, "unix:///desk.sock"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_HOST": "unix:///a.sock", "DOCKER_CONTEXT": "bad"}, "unix:///a.sock"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_HOST": "tcp://h"}, "tcp://h:2375"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_HOST": "tcp://[::1]:7"}, "tcp://[::1]:7"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1"}, "tcp://h:2376 verified"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_HOST": "tcp://h", "DOCKER_TLS": "1"}, "tcp://h:2376 unverified"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_CONTEXT": "default"}, "unix:///var/run/docker.sock"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_CONTEXT": "bare"}, "tcp://bare:2376 unverified"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_CONTEXT": "far"}, "ssh -L"},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_CONTEXT": "other"}, `"other" has no Docker engine`},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_CONTEXT": "bad"}, `context "bad"`},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_CONTEXT": "none"}, `context "none"`},
		{map[string]string{"DOCKER_CONFIG": dir, "DOCKER_HOST": "127.0.0.1:2375"}, "127.0.0.1:2375"},
		{map[string]string{"DOCKER_CONFIG": broken}, "the Docker configuration"},
	} {
		e, err := newEngine(env(c.vars))
		switch {
		case err != nil:
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: %v", c.vars, err)
			}
		case describe(e) != c.want:
			t.Errorf("%v: got %s, want %s", c.vars, describe(e), c.want)
		}
	}
}

func describe(e *engine) string {
	switch {
	case e.tls == nil:
		return e.String()
	case e.tls.InsecureSkipVerify:
		return e.String() + " unverified"
	}
	return e.String() + " verified"
}

// An engine behind TLS that wants to know its clients, named by the environment
// and by a context.
func TestEngineWithCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"Version": "%d certificates, %s"}`, len(r.TLS.PeerCertificates), r.URL.Path)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	files := map[string]string{"ca.pem": cert, "cert.pem": cert, "key.pem": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))}
	host := strings.Replace(server.URL, "https://", "tcp://", 1)

	dir := t.TempDir()
	meta, certs := contextFiles(dir, "safe")
	write(t, meta, `{"Endpoints":{"docker":{"Host":"`+host+`"}}}`)
	for name, text := range files {
		write(t, filepath.Join(certs, name), text)
	}
	strange := t.TempDir()
	write(t, filepath.Join(strange, "ca.pem"), "no certificate")
	for _, c := range []struct {
		name, err string
		vars      map[string]string
	}{
		{"environment", "", map[string]string{"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": certs}},
		{"context", "", map[string]string{"DOCKER_CONFIG": dir, "DOCKER_CONTEXT": "safe"}},
		{"unknown authority", "certificate", map[string]string{"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": t.TempDir()}},
		{"no certificate", "ca.pem has no certificate", map[string]string{"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": strange}},
		{"no TLS", "400 Bad Request", map[string]string{"DOCKER_HOST": host}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := newEngine(env(c.vars))
			if err == nil {
				var body io.ReadCloser
				if body, err = e.call(t.Context(), http.MethodGet, "/version"); err == nil {
					_ = body.Close()
				}
			}
			if c.err == "" && (err != nil || e.version(t.Context()) != "1 certificates, /version") {
				t.Errorf("got %v, version %q", err, e.version(t.Context()))
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %v; want %q", err, c.err)
			}
		})
	}
}

// listening is an engine whose API is a function.
func listening(t *testing.T, api http.HandlerFunc) *engine {
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return &engine{network: "tcp", address: strings.TrimPrefix(server.URL, "http://")}
}

// What looks like an engine and has no BuildKit says so.
func TestEngineWithoutBuildKit(t *testing.T) {
	e := listening(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "page not found", http.StatusNotFound) })
	_, err := Open(t.Context(), &Config{Getenv: env(map[string]string{"DOCKER_HOST": e.String()})})
	if err == nil || !strings.Contains(err.Error(), "/grpc: 404 Not Found: page not found") || !strings.Contains(err.Error(), e.String()) {
		t.Errorf("got %v", err)
	}
	if got := e.version(t.Context()); got != "engine" {
		t.Errorf("the version is %q", got)
	}
}

// The bytes that follow an upgrade's answer belong to the connection.
func TestUpgradeReadsAhead(t *testing.T) {
	e := listening(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"+r.Header.Get("X-Docker-Expose-Session-Uuid"))
		_ = conn.Close()
	})
	conn, err := e.session(t.Context(), "h2c", map[string][]string{"x-docker-expose-session-uuid": {"abc"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if text, err := io.ReadAll(conn); string(text) != "abc" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
}
