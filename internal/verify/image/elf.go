package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// object is what the dynamic loader reads of an ELF file.
type object struct {
	machine machine
	soname  string
	needed  []string
	rpath   string
	runpath string
	interp  string
}

// machine is what a process can load: objects of its own machine and class.
type machine struct {
	elf.Machine
	elf.Class
}

// maxELF is the largest ELF file that is looked into.
const maxELF = 4 << 30

// elf reads what is kept of an ELF file. One that does not fit in head passes
// through a temporary file: the dynamic section stands near its end.
func (f *fileReader) elf(n *node, head []byte, rest io.Reader) (err error) {
	if !loadable(head) || n.size > maxELF {
		return nil
	}
	var r io.ReaderAt = bytes.NewReader(head)
	if n.size > int64(len(head)) {
		spool, err := os.CreateTemp(f.tmp, "elf-*")
		if err != nil {
			return err
		}
		defer os.Remove(spool.Name())
		defer spool.Close()
		if _, err := io.Copy(spool, io.MultiReader(bytes.NewReader(head), rest)); err != nil {
			return err
		}
		r = spool
	}
	o, err := readObject(r)
	if err != nil {
		return nil // the loader would not take it either
	}
	n.elf = o
	size := len(o.soname) + len(o.rpath) + len(o.runpath) + len(o.interp)
	for _, name := range o.needed {
		size += len(name) + 16
	}
	return f.keep.take(size)
}

// loadable reports whether an ELF file is an executable or a shared object, as
// opposed to an object file for the linker.
func loadable(head []byte) bool {
	if len(head) < 64 {
		return false
	}
	order, ok := byteOrder(head)
	if !ok {
		return false
	}
	kind := elf.Type(order.Uint16(head[16:]))
	return kind == elf.ET_DYN || kind == elf.ET_EXEC
}

func byteOrder(head []byte) (binary.ByteOrder, bool) {
	switch elf.Data(head[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		return binary.LittleEndian, true
	case elf.ELFDATA2MSB:
		return binary.BigEndian, true
	}
	return nil, false
}

var errELF = errors.New("malformed ELF file")

// Limits of what is read of one file. Real ones stay far below.
const (
	maxSegments = 1 << 10
	maxDynamic  = 64 << 10
	maxString   = 4 << 10
	maxNeeded   = 1 << 10
)

// elfFile reads through the program headers alone, as the loader does: section
// headers can be stripped, and say nothing that binds it.
type elfFile struct {
	r     io.ReaderAt
	order binary.ByteOrder
	elf.Class
	segments []elf.Prog64
}

func readObject(r io.ReaderAt) (*object, error) {
	f, m, err := openELF(r)
	if err != nil {
		return nil, err
	}
	o := &object{machine: machine{m, f.Class}}
	var dynamic elf.Prog64 // the last one, as in glibc
	for _, s := range f.segments {
		switch elf.ProgType(s.Type) {
		case elf.PT_INTERP:
			if o.interp, err = f.text(s.Off); err != nil {
				return nil, err
			}
		case elf.PT_DYNAMIC:
			dynamic = s
		}
	}
	return o, f.dynamic(o, dynamic)
}

func openELF(r io.ReaderAt) (*elfFile, elf.Machine, error) {
	head := make([]byte, 64)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, 0, err
	}
	order, ok := byteOrder(head)
	f := &elfFile{r: r, order: order, Class: elf.Class(head[elf.EI_CLASS])}
	var at uint64
	var size, count uint16
	switch {
	case ok && f.Class == elf.ELFCLASS64:
		at, size, count = order.Uint64(head[32:]), order.Uint16(head[54:]), order.Uint16(head[56:])
	case ok && f.Class == elf.ELFCLASS32:
		at, size, count = uint64(order.Uint32(head[28:])), order.Uint16(head[42:]), order.Uint16(head[44:])
	default:
		return nil, 0, errELF
	}
	if count > maxSegments || int(size) != f.size(32, 56) {
		return nil, 0, errELF
	}
	table, err := f.bytes(at, int(size)*int(count))
	if err != nil {
		return nil, 0, err
	}
	for ; len(table) > 0; table = table[size:] {
		f.segments = append(f.segments, f.segment(table))
	}
	return f, elf.Machine(order.Uint16(head[18:])), nil
}

