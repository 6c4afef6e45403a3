package facts

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"sort"
	"sync"
)

// tagsBin is written by gen from the public first-parent history of docker-library/official-images
// (library/<image>), up to the day that CatalogueDay returns; gen/write.go describes the layout.
//
//go:embed tags.bin
var tagsBin []byte

// catalogue is the outer frame of tags.bin: one block an image, decoded when first asked for.
type catalogue struct {
	day    int
	names  []string
	images map[string]func() *tagTable
}

var openCatalogue = sync.OnceValue(func() *catalogue {
	r := &reader{b: tagsBin}
	c := &catalogue{day: r.uint(), images: map[string]func() *tagTable{}}
	for n := r.uint(); n > 0; n-- {
		name := r.string(r.uint())
		block := r.bytes(r.uint())
		c.names = append(c.names, name)
		c.images[name] = sync.OnceValue(func() *tagTable { return decodeTags(name, block) })
	}
	return c
})

// tagTable is every tag of one image, sorted by name.
type tagTable struct {
	tags []Tag
	// sameTarget[i] is the next row with the same target as row i, -1 at the end; firstOf[i] is
	// the first of them for a row i that is a target.
	sameTarget, firstOf []int32
	target              []int32
}

// row is the index of a tag, or -1.
func (t *tagTable) row(name string) int {
	i := sort.Search(len(t.tags), func(i int) bool { return t.tags[i].Name >= name })
	if i == len(t.tags) || t.tags[i].Name != name {
		return -1
	}
	return i
}

// aliases calls yield with every tag that has the same target as row i.
func (t *tagTable) aliases(i int, yield func(*Tag)) {
	for j := t.firstOf[t.target[i]]; j >= 0; j = t.sameTarget[j] {
		yield(&t.tags[j])
	}
}

func table(image string) *tagTable {
	if load := openCatalogue().images[image]; load != nil {
		return load()
	}
	return nil
}

// decodeTags panics on a damaged block: it is part of this program, and a test decodes them all.
func decodeTags(image string, block []byte) *tagTable {
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(block)))
	if err != nil {
		panic(fmt.Sprintf("facts: inflating the tags of %s: %v", image, err))
	}
	r := &reader{b: raw}
	days := make([]int, r.uint())
	for i, day := 0, 0; i < len(days); i++ {
		day += r.uint()
		days[i] = day
	}
	distros := make([]string, r.uint())
	for i := range distros {
		distros[i] = r.string(r.uint())
	}
	n := r.uint()
	t := &tagTable{tags: make([]Tag, n), sameTarget: make([]int32, n), firstOf: make([]int32, n), target: make([]int32, n)}
	r.names(t.tags)
	for i := range t.tags {
		t.target[i] = int32(i + r.int())
		t.firstOf[i] = -1
	}
	for i := n - 1; i >= 0; i-- {
		j := t.target[i]
		t.sameTarget[i], t.firstOf[j] = t.firstOf[j], int32(i)
		t.tags[i].Image, t.tags[i].Target = image, t.tags[j].Name
	}
	for i := range t.tags {
		t.tags[i].Shared = r.uint() == 1
	}
	r.days(t, days, func(t *Tag) *int { return &t.First })
	r.days(t, days, func(t *Tag) *int { return &t.Until })
	for i := range t.tags {
		if code := r.uint(); code > 0 {
			t.tags[i].Distro = distros[code-1]
		}
	}
	return t
}

// reader takes the encoded numbers and strings off the front of b.
type reader struct{ b []byte }

func (r *reader) uint() int {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return int(v)
	}
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) int() int {
	v, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) bytes(n int) []byte {
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) string(n int) string { return string(r.bytes(n)) }

// names undoes the front coding; all names share one string.
func (r *reader) names(tags []Tag) {
	shared, added := make([]int, len(tags)), make([]int, len(tags))
	size := 0
	for i := range tags {
		shared[i] = r.uint()
	}
	for i := range tags {
		added[i] = r.uint()
		size += shared[i] + added[i]
	}
	text := make([]byte, 0, size)
	last := 0
	for i := range tags {
		start := len(text)
		text = append(text, text[last:last+shared[i]]...)
		text = append(text, r.bytes(added[i])...)
		last = start
	}
	all := string(text)
	for i := range tags {
		n := shared[i] + added[i]
		tags[i].Name, all = all[:n], all[n:]
	}
}

// days reads one column of days, where a tag that moved with its target has code 0.
func (r *reader) days(t *tagTable, days []int, field func(*Tag) *int) {
	codes := make([]int, len(t.tags))
	for i := range codes {
		codes[i] = r.uint()
	}
	for i := range t.tags {
		code := codes[i]
		if code == 0 {
			code = codes[t.target[i]]
		}
		*field(&t.tags[i]) = days[code-1]
	}
}
