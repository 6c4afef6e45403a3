package builds

import (
	"path/filepath"

	"go.yaml.in/yaml/v4"
)

// node is a part of a YAML document; nil for one that is not there.
type node yaml.Node

// parseYAML reads the first document of a file.
func parseYAML(path string) (*node, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, nil
	}
	return (*node)(doc.Content[0]), nil
}

func (n *node) isMapping() bool { return n != nil && n.Kind == yaml.MappingNode }

// get is the value of a key.
func (n *node) get(key string) *node {
	value, _ := n.entry(key)
	return value
}

// entry is the value of a key, and the line that the key stands on.
func (n *node) entry(key string) (value *node, line int) {
	if n != nil && n.Kind == yaml.AliasNode {
		n = (*node)(n.Alias)
	}
	if !n.isMapping() {
		return nil, 0
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return (*node)(n.Content[i+1]), n.Content[i].Line
		}
	}
	return nil, 0
}

// services are the values of the services.
func (n *node) services() []*node {
	var all []*node
	if services := n.get("services"); services.isMapping() {
		for i := 1; i < len(services.Content); i += 2 {
			all = append(all, (*node)(services.Content[i]))
		}
	}
	return all
}

// place is a line of a file.
type place struct {
	file string
	line int
}

// lines knows where the services of a project stand.
type lines struct {
	files []string // the last one counts most
	docs  []*node
}

func (f *finder) lines(names []string) *lines {
	l := &lines{}
	for _, name := range names {
		path := filepath.Join(f.dir, name)
		doc, err := parseYAML(path)
		if err != nil {
			doc = nil // the loader has said why, if that matters
		}
		l.files, l.docs = append(l.files, path), append(l.docs, doc)
	}
	return l
}

// of is where a service says what it is built from, else where it stands, else
// where files are included.
func (l *lines) of(service string) place {
	for _, key := range []string{"build", "image", ""} {
		for i := len(l.docs) - 1; i >= 0; i-- {
			s, at := l.docs[i].get("services").entry(service)
			if key != "" {
				_, at = s.entry(key)
			}
			if at > 0 {
				return place{l.files[i], at}
			}
		}
	}
	for i, doc := range l.docs {
		if _, at := doc.entry("include"); at > 0 {
			return place{l.files[i], at}
		}
	}
	return place{l.files[0], 1}
}