// size is one of two, by the class.
func (f *elfFile) size(of32, of64 int) int {
	if f.Class == elf.ELFCLASS32 {
		return of32
	}
	return of64
}

func (f *elfFile) segment(b []byte) (s elf.Prog64) {
	s.Type = f.order.Uint32(b)
	if f.Class == elf.ELFCLASS32 {
		s.Off, s.Vaddr, s.Filesz = uint64(f.order.Uint32(b[4:])), uint64(f.order.Uint32(b[8:])), uint64(f.order.Uint32(b[16:]))
		return s
	}
	s.Off, s.Vaddr, s.Filesz = f.order.Uint64(b[8:]), f.order.Uint64(b[16:]), f.order.Uint64(b[32:])
	return s
}

// bytes reads n bytes; n has been limited by the caller.
func (f *elfFile) bytes(at uint64, n int) ([]byte, error) {
	if at > maxELF {
		return nil, errELF
	}
	b := make([]byte, n)
	if _, err := f.r.ReadAt(b, int64(at)); err != nil {
		return nil, err
	}
	return b, nil
}

// text reads a string that ends with a zero byte.
func (f *elfFile) text(at uint64) (string, error) {
	if at > maxELF {
		return "", errELF
	}
	var text []byte
	for len(text) < maxString {
		chunk := make([]byte, 64)
		n, err := f.r.ReadAt(chunk, int64(at)+int64(len(text)))
		if end := bytes.IndexByte(chunk[:n], 0); end >= 0 {
			return string(append(text, chunk[:end]...)), nil
		}
		if err != nil {
			return "", err
		}
		text = append(text, chunk...)
	}
	return "", errELF
}

// dynamic reads the dynamic section.
func (f *elfFile) dynamic(o *object, s elf.Prog64) error {
	section, err := f.bytes(s.Off, int(min(s.Filesz, maxDynamic)))
	if err != nil {
		return err
	}
	values := map[elf.DynTag][]uint64{}
	for size := f.size(8, 16); len(section) >= size; section = section[size:] {
		tag, value := elf.DynTag(f.word(section)), f.word(section[size/2:])
		if tag == elf.DT_NULL {
			break
		}
		values[tag] = append(values[tag], value)
	}
	if len(values[elf.DT_STRTAB]) == 0 {
		return nil
	}
	table, ok := f.offset(values[elf.DT_STRTAB][0])
	if !ok || len(values[elf.DT_NEEDED]) > maxNeeded {
		return errELF
	}
	for _, at := range values[elf.DT_NEEDED] {
		name, err := f.text(table + at)
		if err != nil {
			return err
		}
		o.needed = append(o.needed, name)
	}
	for tag, to := range map[elf.DynTag]*string{elf.DT_SONAME: &o.soname, elf.DT_RPATH: &o.rpath, elf.DT_RUNPATH: &o.runpath} {
		if len(values[tag]) == 0 {
			continue
		}
		if *to, err = f.text(table + values[tag][0]); err != nil {
			return err
		}
	}
	if o.runpath != "" {
		o.rpath = "" // as the loaders have it
	}
	return nil
}

func (f *elfFile) word(b []byte) uint64 {
	if f.Class == elf.ELFCLASS32 {
		return uint64(f.order.Uint32(b))
	}
	return f.order.Uint64(b)
}

// offset is where an address stands in the file.
func (f *elfFile) offset(addr uint64) (uint64, bool) {
	for _, s := range f.segments {
		if elf.ProgType(s.Type) == elf.PT_LOAD && addr >= s.Vaddr && addr-s.Vaddr < s.Filesz {
			return s.Off + (addr - s.Vaddr), true
		}
	}
	return 0, false
}
