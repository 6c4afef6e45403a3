package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// budget is what may still be kept in memory.
type budget struct{ left atomic.Int64 }

var errBudget = errors.New("the image has more files and package data than can be read")

// take charges n bytes and what holding them costs.
func (b *budget) take(n int) error {
	if b.left.Add(-int64(n)-200) < 0 {
		return errBudget
	}
	return nil
}

// layer is one layer: what it does to the tree below, and the size of its stream.
type layer struct {
	changes []change
	size    int64
}

// change is an entry of a layer.
type change struct {
	path string
	kind kind
	node *node  // of added
	link string // of hardLink: the path of the file
}

type kind uint8

const (
	added    kind = iota
	hardLink      // another name for a file
	removed       // a whiteout: the path is gone
	opaque        // the directory has nothing of the lower layers
)

// reader reads the layers of one image.
type reader struct {
	store layout.Path
	tmp   string
	keep  *budget
}

// layer reads a layer, and holds it against its digest.
func (r *reader) layer(ctx context.Context, desc v1.Descriptor) (*layer, error) {
	blob, err := r.store.Blob(desc.Digest)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	sum := sha256.New()
	raw := bufio.NewReaderSize(io.TeeReader(&watched{ctx: ctx, r: blob}, sum), 1<<18)
	stream, err := decompress(raw)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	counted := &watched{ctx: ctx, r: stream}
	l := &layer{}
	if l.changes, err = r.entries(ctx, counted); err != nil {
		return nil, err
	}
	// What follows the archive's end, such as padding, is part of the stream.
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return nil, err
	}
	l.size = counted.n
	if got := hex.EncodeToString(sum.Sum(nil)); desc.Digest.Algorithm == "sha256" && got != desc.Digest.Hex {
		return nil, fmt.Errorf("the file has the digest %s", got)
	}
	return l, nil
}

// watched counts what is read, and ends when the context does.
type watched struct {
	ctx context.Context
	r   io.Reader
	n   int64
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.r.Read(p)
	w.n += int64(n)
	return n, err
}

// decompress goes by what a stream begins with, not by its media type.
func decompress(r *bufio.Reader) (io.ReadCloser, error) {
	start, err := r.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return gzip.NewReader(r)
	case bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return io.NopCloser(r), nil
}

// entries reads a tar stream.
func (r *reader) entries(ctx context.Context, stream io.Reader) ([]change, error) {
	files := &fileReader{reader: r, tar: tar.NewReader(stream), sum: sha256.New()}
	files.src = &watched{ctx: ctx, r: files.tar} // a hole in a sparse file is not read from the stream
	var changes []change
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		header, err := files.tar.Next()
		if err == io.EOF {
			return changes, nil
		}
		if err != nil {
			return nil, err
		}
		c, err := files.entry(header)
		if err != nil {
			return nil, fmt.Errorf("%.200q: %w", header.Name, err)
		}
		if c.path != "/" {
			changes = append(changes, c)
		}
	}
}

// fileReader reads the contents of the entries of one layer.
type fileReader struct {
	*reader
	tar  *tar.Reader
	src  *watched
	sum  hash.Hash
	head []byte
}

// The longest path that the kernel takes.
const pathMax = 4096

// whiteout is the prefix of the names that hide something of a lower layer.
const whiteout = ".wh."

// entry reads one entry. A change of "/" changes nothing.
func (f *fileReader) entry(header *tar.Header) (change, error) {
	if len(header.Name) > pathMax || len(header.Linkname) > pathMax {
		return change{}, errors.New("the path is too long")
	}
	name := path.Clean("/" + header.Name)
	if err := f.keep.take(len(name) + len(header.Linkname)); err != nil {
		return change{}, err
	}
	dir, base := path.Split(name)
	if base == whiteout+whiteout+".opq" {
		return change{path: path.Clean(dir), kind: opaque}, nil
	}
	if hidden, ok := strings.CutPrefix(base, whiteout); ok {
		if hidden == "" || hidden == "." || hidden == ".." || strings.HasPrefix(hidden, whiteout) {
			return change{path: "/"}, nil
		}
		return change{path: dir + hidden, kind: removed}, nil
	}
	n := &node{mode: header.FileInfo().Mode()}
	switch header.Typeflag {
	case tar.TypeLink:
		return change{path: name, kind: hardLink, link: path.Clean("/" + header.Linkname)}, nil
	case tar.TypeSymlink:
		n.link = header.Linkname
	case tar.TypeDir:
		n.children = map[string]*node{}
	case tar.TypeReg, tar.TypeGNUSparse:
		n.size = header.Size
		return change{path: name, node: n}, f.content(name, n)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		return change{path: "/"}, nil // such as a global header
	}
	return change{path: name, node: n}, nil
}

// headSize is how much of a file is looked at in memory.
const headSize = 4 << 20

// content reads a regular file: its digest, and what is kept of it.
func (f *fileReader) content(name string, n *node) error {
	if f.head == nil {
		f.head = make([]byte, headSize)
	}
	head := f.head[:min(n.size, headSize)]
	if _, err := io.ReadFull(f.src, head); err != nil {
		return unexpected(err)
	}
	f.sum.Reset()
	f.sum.Write(head)
	rest := io.TeeReader(f.src, f.sum)
	var err error
	if limit := textLimit(name); limit > 0 {
		err = f.text(n, head, rest, limit)
	} else if isELF(head) {
		err = f.elf(n, head, rest)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, rest)
	}
	f.sum.Sum(n.sum[:0])
	return unexpected(err)
}

// unexpected is an error of a read that has not reached the end of the file.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// text keeps the beginning of a file.
func (f *fileReader) text(n *node, head []byte, rest io.Reader, limit int64) error {
	var text strings.Builder
	text.Write(head[:min(int64(len(head)), limit)])
	if more := min(n.size, limit) - int64(text.Len()); more > 0 {
		if _, err := io.CopyN(&text, rest, more); err != nil {
			return err
		}
	}
	n.text = text.String()
	return f.keep.take(len(n.text))
}

// textLimit is how much of a file is kept, by its path; 0 is nothing.
func textLimit(name string) int64 {
	dir, base := path.Split(name)
	switch {
	case strings.HasPrefix(name, "/etc/ld"), name == "/etc/passwd":
		return 4 << 20
	case name == dpkgStatus, dir == dpkgStatusDir, dir == dpkgInfo && path.Ext(base) == ".list", name == apkInstalled, name == "/usr"+apkInstalled:
		return 64 << 20
	case base == "METADATA" && strings.HasSuffix(dir, ".dist-info/"), base == "PKG-INFO" && strings.HasSuffix(dir, ".egg-info/"), path.Ext(base) == ".egg-info":
		return 64 << 10 // the rest is the description
	}
	return 0
}

func isELF(head []byte) bool { return bytes.HasPrefix(head, []byte("\x7fELF")) }
