package bulk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// cloner makes shallow clones, with the user's git and credentials.
type cloner struct {
	dir   string
	limit time.Duration
	run   string // tells this run from others that clone into dir
}

// place is where a URL's clone is kept.
func (c *cloner) place(r Repo) string { return filepath.Join(c.dir, fileName(r.Name)) }

// clone returns the clone of a URL, which may be there already. It is made under
// another name and then renamed: what has the name is whole.
func (c *cloner) clone(ctx context.Context, r Repo) (string, error) {
	at := c.place(r)
	if isRepository(at) {
		return at, nil
	}
	if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is in the way of the clone", at)
	}
	h := hashOf(c.run)
	part := fmt.Sprintf("%s.%x.part", at, h[:4])
	if err := os.RemoveAll(part); err != nil {
		return "", err
	}
	if err := c.git(ctx, r, part); err != nil {
		_ = os.RemoveAll(part)
		return "", fmt.Errorf("git clone: %s", strings.ReplaceAll(err.Error(), r.URL, r.Name))
	}
	err := os.Rename(part, at)
	if err != nil && isRepository(at) { // another run was faster
		return at, os.RemoveAll(part)
	}
	return at, err
}

func (c *cloner) git(ctx context.Context, r Repo, to string) error {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "-c", "core.hooksPath="+os.DevNull, "clone", "--quiet", "--depth=1", "--single-branch", "--no-tags",
		"--no-recurse-submodules", "--", r.URL, to)
	set := []string{"GIT_LFS_SKIP_SMUDGE=1", "GIT_ASKPASS=" + os.Getenv("GIT_ASKPASS"), "GCM_INTERACTIVE=never"}
	if os.Getenv("GIT_SSH_COMMAND") == "" && os.Getenv("GIT_SSH") == "" {
		set = append(set, "GIT_SSH_COMMAND=ssh -o BatchMode=yes") // no question for a password
	}
	cmd.Env = environ(set...)
	cmd.WaitDelay = 5 * time.Second
	_, err := output(ctx, cmd)
	return err
}
