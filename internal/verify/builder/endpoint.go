package builder

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/docker/cli/cli/config"
)

// newEngine finds the Docker engine as Docker's own command line does
// (docs.docker.com, "Docker contexts" and "Protect the Docker daemon socket"):
// DOCKER_HOST names it, else the context of DOCKER_CONTEXT or of the Docker
// configuration does, else it has the system's socket.
func newEngine(getenv func(string) string) (*engine, error) {
	dir := cmp.Or(getenv("DOCKER_CONFIG"), config.Dir())
	host := getenv("DOCKER_HOST")
	if host == "" {
		name, err := contextName(getenv, dir)
		if err != nil {
			return nil, err
		}
		if name != "" && name != "default" {
			return contextEngine(dir, name)
		}
		host = "unix:///var/run/docker.sock"
	}
	if getenv("DOCKER_TLS_VERIFY") == "" && getenv("DOCKER_TLS") == "" {
		return engineAt(host, nil)
	}
	certs := cmp.Or(getenv("DOCKER_CERT_PATH"), dir)
	conf, err := tlsConfig(certs, getenv("DOCKER_TLS_VERIFY") == "")
	if err != nil {
		return nil, fmt.Errorf("the Docker engine's certificates: %w", err)
	}
	return engineAt(host, conf)
}

func contextName(getenv func(string) string, dir string) (string, error) {
	if name := getenv("DOCKER_CONTEXT"); name != "" {
		return name, nil
	}
	file, err := config.Load(dir)
	if err != nil {
		return "", fmt.Errorf("the Docker configuration: %w", err)
	}
	return file.CurrentContext, nil
}

// contextEngine is the engine of a Docker context, which is kept under the
// SHA-256 of its name.
func contextEngine(dir, name string) (*engine, error) {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	text, err := os.ReadFile(filepath.Join(dir, "contexts", "meta", id, "meta.json"))
	if err != nil {
		return nil, fmt.Errorf("the Docker context %q: %w", name, err)
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return nil, fmt.Errorf("the Docker context %q: %w", name, err)
	}
	docker := meta.Endpoints["docker"]
	if docker.Host == "" {
		return nil, fmt.Errorf("the Docker context %q has no Docker engine", name)
	}
	certs := filepath.Join(dir, "contexts", "tls", id, "docker")
	if _, err := os.Stat(certs); err != nil && !docker.SkipTLSVerify {
		return engineAt(docker.Host, nil)
	}
	conf, err := tlsConfig(certs, docker.SkipTLSVerify)
	if err != nil {
		return nil, fmt.Errorf("the certificates of the Docker context %q: %w", name, err)
	}
	return engineAt(docker.Host, conf)
}

// engineAt is the engine with an address. A socket has no use for certificates.
func engineAt(host string, conf *tls.Config) (*engine, error) {
	u, err := url.Parse(host)
	if err != nil || u.Scheme != "unix" && u.Scheme != "tcp" {
		return nil, fmt.Errorf("the Docker engine %s: only unix:// and tcp:// addresses are reached without another program; "+
			"forward its socket (ssh -L) and name it in DOCKER_HOST, or name a BuildKit daemon: --builder tcp://host:1234", host)
	}
	if u.Scheme == "unix" {
		return &engine{network: "unix", address: u.Path}, nil
	}
	port := "2375"
	if conf != nil {
		port = "2376"
	}
	return &engine{network: "tcp", address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)), tls: conf}, nil
}

// tlsConfig reads ca.pem, cert.pem and key.pem, as far as they are there. Without
// the first the system's authorities are trusted.
func tlsConfig(dir string, unverified bool) (*tls.Config, error) {
	conf := &tls.Config{InsecureSkipVerify: unverified}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("%s has no certificate", filepath.Join(dir, "ca.pem"))
		}
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	switch {
	case err == nil:
		conf.Certificates = []tls.Certificate{pair}
	case !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	return conf, nil
}
