package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// tinyELF is an ELF file of headers and a dynamic section, without sections.
type tinyELF struct {
	soname, rpath, runpath, interp string
	needed                         []string
	machine                        elf.Machine // x86-64 unless told
	class                          elf.Class   // 64 bits unless told
	order                          binary.ByteOrder
	kind                           elf.Type // shared object unless told
	pad                            int      // bytes before the dynamic section
}

// loadedAt is where what follows the headers would stand in memory.
const loadedAt = 0x400000

func (e tinyELF) build(t testing.TB) string {
	t.Helper()
	if e.machine == 0 {
		e.machine = elf.EM_X86_64
	}
	if e.class == 0 {
		e.class = elf.ELFCLASS64
	}
	if e.order == nil {
		e.order = binary.LittleEndian
	}
	if e.kind == 0 {
		e.kind = elf.ET_DYN
	}
	wide := e.class == elf.ELFCLASS64
	headers, tagSize := 52+3*32, 8
	if wide {
		headers, tagSize = 64+3*56, 16
	}

	names := []byte{0}
	name := func(s string) uint64 {
		at := len(names)
		names = append(append(names, s...), 0)
		return uint64(at)
	}
	var tags []elf.Dyn64
	for _, s := range e.needed {
		tags = append(tags, elf.Dyn64{Tag: int64(elf.DT_NEEDED), Val: name(s)})
	}
	for tag, s := range map[elf.DynTag]string{elf.DT_SONAME: e.soname, elf.DT_RPATH: e.rpath, elf.DT_RUNPATH: e.runpath} {
		if s != "" {
			tags = append(tags, elf.Dyn64{Tag: int64(tag), Val: name(s)})
		}
	}
	interp := uint64(headers) + name(e.interp)
	tags = append(tags, elf.Dyn64{Tag: int64(elf.DT_STRTAB), Val: loadedAt}, elf.Dyn64{})
	dynamic := uint64(headers + len(names) + e.pad)

	var body bytes.Buffer
	put := func(data any) {
		if err := binary.Write(&body, e.order, data); err != nil {
			t.Fatal(err)
		}
	}
	segments := []elf.Prog64{{Type: uint32(elf.PT_LOAD), Off: uint64(headers), Vaddr: loadedAt, Filesz: 1 << 30}, {Type: uint32(elf.PT_DYNAMIC), Off: dynamic, Filesz: uint64(len(tags) * tagSize)}}
	if e.interp != "" {
		segments = append(segments, elf.Prog64{Type: uint32(elf.PT_INTERP), Off: interp})
	}
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(e.class), byte(elf.ELFDATA2LSB), 1}
	if e.order == binary.BigEndian {
		ident[elf.EI_DATA] = byte(elf.ELFDATA2MSB)
	}
	if wide {
		put(elf.Header64{Ident: ident, Type: uint16(e.kind), Machine: uint16(e.machine), Phoff: 64, Phentsize: 56, Phnum: uint16(len(segments))})
	} else {
		put(elf.Header32{Ident: ident, Type: uint16(e.kind), Machine: uint16(e.machine), Phoff: 52, Phentsize: 32, Phnum: uint16(len(segments))})
	}
	for _, s := range segments {
		if wide {
			put(s)
		} else {
			put(elf.Prog32{Type: s.Type, Off: uint32(s.Off), Vaddr: uint32(s.Vaddr), Filesz: uint32(s.Filesz)})
		}
	}
	body.Write(make([]byte, headers-body.Len()))
	body.Write(names)
	body.Write(make([]byte, e.pad))
	for _, tag := range tags {
		if wide {
			put(tag)
		} else {
			put(elf.Dyn32{Tag: int32(tag.Tag), Val: uint32(tag.Val)})
		}
	}
	return body.String()
}

func TestReadObject(t *testing.T) {
	full := tinyELF{soname: "libx.so.1", needed: []string{"liba.so.1", "libb.so.2"}, runpath: "$ORIGIN/../lib", rpath: "/ignored", interp: "/lib64/ld.so"}
	want := object{soname: "libx.so.1", needed: []string{"liba.so.1", "libb.so.2"}, runpath: "$ORIGIN/../lib", interp: "/lib64/ld.so"}
	for _, class := range []elf.Class{elf.ELFCLASS32, elf.ELFCLASS64} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			full.class, full.order, full.machine = class, order, elf.EM_PPC64
			got, err := readObject(strings.NewReader(full.build(t)))
			if err != nil {
				t.Fatal(err)
			}
			want.machine = machine{elf.EM_PPC64, class}
			if !reflect.DeepEqual(*got, want) {
				t.Errorf("%v %v: got %+v, want %+v", class, order, *got, want)
			}
		}
	}
}

