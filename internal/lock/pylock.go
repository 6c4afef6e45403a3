package lock

import (
	"strings"

	"refit/internal/buildctx"
)

// pylock is pylock.toml. Source: PEP 751 and its specification.
type pylock struct {
	Environments   []string
	RequiresPython string   `toml:"requires-python"`
	DefaultGroups  []string `toml:"default-groups"`
	CreatedBy      string   `toml:"created-by"`
	Packages       []struct {
		Name, Version, Marker string
		RequiresPython        string `toml:"requires-python"`
		VCS                   struct{ Type, URL, Path string }
		Directory             struct {
			Path     string
			Editable bool
		}
		Archive struct{ URL, Path string }
		Sdist   pylockFile
		Wheels  []pylockFile
	}
}

type pylockFile struct{ Name, URL, Path string }

// where is the file's name, or what ends with it.
func (f pylockFile) where() string {
	for _, w := range []string{f.Name, f.Path, f.URL} {
		if w != "" {
			return w
		}
	}
	return ""
}

// listsAll are the tools that write every file of a package into a pylock.toml;
// others, such as pip lock, write what the machine that they run on would install.
var listsAll = map[string]bool{"uv": true, "pdm": true, "poetry": true}

func readPylock(l *Lock, s *source) error {
	var doc pylock
	if err := s.decode(&doc); err != nil {
		return err
	}
	l.RequiresPython, l.environments = doc.RequiresPython, doc.Environments
	tool := strings.ToLower(doc.CreatedBy)
	if !listsAll[tool] {
		l.chosen = "it was written by " + tool + ", which lists only the files for the machine that it ran on"
		if tool == "" {
			l.chosen = "it does not say who wrote it, and so whether it lists every file"
		}
	}
	for _, d := range doc.Packages {
		p := &Package{Name: buildctx.NormalizeName(d.Name), Version: d.Version, RequiresPython: d.RequiresPython, conditions: []condition{{marker: d.Marker}}}
		switch {
		case d.VCS.Type != "" || d.VCS.URL != "" || d.VCS.Path != "":
			p.Source = Source{Kind: Git, Where: d.VCS.URL + d.VCS.Path}
		case d.Directory.Path != "":
			p.Source = Source{Kind: Directory, Where: d.Directory.Path, Editable: d.Directory.Editable, Project: d.Directory.Path == "."}
		case d.Archive.Path != "":
			p.Source = Source{Kind: LocalFile, Where: d.Archive.Path}
		case d.Archive.URL != "":
			p.Source = Source{Kind: Archive, Where: d.Archive.URL}
		}
		for _, f := range append(d.Wheels, d.Sdist) {
			p.add(f.where())
		}
		if p.Source.Kind == LocalFile || p.Source.Kind == Archive {
			p.add(p.Source.Where)
		}
		l.Packages = append(l.Packages, p)
	}
	l.defaultGroups = doc.DefaultGroups
	number(l.Packages, s.lines("[[packages]]"))
	return nil
}
