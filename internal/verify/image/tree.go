package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Entry is a file or directory of an image.
type Entry struct {
	Path   string
	Mode   fs.FileMode
	Size   int64
	Digest string // "sha256:…" of a regular file's content
}

// node is a file, a directory or a link. Hard links share one.
type node struct {
	mode     fs.FileMode
	size     int64
	sum      [sha256.Size]byte
	link     string           // target of a symbolic link
	text     string           // of the files that are read
	elf      *object          // of ELF files with a dynamic section
	children map[string]*node // of a directory
}

func (n *node) entry(p string) Entry {
	e := Entry{Path: p, Mode: n.mode, Size: n.size}
	if n.mode.IsRegular() {
		e.Digest = "sha256:" + hex.EncodeToString(n.sum[:])
	}
	return e
}

// tree is the file system that the layers make.
type tree struct {
	root *node
	keep *budget
}

func newTree(keep *budget) *tree { return &tree{newDir(), keep} }

func newDir() *node { return &node{mode: fs.ModeDir | 0o755, children: map[string]*node{}} }

// apply puts a layer on top. Its whiteouts concern the layers below only, wherever
// they stand in it.
func (t *tree) apply(changes []change) error {
	for _, c := range changes {
		switch c.kind {
		case removed:
			if _, parent := t.find(path.Dir(c.path), true); parent != nil {
				delete(parent.children, path.Base(c.path))
			}
		case opaque:
			if _, dir := t.find(c.path, true); dir != nil {
				clear(dir.children)
			}
		}
	}
	for _, c := range changes {
		n := c.node
		switch c.kind {
		case removed, opaque:
			continue
		case hardLink:
			if _, n = t.find(c.link, false); n == nil || n.mode.IsDir() {
				return fmt.Errorf("%.200q is a hard link to %.200q, which is no file", c.path, c.link)
			}
		}
		if err := t.put(c.path, n); err != nil {
			return err
		}
	}
	return nil
}

// put adds an entry in the place of what is there. A directory keeps what is in it.
func (t *tree) put(p string, n *node) error {
	parent, err := t.dir(path.Dir(p))
	if err != nil {
		return err
	}
	name := path.Base(p)
	if old := parent.children[name]; old != nil && old.mode.IsDir() && n.mode.IsDir() {
		old.mode = n.mode
		return nil
	}
	parent.children[name] = n
	return nil
}

// dir finds a directory, and makes it if need be.
func (t *tree) dir(p string) (*node, error) {
	if _, n := t.find(p, true); n != nil && n.mode.IsDir() {
		return n, nil
	}
	parent, err := t.dir(path.Dir(p)) // ends at the root, which is always a directory
	if err != nil {
		return nil, err
	}
	n := newDir()
	parent.children[path.Base(p)] = n
	return n, t.keep.take(len(p))
}

// maxLinks is how many symbolic links the kernel follows in one path.
const maxLinks = 40

// find walks a path, through symbolic links; one at its end is followed if last
// says so. It returns the path without links, and nil when there is nothing.
func (t *tree) find(p string, last bool) (string, *node) {
	names, nodes := make([]string, 0, 16), append(make([]*node, 0, 16), t.root)
	rest, links := p, 0
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			names, nodes = names[:max(len(names)-1, 0)], nodes[:max(len(nodes)-1, 1)]
			continue
		}
		child := nodes[len(nodes)-1].children[name]
		if child == nil {
			return "", nil
		}
		if child.mode.Type() != fs.ModeSymlink || !last && rest == "" {
			names, nodes = append(names, name), append(nodes, child)
			continue
		}
		if links++; links > maxLinks {
			return "", nil
		}
		if path.IsAbs(child.link) {
			names, nodes = names[:0], nodes[:1]
		}
		rest = child.link + "/" + rest
	}
	return "/" + strings.Join(names, "/"), nodes[len(nodes)-1]
}

// walk visits everything below a directory, in the order of the names.
func walk(p string, n *node, visit func(p string, n *node)) {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child := n.children[name]
		at := path.Join(p, name)
		visit(at, child)
		walk(at, child, visit)
	}
}

// Stat finds a file or directory. Symbolic links are followed, also in parent
// directories; the entry has the path where they lead.
func (img *Image) Stat(p string) (Entry, bool) {
	real, n := img.tree.find(p, true)
	if n == nil {
		return Entry{}, false
	}
	return n.entry(real), true
}

// Files lists the regular files below directories, sorted, each once. Their paths
// begin with the directory as it was given; links below it are not followed.
func (img *Image) Files(dirs ...string) []Entry {
	var files []Entry
	img.files(dirs, func(p string, n *node) { files = append(files, n.entry(p)) })
	return files
}

// files visits the regular files below directories, sorted, each once.
func (img *Image) files(dirs []string, visit func(p string, n *node)) {
	found := map[string]*node{}
	add := func(p string, n *node) {
		if n.mode.IsRegular() {
			found[p] = n
		}
	}
	for _, dir := range dirs {
		dir = path.Clean("/" + dir)
		if _, n := img.tree.find(dir, true); n != nil {
			add(dir, n)
			walk(dir, n, add)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(found)) {
		visit(p, found[p])
	}
}
