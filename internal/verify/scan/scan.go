// Package scan runs the user's own vulnerability scanner on an image and counts
// what it finds.
//
// The scanner is a command like
//
//	grype oci-dir:{image} -o json
//	trivy image --input {image} --format json
//
// in which {image} stands for the directory of an OCI image layout. These are
// the forms in which grype ("oci-dir:", oss.anchore.com, "Supported Scan
// Targets") and trivy ("--input", trivy.dev, "OCI Image Layout") take one.
//
// Standard output may be grype's JSON, trivy's JSON, SARIF, CycloneDX with
// vulnerabilities, or, at last, text; see parse for how each is read.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// maxOutput is how much a scanner may print, in bytes.
const maxOutput = 256 << 20

// placeholder is replaced by the image's directory.
const placeholder = "{image}"

// Row counts the findings of one severity.
type Row struct {
	Severity string `json:"severity"` // critical, high, medium, low, negligible or unknown
	Count    int    `json:"count"`
}

// Run runs the scanner on the image in an OCI layout directory and returns its
// findings by severity, the worst first; none is an empty slice. A finding is
// counted once for each package that has it.
//
// The command is split into words as a shell would, with quotes and variables
// of the environment; there is no shell, so neither pipes nor substitutions. A
// scanner that found something may exit with any status, as scanners do when
// told to fail above a severity.
func Run(ctx context.Context, command, layoutDir string) ([]Row, error) {
	argv, err := words(command, layoutDir)
	if err != nil {
		return nil, fmt.Errorf("scan command %q: %w", command, err)
	}
	out, err := execute(ctx, argv, maxOutput)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", argv[0], err)
	}
	rows, err := parse(out.stdout)
	switch {
	case out.failure == nil && err == nil, err == nil && len(rows) > 0:
		return rows, nil
	case out.failure == nil:
		return nil, fmt.Errorf("%s: %w%s", argv[0], err, out.lastLines())
	}
	return nil, fmt.Errorf("%s: %w, and reported nothing%s", argv[0], out.failure, out.lastLines())
}

// words splits the command and puts the image in.
func words(command, layoutDir string) ([]string, error) {
	argv, err := split(command)
	if err != nil {
		return nil, fmt.Errorf("splitting it into words: %w", err)
	}
	dir, err := filepath.Abs(layoutDir)
	if err != nil {
		return nil, fmt.Errorf("finding the image: %w", err)
	}
	named := false
	for i, word := range argv {
		named = named || i > 0 && strings.Contains(word, placeholder)
		argv[i] = strings.ReplaceAll(word, placeholder, dir)
	}
	if !named {
		return nil, errors.New("no argument has " + placeholder + ", which stands for the image, " +
			"as in 'grype oci-dir:{image} -o json' or 'trivy image --input {image} --format json'")
	}
	return argv, nil
}

// split expands a command's words without executing anything.
func split(command string) ([]string, error) {
	var all []*syntax.Word
	for w, err := range syntax.NewParser().WordsSeq(strings.NewReader(command)) {
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	noCommand := errors.New("nothing is substituted: there is no shell")
	return expand.Fields(&expand.Config{
		Env:       expand.ListEnviron(os.Environ()...),
		CmdSubst:  func(io.Writer, *syntax.CmdSubst) error { return noCommand },
		ProcSubst: func(*syntax.ProcSubst) (string, error) { return "", noCommand },
	}, all...)
}
