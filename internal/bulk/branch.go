package bulk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// brancher makes a commit of what has changed in a checkout, on a branch of its
// own. It only adds objects and the branch: HEAD, the index and the work tree are
// not touched.
type brancher struct {
	git     *git
	dir     string // the repository
	objects *objects
	base    *commit
	ref     string
}

// openBranch looks at a repository whose HEAD shall get a branch.
func (g *git) openBranch(ctx context.Context, dir, branch string) (*brancher, error) {
	if !isRepository(dir) {
		return nil, errors.New("not the root of a git repository: a branch needs one")
	}
	o, err := g.openObjects(ctx, dir)
	if err != nil {
		return nil, err
	}
	b := &brancher{git: g, dir: dir, objects: o, ref: "refs/heads/" + branch}
	if b.base, err = o.commit("HEAD"); err != nil {
		o.close()
		if errors.Is(err, errMissing) {
			err = errors.New("it has no commit yet")
		}
		return nil, err
	}
	return b, nil
}

// commit commits changed files of a checkout. A branch that has this very change
// already is taken as it is, for an earlier run may have been killed after it
// made it; any other branch of that name is left alone.
func (b *brancher) commit(ctx context.Context, dir string, paths []string, message string) (*commit, error) {
	made := &commit{parents: []string{b.base.id}}
	objects, err := newObjectsLike(b.base.id)
	if err != nil {
		return nil, err
	}
	if made.tree, err = b.collect(objects, dir, paths); err != nil {
		return nil, err
	}
	if have, err := b.existing(made); have != nil || err != nil {
		return have, err
	}
	s, err := b.settings(ctx)
	if err != nil {
		return nil, err
	}
	if made.id, err = b.store(ctx, objects, s, made.tree, message); err != nil {
		return nil, err
	}
	var args []string
	at, plain := b.plain(s)
	if plain { // who keeps the commit has its branch put on the disk, along with others
		args, made.ref = []string{"-c", "core.fsync=none"}, filepath.Join(at, filepath.FromSlash(b.ref))
		dropLost(made.ref)
	}
	none := strings.Repeat("0", len(made.id)) // only if there is none
	if _, err := b.git.run(ctx, b.dir, nil, append(args, "update-ref", "-m", "refit bulk", b.ref, made.id, none)...); err != nil {
		if have, _ := b.existing(made); have != nil {
			return have, nil
		}
		return nil, err
	}
	return made, nil
}

// dropLost removes the file of a branch that lost its content: the power failed before
// it was put on the disk. git takes it for a broken branch, and refuses to set it.
func dropLost(ref string) {
	info, err := os.Lstat(ref)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxLost {
		return
	}
	if text, err := os.ReadFile(ref); err == nil && len(bytes.TrimRight(text, "\x00")) == 0 {
		_ = os.Remove(ref)
	}
}

// maxLost is more than the file of a branch has.
const maxLost = 1024

// plain is the directory of a repository's objects and branches, where nothing but
// git's defaults is asked for in how they are stored.
func (b *brancher) plain(s *settings) (gitDir string, ok bool) {
	at, ok := gitDirOf(b.dir)
	return at, ok && isPlain(at) && !s.stores() && !gitSyncsAll
}

// gitSyncsAll tells of a system where git puts loose objects on the disk by default,
// and where a file that cannot be written to cannot be replaced.
const gitSyncsAll = runtime.GOOS == "windows"

// collect collects files as they are, without filters, and the trees that hold
// them. It returns the topmost.
func (b *brancher) collect(n *newObjects, dir string, paths []string) (tree string, err error) {
	blobs := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			return "", err
		}
		blobs[path] = n.add("blob", content)
	}
	return (&treeMaker{b.objects, n}).make(b.base.tree, blobs)
}

// store stores what is collected and a commit, which git makes itself where there
// is more to it than text: a signature, an author whom nobody has named.
func (b *brancher) store(ctx context.Context, n *newObjects, s *settings, tree, message string) (id string, err error) {
	args := s.signing()
	text, plain := s.commitText(tree, b.base.id, message, time.Now())
	plain = plain && args == nil
	if plain {
		id = n.add("commit", []byte(text))
	}
	if err := b.storeObjects(ctx, n, s); err != nil || plain {
		return id, err
	}
	sign := args != nil
	args = append(args, "commit-tree", tree, "-p", b.base.id, "-F", "-")
	if sign {
		args = append(args, "-S")
	}
	return b.git.run(ctx, b.dir, strings.NewReader(message), args...)
}

// storeObjects stores objects as git would, and has git do it where anything but
// its defaults is asked for.
func (b *brancher) storeObjects(ctx context.Context, n *newObjects, s *settings) error {
	if at, ok := b.plain(s); ok {
		return n.storeLoose(at)
	}
	pack, err := n.pack()
	if err != nil {
		return err
	}
	_, err = b.git.run(ctx, b.dir, bytes.NewReader(pack), "unpack-objects", "-q")
	return err
}

// existing is the branch's commit where it is the one wanted.
func (b *brancher) existing(want *commit) (*commit, error) {
	have, err := b.objects.commit(b.ref)
	switch {
	case errors.Is(err, errMissing):
		return nil, nil
	case err != nil:
		return nil, err
	case have.tree == want.tree && slices.Equal(have.parents, want.parents):
		return have, nil
	}
	return nil, fmt.Errorf("it has a branch %s already, of something else: left alone; choose another name, or delete it", strings.TrimPrefix(b.ref, "refs/heads/"))
}

// exists reports whether the branch is there.
func (b *brancher) exists() bool {
	_, err := b.objects.commit(b.ref)
	return !errors.Is(err, errMissing)
}
