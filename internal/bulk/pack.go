package bulk

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
)

// newObjects are objects for a repository, each before those that name it.
type newObjects struct {
	newHash func() hash.Hash // the repository's
	list    []newObject
}

type newObject struct {
	id, kind string
	content  []byte
}

// newObjectsLike are for a repository that has ids like this one.
func newObjectsLike(id string) (*newObjects, error) {
	switch len(id) {
	case 2 * sha1.Size:
		return &newObjects{newHash: sha1.New}, nil
	case 2 * sha256.Size:
		return &newObjects{newHash: sha256.New}, nil
	}
	return nil, fmt.Errorf("%s: refit knows no ids of that length", id)
}

// add takes in an object and returns its id.
func (n *newObjects) add(kind string, content []byte) string {
	h := n.newHash()
	fmt.Fprintf(h, "%s %d\x00", kind, len(content))
	h.Write(content)
	id := fmt.Sprintf("%x", h.Sum(nil))
	n.list = append(n.list, newObject{id, kind, content})
	return id
}

// The kinds of objects in a pack (gitformat-pack(5), "object types").
var packKinds = map[string]byte{"commit": 1, "tree": 2, "blob": 3}

// pack packs the objects, for git unpack-objects to store in one go. They are whole
// and not compressed, since git does that itself for each file it writes.
func (n *newObjects) pack() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("PACK\x00\x00\x00\x02")
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(n.list))))
	z, err := zlib.NewWriterLevel(&b, zlib.NoCompression)
	if err != nil {
		return nil, err
	}
	for _, o := range n.list {
		packHead(&b, o.kind, len(o.content))
		z.Reset(&b)
		if _, err := z.Write(o.content); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
	}
	h := n.newHash()
	h.Write(b.Bytes())
	return h.Sum(b.Bytes()), nil
}

// packHead writes a kind and a size: four bits beside the kind, then seven to a
// byte.
func packHead(to *bytes.Buffer, kind string, size int) {
	b := packKinds[kind]<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		to.WriteByte(b | 0x80)
		b = byte(size & 0x7f)
	}
	to.WriteByte(b)
}
