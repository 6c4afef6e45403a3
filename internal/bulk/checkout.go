package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// A checkout is a commit's files, byte for byte as they are in it, in a temporary
// directory: without the filters and line ends of a work tree, and whatever state
// the user's own work tree is in. Only what lies in the directory is ever
// written: it is an os.Root.

// maxRead is the size up to which anybody reads a file of a checkout, unless
// images are built of it.
const maxRead = 32 << 20

// maxDepth is how deep trees may be nested.
const maxDepth = 200

type checkout struct {
	objects *objects
	root    *os.Root
	whole   bool // large files too
	links   []entry
}

// checkOut writes the files of a tree into an empty directory. A directory .git
// says, as in any clone, where the repository begins.
func checkOut(o *objects, tree, dir string, whole bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	c := &checkout{objects: o, root: root, whole: whole}
	if err := root.Mkdir(".git", 0o777); err != nil {
		return err
	}
	if err := c.tree(tree, "", 0); err != nil {
		return err
	}
	for _, l := range c.links { // last, so that nothing is written through one
		if err := root.Symlink(l.id, l.name); err != nil {
			return err
		}
	}
	return nil
}

func (c *checkout) tree(id, dir string, depth int) error {
	entries, err := c.objects.tree(id)
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("%s: directories are nested too deep", dir)
	}
	for _, e := range entries {
		if err := c.entry(e, dir, depth); err != nil {
			return err
		}
	}
	return nil
}

func (c *checkout) entry(e entry, dir string, depth int) error {
	name := path.Join(dir, e.name)
	if e.name == "" || e.name == "." || e.name == ".." || strings.Contains(e.name, "/") || strings.EqualFold(e.name, ".git") {
		return fmt.Errorf("%s: not a name that git allows", name)
	}
	switch e.mode {
	case modeTree:
		if err := c.root.Mkdir(name, 0o777); err != nil {
			return err
		}
		return c.tree(e.id, name, depth+1)
	case modeModule: // another repository: an empty directory, as in a clone
		return c.root.Mkdir(name, 0o777)
	}
	head, err := c.objects.ask(e.id)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if e.mode == modeLink {
		return c.link(name, head)
	}
	return c.file(name, e.mode, head)
}

func (c *checkout) link(name string, head object) error {
	var target bytes.Buffer
	if head.size > 4096 {
		return errors.Join(c.objects.copy(io.Discard, head.size), fmt.Errorf("%s: the link's target is too long", name))
	}
	if err := c.objects.copy(&target, head.size); err != nil {
		return err
	}
	c.links = append(c.links, entry{name: name, id: target.String()})
	return nil
}

// file writes a file. One that nobody reads has its size and no content.
func (c *checkout) file(name, mode string, head object) (err error) {
	perm := fs.FileMode(0o666)
	if mode == modeExec {
		perm = 0o777
	}
	f, err := c.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if head.size > maxRead && !c.whole {
		if err := f.Truncate(head.size); err != nil {
			return err
		}
		return c.objects.copy(io.Discard, head.size)
	}
	return c.objects.copy(f, head.size)
}
