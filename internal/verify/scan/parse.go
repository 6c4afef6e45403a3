package scan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// severities are the names of ours, the worst first.
var severities = []string{"critical", "high", "medium", "low", "negligible", "unknown"}

const unknown = "unknown"

// severity is our name for a scanner's. CycloneDX has "info" and "none", Red Hat
// "important" and "moderate", and docker scout "unspecified".
func severity(name string) string {
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "important":
		return "high"
	case "moderate":
		return "medium"
	case "info", "none":
		return "negligible"
	}
	if slices.Contains(severities, name) {
		return name
	}
	return unknown
}

// finding is what is counted once.
type finding struct{ id, pkg string }

// findings are the severity of each, the worst that was reported.
type findings map[finding]string

func (f findings) add(id, pkg, name string) {
	key, s := finding{id, pkg}, severity(name)
	if old, known := f[key]; !known || worse(s, old) < 0 {
		f[key] = s
	}
}

func worse(a, b string) int {
	return cmp.Compare(slices.Index(severities, a), slices.Index(severities, b))
}

func (f findings) rows() []Row {
	count := map[string]int{}
	for _, s := range f {
		count[s]++
	}
	return rows(count)
}

func rows(count map[string]int) []Row {
	all := []Row{}
	for _, s := range severities {
		if count[s] > 0 {
			all = append(all, Row{Severity: s, Count: count[s]})
		}
	}
	return all
}

const expected = "expected grype's or trivy's JSON (grype -o json, trivy --format json), SARIF, CycloneDX with vulnerabilities, " +
	"or a text table with a severity in each line"

// parse reads a scanner's output. What it can't recognise is an error, never
// "nothing found".
func parse(out []byte) ([]Row, error) {
	out = bytes.TrimPrefix(bytes.TrimSpace(out), []byte("\ufeff"))
	switch {
	case len(out) == 0:
		return nil, errors.New("nothing on standard output: " + expected)
	case out[0] == '{':
		return parseJSON(out)
	}
	if rows, ok := parseText(string(out)); ok {
		return rows, nil
	}
	return nil, errors.New("standard output is not understood: " + expected)
}

// parseJSON tells the formats apart by the members of the document: grype's
// (grype/presenter/models/document.go), trivy's (pkg/types/report.go, which has
// no Results when there are none), SARIF 2.1.0 and CycloneDX since 1.4.
func parseJSON(out []byte) ([]Row, error) {
	var d map[string]json.RawMessage
	if err := json.Unmarshal(out, &d); err != nil {
		return nil, fmt.Errorf("standard output starts as JSON and is not: %w", err)
	}
	f := findings{}
	var err error
	switch {
	case d["matches"] != nil:
		err = read(d["matches"], f.grype)
	case d["SchemaVersion"] != nil:
		err = read(d["Results"], f.trivy)
	case d["runs"] != nil:
		err = read(d["runs"], f.sarif)
	case d["bomFormat"] != nil && d["vulnerabilities"] != nil:
		name := map[string]string{}
		if err = read(d["components"], func(parts []cyclonedxPart) { names(parts, name) }); err == nil {
			err = read(d["vulnerabilities"], func(all []cyclonedxFinding) { f.cyclonedx(name, all) })
		}
	case d["bomFormat"] != nil:
		err = errors.New("a CycloneDX document without a list of vulnerabilities: was the scanner asked to look for them?")
	default:
		err = errors.New("the JSON on standard output is none that is known: " + expected)
	}
	return f.rows(), err
}

// read decodes a list, which may be missing, and hands it on.
func read[T any](raw json.RawMessage, use func([]T)) error {
	if raw == nil {
		return nil
	}
	var all []T
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("reading the scanner's JSON: %w", err)
	}
	use(all)
	return nil
}
