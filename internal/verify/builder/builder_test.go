package builder_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"refit/internal/verify/builder"
)

// open connects to the builder of BUILDKIT_HOST, or to the Docker engine when
// REFIT_TEST_DOCKER is set.
func open(t *testing.T) *builder.Builder {
	t.Helper()
	if os.Getenv("BUILDKIT_HOST") == "" && os.Getenv("REFIT_TEST_DOCKER") == "" {
		t.Skip("neither BUILDKIT_HOST nor REFIT_TEST_DOCKER is set: no builder to test with")
	}
	return openAt(t, &builder.Config{Getenv: os.Getenv})
}

func openAt(t *testing.T, c *builder.Config) *builder.Builder {
	t.Helper()
	pool, err := builder.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return pool.Builders()[0]
}

func contextDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(steps []builder.Step, cached bool) []string {
	var out []string
	for _, s := range steps {
		if s.Cached == cached {
			out = append(out, s.Name)
		}
	}
	return out
}

func TestBuildsFromExchangedFiles(t *testing.T) {
	b := open(t)
	space := rand.Text() // what no earlier run can have cached
	req := &builder.Request{Source: builder.Source{
		Context: contextDir(t, map[string]string{"a/one.txt": "1", "a/two.txt": "2", "b.txt": "b"}),
		Name:    "Dockerfile",
		Text:    "FROM python:3.11-slim-bookworm\nWORKDIR /x\nCOPY a a\nCOPY *.txt ./\nRUN cat a/*.txt b.txt new.txt > all # " + space + "\nCMD [\"cat\", \"all\"]\n",
		Ignore:  "b.txt\n!b.txt\na/two.txt\n",
		Files:   map[string]string{"b.txt": "B", "new.txt": "N", "a/three.txt": "3"},
	}}
	var out *builder.Output
	req.Cold = space
	rep, err := b.Build(t.Context(), req, func(ctx context.Context, r *builder.Result) error {
		c, err := r.Container(ctx, false)
		if err != nil {
			return err
		}
		defer c.Release()
		out, err = c.Run(ctx, builder.Command{Args: r.Config.Config.Cmd})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Text(); got != "13BN" || out.Code != 0 {
		t.Errorf("the container printed %q and ended with %d", got, out.Code)
	}
	if ran := names(rep.Steps, false); !slices.ContainsFunc(ran, isRun) || len(rep.Steps) != 4 {
		t.Errorf("ran %q of %d steps", ran, len(rep.Steps))
	}

	req.Cold, req.Cached = "", space
	req.Source.Files["new.txt"] = space
	rep, err = b.Build(t.Context(), req, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(slices.Values(names(rep.Steps, true))); !slices.Equal(got, []string{"[2/5] WORKDIR /x", "[3/5] COPY a a"}) {
		t.Errorf("cached are %q", got)
	}
}

func isRun(step string) bool { return strings.Contains(step, " RUN ") }

// BuildKit takes a file that cannot be read for an empty one.
func TestUnreadable(t *testing.T) {
	b := open(t)
	dir := contextDir(t, map[string]string{"a": "1"})
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil { // may be read as a link
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		t.Log("root reads everything; the end-to-end tests do this as somebody else")
	}
	if err := os.Chmod(filepath.Join(dir, "a"), 0); err != nil {
		t.Fatal(err)
	}
	req := &builder.Request{Source: builder.Source{Context: dir, Name: "Dockerfile", Text: "FROM scratch\nCOPY . /\n"}}
	_, err := b.Build(t.Context(), req, nil)
	if os.Geteuid() != 0 && !errors.Is(err, os.ErrPermission) || os.Geteuid() == 0 && err != nil {
		t.Errorf("got %v", err)
	}
}

func TestSecret(t *testing.T) {
	b := open(t)
	t.Setenv("REFIT_TEST_SECRET", "whisper")
	req := &builder.Request{
		Secrets: []builder.Secret{{ID: "one", Env: "REFIT_TEST_SECRET"}},
		Source: builder.Source{Name: "Dockerfile", Text: "FROM python:3.11-slim-bookworm\n" +
			"RUN --mount=type=secret,id=one,required=true test $(cat /run/secrets/one) = whisper # " + rand.Text() + "\n"},
	}
	if _, err := b.Build(t.Context(), req, nil); err != nil {
		t.Error(err)
	}
	req.Secrets = []builder.Secret{{ID: "one", File: "/no/such/file"}}
	if _, err := b.Build(t.Context(), req, nil); err == nil || !strings.Contains(err.Error(), "/no/such/file") {
		t.Errorf("got %v", err)
	}
}

func TestExport(t *testing.T) {
	b := open(t)
	dir := filepath.Join(t.TempDir(), "layout")
	req := &builder.Request{Layout: dir, Source: builder.Source{Name: "Dockerfile", Text: "FROM scratch\nCOPY x /\n", Files: map[string]string{"x": "y"}}}
	if _, err := b.Build(t.Context(), req, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
		t.Error(err)
	}
}

func TestFailingStep(t *testing.T) {
	b := open(t)
	req := &builder.Request{Source: builder.Source{Name: "My.Dockerfile", Text: "FROM python:3.11-slim-bookworm\n\nRUN echo one; echo two >&2; exit 7\n"}}
	_, err := b.Build(t.Context(), req, nil)
	var be *builder.BuildError
	if !errors.As(err, &be) {
		t.Fatalf("got %v, want a BuildError", err)
	}
	if be.Line != 3 || !slices.Contains(be.Log, "two") || !strings.Contains(be.Step, "RUN echo one") {
		t.Errorf("line %d, step %q, log %q", be.Line, be.Step, be.Log)
	}
	if msg := be.Error(); !strings.HasPrefix(msg, "My.Dockerfile:3: ") || !strings.Contains(msg, "exit code: 7") {
		t.Errorf("the message is %q", msg)
	}
}

// A server in a container without a network answers a process beside it, and
// ends when it is told to.
func TestServerInContainer(t *testing.T) {
	b := open(t)
	req := &builder.Request{Source: builder.Source{Name: "Dockerfile", Text: "FROM python:3.11-slim-bookworm\nUSER 1001\nCMD [\"python\", \"-m\", \"http.server\", \"8123\"]\n"}}
	const probe = `import time, urllib.request
for i in range(100):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8123/").status)
        break
    except OSError:
        time.sleep(.1)
`
	_, err := b.Build(t.Context(), req, func(ctx context.Context, r *builder.Result) error {
		c, err := r.Container(ctx, false)
		if err != nil {
			return err
		}
		defer c.Release()
		server, err := c.Start(ctx, builder.Command{Args: r.Config.Config.Cmd})
		if err != nil {
			return err
		}
		out, err := c.Run(ctx, builder.Command{Args: []string{"python", "-c", probe}})
		if err != nil {
			return err
		}
		if out.Text() != "200\n" {
			t.Errorf("the probe printed %q; the server %q", out.Text(), server.Output().Text())
		}
		id, err := c.Run(ctx, builder.Command{Args: []string{"id", "-u"}})
		if err != nil {
			return err
		}
		if id.Text() != "1001\n" {
			t.Errorf("the user is %q", id.Text())
		}
		if _, killed, err := server.Stop(ctx, 10*time.Second); err != nil || !killed {
			t.Errorf("killed %v, %v: http.server as process 1 ignores SIGTERM", killed, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestExitStatus(t *testing.T) {
	b := open(t)
	req := &builder.Request{Source: builder.Source{Name: "Dockerfile", Text: "FROM python:3.11-slim-bookworm\nENV A=1\n"}}
	_, err := b.Build(t.Context(), req, func(ctx context.Context, r *builder.Result) error {
		for _, want := range []int{0, 1, 254, 255} {
			c, err := r.Container(ctx, false)
			if err != nil {
				return err
			}
			out, err := c.Run(ctx, builder.Command{Args: []string{"sh", "-c", fmt.Sprintf("exit %d", want)}})
			_ = c.Release() // says the status again
			if err != nil || out.Code != want {
				t.Errorf("exit status %d: %+v, %v", want, out, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCancel(t *testing.T) {
	b := open(t)
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(2*time.Second, func() { cancel(stop) })
	req := &builder.Request{Cold: t.Name(), Source: builder.Source{Name: "Dockerfile", Text: "FROM python:3.11-slim-bookworm\nRUN sleep 60\n"}}
	start := time.Now()
	_, err := b.Build(ctx, req, nil)
	if !errors.Is(err, stop) || time.Since(start) > 20*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

func TestFetchUnknownImage(t *testing.T) {
	b := open(t)
	err := b.Fetch(t.Context(), []string{"docker.io/library/no-such-image-here:1"}, "", nil)
	if err == nil || !strings.Contains(err.Error(), "no-such-image-here") {
		t.Errorf("got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, addr := range []string{"unix:///no/such/socket", "tcp://" + silent.Addr().String()} {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		_, err := builder.Open(ctx, &builder.Config{Addresses: []string{addr}, Patience: 2 * time.Second})
		cancel()
		var ue *builder.UnreachableError
		if !errors.As(err, &ue) || !strings.Contains(err.Error(), addr) {
			t.Errorf("%s: got %v", addr, err)
		}
	}
	for _, addr := range []string{"docker-container://x", "here"} {
		if _, err := builder.Open(t.Context(), &builder.Config{Addresses: []string{addr}}); err == nil || !strings.Contains(err.Error(), addr) && !strings.Contains(err.Error(), "docker-container") {
			t.Errorf("%s: got %v", addr, err)
		}
	}
	getenv := func(k string) string { return map[string]string{"DOCKER_HOST": "unix:///no/docker.sock"}[k] }
	if _, err := builder.Open(t.Context(), &builder.Config{Getenv: getenv}); err == nil || !strings.Contains(err.Error(), "start Docker") {
		t.Errorf("without Docker: got %v", err)
	}
}

// The Docker engine hands connections over to its BuildKit. This one hands them
// to the builder at hand; sessions, which BuildKit alone takes in another way,
// are refused.
func TestDockerEngine(t *testing.T) {
	if os.Getenv("BUILDKIT_HOST") == "" && os.Getenv("REFIT_TEST_DOCKER") == "" {
		t.Skip("BUILDKIT_HOST is not set: no builder to test with")
	}
	socket := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Upgrade"))
		if r.URL.Path == "/version" {
			_, _ = io.WriteString(w, `{"Version": "26.1"}`)
			return
		}
		if r.URL.Path != "/grpc" {
			http.Error(w, "no such thing", http.StatusNotFound)
			return
		}
		up, err := net.Dial("unix", strings.TrimPrefix(os.Getenv("BUILDKIT_HOST"), "unix://"))
		if err != nil {
			t.Error(err)
			return
		}
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
		go func() { _, _ = io.Copy(up, bufio.NewReader(rw)); _ = up.Close() }()
		go func() { _, _ = io.Copy(conn, up); _ = conn.Close() }()
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	getenv := func(k string) string { return map[string]string{"DOCKER_HOST": "unix://" + socket}[k] }
	b := openAt(t, &builder.Config{Getenv: getenv})
	if b.Version == "" || b.Docker != "26.1" || len(asked) == 0 || asked[0] != "POST /grpc h2c" {
		t.Errorf("version %q, asked %q", b.Version, asked)
	}
	_, err = b.Build(t.Context(), &builder.Request{Source: builder.Source{Name: "Dockerfile", Text: "FROM scratch\n"}}, nil)
	if err == nil || !slices.Contains(asked, "POST /session h2c") {
		t.Errorf("got %v, asked %q", err, asked)
	}
}
