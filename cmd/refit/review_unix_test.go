//go:build unix

package main

import (
	"bufio"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReviewEndsByInterrupt runs the command as the shell does, and ends it by Ctrl-C.
func TestReviewEndsByInterrupt(t *testing.T) {
	dir := reviewTree(t, service(""))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	stderr, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	code := make(chan int, 1)
	go func() { code <- run([]string{"review", "--no-browser", dir}, strings.NewReader(""), w, stderr) }()
	url, err := bufio.NewReader(r).ReadString('\n')
	if err != nil || !strings.HasPrefix(url, "http://127.0.0.1:") || !strings.Contains(url, "?token=") {
		t.Fatalf("it prints %q (%v)", url, err)
	}
	if status, _ := get(t, "GET", strings.TrimSpace(url), nil, ""); status != 200 {
		t.Errorf("the page is answered with %d", status)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-code:
		if c != exitDone {
			t.Errorf("exit status %d", c)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	if text := readText(t, stderr.Name()); !strings.Contains(text, "Ctrl-C here ends it") || strings.Contains(text, "error") {
		t.Errorf("it says %q", text)
	}
}
