package bulk

import (
	"context"
	"fmt"
	"time"
)

// Tracked reports whether the repository has any of the paths, or anything in them,
// under version control. The paths are relative to its root.
func Tracked(ctx context.Context, root string, paths []string) (bool, error) {
	g := &git{limit: time.Minute}
	out, err := g.run(ctx, root, nil, append([]string{"--literal-pathspecs", "ls-files", "-z", "--"}, paths...)...)
	if err != nil {
		return false, fmt.Errorf("what %s has under version control: %w", root, err)
	}
	return out != "", nil
}
