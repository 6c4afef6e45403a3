package builder

import (
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
)

// Mask hides values in what a build prints, which steps are named after and which
// programs repeat. The zero value hides none.
type Mask struct{ replace *strings.Replacer }

// secretName matches the names of arguments whose values are nobody's business:
// PIP_TOKEN, DB_PASSWORD, APIKEY.
var secretName = regexp.MustCompile(`(?i)(token|password|passwd|passphrase|secret|credential|key)s?(_|$)`)

// shortest is what is hidden at least: to hide "1" would hide everything.
const shortest = 4

// MaskOf hides the values of the build arguments whose names look like those of
// secrets.
func MaskOf(args map[string]string) Mask {
	var values []string
	for name, value := range args {
		if !secretName.MatchString(name) {
			continue
		}
		for _, v := range append(strings.Split(value, "\n"), value) { // a log has lines
			if v = strings.TrimSpace(v); len(v) >= shortest && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	if values == nil {
		return Mask{}
	}
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, v := range values {
		pairs = append(pairs, v, "***")
	}
	return Mask{strings.NewReplacer(pairs...)}
}

// Text is a text without the values.
func (m Mask) Text(s string) string {
	if m.replace == nil {
		return s
	}
	return m.replace.Replace(s)
}

// status hides the values in what a daemon tells of its work.
func (m Mask) status(st *client.SolveStatus) {
	if m.replace == nil {
		return
	}
	for _, v := range st.Vertexes {
		v.Name, v.Error = m.Text(v.Name), m.Text(v.Error)
	}
	for _, s := range st.Statuses {
		s.ID, s.Name = m.Text(s.ID), m.Text(s.Name)
	}
	for _, l := range st.Logs {
		l.Data = []byte(m.Text(string(l.Data)))
	}
	for _, w := range st.Warnings {
		w.Short = []byte(m.Text(string(w.Short)))
		for i := range w.Detail {
			w.Detail[i] = []byte(m.Text(string(w.Detail[i])))
		}
	}
}
