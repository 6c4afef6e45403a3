//go:build unix

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestInterrupt holds that one signal ends what waits for a builder, and all that
// would come after it, with one message.
func TestInterrupt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	const dockerfile = "FROM python:3.12-bookworm\nCOPY . .\nRUN pip install -r requirements.txt\nCMD [\"python\", \"a.py\"]\n"
	dir := tree{
		"a/Dockerfile": dockerfile, "a/requirements.txt": "unheard-of-a==1\n",
		"b/Dockerfile": dockerfile, "b/requirements.txt": "unheard-of-b==1\n",
	}.make(t)
	for _, command := range []string{"wheels", "unused"} {
		t.Run(command, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			silent, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			go func() { // a builder that takes connections and says nothing
				conn, err := silent.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
				_, _ = silent.Accept()
			}()
			errs := tempFile(t)
			code := run([]string{"explain", command, "--verify", "--builder", "unix://" + socket, dir}, strings.NewReader(""), tempFile(t), errs)
			said := readText(t, errs.Name())
			last := said[strings.LastIndex("\n"+strings.TrimSuffix(said, "\n"), "\n"):]
			if code != exitBad || last != "refit: interrupted\n" || strings.Count(said, "interrupted") != 1 {
				t.Errorf("status %d:\n%s", code, said)
			}
		})
	}
}
