package bulk

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestTwoRunsClone has two runs clone the same repository into the same place at
// once: both get a whole clone, and nothing is left of the slower one's.
func TestTwoRunsClone(t *testing.T) {
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
	t.Setenv("GIT_CONFIG_VALUE_0", "always")
	from, to := t.TempDir(), t.TempDir()
	g := &git{limit: time.Minute}
	write(t, filepath.Join(from, "Dockerfile"), "FROM scratch\n")
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "a"}} {
		if _, err := g.run(t.Context(), from, nil, args...); err != nil {
			t.Fatal(err)
		}
	}
	url := "file://" + filepath.ToSlash(from)
	var runs sync.WaitGroup
	for i := range 4 {
		runs.Go(func() {
			c := &cloner{dir: to, limit: time.Minute, run: fmt.Sprint(i)}
			at, err := c.clone(t.Context(), Repo{Name: url, URL: url})
			if err != nil {
				t.Error(err)
				return
			}
			if out, err := g.run(t.Context(), at, nil, "status", "--porcelain"); err != nil || out != "" {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	runs.Wait()
	if left, err := filepath.Glob(filepath.Join(to, "*")); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}
