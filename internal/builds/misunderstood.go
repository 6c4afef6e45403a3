package builds

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"refit/internal/lazyregexp"
)

var (
	composeFile = lazyregexp.New(`^failed to parse (.*?\.ya?ml): `)
	yamlLine    = lazyregexp.New(`\bline ([0-9]+)`)
)

// misunderstood notes that a file is not taken, with the place that its parser's
// error names: hcl has it beside the error, the YAML parser in its text.
func (f *finder) misunderstood(file string, err error) {
	said := oneLine(err)
	var diags hcl.Diagnostics
	if errors.As(err, &diags) && len(diags) > 0 && diags[0].Subject != nil {
		at := diags[0].Subject
		file, said = fmt.Sprintf("%s:%d", at.Filename, at.Start.Line), diags[0].Summary+"; "+diags[0].Detail
	} else {
		if m := composeFile.FindStringSubmatch(said); m != nil {
			file, said = m[1], said[len(m[0]):]
		}
		if all := yamlLine.FindAllStringSubmatch(said, -1); strings.HasPrefix(said, "yaml: ") && len(all) > 0 {
			file += ":" + all[len(all)-1][1] // the first may be where the block begins
		}
	}
	f.note(file, "it is not understood, so that the builds in it are not known: %s", strings.Join(strings.Fields(said), " "))
}