// TestLargeELF reads a file that does not fit in memory's share of it.
func TestLargeELF(t *testing.T) {
	large := tinyELF{needed: []string{"libnone.so"}, pad: headSize + 1000}.build(t)
	img := openLayers(t, v1.Config{}, []*entry{reg("app/x.so", large), reg("app/y.so", large[:headSize+500])})
	want := []Missing{{"libnone.so", []string{"/app/x.so"}}}
	if got := img.Missing([]string{"/app"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := names(img.Files("/app")); got != "/app/x.so /app/y.so" {
		t.Errorf("files: %s", got)
	}
}

// TestNotForTheLoader: what cannot be loaded is a file like any other.
func TestNotForTheLoader(t *testing.T) {
	good := tinyELF{needed: []string{"libnone.so"}}.build(t)
	patch := func(at int, bytes string) string { return good[:at] + bytes + good[at+len(bytes):] }
	for name, body := range map[string]string{
		"object file":           tinyELF{kind: elf.ET_REL, needed: []string{"libnone.so"}}.build(t),
		"magic alone":           "\x7fELF",
		"half a header":         good[:40],
		"half a table":          good[:100],
		"without its end":       good[:len(good)-20],
		"no class":              patch(elf.EI_CLASS, "\x00"),
		"no byte order":         patch(elf.EI_DATA, "\x07"),
		"table far outside":     patch(32, "\xff\xff\xff\xff\xff\xff\xff\xff"),
		"many segments":         patch(56, "\xff\xff"),
		"segments of no size":   patch(54, "\x00\x00"),
		"dynamic far outside":   patch(64+56+8, "\xff\xff\xff\xff\xff\xff\xff\x7f"),
		"strings not in memory": patch(64+16, "\x00\x00\x00\x00\x00\xff\xff\xff"),
	} {
		img := openLayers(t, v1.Config{}, []*entry{reg("a.so", body)}, []*entry{reg("b.so", tinyELF{}.build(t))})
		if got := img.Missing([]string{"/"}); got != nil {
			t.Errorf("%s: missing %v", name, got)
		}
		if got := names(img.Files("/")); got != "/a.so /b.so" {
			t.Errorf("%s: files %s", name, got)
		}
	}
}

func TestLimitsOfELF(t *testing.T) {
	long := strings.Repeat("x", maxString+1)
	for name, e := range map[string]tinyELF{
		"long name":   {needed: []string{long}},
		"long path":   {runpath: long},
		"long interp": {interp: long},
		"many needed": {needed: strings.Split(strings.Repeat("x,", maxNeeded), ",")},
	} {
		if _, err := readObject(strings.NewReader(e.build(t))); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestManySegments: a file with more segments than any real one is not taken, and
// of several dynamic sections only one is.
func TestManySegments(t *testing.T) {
	one := tinyELF{needed: []string{"a"}}.build(t)
	for count, want := range map[int]int{1: 0, 2: 1, maxSegments: 1, maxSegments + 1: -1} {
		body := []byte(one)
		binary.LittleEndian.PutUint64(body[32:], uint64(len(body)))
		binary.LittleEndian.PutUint16(body[56:], uint16(count))
		load, dynamic := body[64:64+56], body[64+56:64+2*56]
		body = append(body, load...)
		for range count - 1 {
			body = append(body, dynamic...)
		}
		got := -1
		if o, err := readObject(bytes.NewReader(body)); err == nil {
			got = len(o.needed)
		}
		if got != want {
			t.Errorf("%d segments: %d needed, want %d", count, got, want)
		}
	}
}

func FuzzReadObject(f *testing.F) {
	f.Add([]byte(tinyELF{soname: "a", needed: []string{"b", "c"}, runpath: "$ORIGIN", interp: "/lib/ld.so"}.build(f)))
	f.Add([]byte(tinyELF{class: elf.ELFCLASS32, order: binary.BigEndian, rpath: "d"}.build(f)))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := readObject(bytes.NewReader(b))
		if err == nil && (len(o.needed) > maxNeeded || len(o.soname) > maxString) {
			t.Errorf("beyond the limits: %d needed, soname of %d bytes", len(o.needed), len(o.soname))
		}
		loadable(b)
	})
}
