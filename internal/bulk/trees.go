package bulk

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

// treeMaker writes trees with some files exchanged.
type treeMaker struct {
	old *objects
	new *newObjects
}

// make writes a tree with files exchanged, or added, and the trees below that
// need it. files are ids of blobs by path; old is "" for a directory that is new.
func (m *treeMaker) make(old string, files map[string]string) (string, error) {
	var entries []entry
	var err error
	if old != "" {
		if entries, err = m.old.tree(old); err != nil {
			return "", err
		}
	}
	below := map[string]map[string]string{}
	for p, id := range files {
		name, rest, deeper := strings.Cut(p, "/")
		if !deeper {
			if entries, err = exchange(entries, name, id); err != nil {
				return "", err
			}
			continue
		}
		if below[name] == nil {
			below[name] = map[string]string{}
		}
		below[name][rest] = id
	}
	for name, files := range below {
		i := slices.IndexFunc(entries, func(e entry) bool { return e.name == name })
		if i < 0 {
			i = len(entries)
			entries = append(entries, entry{mode: modeTree, name: name})
		}
		if entries[i].mode != modeTree {
			return "", fmt.Errorf("%s is not a directory of this repository", name)
		}
		if entries[i].id, err = m.make(entries[i].id, files); err != nil {
			return "", fmt.Errorf("%s: %w", path.Clean(name), err)
		}
	}
	return m.write(entries)
}

// exchange puts a file into a tree. It keeps the mode of the one before.
func exchange(entries []entry, name, id string) ([]entry, error) {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.name == name })
	switch {
	case i < 0:
		return append(entries, entry{modeFile, name, id}), nil
	case entries[i].kind() != "blob" || entries[i].mode == modeLink:
		return nil, fmt.Errorf("%s is not a file of this repository", name)
	}
	entries[i].id = id
	return entries, nil
}

func (m *treeMaker) write(entries []entry) (string, error) {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.sortName(), b.sortName()) })
	var text bytes.Buffer
	for _, e := range entries {
		id, err := hex.DecodeString(e.id)
		if err != nil {
			return "", err
		}
		text.WriteString(e.mode + " " + e.name + "\x00")
		text.Write(id)
	}
	return m.new.add("tree", text.Bytes()), nil
}

// sortName is what a tree is in the order of: a directory sorts as if its name
// ended with a slash.
func (e entry) sortName() string {
	if e.mode == modeTree {
		return e.name + "/"
	}
	return e.name
}
