package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"sort"
)

// write encodes the catalogue. The layout, all numbers uvarint, strings with their length before:
//
//	date, number of images, then per image: name, number of bytes, that many bytes of a DEFLATE stream
//
// and inside the stream, one column after the other so that each compresses well:
//
//	days:     count, then the differences between them, ascending
//	distros:  count, then the strings
//	names:    count; per tag the bytes shared with the tag before; per tag the bytes added; the added bytes
//	targets:  per tag the zigzag distance to its target's row (0 = itself)
//	shared:   per tag 1 or 0
//	first:    per tag 0 = as its target's, else 1 + index into days
//	until:    likewise; index 0 of days is day 0, which means still listed
//	distro:   per tag 0 = not recorded, else 1 + index into distros
func write(b *bytes.Buffer, date int, images []image) error {
	b.Write(binary.AppendUvarint(nil, uint64(date)))
	b.Write(binary.AppendUvarint(nil, uint64(len(images))))
	for _, im := range images {
		var z bytes.Buffer
		w, err := flate.NewWriter(&z, flate.BestCompression)
		if err != nil {
			return fmt.Errorf("compressing %s: %w", im.name, err)
		}
		if _, err := w.Write(encode(im.rows)); err != nil {
			return fmt.Errorf("compressing %s: %w", im.name, err)
		}
		if err := w.Close(); err != nil {
			return fmt.Errorf("compressing %s: %w", im.name, err)
		}
		b.Write(appendString(nil, im.name))
		b.Write(binary.AppendUvarint(nil, uint64(z.Len())))
		b.Write(z.Bytes())
	}
	return nil
}

func encode(rows []row) []byte {
	at := map[string]int{}
	daySet, distroSet := map[int]bool{0: true}, map[string]bool{}
	for i, r := range rows {
		at[r.name] = i
		daySet[r.first], daySet[r.until] = true, true
		if r.distro != "" {
			distroSet[r.distro] = true
		}
	}
	days, distros := sorted(daySet, func(a, b int) bool { return a < b }), sorted(distroSet, func(a, b string) bool { return a < b })
	dayIndex, distroIndex := index(days), index(distros)

	b := binary.AppendUvarint(nil, uint64(len(days)))
	for i, last := 0, 0; i < len(days); i++ {
		b = binary.AppendUvarint(b, uint64(days[i]-last))
		last = days[i]
	}
	b = binary.AppendUvarint(b, uint64(len(distros)))
	for _, d := range distros {
		b = appendString(b, d)
	}
	b = binary.AppendUvarint(b, uint64(len(rows)))
	b = appendNames(b, rows)
	for i, r := range rows {
		b = binary.AppendVarint(b, int64(at[r.target]-i))
	}
	for _, r := range rows {
		b = append(b, map[bool]byte{true: 1}[r.shared])
	}
	for _, column := range []func(row) int{
		func(r row) int { return r.first },
		func(r row) int { return r.until },
	} {
		for _, r := range rows {
			code := 1 + dayIndex[column(r)]
			if r.target != r.name && column(r) == column(rows[at[r.target]]) {
				code = 0
			}
			b = binary.AppendUvarint(b, uint64(code))
		}
	}
	for _, r := range rows {
		code := 0
		if r.distro != "" {
			code = 1 + distroIndex[r.distro]
		}
		b = binary.AppendUvarint(b, uint64(code))
	}
	return b
}

// appendNames front-codes the tags: each as what it adds to the one before.
func appendNames(b []byte, rows []row) []byte {
	var added, text []byte
	last := ""
	for _, r := range rows {
		n := 0
		for n < len(last) && n < len(r.name) && last[n] == r.name[n] {
			n++
		}
		b = binary.AppendUvarint(b, uint64(n))
		added = binary.AppendUvarint(added, uint64(len(r.name)-n))
		text = append(text, r.name[n:]...)
		last = r.name
	}
	return append(append(b, added...), text...)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func sorted[T comparable](set map[T]bool, less func(a, b T) bool) []T {
	var all []T
	for v := range set {
		all = append(all, v)
	}
	sort.Slice(all, func(i, j int) bool { return less(all[i], all[j]) })
	return all
}

func index[T comparable](all []T) map[T]int {
	at := map[T]int{}
	for i, v := range all {
		at[v] = i
	}
	return at
}
