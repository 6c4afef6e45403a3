// Command gen writes tags.bin, the embedded catalogue of image tags, from tags.json: a table of
// every tag that some Docker Official Images ever listed, made from the public git history of
// docker-library/official-images.
//
// The input is large and is not part of this repository, so tags.bin is committed. To renew it:
//
//	REFIT_TAGS=/path/to/tags.json go generate ./internal/facts
//
// The same input gives the same bytes.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"
)

func main() {
	in := flag.String("tags", os.Getenv("REFIT_TAGS"), "path of tags.json (default: $REFIT_TAGS)")
	out := flag.String("out", "tags.bin", "file to write")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, "facts/gen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	if in == "" {
		return errors.New("no input: name tags.json with -tags or REFIT_TAGS; " +
			"without it the committed tags.bin stays as it is")
	}
	src, err := os.ReadFile(in)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist: the committed tags.bin stays as it is", in)
	}
	if err != nil {
		return fmt.Errorf("reading the tag table: %w", err)
	}
	var doc document
	if err := json.Unmarshal(src, &doc); err != nil {
		return fmt.Errorf("decoding %s: %w", in, err)
	}
	if doc.Schema != 1 {
		return fmt.Errorf("%s has schema %d, this generator reads 1", in, doc.Schema)
	}
	var images []image
	for name, section := range doc.Images {
		rows, err := section.rows()
		if err != nil {
			return fmt.Errorf("image %s: %w", name, err)
		}
		images = append(images, image{name, rows})
	}
	sort.Slice(images, func(i, j int) bool { return images[i].name < images[j].name })
	var b bytes.Buffer
	if err := write(&b, doc.Source.Date, images); err != nil {
		return err
	}
	if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the catalogue: %w", err)
	}
	return nil
}

// document is what gen reads of tags.json.
type document struct {
	Schema int
	Source struct{ Date int }
	Images map[string]section
}

// section is one image: flat (Tags) or packed (Rows and Patterns).
type section struct {
	Tags     map[string][]any
	Rows     [][]any
	Patterns [][]any
}

type image struct {
	name string
	rows []row
}

// row is one tag.
type row struct {
	name, target string
	shared       bool
	first, until int
	distro       string // as recorded; "" where the table has no such column
}

// rows decodes the section, sorted by tag.
func (s section) rows() ([]row, error) {
	byName := map[string]row{}
	for name, c := range s.Tags {
		r := row{name: name, target: c[1].(string), shared: c[0] == "S",
			first: number(c[2]), until: number(c[3]), distro: c[7].(string)}
		if r.target == "=" {
			r.target = name
		}
		byName[name] = r
	}
	for _, c := range s.Rows {
		v, targetV := c[0].(string), c[1].(string)
		if targetV == "=" {
			targetV = v
		}
		for _, id := range c[4].([]any) {
			p := s.Patterns[number(id)]
			target := strings.ReplaceAll(p[1].(string), "*", targetV)
			for _, t := range strings.Fields(p[3].(string)) {
				name := strings.ReplaceAll(t, "*", v)
				byName[name] = row{name: name, target: target, shared: p[0] == "S",
					first: number(c[2]), until: number(c[3])}
			}
		}
	}
	rows := make([]row, 0, len(byName))
	for _, r := range byName {
		if t, ok := byName[r.target]; !ok || t.target != r.target || t.shared {
			return nil, fmt.Errorf("tag %s: target %s is not a simple tag of its own", r.name, r.target)
		}
		rows = append(rows, r)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].name < rows[j].name })
	return rows, nil
}

func number(v any) int { return int(v.(float64)) }
