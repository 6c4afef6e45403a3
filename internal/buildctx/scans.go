package buildctx

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// scans holds what reading all files of a context gave. Dockerfiles of one context often see the same files, and
// reading them is what costs most: it is done once for each way to see them.
type scans struct {
	python    memo[*Uses]
	mentions  memo[*Mentions]
	inventory memo[*Inventory]
	shared    memo[any]
}

// Shared is what make makes of the context, made once for all Dockerfiles that see the same files. The key names it,
// with all else that it depends on.
func (c *Context) Shared(key string, make func() any) any {
	sight, err := c.sight()
	if err != nil {
		return make()
	}
	v, _ := c.scans.shared.get(sight+key, func() (any, error) { return make(), nil })
	return v
}

// scanned gives what another view of the same files has read, or reads.
func scanned[T any](c *Context, m *memo[T], read func() (T, error)) (T, error) {
	sight, err := c.sight()
	if err != nil {
		return read()
	}
	return m.get(sight, read)
}

// look is all that the contents of a view depend on, beside what is on disk: what is hidden, and what was added.
func (c *Context) look() (string, error) {
	ig, err := c.ignore()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	write := func(s string) {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	write(strings.Join(ig.patterns, "\n"))
	for _, name := range slices.Sorted(maps.Keys(c.added)) {
		write(name)
		write(c.added[name])
	}
	return b.String(), nil
}
