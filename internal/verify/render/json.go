package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"refit/internal/verify"
)

// outcome is an Outcome's JSON, in which no list is null.
type outcome struct {
	verify.Outcome
	// DockerfileBase64 is the text byte for byte where Dockerfile, which is UTF-8,
	// cannot be.
	DockerfileBase64 []byte `json:"dockerfileBase64,omitempty"`
}

// JSON writes outcomes as one document, a line for each. It is documented in
// docs/json.md.
func JSON(w io.Writer, outcomes []*verify.Outcome) error {
	return document(w, "files", outcomes, func(o *verify.Outcome) any {
		c := outcome{Outcome: *o}
		if !utf8.ValidString(o.Dockerfile) {
			c.DockerfileBase64 = []byte(o.Dockerfile)
		}
		c.Checks = listed(c.Checks)
		c.Before, c.After = imageJSON(o.Before), imageJSON(o.After)
		c.Rebuilds = slices.Clone(o.Rebuilds)
		for i := range c.Rebuilds {
			r := &c.Rebuilds[i]
			r.Before, r.After = buildJSON(r.Before), buildJSON(r.After)
		}
		c.Repairs = slices.Clone(o.Repairs)
		for i := range c.Repairs {
			c.Repairs[i].NeededBy = listed(c.Repairs[i].NeededBy)
		}
		return &c
	})
}

// CompareJSON writes comparisons as one document, a line for each. It is
// documented in docs/json.md.
func CompareJSON(w io.Writer, comparisons []*verify.Comparison) error {
	return document(w, "comparisons", comparisons, func(v *verify.Comparison) any {
		c := *v
		c.Candidates = listed(slices.Clone(v.Candidates))
		for i := range c.Candidates {
			m := &c.Candidates[i]
			m.RunSeconds = listed(m.RunSeconds)
			m.ColdBuild, m.WarmRebuild = buildJSON(m.ColdBuild), buildJSON(m.WarmRebuild)
		}
		return &c
	})
}

func imageJSON(i *verify.Image) *verify.Image {
	if i == nil {
		return nil
	}
	c := *i
	c.Setuid = listed(c.Setuid)
	c.ColdBuild = buildJSON(c.ColdBuild)
	return &c
}

func buildJSON(b *verify.Build) *verify.Build {
	if b == nil {
		return nil
	}
	c := *b
	c.Ran = listed(c.Ran)
	return &c
}

// listed is a list that is not null.
func listed[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

func document[T any](w io.Writer, name string, all []T, form func(T) any) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"version\":1,%q:[", name)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i, v := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		if err := enc.Encode(form(v)); err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
		b.Truncate(b.Len() - 1) // the newline
	}
	if len(all) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]}\n")
	_, err := w.Write(b.Bytes())
	return err
}
