package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// git runs the user's git, without hooks, questions or a network.
type git struct {
	limit   time.Duration // for one command
	outside string        // a directory in no repository; "" has the settings asked for in each
	user    struct {
		sync.Mutex
		settings *settings
	}
}

// localVars are the variables that bind git to one repository (git rev-parse
// --local-env-vars); refit may have been started by a hook.
var localVars = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE",
	"GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE",
	"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES", "GIT_QUARANTINE_PATH",
}

// environ is the environment for git: the user's, bound to no repository.
func environ(set ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		bound := false
		for _, v := range localVars {
			bound = bound || name == v
		}
		if !bound {
			env = append(env, kv)
		}
	}
	return append(append(env, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"), set...)
}

// command is a git command in a repository. No outer repository is taken for a
// broken one, and objects that a partial clone lacks are not fetched.
func (g *git) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	args = append([]string{"-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "i18n.commitEncoding=UTF-8", "-C", dir}, args...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = environ("GIT_CEILING_DIRECTORIES="+filepath.Dir(abs), "GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none")
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run runs a command of git and returns what it prints, without the last newline.
func (g *git) run(ctx context.Context, dir string, stdin io.Reader, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, g.limit)
	defer cancel()
	cmd := g.command(ctx, dir, args...)
	cmd.Stdin = stdin
	out, err := output(ctx, cmd)
	if err != nil {
		for args[0] == "-c" {
			args = args[2:]
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSuffix(out, "\n"), nil
}

// output runs a command; the error says what it said.
func output(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &limitedWriter{to: &stderr}
	err := cmd.Run()
	switch {
	case err == nil:
		return stdout.String(), nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", errors.New("it took too long and was ended")
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	}
	return "", said(stderr.String(), err)
}

// said is the error of a command that ended with a message: the lines that git
// marks as errors, or the last one.
func said(stderr string, err error) error {
	var marked []string
	last := ""
	for text := range strings.Lines(stderr) {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		last = text
		if strings.HasPrefix(text, "fatal: ") || strings.HasPrefix(text, "error: ") {
			marked = append(marked, text)
		}
	}
	switch {
	case marked != nil:
		return errors.New(strings.Join(marked, "; "))
	case last != "":
		return errors.New(last)
	}
	return err
}

// limitedWriter keeps the end of a long message from growing.
type limitedWriter struct{ to *bytes.Buffer }

func (w *limitedWriter) Write(b []byte) (int, error) {
	if room := 64<<10 - w.to.Len(); room > 0 {
		w.to.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// CheckBranch reports a name that git does not take for a branch.
func CheckBranch(ctx context.Context, name string) error {
	g := &git{limit: time.Minute}
	if _, err := g.run(ctx, ".", nil, "check-ref-format", "refs/heads/"+name); err != nil || strings.HasPrefix(name, "-") || name == "HEAD" || name == "@" || strings.HasPrefix(name, "refs/") {
		if errors.Is(err, exec.ErrNotFound) {
			return err
		}
		return fmt.Errorf("%q is no name for a branch", name)
	}
	return nil
}
