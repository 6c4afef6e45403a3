package bulk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// objects reads a repository's objects through one process of git.
type objects struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
	cancel context.CancelFunc
}

// openObjects starts git cat-file in a repository.
func (g *git) openObjects(ctx context.Context, dir string) (*objects, error) {
	ctx, cancel := context.WithCancel(ctx)
	o := &objects{cmd: g.command(ctx, dir, "cat-file", "--batch"), cancel: cancel}
	o.cmd.Stderr = &limitedWriter{to: &o.stderr}
	var err error
	if o.in, err = o.cmd.StdinPipe(); err != nil {
		cancel()
		return nil, err
	}
	pipe, err := o.cmd.StdoutPipe()
	if err == nil {
		o.out = bufio.NewReaderSize(pipe, 32<<10)
		err = o.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("git cat-file: %w", err)
	}
	return o, nil
}

// close ends the process. It must not be left behind, whatever it says.
func (o *objects) close() {
	_ = o.in.Close()
	o.cancel()
	_ = o.cmd.Wait()
}

// object is the head of what cat-file prints.
type object struct {
	id, kind string
	size     int64
}

var errMissing = errors.New("there is no such object in the repository")

// ask asks for an object; its content comes next, and a newline.
func (o *objects) ask(name string) (object, error) {
	if _, err := io.WriteString(o.in, name+"\n"); err != nil {
		return object{}, o.failed(err)
	}
	head, err := o.out.ReadString('\n')
	if err != nil {
		return object{}, o.failed(err)
	}
	fields := strings.Fields(head)
	if len(fields) < 3 {
		return object{}, fmt.Errorf("%s: %w", name, errMissing)
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return object{}, fmt.Errorf("git cat-file: %q", head)
	}
	return object{fields[0], fields[1], size}, nil
}

// failed is what ended the process.
func (o *objects) failed(err error) error {
	o.cancel()
	_ = o.cmd.Wait()
	return fmt.Errorf("git cat-file: %w", said(o.stderr.String(), err))
}

// copy copies the content of an object and its newline's end.
func (o *objects) copy(w io.Writer, size int64) error {
	if _, err := io.CopyN(w, o.out, size); err != nil {
		return err
	}
	_, err := o.out.Discard(1)
	return err
}

// maxObject is how large a commit or tree may be.
const maxObject = 64 << 20

// read reads a whole object of a kind.
func (o *objects) read(name, kind string) (object, []byte, error) {
	head, err := o.ask(name)
	if err != nil {
		return head, nil, err
	}
	if head.kind != kind || head.size > maxObject {
		_ = o.copy(io.Discard, head.size)
		return head, nil, fmt.Errorf("%s is a %s of %d bytes: want a %s", name, head.kind, head.size, kind)
	}
	var b bytes.Buffer
	if err := o.copy(&b, head.size); err != nil {
		return head, nil, o.failed(err)
	}
	return head, b.Bytes(), nil
}

// commit is what is needed of a commit.
type commit struct {
	id, tree string
	parents  []string
	ref      string // the file of its branch, where that is yet to be put on the disk
}

// commit reads a commit by its name, such as HEAD.
func (o *objects) commit(name string) (*commit, error) {
	head, text, err := o.read(name, "commit")
	if err != nil {
		return nil, err
	}
	c := &commit{id: head.id}
	for row := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(row, "\n"), " ")
		switch key {
		case "tree":
			c.tree = value
		case "parent":
			c.parents = append(c.parents, value)
		case "":
			return c, nil
		}
	}
	return c, nil
}

// entry is an entry of a tree.
type entry struct {
	mode, name, id string
}

// The modes of entries.
const (
	modeTree   = "40000"
	modeExec   = "100755"
	modeLink   = "120000"
	modeModule = "160000"
	modeFile   = "100644"
)

func (e entry) kind() string {
	switch e.mode {
	case modeTree:
		return "tree"
	case modeModule:
		return "commit"
	}
	return "blob"
}

// tree reads a tree.
func (o *objects) tree(id string) ([]entry, error) {
	_, b, err := o.read(id, "tree")
	if err != nil {
		return nil, err
	}
	var list []entry
	for len(b) > 0 {
		space := bytes.IndexByte(b, ' ')
		end := bytes.IndexByte(b, 0)
		if space < 0 || end < space || len(b) < end+1+len(id)/2 {
			return nil, fmt.Errorf("tree %s is broken", id)
		}
		next := end + 1 + len(id)/2
		list = append(list, entry{string(b[:space]), string(b[space+1 : end]), hex.EncodeToString(b[end+1 : next])})
		b = b[next:]
	}
	return list, nil
}
