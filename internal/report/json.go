package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// JSON writes files as one document, a line for each, as they come.
type JSON struct {
	w io.Writer
	n int
}

// NewJSON returns a writer of a document; Close ends it.
func NewJSON(w io.Writer) *JSON { return &JSON{w: w} }

// Add writes one file.
func (j *JSON) Add(e *Entry) error {
	g := *e.File
	if !utf8.ValidString(g.Output) {
		g.OutputBase64 = []byte(g.Output)
	}
	if g.Passes == nil {
		g.Passes = []Pass{}
	}
	if g.Companions == nil {
		g.Companions = []Companion{}
	}
	var b bytes.Buffer
	b.WriteString(j.separator())
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&g); err != nil {
		return fmt.Errorf("report %s: %w", e.Path, err)
	}
	_, err := j.w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	return err
}

func (j *JSON) separator() string {
	j.n++
	if j.n == 1 {
		return "{\"files\":[\n"
	}
	return ",\n"
}

// Close ends the document.
func (j *JSON) Close(*Summary) error {
	end := "\n]}\n"
	if j.n == 0 {
		end = "{\"files\":[]}\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}
