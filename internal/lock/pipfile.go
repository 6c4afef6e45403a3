package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"refit/internal/buildctx"
)

// pipfileLock is Pipfile.lock. It has hashes, but no file names.
// Source: the pipfile-spec 6 and files that pipenv 2018 to 2026 wrote.
type pipfileLock struct {
	Meta struct {
		Requires struct {
			Version string `json:"python_version"`
			Full    string `json:"python_full_version"`
		}
	} `json:"_meta"`
	groups map[string]map[string]pipfilePackage
}

type pipfilePackage struct {
	Version, Markers  string
	Hashes            []string
	Git, Hg, Svn, Bzr string
	Path, File, URL   string
	Editable          bool
	Extras            []string
}

func readPipfile(l *Lock, s *source) error {
	var raw map[string]json.RawMessage
	if err := s.decodeJSON([]byte(s.text), &raw); err != nil {
		return err
	}
	doc := pipfileLock{groups: map[string]map[string]pipfilePackage{}}
	for name, part := range raw {
		var err error
		if name == "_meta" {
			err = json.Unmarshal([]byte(`{"_meta":`+string(part)+`}`), &doc)
		} else {
			var group map[string]pipfilePackage
			err = json.Unmarshal(part, &group)
			doc.groups[name] = group
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", s.name, name, err)
		}
	}
	if v := doc.Meta.Requires.Version; v != "" {
		l.RequiresPython = "==" + v + ".*"
	}
	for _, name := range slices.Sorted(maps.Keys(doc.groups)) {
		l.pipfileGroup(s, name, doc.groups[name])
	}
	return nil
}

// pipfileGroup adds the packages of a section: default, develop, or one of the
// Pipfile's own.
func (l *Lock) pipfileGroup(s *source, section string, packages map[string]pipfilePackage) {
	group := section
	switch section {
	case "default":
		group = Main
	case "develop":
		group = "dev"
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		d := packages[name]
		p := &Package{Name: buildctx.NormalizeName(name), Version: strings.TrimPrefix(strings.TrimPrefix(d.Version, "=="), "="), Hashes: len(d.Hashes),
			conditions: []condition{{group, d.Markers}}, Line: lineOfKey(s.text, section, name), Source: d.source()}
		if d.Version == "*" {
			p.Version = ""
		}
		if p.Source.Kind == Archive || p.Source.Kind == LocalFile {
			p.add(p.Source.Where)
		}
		if same := l.find(p.Name, p.Version); same != nil {
			same.conditions = append(same.conditions, p.conditions...)
			continue
		}
		l.Packages = append(l.Packages, p)
	}
}

// find returns a package of the lock.
func (l *Lock) find(name, version string) *Package {
	for _, p := range l.Packages {
		if p.Name == name && p.Version == version {
			return p
		}
	}
	return nil
}

func (d *pipfilePackage) source() Source {
	for _, vcs := range []string{d.Git, d.Hg, d.Svn, d.Bzr} {
		if vcs != "" {
			return Source{Kind: Git, Where: vcs, Editable: d.Editable}
		}
	}
	switch where := d.Path + d.File + d.URL; {
	case where == "":
		return Source{Kind: Index}
	case strings.Contains(where, "://") && !strings.HasPrefix(where, "file:"):
		return Source{Kind: Archive, Where: where}
	case isArchive(where):
		return Source{Kind: LocalFile, Where: where}
	default:
		return Source{Kind: Directory, Where: where, Editable: d.Editable, Project: where == "." || where == "./"}
	}
}

// decodeJSON decodes, and says where what is wrong stands.
func (s *source) decodeJSON(text []byte, v any) error {
	err := json.Unmarshal(text, v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%s:%d: %w", s.name, 1+bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n")), err)
	case errors.As(err, &kind):
		return fmt.Errorf("%s:%d: %w", s.name, 1+bytes.Count(text[:min(int(kind.Offset), len(text))], []byte("\n")), err)
	case err != nil:
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// lineOfKey finds the line of a package in a section, as pipenv writes both: each
// on a line of its own. It is 0 where they are written otherwise.
func lineOfKey(text, section, name string) int {
	n, inside := 0, false
	for line := range strings.Lines(text) {
		n++
		key, opens := strings.CutSuffix(strings.TrimSpace(line), ": {")
		if !opens {
			continue
		}
		if indent := len(line) - len(strings.TrimLeft(line, " \t")); indent <= 4 {
			inside = key == `"`+section+`"`
		} else if inside && key == `"`+name+`"` {
			return n
		}
	}
	return 0
}
