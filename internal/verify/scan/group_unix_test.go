//go:build unix

package scan

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestCancelEndsTheGroup holds that what a scanner started ends with it.
func TestCancelEndsTheGroup(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	command := command(t, "parent", "{image}")
	ended := make(chan error)
	go func() {
		_, err := Run(ctx, command, dir)
		ended <- err
	}()
	pid := 0
	await(t, "the child", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "child"))
		if err == nil {
			pid, err = strconv.Atoi(string(text))
		}
		return err == nil
	})
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	await(t, "the child's end", func() bool { return gone(pid) })
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 500 {
		if done() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: waited in vain", what)
}

// gone reports whether a process has ended; a machine without an init process
// leaves it a zombie.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && len(stat) > 0 && zombie(string(stat))
}

func zombie(stat string) bool {
	for i := len(stat) - 1; i > 1; i-- {
		if stat[i] == ')' {
			return i+2 < len(stat) && stat[i+2] == 'Z'
		}
	}
	return false
}
