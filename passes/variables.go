package passes

import (
	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"refit/internal/lazyregexp"
	"refit/transform"
)

// variableUse finds variables in a text, plainVariable those without a default.
var (
	variableUse   = lazyregexp.New(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`, "$")
	plainVariable = lazyregexp.New(`\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})`, "$")
)

// valuesOf lists the names that an ARG or ENV sets, and which of them get a value.
func valuesOf(in *transform.Instruction) (names []string, values []bool) {
	cmd, _ := in.Command()
	switch c := cmd.(type) {
	case *instructions.ArgCommand:
		for _, kv := range c.Args {
			names, values = append(names, kv.Key), append(values, kv.Value != nil)
		}
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			names, values = append(names, kv.Key), append(values, true)
		}
	}
	return names, values
}
