package lock

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// known are the versions of each format that the readers were written for, by the
// part before the first dot, as the tools write them: uv's version, Poetry's
// lock-version, PDM's lock_version, pipfile-spec and PEP 751's lock-version.
var known = map[Format][]string{
	UV: {"1"}, Poetry: {"1", "2"}, PDM: {"2", "3", "4"}, Pipfile: {"6"}, Pylock: {"1"},
}

// checkFormat reports a file that is none of its tool's, such as an empty one, or of
// a version that may say things in another way: read as if it were known, it would
// seem to lock nothing.
func (s *source) checkFormat(f Format) error {
	version, err := s.formatVersion(f)
	if err != nil {
		return err
	}
	major, _, _ := strings.Cut(version, ".")
	switch {
	case major == "":
		return fmt.Errorf("%s:1: it says no version of the lock file's format", s.name)
	case !slices.Contains(known[f], major):
		return fmt.Errorf("%s:%d: version %s of the lock file's format is not known", s.name, s.lineOf(version), version)
	}
	return nil
}

func (s *source) formatVersion(f Format) (string, error) {
	if f == Pipfile {
		var doc struct {
			Meta struct {
				Spec int `json:"pipfile-spec"`
			} `json:"_meta"`
		}
		if err := json.Unmarshal([]byte(s.text), &doc); err != nil {
			return "", fmt.Errorf("%s: %w", s.name, err)
		}
		if doc.Meta.Spec == 0 {
			return "", nil
		}
		return fmt.Sprint(doc.Meta.Spec), nil
	}
	var doc struct {
		Version  any
		Pylock   string `toml:"lock-version"`
		Metadata *struct {
			Poetry  string `toml:"lock-version"`
			PDM     string `toml:"lock_version"`
			Content string `toml:"content-hash"`
			Hash    string `toml:"content_hash"`
		}
	}
	if err := s.decode(&doc); err != nil {
		return "", err
	}
	switch {
	case f == UV && doc.Version != nil:
		return fmt.Sprint(doc.Version), nil
	case f == Pylock:
		return doc.Pylock, nil
	case doc.Metadata == nil:
		return "", nil
	case f == Poetry && doc.Metadata.Poetry == "" && doc.Metadata.Content != "":
		return "1", nil // before Poetry 1.0
	case f == Poetry:
		return doc.Metadata.Poetry, nil
	case f == PDM && doc.Metadata.PDM == "" && doc.Metadata.Hash != "":
		return "2", nil
	case f == PDM:
		return doc.Metadata.PDM, nil
	}
	return "", nil
}

// lineOf is the line of the first quoted or bare mention of a version; 1 for none.
func (s *source) lineOf(version string) int {
	for i, line := range strings.Split(s.text, "\n") {
		if strings.Contains(line, version) && strings.Contains(strings.ToLower(line), "version") {
			return i + 1
		}
	}
	return 1
}
