package review

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"refit/internal/report"
	"refit/internal/verify"
	"refit/transform"
)

// Static writes the page as one file that needs no server: a report.Renderer.
type Static struct {
	w       io.Writer
	passes  []*transform.Pass
	docs    map[string]*transform.Pass
	results map[string]*verify.Outcome
	files   []File
	views   []*View
}

// NewStatic returns a renderer of a page. passes are documented in it, and results
// are what was built, by path.
func NewStatic(w io.Writer, passes []*transform.Pass, results map[string]*verify.Outcome) *Static {
	s := &Static{w: w, passes: passes, docs: map[string]*transform.Pass{}, results: results}
	for _, p := range passes {
		s.docs[p.Name] = p
	}
	return s
}

// Add takes a file.
func (s *Static) Add(e *report.Entry) error {
	f := File{Path: e.Path}
	if e.Result != nil {
		for _, step := range e.Result.Steps {
			f.On = append(f.On, step.Pass.Name)
		}
	}
	f.Switches = f.On
	v := newView(len(s.files), &f, f.On, e, s.docs)
	v.measure(s.results, e)
	s.files, s.views = append(s.files, f), append(s.views, v)
	return nil
}

// Close writes the page.
func (s *Static) Close(*report.Summary) error {
	data := newStart(s.files, s.passes)
	data.Views = listed(s.views)
	policy := fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; img-src data:; base-uri 'none'; form-action 'none'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'", source(script()), source(style()))
	page, err := fill(data, fmt.Sprintf("<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n<style>%s</style>\n<script type=\"module\">%s</script>",
		policy, style(), script()))
	if err != nil {
		return err
	}
	_, err = s.w.Write(page)
	return err
}

// source names an inline element for a policy.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
