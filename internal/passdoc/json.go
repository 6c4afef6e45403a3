package passdoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"refit/transform"
)

// passJSON is a pass's documentation for programs.
type passJSON struct {
	Name     string              `json:"name"`
	Group    string              `json:"group"`
	Title    string              `json:"title"`
	Text     string              `json:"text"`
	OptIn    bool                `json:"optIn"`
	Profiles []transform.Profile `json:"profiles"` // empty: all
	Before   string              `json:"before"`
	After    string              `json:"after"`
	Declines []declineJSON       `json:"declines"`
	Hadolint []string            `json:"hadolint"`
	Sources  []string            `json:"sources"`
}

type declineJSON struct {
	Key  string `json:"key"`
	When string `json:"when"`
}

// JSON writes the documentation of passes as one document, a line for each.
// docs/json.md says what it has.
func JSON(w io.Writer, groups []Group) error {
	sep := "{\"passes\":[\n"
	for _, g := range groups {
		for _, p := range g.Passes {
			b, err := marshal(p, g.Tag)
			if err != nil {
				return fmt.Errorf("documentation of %s: %w", p.Name, err)
			}
			if _, err := fmt.Fprintf(w, "%s%s", sep, b); err != nil {
				return err
			}
			sep = ",\n"
		}
	}
	_, err := io.WriteString(w, "\n]}\n")
	return err
}

func marshal(p *transform.Pass, group string) ([]byte, error) {
	j := passJSON{
		Name: p.Name, Group: group, Title: p.Doc.Title, Text: p.Doc.Text, OptIn: p.OptIn,
		Profiles: append([]transform.Profile{}, p.Profiles...), Before: p.Doc.Before, After: p.Doc.After,
		Declines: []declineJSON{}, Hadolint: append([]string{}, p.Hadolint...), Sources: p.Doc.Sources,
	}
	for _, d := range p.Declines {
		j.Declines = append(j.Declines, declineJSON{d.Key, d.When})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(j)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
