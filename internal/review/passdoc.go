package review

import (
	"strings"

	"refit/transform"
)

// PassDoc is what "refit explain" says of a pass, for the page.
type PassDoc struct {
	Name     string        `json:"name"`
	Title    string        `json:"title"`
	Text     string        `json:"text"`
	When     string        `json:"when,omitempty"` // it runs, if not always
	Example  *Text         `json:"example"`
	Declines []PassDecline `json:"declines"`
	Hadolint []string      `json:"hadolint"`
	Sources  []string      `json:"sources"`
}

// PassDecline is a reason for which a pass holds back.
type PassDecline struct {
	Key    string `json:"key"`
	When   string `json:"when"`
	Remedy string `json:"remedy"`
}

func newPassDoc(p *transform.Pass) *PassDoc {
	d := &PassDoc{Name: p.Name, Title: p.Doc.Title, Text: p.Doc.Text, Hadolint: listed(p.Hadolint), Sources: listed(p.Doc.Sources),
		Declines: []PassDecline{}}
	d.Example = newText("Dockerfile", p.Doc.Before, p.Doc.After, true, func(bool, int) []int { return nil })
	for _, c := range p.Declines {
		d.Declines = append(d.Declines, PassDecline{c.Key, c.When, Remedy(p, c.Key)})
	}
	var when []string
	if len(p.Profiles) > 0 {
		names := make([]string, len(p.Profiles))
		for i, profile := range p.Profiles {
			names[i] = string(profile)
		}
		when = append(when, "It runs for the profile "+strings.Join(names, " or ")+" only.")
	}
	if p.OptIn {
		when = append(when, "It runs only when asked for: --with "+p.Name+".")
	}
	d.When = strings.Join(when, " ")
	return d
}
