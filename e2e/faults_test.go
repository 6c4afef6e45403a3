//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"refit/internal/verify"
	"refit/passes"
)

// slow is an application whose build takes its time, so that something can
// happen meanwhile.
const slow = `FROM python:3.11-slim-bookworm
WORKDIR /app
COPY . .
RUN date +%N && sleep 60
RUN pip install -r requirements.txt
CMD python site_app.py
`

// faulty is a call of refit that something goes wrong with.
type faulty struct {
	dir, tmp string
	cmd      *exec.Cmd
	text     bytes.Buffer
}

func newFaulty(t *testing.T, dockerfile string, args ...string) *faulty {
	t.Helper()
	f := &faulty{dir: site(t, dockerfile), tmp: t.TempDir()}
	f.cmd = exec.Command(refitPath, append(append([]string{"-w", "--verify"}, args...), f.dir)...)
	f.cmd.Env = append(os.Environ(), "TMPDIR="+f.tmp)
	f.cmd.Stdout, f.cmd.Stderr = &f.text, &f.text
	return f
}

// ends waits for the end: an exit status, a message, no Dockerfile that was
// touched, and no file that was left.
func (f *faulty) ends(t *testing.T, status int, message string) {
	t.Helper()
	err := f.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := f.cmd.ProcessState.ExitCode(); got != status || !strings.Contains(f.text.String(), message) {
		t.Errorf("exit status %d, want %d and %q:\n%s", got, status, message, f.text.String())
	}
	if left, err := os.ReadDir(f.tmp); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
	if entries, err := os.ReadDir(f.dir); err != nil || status != 0 && len(entries) != len(siteFiles) {
		t.Errorf("the context holds %v, %v", entries, err)
	}
}

func (f *faulty) start(t *testing.T) {
	t.Helper()
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// untouched fails the test if the Dockerfile has changed.
func (f *faulty) untouched(t *testing.T, dockerfile string) {
	t.Helper()
	if got := read(t, filepath.Join(f.dir, "Dockerfile")); got != dockerfile {
		t.Errorf("the Dockerfile is now\n%s", got)
	}
}

// relay is a socket in front of the builder that can be cut.
type relay struct {
	path     string
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	dir, err := os.MkdirTemp("", "relay") // short: a socket's path is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &relay{path: filepath.Join(dir, "s")}
	if r.listener, err = net.Listen("unix", r.path); err != nil {
		t.Fatal(err)
	}
	network, address, _ := strings.Cut(os.Getenv("BUILDKIT_HOST"), "://")
	go func() {
		for {
			in, err := r.listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial(network, address)
			if err != nil {
				_ = in.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, in, out)
			r.mu.Unlock()
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
	t.Cleanup(r.cut)
	return r
}

func (r *relay) cut() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
}

// midway waits until a build is under way.
const midway = 10 * time.Second

func TestBuilderDiesMidway(t *testing.T) {
	r := newRelay(t)
	f := newFaulty(t, slow, "--builder", "unix://"+r.path)
	f.start(t)
	time.Sleep(midway)
	r.cut()
	f.ends(t, 2, "went away")
	f.untouched(t, slow)
}

func TestInterrupted(t *testing.T) {
	f := newFaulty(t, slow)
	f.start(t)
	time.Sleep(midway)
	began := time.Now()
	if err := f.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	f.ends(t, 2, "interrupted; nothing was written")
	f.untouched(t, slow)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}

func TestBuilderNeverAnswers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	f := newFaulty(t, slow, "--builder", "tcp://"+silent.Addr().String())
	f.start(t)
	f.ends(t, 2, "does not answer")
	f.untouched(t, slow)
}

func TestDiskFull(t *testing.T) {
	f := newFaulty(t, "")
	if err := syscall.Mount("tmpfs", f.tmp, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatalf("a small file system for the test cannot be mounted (is this root?): %v", err)
	}
	defer func() {
		if err := syscall.Unmount(f.tmp, 0); err != nil {
			t.Error(err)
		}
	}()
	f.start(t)
	f.ends(t, 2, "no space left on device")
	f.untouched(t, siteFiles["Dockerfile"])
}

// TestUnreadableFile runs refit as a user who may not read a file of the context.
func TestUnreadableFile(t *testing.T) {
	r := newRelay(t)
	f := newFaulty(t, "", "--builder", "unix://"+r.path)
	write(t, filepath.Join(f.dir, "secret.txt"), "x")
	if err := os.Chmod(filepath.Join(f.dir, "secret.txt"), 0); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	program := filepath.Join(filepath.Dir(r.path), "refit")
	b, err := os.ReadFile(refitPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, b, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{filepath.Dir(r.path), r.path, f.tmp, f.dir, filepath.Dir(f.dir), filepath.Dir(f.tmp)} {
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	f.cmd.Path, f.cmd.Args[0] = program, program
	f.cmd.Env = append(f.cmd.Env, "HOME="+f.tmp)
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	f.start(t)
	siteFiles := len(siteFiles)
	err = f.cmd.Wait()
	if status := f.cmd.ProcessState.ExitCode(); status != 1 && status != 2 || err == nil {
		t.Errorf("exit status %d, %v", status, err)
	}
	if !strings.Contains(f.text.String(), "secret.txt") || !strings.Contains(f.text.String(), "permission denied") {
		t.Errorf("the message does not say what cannot be read:\n%s", f.text.String())
	}
	if entries, err := os.ReadDir(f.dir); err != nil || len(entries) != siteFiles+1 {
		t.Errorf("the context holds %v, %v", entries, err)
	}
}

// TestLargeContext has a file of 2 GB beside the application, which no COPY
// needs.
func TestLargeContext(t *testing.T) {
	f := newFaulty(t, strings.Replace(siteFiles["Dockerfile"], "COPY . .", "COPY requirements.txt site_app.py ./", 1), "--quick")
	file, err := os.Create(filepath.Join(f.dir, "data.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.Truncate(2<<30), file.Close()); err != nil {
		t.Fatal(err)
	}
	f.start(t)
	f.ends(t, 0, "")
	if peak := f.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; peak > 500_000 {
		t.Errorf("refit took %d kB of memory", peak)
	}
}

// TestNoPython verifies an image in which nothing of Python is.
func TestNoPython(t *testing.T) {
	const text = "FROM debian:bookworm\nRUN apt-get update\nRUN apt-get install -y file\nCOPY requirements.txt /\nCMD [\"file\", \"/requirements.txt\"]\n"
	dir := site(t, text)
	outcomes, out := verified(t, "--quick", dir)
	if out.status != 0 || len(outcomes) != 1 {
		t.Fatalf("exit status %d\n%s%s", out.status, out.stdout, out.stderr)
	}
	for _, o := range outcomes {
		good(t, o)
	}
}

// TestNothingIsLeftRunning verifies, and gives up midway, in this process.
func TestNothingIsLeftRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	pool := openPool(t)
	b := pool.Builders()[0]
	quick := &verify.Options{Quick: true, Timeout: 20 * time.Second}
	if _, _, err := verify.Verify(t.Context(), b, subjectOf(t, site(t, ""), passes.All()), quick); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), midway)
	defer cancel()
	out, _, err := verify.Verify(ctx, b, subjectOf(t, site(t, slow), passes.All()), quick)
	if !errors.Is(err, context.DeadlineExceeded) || out.Error == "" {
		t.Errorf("got %v, %q", err, out.Error)
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines instead of %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}
